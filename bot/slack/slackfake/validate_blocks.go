package slackfake

import "fmt"

func (j *judge) section(at string, b obj) {
	j.only(at, b, "text", "fields", "accessory", "expand")
	if b["text"] == nil && b["fields"] == nil {
		j.say(at, "missing required field: text")
	}
	j.words(at, b, "text", 3000, false)
	if b["fields"] != nil {
		for i, f := range j.list(at, b, "fields", 1, 10) {
			j.textObject(fmt.Sprintf("%s/fields/%d", at, i), f, 2000, "mrkdwn", "plain_text")
		}
	}
	if v, given := b["accessory"]; given {
		j.element(at+"/accessory", v, "image", "button", "overflow", "datepicker", "timepicker", "checkboxes", "radio_buttons", "select", "workflow_button")
	}
}

func (j *judge) context(at string, b obj) {
	j.only(at, b, "elements")
	for i, v := range j.list(at, b, "elements", 1, 10) {
		at := fmt.Sprintf("%s/elements/%d", at, i)
		if el, isObject := v.(obj); isObject && el["type"] == "image" {
			j.only(at, el, "image_url", "slack_file", "alt_text")
			j.image(at, el)
			continue
		}
		j.textObject(at, v, 3000, "mrkdwn", "plain_text")
	}
}

func (j *judge) actions(at string, b obj) {
	j.only(at, b, "elements")
	seen := map[string]bool{}
	for i, v := range j.list(at, b, "elements", 1, 25) {
		at := fmt.Sprintf("%s/elements/%d", at, i)
		el := j.element(at, v, "button", "overflow", "datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons",
			"select", "workflow_button", "rich_text_input")
		if id := text(el["action_id"]); id != "" {
			if seen[id] {
				j.say(at+"/action_id", "`action_id` already exists in this block: %s", id)
			}
			seen[id] = true
		}
	}
}

func (j *judge) input(at string, b obj) {
	j.inputs++
	j.only(at, b, "label", "element", "hint", "optional", "dispatch_action")
	j.plain(at, b, "label", 2000, true)
	j.plain(at, b, "hint", 2000, false)
	if b["element"] == nil {
		j.say(at, "missing required field: element")
		return
	}
	j.element(at+"/element", b["element"], "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input",
		"file_input", "datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons", "select")
}
