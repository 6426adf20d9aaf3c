package slackfake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// single and several tell where an element of a kind keeps what was chosen.
func single(kind string) string {
	return map[string]string{
		"static_select": "selected_option", "external_select": "selected_option", "overflow": "selected_option",
		"radio_buttons": "selected_option", "users_select": "selected_user", "channels_select": "selected_channel",
		"conversations_select": "selected_conversation", "datepicker": "selected_date", "timepicker": "selected_time",
		"datetimepicker": "selected_date_time", "plain_text_input": "value", "number_input": "value",
		"email_text_input": "value", "url_text_input": "value",
	}[kind]
}

func several(kind string) string {
	return map[string]string{
		"multi_static_select": "selected_options", "multi_external_select": "selected_options", "checkboxes": "selected_options",
		"multi_users_select": "selected_users", "multi_channels_select": "selected_channels",
		"multi_conversations_select": "selected_conversations",
	}[kind]
}

// initial is what an element holds before anybody touched it.
func initial(e element) obj {
	kind := e.kind()
	out := obj{"type": kind}
	if key := single(kind); key != "" {
		out[key] = nil
		if v, given := e.el[strings.Replace(strings.Replace(key, "selected_", "initial_", 1), "value", "initial_value", 1)]; given {
			out[key] = v
		}
	} else if key := several(kind); key != "" {
		out[key] = []any{}
		if v, given := e.el[strings.Replace(key, "selected_", "initial_", 1)]; given {
			out[key] = v
		}
	}
	return out
}

// stateful tells whether an element keeps a value.
func stateful(e element) bool {
	return e.kind() != "overflow" && (single(e.kind()) != "" || several(e.kind()) != "")
}

// choose is what an element holds after somebody chose or typed. What their client
// would not let them do is a mistake of the test.
func (s *Server) choose(e element, chosen ...string) obj {
	kind := e.kind()
	out := obj{"type": kind}
	if key := several(kind); key != "" {
		values := make([]any, 0, len(chosen))
		for _, c := range chosen {
			values = append(values, s.value(e, c))
		}
		if most, ok := e.el["max_selected_items"].(float64); ok && len(values) > int(most) {
			panic(fmt.Sprintf("slackfake: only %v can be chosen in %q", most, e.el["action_id"]))
		}
		out[key] = values
		return out
	}
	key := single(kind)
	if key == "" || len(chosen) > 1 {
		panic(fmt.Sprintf("slackfake: %q is a %s: nobody can choose %q there", e.el["action_id"], kind, chosen))
	}
	out[key] = nil
	if len(chosen) == 1 && (chosen[0] != "" || key != "value") {
		out[key] = s.value(e, chosen[0])
	}
	return out
}

// value is one thing that was chosen: an option by value or text, somebody by name or ID.
func (s *Server) value(e element, chosen string) any {
	switch kind := e.kind(); strings.TrimPrefix(kind, "multi_") {
	case "static_select", "overflow", "radio_buttons", "checkboxes":
		options := e.options()
		i := slices.IndexFunc(options, func(o obj) bool { return o["value"] == chosen })
		if i < 0 {
			i = slices.IndexFunc(options, func(o obj) bool { return label(o["text"]) == chosen })
		}
		if i < 0 {
			panic(fmt.Sprintf("slackfake: there is no option %q in %q", chosen, e.el["action_id"]))
		}
		return options[i]
	case "external_select":
		return obj{"text": obj{"type": "plain_text", "text": chosen, "emoji": true}, "value": chosen}
	case "users_select":
		return s.user(chosen).ID
	case "channels_select", "conversations_select":
		if u := s.findUser(chosen); u != nil && kind != "channels_select" {
			c, _ := s.im(u)
			return c.ID
		}
		return s.channel(chosen).ID
	case "datetimepicker":
		n, err := strconv.Atoi(chosen)
		if err != nil {
			panic(fmt.Sprintf("slackfake: %q is no Unix time", chosen))
		}
		return n
	case "plain_text_input":
		n := utf8.RuneCountInString(chosen)
		if least, ok := e.el["min_length"].(float64); ok && n < int(least) {
			panic(fmt.Sprintf("slackfake: %q is shorter than %v, so Slack would not submit it", chosen, least))
		}
		if most, ok := e.el["max_length"].(float64); ok && n > int(most) {
			panic(fmt.Sprintf("slackfake: %.20q… is longer than %v, so Slack would not submit it", chosen, most))
		}
	}
	return chosen
}

// empty tells whether a value holds nothing.
func emptyValue(v obj) bool {
	for key, x := range v {
		if key == "type" {
			continue
		}
		if list, ok := x.([]any); x == nil || ok && len(list) == 0 {
			return true
		}
	}
	return false
}

// stateOf is a state's values: what was chosen, and otherwise what was there first.
func stateOf(blocks []obj, chosen map[string]obj) obj {
	values := obj{}
	for _, e := range elements(blocks) {
		if !stateful(e) {
			continue
		}
		block, action := e.key()
		v := chosen[block+"\x00"+action]
		if v == nil {
			v = initial(e)
		}
		if values[block] == nil {
			values[block] = obj{}
		}
		values[block].(obj)[action] = v
	}
	return obj{"values": values}
}
