package slackfake

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// str judges a field that is a string.
func (j *judge) str(at string, o obj, key string, most int, required bool) {
	v, given := o[key]
	if !given || v == nil {
		if required {
			j.say(at, "missing required field: %s", key)
		}
		return
	}
	t, isText := v.(string)
	switch n := utf8.RuneCountInString(t); {
	case !isText:
		j.say(at+"/"+key, "must be a string")
	case n > most:
		j.say(at+"/"+key, "must be less than %d characters", most+1)
	case n == 0 && required:
		j.say(at+"/"+key, "must be more than 0 characters")
	}
}

// list judges a field that is an array.
func (j *judge) list(at string, o obj, key string, least, most int) []any {
	list, isList := o[key].([]any)
	switch {
	case !isList:
		j.say(at, "missing required field: %s", key)
	case len(list) < least:
		j.say(at+"/"+key, "no fewer than %d items allowed", least)
	case len(list) > most:
		j.say(at+"/"+key, "no more than %d items allowed", most)
	}
	return list
}

// plain judges a field that is a plain_text object.
func (j *judge) plain(at string, o obj, key string, most int, required bool) {
	if v := o[key]; v != nil {
		j.textObject(at+"/"+key, v, most, "plain_text")
	} else if required {
		j.say(at, "missing required field: %s", key)
	}
}

// words judges a field that is a text object of either kind.
func (j *judge) words(at string, o obj, key string, most int, required bool) {
	if v := o[key]; v != nil {
		j.textObject(at+"/"+key, v, most, "mrkdwn", "plain_text")
	} else if required {
		j.say(at, "missing required field: %s", key)
	}
}

func (j *judge) textObject(at string, v any, most int, kinds ...string) {
	o, isObject := v.(obj)
	if !isObject {
		j.say(at, "must provide an object")
		return
	}
	kind := text(o["type"])
	switch {
	case !slices.Contains(kinds, kind):
		j.say(at+"/type", "must be one of: %s", strings.Join(kinds, ", "))
	case kind == "plain_text":
		j.only(at, o, "text", "emoji")
	default:
		j.only(at, o, "text", "verbatim")
	}
	j.str(at, o, "text", most, true)
}

func (j *judge) image(at string, o obj) {
	if o["slack_file"] == nil {
		j.str(at, o, "image_url", 3000, true)
	}
	j.str(at, o, "alt_text", 2000, true)
}

func (j *judge) confirm(at string, v any) {
	o, isObject := v.(obj)
	if !isObject {
		j.say(at, "must provide an object")
		return
	}
	j.only(at, o, "title", "text", "confirm", "deny", "style")
	j.plain(at, o, "title", 100, true)
	j.words(at, o, "text", 300, true)
	j.plain(at, o, "confirm", 30, true)
	j.plain(at, o, "deny", 30, true)
	j.style(at, o)
}

func (j *judge) style(at string, o obj) {
	if v, given := o["style"]; given && v != "primary" && v != "danger" {
		j.say(at+"/style", "must be one of: primary, danger")
	}
}
