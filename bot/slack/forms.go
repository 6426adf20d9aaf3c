package slack

import "github.com/slack-go/slack"

// This file draws the forms.

func declareForm(emergency, channel string) slack.ModalViewRequest {
	what := textInput(fieldWhat, "What is on fire?", "remote code execution in openssl", 300)
	return form(formDeclare, "Light the signal", "Ask", about{Channel: channel},
		note("This asks for the "+emergency+". Nobody is rung before a second person has confirmed it, and every use is on the public record."),
		what,
		severityInput(1),
		checkboxes(fieldHow, "How", true,
			option(optionAll, "Ring everybody of each role, not just until one answers"),
			option(optionSeparate, "It is not the fire that is signalled already")),
	)
}

func updateForm(of about) slack.ModalViewRequest {
	title := textInput(fieldTitle, "Title", "", 300)
	title.Element.(*slack.PlainTextInputBlockElement).InitialValue = of.Title
	said := textInput(fieldNote, "What is new?", "the fix is in testing", 1000)
	said.Optional = true
	return form(formUpdate, "Update", "Save", of, title, severityInput(of.Severity), said)
}

func resolveForm(of about) slack.ModalViewRequest {
	why := textInput(fieldWhy, "How did it end?", "fixed packages are on the mirrors", 1000)
	why.Optional = true
	return form(formResolve, "Resolve", "Resolve", of,
		note("This ends the incident and all its paging."),
		why, checkboxes(fieldFalse, "False alarm", true, option(optionFalse, "It was no emergency; this goes on the public record")))
}
