package slack

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"batsignal/bot/command"
	"batsignal/oncall/notice"
)

// The limits of Slack that what we draw must keep to, in letters or pieces.
const (
	mostText = 3000 // of one piece of rich text; Slack's own is larger
	// mostFallback is what Slack takes of a text beside blocks when a message is edited.
	mostFallback = 3900
	mostButtons  = 5 // in a row: more would not be read at night
	mostLabel    = 75
	mostValue    = 2000
	mostHeader   = 150
	mostOption   = 150
)

var bold = &slack.RichTextSectionTextStyle{Bold: true}

// drawing is one message: what is shown, and the text that stands in for it.
type drawing struct {
	text   string
	blocks []slack.Block
}

func (w drawing) options(more ...slack.MsgOption) []slack.MsgOption {
	options := []slack.MsgOption{
		slack.MsgOptionText(w.text, false), // escaped already
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionLinkNames(false),
	}
	if len(w.blocks) > 0 {
		options = append(options, slack.MsgOptionBlocks(w.blocks...))
	}
	return append(options, more...)
}

// draw draws an announcement.
func (d *Door) draw(text string, actions []notice.Action) drawing {
	w := drawing{text: d.notification(text)}
	w.blocks = append(w.blocks, richText(section(d.inline(text)...)))
	if len(actions) > 0 {
		w.blocks = append(w.blocks, buttons("", actions))
	}
	return w
}

// drawReply draws an answer. Everything in it that came from people is text in rich
// text, in which nothing is markup.
func (d *Door) drawReply(r command.Reply) drawing {
	r = fit(r)
	w := drawing{text: d.notification(command.PlainText(r)...)}
	var rich []slack.RichTextElement
	flush := func() {
		if len(rich) > 0 {
			w.blocks, rich = append(w.blocks, richText(rich...)), nil
		}
	}
	for _, b := range r.Blocks {
		if actions, ok := b.(command.Actions); ok {
			flush()
			w.blocks = append(w.blocks, buttons("", actions))
			continue
		}
		rich = append(rich, d.piece(b)...)
	}
	flush()
	return w
}

// piece draws one block of an answer.
func (d *Door) piece(b command.Block) []slack.RichTextElement {
	switch b := b.(type) {
	case command.Line:
		return []slack.RichTextElement{section(append(d.inline(command.Clean(string(b))), plain("\n"))...)}
	case command.Verbatim:
		return []slack.RichTextElement{section(plain(command.Clean(string(b))), plain("\n"))}
	case command.Facts:
		var of []slack.RichTextSectionElement
		for _, f := range b {
			of = append(of, styled(command.Clean(f[0])+": ", bold))
			of = append(append(of, d.inline(command.Clean(f[1]))...), plain("\n"))
		}
		return []slack.RichTextElement{section(of...)}
	case command.List:
		var out []slack.RichTextElement
		if b.Title != "" {
			out = append(out, section(styled(clip(command.Clean(b.Title), mostText), bold), plain("\n")))
		}
		var items []slack.RichTextElement
		for _, item := range b.Items {
			items = append(items, section(d.inline(command.Clean(item))...))
		}
		if len(items) > 0 {
			out = append(out, slack.NewRichTextList(slack.RTEListBullet, 0, items...))
		}
		return out
	case command.Table:
		return []slack.RichTextElement{preformatted(columns(b))}
	case command.Code:
		return []slack.RichTextElement{preformatted(string(b))}
	case command.Link:
		return []slack.RichTextElement{section(slack.NewRichTextSectionLinkElement(b.URL, clip(command.Clean(b.Text), mostText), nil), plain("\n"))}
	}
	return nil
}

var referred = regexp.MustCompile(`^\[INC-[0-9]+\] `)

// inline draws a line: its reference in bold, channels and web addresses as links, the
// rest as it is.
func (d *Door) inline(text string) []slack.RichTextSectionElement {
	text = clip(text, mostText)
	var of []slack.RichTextSectionElement
	if ref := referred.FindString(text); ref != "" {
		of = append(of, styled(ref, bold))
		text = text[len(ref):]
	}
	for text != "" {
		at, end, piece := d.nextLink(text)
		if piece == nil {
			return append(of, plain(text))
		}
		if at > 0 {
			of = append(of, plain(text[:at]))
		}
		of = append(of, piece)
		text = text[end:]
	}
	return of
}

// nextLink finds the first channel or web address in a text; nil is none.
func (d *Door) nextLink(text string) (at, end int, piece slack.RichTextSectionElement) {
	at = len(text)
	if m := linked.FindStringIndex(text); m != nil {
		at, end = m[0], m[1]
		piece = slack.NewRichTextSectionLinkElement(text[at:end], "", nil)
	}
	for _, m := range roomed.FindAllStringIndex(text[:at], -1) {
		if channel, ok := d.rooms.known(text[m[0]:m[1]]); ok {
			return m[0], m[1], slack.NewRichTextSectionChannelElement(channel, nil)
		}
	}
	return at, end, piece
}

func section(of ...slack.RichTextSectionElement) *slack.RichTextSection {
	if len(of) == 0 {
		of = append(of, plain("-"))
	}
	return slack.NewRichTextSection(of...)
}

func plain(text string) slack.RichTextSectionElement { return styled(text, nil) }

func styled(text string, style *slack.RichTextSectionTextStyle) slack.RichTextSectionElement {
	return slack.NewRichTextSectionTextElement(text, style)
}

func preformatted(text string) *slack.RichTextPreformatted {
	p := &slack.RichTextPreformatted{}
	p.Type = slack.RTEPreformatted
	p.Elements = []slack.RichTextSectionElement{plain(clip(strings.TrimRight(text, "\n"), mostText))}
	return p
}

func richText(of ...slack.RichTextElement) *slack.RichTextBlock {
	return slack.NewRichTextBlock("", of...)
}

// columns draws a table in letters of one width.
func columns(t command.Table) string {
	rows := append([][]string{t.Head}, t.Rows...)
	width := make([]int, len(t.Head))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(command.Clean(cell))))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			cell = command.Clean(cell)
			line += cell + strings.Repeat(" ", width[i]-len([]rune(cell))+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// buttons draws actions. What a button does is in its value, so a click needs nothing
// that we would have to remember; the row sets apart several rows of one view.
func buttons(row string, actions []notice.Action) *slack.ActionBlock {
	var of []slack.BlockElement
	for i, a := range actions[:min(len(actions), mostButtons)] {
		of = append(of, button(fmt.Sprintf("%s%s%d", actionCommand, row, i), a))
	}
	return slack.NewActionBlock("", of...)
}

func button(id string, a notice.Action) *slack.ButtonBlockElement {
	b := slack.NewButtonBlockElement(id, clip(a.Command, mostValue), label(clip(a.Label, mostLabel)))
	if a.Grave {
		b.Style = slack.StyleDanger
		b.Confirm = &slack.ConfirmationBlockObject{
			Title:   label("Are you sure?"),
			Text:    label(clip(cmp.Or(a.Says, "This does: "+a.Command), 300)),
			Confirm: label(clip(a.Label, 30)),
			Deny:    label("Not now"),
		}
	}
	return b
}

// webButton leads to a page on the web.
func webButton(url string) *slack.ButtonBlockElement {
	b := slack.NewButtonBlockElement(actionLink+"page", "", label("On the web"))
	b.URL = url
	return b
}
