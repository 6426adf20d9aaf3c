package slack

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"
)

// escape writes a text so that Slack shows it letter by letter: nobody is mentioned
// and nothing is linked by it.
func escape(s string) string { return escaper.Replace(s) }

var (
	escaper   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
	// What Slack makes of what people type: <@U123>, <#C123|ops>, <!here>,
	// <https://example.org|example.org>, <mailto:…|…>.
	cutEntity = regexp.MustCompile(`&[a-z]{0,3}…$`)
	marked    = regexp.MustCompile(`<([^<>|]+)(?:\|([^<>]*))?>`)
	roomed    = regexp.MustCompile(`#[\p{Ll}\p{Lo}\p{N}_-]+`)
	linked    = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,:;!?)\]]`)
)

// mostMarks is how many mentions and links of one line are put into words; nobody types
// more, and each may cost a question.
const mostMarks = 20

// typed turns what Slack delivers back into what was typed: people by their handle
// here, channels by name, links as they were written. addressed tells whether it began
// with our own name, which is taken off.
//
// In talk a stranger is called as in Slack. In an order, which private lines are too,
// it is by account: a name could be somebody else's handle here.
func (d *Door) typed(ctx context.Context, text string, order bool) (plain string, addressed bool) {
	me, _ := d.me()
	text = strings.TrimSpace(text)
	if m := marked.FindStringSubmatchIndex(text); m != nil && m[0] == 0 && text[m[2]:m[3]] == "@"+me.user {
		text, addressed = strings.TrimLeft(text[m[1]:], " :,"), true
	}
	order = order || addressed || strings.HasPrefix(text, escape(d.cfg.Prefix))
	return d.worded(ctx, text, order), addressed
}

// worded says every mark of a text in words.
func (d *Door) worded(ctx context.Context, text string, order bool) string {
	ctx, cancel := context.WithTimeout(ctx, lookupBudget)
	defer cancel()
	left := mostMarks
	text = marked.ReplaceAllStringFunc(text, func(m string) string {
		if left--; left < 0 {
			return strings.Trim(m, "<>")
		}
		parts := marked.FindStringSubmatch(m)
		return d.unmark(ctx, parts[1], parts[2], order)
	})
	return unescaper.Replace(text)
}

// unmark says one mark in words.
func (d *Door) unmark(ctx context.Context, target, label string, order bool) string {
	switch target[0] {
	case '@':
		return d.personName(ctx, target[1:], order)
	case '#':
		if label != "" {
			return "#" + label
		}
		if name, err := d.rooms.name(ctx, target[1:]); err == nil {
			return name
		}
		return "#" + strings.ToLower(target[1:])
	case '!':
		word, _, _ := strings.Cut(target[1:], "^")
		if label == "" {
			label = "@" + word
		}
		return label
	}
	address := strings.TrimPrefix(target, "mailto:")
	switch {
	case label == "" || label == address:
		return address
	case strings.HasSuffix(strings.TrimSuffix(address, "/"), label):
		return label // typed without https://
	}
	return label + " (" + address + ")"
}

// personName is how somebody is called here: by handle if we know them.
func (d *Door) personName(ctx context.Context, id string, order bool) string {
	if handle := d.handleOf(ctx, d.account(id)); handle != "" {
		return handle
	}
	if order {
		return d.account(id)
	}
	if m, ok := d.people.seen(id); ok && m.name != "" {
		return "@" + m.name
	}
	return "@" + strings.ToLower(id)
}

// notification is a text as phones show it before anybody opens Slack, and as clients
// show it that draw no blocks: escaped, with channels as links.
func (d *Door) notification(lines ...string) string {
	text := escape(strings.Join(lines, "\n"))
	if utf8.RuneCountInString(text) > mostFallback {
		text = cutEntity.ReplaceAllString(clip(text, mostFallback), "…")
	}
	return roomed.ReplaceAllStringFunc(text, func(name string) string {
		if channel, ok := d.rooms.known(name); ok {
			return "<#" + channel + ">"
		}
		return name
	})
}

// clip shortens a text to so many letters.
func clip(s string, most int) string {
	if letters := []rune(s); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return s
}
