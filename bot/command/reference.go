package command

import (
	"fmt"
	"strings"
)

// Reference writes every command as a page of Markdown, for docs/commands.md.
func (s *Set) Reference() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\nGenerated from the definitions in `bot/command`; edit those.\n\n")
	fmt.Fprintf(&b, "In a room a command begins with `%s`; in a private message to the bot it need not.\n", s.prefix)
	b.WriteString("Options stand before the text. Several words for one parameter go into double quotes. `--` alone ends the options.\n\n")
	b.WriteString(s.ReferenceTable())
	group := ""
	for _, e := range s.top {
		if e.heading() != group {
			group = e.heading()
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n", s.Typed(e.path), markdown(e.Summary))
		if len(e.subs) == 0 {
			s.describe(&b, e)
			continue
		}
		if e.def != nil {
			fmt.Fprintf(&b, "\nAlone it means `%s`.\n", s.Typed(e.def.path))
		}
		for _, sub := range e.subs {
			fmt.Fprintf(&b, "\n#### `%s`\n\n%s\n", s.Typed(sub.path), markdown(sub.Summary))
			s.describe(&b, sub)
		}
	}
	return b.String()
}

// ReferenceTable writes a Markdown table with one line a command, for the README.
func (s *Set) ReferenceTable() string {
	var b strings.Builder
	b.WriteString("| Command | What it does | Who may |\n| --- | --- | --- |\n")
	for _, e := range s.leaves() {
		// Even inside a code span a bar would end the cell.
		usage := strings.ReplaceAll(s.usage(e), "|", `\|`)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", usage, markdown(e.Summary), markdown(s.who(e.needs)))
	}
	return b.String()
}

func (s *Set) describe(b *strings.Builder, e *entry) {
	fmt.Fprintf(b, "\n- Usage: `%s`\n", s.usage(e))
	for _, p := range e.Params {
		if about := p.about(); about != "" {
			fmt.Fprintf(b, "- `%s`: %s\n", p.form(), markdown(about))
		}
	}
	fmt.Fprintf(b, "- Example: `%s`\n- Who may: %s\n", s.Typed(e.example(s)), markdown(s.who(e.needs)))
	if e.private {
		b.WriteString("- Where: in a private message only\n")
	}
	if also := s.otherNames(e); len(also) > 0 {
		fmt.Fprintf(b, "- Also: `%s`\n", strings.Join(also, "`, `"))
	}
}

var markdownSigns = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "|", `\|`, "[", `\[`)

// markdown keeps signs in a plain sentence from being read as marks.
func markdown(s string) string { return markdownSigns.Replace(s) }
