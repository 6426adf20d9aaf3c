package slackfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Validate judges blocks by Slack's documented limits, and tells what is wrong the
// way Slack does in response_metadata; nothing means that it would be taken. The
// kind is "message" (an array of blocks, or an object that has blocks), "modal" or
// "home" (a view). Blocks of kinds that apps rarely write (video, table, card …) are
// known, but what is in them is not judged.
func Validate(kind string, raw []byte) []string {
	j := &judge{kind: kind, ids: map[string]bool{}}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		j.say("", "malformed JSON: %v", err)
		return j.wrong
	}
	switch kind {
	case "message":
		j.message(v)
	case "modal", "home":
		j.view(v)
	default:
		panic(fmt.Sprintf("slackfake: Validate knows no kind %q", kind))
	}
	return j.wrong
}

// judge collects what is wrong.
type judge struct {
	kind   string
	ids    map[string]bool // of blocks
	focus  int
	inputs int
	wrong  []string
}

func (j *judge) say(at, format string, args ...any) {
	j.wrong = append(j.wrong, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+first(at, "/")+"]")
}

func (j *judge) message(v any) {
	if list, isList := v.([]any); isList {
		j.blocks("/blocks", list, 50)
		return
	}
	o, isObject := v.(obj)
	if !isObject {
		j.say("", "must provide an array of blocks")
		return
	}
	if v, given := o["blocks"]; given {
		list, isList := v.([]any)
		if !isList {
			j.say("/blocks", "must provide an array")
		}
		j.blocks("/blocks", list, 50)
	}
	if t := text(o["text"]); utf8.RuneCountInString(t) > maxText {
		j.say("/text", "must be less than %d characters", maxText+1)
	}
}

func (j *judge) view(v any) {
	o, isObject := v.(obj)
	if !isObject {
		j.say("", "must provide an object")
		return
	}
	if o["type"] != j.kind {
		j.say("/type", "must be %q", j.kind)
	}
	keys := []string{"type", "blocks", "private_metadata", "callback_id", "external_id"}
	if j.kind == "modal" {
		keys = append(keys, "title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled")
		j.plain("", o, "title", 24, true)
		j.plain("", o, "submit", 24, false)
		j.plain("", o, "close", 24, false)
	}
	j.only("", o, keys...)
	j.str("", o, "private_metadata", 3000, false)
	j.str("", o, "callback_id", 255, false)
	j.str("", o, "external_id", 255, false)
	list, isList := o["blocks"].([]any)
	if !isList {
		j.say("", "missing required field: blocks")
	}
	j.blocks("/blocks", list, 100)
	if j.kind == "modal" && j.inputs > 0 && o["submit"] == nil {
		j.say("", "missing required field: submit, because there are inputs")
	}
	if j.focus > 1 {
		j.say("/blocks", "only one element can be focused on load")
	}
}

func (j *judge) blocks(at string, list []any, most int) {
	if len(list) > most {
		j.say(at, "no more than %d items allowed", most)
	}
	for i, v := range list {
		at := fmt.Sprintf("%s/%d", at, i)
		b, isObject := v.(obj)
		if !isObject {
			j.say(at, "must provide an object")
			continue
		}
		j.str(at, b, "block_id", 255, false)
		if id := text(b["block_id"]); id != "" {
			if j.ids[id] {
				j.say(at+"/block_id", "`block_id` already exists: %s", id)
			}
			j.ids[id] = true
		}
		j.block(at, b)
	}
}

func (j *judge) block(at string, b obj) {
	switch kind := text(b["type"]); kind {
	case "section":
		j.section(at, b)
	case "header":
		j.only(at, b, "text", "level")
		j.plain(at, b, "text", 150, true)
	case "divider":
		j.only(at, b)
	case "image":
		j.only(at, b, "image_url", "slack_file", "alt_text", "title")
		j.image(at, b)
		j.plain(at, b, "title", 2000, false)
	case "context":
		j.context(at, b)
	case "actions":
		j.actions(at, b)
	case "input":
		j.input(at, b)
	case "markdown":
		j.only(at, b, "text")
		j.str(at, b, "text", 12000, true)
		if j.kind != "message" {
			j.say(at, "unsupported type: markdown")
		}
	case "rich_text":
		j.only(at, b, "elements")
		j.list(at, b, "elements", 0, 1000)
	case "video", "file", "call", "table", "data_table", "data_visualization", "task_card", "plan", "alert", "card", "carousel",
		"container", "layout", "context_actions", "auth_provider":
	case "":
		j.say(at, "missing required field: type")
	default:
		j.say(at, "unsupported type: %s", kind)
	}
}

// only refuses fields that do not exist. Every block may have a type and an ID.
func (j *judge) only(at string, o obj, keys ...string) {
	var extra []string
	for key := range o {
		if key != "type" && key != "block_id" && !slices.Contains(keys, key) {
			extra = append(extra, key)
		}
	}
	slices.Sort(extra)
	if len(extra) > 0 {
		j.say(at, "additional property not allowed: %s", strings.Join(extra, ", "))
	}
}
