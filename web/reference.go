package web

import (
	"strings"
	"unicode"
)

// span is a piece of a sentence, as code or not.
type span struct {
	Text string
	Code bool
}

// commandGroup is a heading with the commands under it.
type commandGroup struct {
	Title    string
	Commands []commandDoc
}

// commandDoc is one command, or a family with what belongs to it.
type commandDoc struct {
	Name  string // as typed
	Usage string // the same with its parameters; a family has none of its own
	Words [][]span
	Facts []commandFact
	Subs  []commandDoc
}

// commandFact is a name with a value: "Usage", "Example", a parameter.
type commandFact struct {
	Name  []span
	Value []span
}

// readReference reads the page of Markdown that bot/command writes of itself, so
// that the web explains the commands of this installation in the same words as the
// documents do. It knows the few forms which are used there: headings, one line a
// paragraph, lists of facts, and code.
func readReference(page string) (intro [][]span, groups []commandGroup) {
	var doc *commandDoc
	for line := range strings.SplitSeq(page, "\n") {
		marks, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || marks == "#" || marks == "|" || strings.HasPrefix(line, "Generated"):
		case marks == "##":
			groups, doc = append(groups, commandGroup{Title: plainText(rest)}), nil
		case marks == "###" && len(groups) > 0:
			in := &groups[len(groups)-1].Commands
			*in = append(*in, newDoc(rest))
			doc = &(*in)[len(*in)-1]
		case marks == "####" && len(groups) > 0 && len(groups[len(groups)-1].Commands) > 0:
			in := groups[len(groups)-1].Commands
			family := &in[len(in)-1]
			family.Subs = append(family.Subs, newDoc(rest))
			doc = &family.Subs[len(family.Subs)-1]
		case doc == nil && len(groups) == 0:
			intro = append(intro, spans(line))
		case doc == nil:
		case marks == "-":
			doc.add(fact(rest))
		default:
			doc.Words = append(doc.Words, spans(line))
		}
	}
	return intro, groups
}

func newDoc(heading string) commandDoc {
	name := plainText(heading)
	return commandDoc{Name: name, Usage: name}
}

// ID names a command inside the page, as "baton-take".
func (d commandDoc) ID() string {
	return "c-" + strings.Join(strings.FieldsFunc(d.Name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), "-")
}

// add keeps a fact; the usage becomes the heading.
func (d *commandDoc) add(f commandFact) {
	if len(f.Name) == 1 && f.Name[0].Text == "Usage" && len(f.Value) > 0 {
		d.Usage = f.Value[0].Text
		return
	}
	d.Facts = append(d.Facts, f)
}

// fact parts "Usage: `!ack [page]`" at the first colon outside of code.
func fact(line string) commandFact {
	inCode := false
	for i, r := range line {
		switch {
		case r == '`':
			inCode = !inCode
		case r == ':' && !inCode:
			return commandFact{spans(line[:i]), spans(strings.TrimSpace(line[i+1:]))}
		}
	}
	return commandFact{Value: spans(line)}
}

// spans parts a sentence at its code and takes the signs of Markdown away.
func spans(line string) []span {
	var out []span
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, span{Text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			text.WriteByte(line[i])
		case strings.HasPrefix(line[i:], "&lt;"):
			text.WriteByte('<')
			i += len("&lt;") - 1
		case line[i] == '`':
			end := strings.IndexByte(line[i+1:], '`')
			if end < 0 {
				text.WriteByte('`')
				continue
			}
			flush()
			out = append(out, span{line[i+1 : i+1+end], true})
			i += end + 1
		default:
			text.WriteByte(line[i])
		}
	}
	flush()
	return out
}

// plainText is a sentence without any marks.
func plainText(line string) string {
	var b strings.Builder
	for _, s := range spans(line) {
		b.WriteString(s.Text)
	}
	return b.String()
}
