package write

import (
	"io"
	"strings"
	"unicode/utf8"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
)

// The words that stand in a log for a text that is not kept. The first is read back as
// what it was.
const (
	offWords  = "[off] not for the record"
	goneWords = "[taken back]"
)

// writeOurLogText writes what was said, a line each, in the form that package chatlog
// reads: the same minutes can be made of it again. That a line was edited is not
// written, since the mark would be read back as something that was said.
func writeOurLogText(w io.Writer, d Doc) error {
	p := newPen(w)
	for i := range d.Lines {
		p.logLine(&d.Lines[i])
	}
	return p.done()
}

func (p *pen) logLine(l *minutes.Line) {
	p.instant(l.At)
	nick, text := logNick(l.Nick), logWords(l)
	switch {
	case l.Note:
		p.put(" *** ", nick)
	case l.Did:
		p.put(" * ", nick)
	default:
		p.put(" <", nick, ">")
	}
	if text != "" {
		p.put(" ", text)
	}
	p.put("\n")
}

func logWords(l *minutes.Line) string {
	switch {
	case l.Off:
		return offWords
	case l.Gone:
		return goneWords
	}
	text := saidIn(l)
	if first, _ := utf8.DecodeRuneInString(l.Text); acts(first) && obeyed(text) {
		// It was no command because of what it began with, so it must not become one.
		text = string(utf8.RuneError) + text
	}
	if strings.Contains(text, chatlog.Break) {
		text = strings.ReplaceAll(text, chatlog.Break, " \u23ce ") // it would be read back as the end of a line
	}
	if strings.IndexByte(text, '\n') >= 0 {
		text = strings.ReplaceAll(text, "\n", chatlog.Break)
	}
	return text
}

// saidIn is what was said in a line. Blanks at its end are not kept.
func saidIn(l *minutes.Line) string { return strings.TrimRight(clean(l.Text), " \n") }

// obeyed tells whether a line may be more than talk to the machine: a command, an
// answer to a vote, a mark, a link.
func obeyed(text string) bool {
	text = strings.TrimLeft(text, " ")
	return text != "" && strings.IndexByte("#+-0[", text[0]) >= 0 || addressed(text)
}

// addressed tells whether a text begins with an address.
func addressed(text string) bool {
	list := pieces(text)
	return len(list) > 0 && list[0].address
}

// logNick is a nick that can be read back: without blanks, brackets, and the signs of a
// rank before it.
func logNick(nick string) string {
	nick = clean(nick)
	if strings.ContainsAny(nick, " \n<>") {
		nick = strings.NewReplacer(" ", "_", "\n", "_", "<", "_", ">", "_").Replace(nick)
	}
	if nick == "" || strings.IndexByte("@+%&~!", nick[0]) >= 0 {
		nick = "_" + nick
	}
	return nick
}
