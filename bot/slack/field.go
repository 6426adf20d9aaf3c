package slack

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/slack-go/slack"
)

// form makes a form of blocks.
func form(id, title, submit string, of about, blocks ...slack.Block) slack.ModalViewRequest {
	carried, _ := json.Marshal(of) // numbers and short strings
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: id, PrivateMetadata: string(carried),
		Title: label(title), Submit: label(submit), Close: label("Cancel"),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func label(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

func note(text string) *slack.SectionBlock { return slack.NewSectionBlock(label(text), nil, nil) }

func textInput(field, title, example string, most int) *slack.InputBlock {
	element := slack.NewPlainTextInputBlockElement(nil, field)
	if example != "" {
		element.Placeholder = label(example)
	}
	element.MaxLength = most
	return slack.NewInputBlock(field, label(title), nil, element)
}

// severityInput lets one choose a severity; 0 chooses none before.
func severityInput(now int) *slack.InputBlock {
	words := []string{"1: the internet is on fire", "2: serious", "3: a problem", "4: minor"}
	var options []*slack.OptionBlockObject
	for i, w := range words {
		options = append(options, option(strconv.Itoa(i+1), w))
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, label("Severity"), fieldSeverity, options...)
	if now >= 1 && now <= len(options) {
		menu.InitialOption = options[now-1]
	}
	return slack.NewInputBlock(fieldSeverity, label("Severity"), nil, menu)
}

func checkboxes(field, title string, optional bool, options ...*slack.OptionBlockObject) *slack.InputBlock {
	b := slack.NewInputBlock(field, label(title), nil, slack.NewCheckboxGroupsBlockElement(field, options...))
	b.Optional = optional
	return b
}

func option(value, text string) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(clip(value, mostOption), label(clip(text, mostLabel)), nil)
}

// filled are the values of a form, by field.
type filled map[string]map[string]slack.BlockAction

func values(state *slack.ViewState) filled {
	if state == nil {
		return nil
	}
	return state.Values
}

func (f filled) text(field string) string { return f[field][field].Value }

func (f filled) choice(field string) string { return f[field][field].SelectedOption.Value }

func (f filled) chosen(field, value string) bool {
	return slices.ContainsFunc(f[field][field].SelectedOptions, func(o slack.OptionBlockObject) bool { return o.Value == value })
}
