package slackfake

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// element judges something interactive. "select" stands for all kinds of menus.
func (j *judge) element(at string, v any, kinds ...string) obj {
	el, isObject := v.(obj)
	if !isObject {
		j.say(at, "must provide an object")
		return nil
	}
	kind := text(el["type"])
	family := kind
	if strings.HasSuffix(kind, "_select") && (single(kind) != "" || several(kind) != "") {
		family = "select"
	}
	if !slices.Contains(kinds, family) {
		j.say(at, "unsupported type: %s", first(kind, "none"))
		return el
	}
	j.str(at, el, "action_id", 255, false)
	if v, given := el["confirm"]; given {
		j.confirm(at+"/confirm", v)
	}
	j.plain(at, el, "placeholder", 150, false)
	if el["focus_on_load"] == true {
		j.focus++
	}
	switch family {
	case "image":
		j.only(at, el, "image_url", "slack_file", "alt_text")
		j.image(at, el)
	case "button":
		j.button(at, el)
	case "overflow":
		j.only(at, el, "action_id", "confirm", "options")
		j.options(at, el, 1, 5, true)
	case "checkboxes", "radio_buttons":
		j.only(at, el, "action_id", "confirm", "options", "initial_option", "initial_options", "focus_on_load")
		j.options(at, el, 1, 10, false)
	case "select":
		j.menu(at, el, kind)
	case "plain_text_input":
		j.typed(at, el)
	case "number_input":
		if _, isBool := el["is_decimal_allowed"].(bool); !isBool {
			j.say(at, "missing required field: is_decimal_allowed")
		}
	case "datepicker":
		j.only(at, el, "action_id", "confirm", "placeholder", "initial_date", "focus_on_load")
		j.form(at, el, "initial_date", `^\d{4}-\d{2}-\d{2}$`)
	case "timepicker":
		j.only(at, el, "action_id", "confirm", "placeholder", "initial_time", "focus_on_load", "timezone")
		j.form(at, el, "initial_time", `^([01]\d|2[0-3]):[0-5]\d$`)
	}
	return el
}

func (j *judge) button(at string, el obj) {
	j.only(at, el, "action_id", "confirm", "text", "value", "url", "style", "accessibility_label", "visible_to_user_ids")
	j.plain(at, el, "text", 75, true)
	j.str(at, el, "value", 2000, false)
	j.str(at, el, "url", 3000, false)
	j.str(at, el, "accessibility_label", 75, false)
	j.style(at, el)
	if u := text(el["url"]); u != "" && !strings.Contains(u, ":") {
		j.say(at+"/url", "must be a valid URL")
	}
}

func (j *judge) menu(at string, el obj, kind string) {
	keys := []string{"action_id", "confirm", "placeholder", "focus_on_load"}
	if strings.HasPrefix(kind, "multi_") {
		keys = append(keys, "max_selected_items")
		if n, isNumber := el["max_selected_items"].(float64); el["max_selected_items"] != nil && (!isNumber || n < 1) {
			j.say(at+"/max_selected_items", "must be at least 1")
		}
	}
	switch name := strings.TrimPrefix(kind, "multi_"); name {
	case "static_select":
		keys = append(keys, "options", "option_groups", "initial_option", "initial_options")
		j.groups(at, el)
	case "external_select":
		keys = append(keys, "min_query_length", "initial_option", "initial_options")
	case "users_select":
		keys = append(keys, "initial_user", "initial_users")
	case "channels_select":
		keys = append(keys, "initial_channel", "initial_channels", "response_url_enabled")
	case "conversations_select":
		keys = append(keys, "initial_conversation", "initial_conversations", "default_to_current_conversation", "response_url_enabled", "filter")
	}
	j.only(at, el, keys...)
}

// groups judges options, or groups of them, of a menu.
func (j *judge) groups(at string, el obj) {
	if el["option_groups"] == nil {
		j.options(at, el, 1, 100, false)
		return
	}
	if el["options"] != nil {
		j.say(at, "options and option_groups exclude each other")
	}
	for i, v := range j.list(at, el, "option_groups", 1, 100) {
		at := fmt.Sprintf("%s/option_groups/%d", at, i)
		group, isObject := v.(obj)
		if !isObject {
			j.say(at, "must provide an object")
			continue
		}
		j.only(at, group, "label", "options")
		j.plain(at, group, "label", 75, true)
		j.options(at, group, 1, 100, false)
	}
}

func (j *judge) options(at string, el obj, least, most int, urls bool) {
	list := j.list(at, el, "options", least, most)
	kinds := []string{"plain_text"}
	if el["type"] == "checkboxes" || el["type"] == "radio_buttons" {
		kinds = append(kinds, "mrkdwn")
	}
	seen := map[string]bool{}
	for i, v := range list {
		at := fmt.Sprintf("%s/options/%d", at, i)
		o, isObject := v.(obj)
		if !isObject {
			j.say(at, "must provide an object")
			continue
		}
		j.only(at, o, "text", "value", "description", "url")
		j.textObject(at+"/text", o["text"], 75, kinds...)
		j.str(at, o, "value", 150, true)
		if o["description"] != nil {
			j.textObject(at+"/description", o["description"], 75, kinds...)
		}
		j.str(at, o, "url", 3000, false)
		if o["url"] != nil && !urls {
			j.say(at+"/url", "only options of an overflow menu have a URL")
		}
		if value := text(o["value"]); seen[value] {
			j.say(at+"/value", "value already exists: %s", value)
		} else {
			seen[value] = true
		}
	}
	j.initialOption(at, el, list)
}

func (j *judge) initialOption(at string, el obj, list []any) {
	check := func(at string, v any) {
		if !slices.ContainsFunc(list, func(o any) bool { return reflect.DeepEqual(o, v) }) {
			j.say(at, "must be one of the options")
		}
	}
	if v := el["initial_option"]; v != nil {
		check(at+"/initial_option", v)
	}
	several, _ := el["initial_options"].([]any)
	for i, v := range several {
		check(fmt.Sprintf("%s/initial_options/%d", at, i), v)
	}
}

func (j *judge) typed(at string, el obj) {
	j.only(at, el, "action_id", "placeholder", "initial_value", "multiline", "min_length", "max_length", "dispatch_action_config", "focus_on_load")
	number := func(key string, least int, otherwise float64) float64 {
		v, given := el[key]
		if !given {
			return otherwise
		}
		n, isNumber := v.(float64)
		if !isNumber || n < float64(least) || n > 3000 {
			j.say(at+"/"+key, "must be between %d and 3000", least)
			return otherwise
		}
		return n
	}
	least, most := number("min_length", 0, 0), number("max_length", 1, 3000)
	if least > most {
		j.say(at+"/max_length", "must not be less than min_length")
	}
	j.str(at, el, "initial_value", 3000, false)
	if n := utf8.RuneCountInString(text(el["initial_value"])); n > 0 && (float64(n) > most || float64(n) < least) {
		j.say(at+"/initial_value", "must be between %v and %v characters", least, most)
	}
}

func (j *judge) form(at string, el obj, key, form string) {
	if v, given := el[key]; given && !regexp.MustCompile(form).MatchString(text(v)) {
		j.say(at+"/"+key, "must match %s", form)
	}
}
