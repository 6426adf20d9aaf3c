package tree

import (
	"fmt"
	"strings"

	"batsignal/oncall"
)

// Text draws a plan for people: for each change what it means, and its lines.
func (p Plan) Text() string {
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%s %s %s\n", marks[c.Does], c.Kind, c.Subject)
		for _, s := range c.Says {
			fmt.Fprintf(&b, "  # %s\n", s)
		}
		for _, l := range c.Lines() {
			fmt.Fprintf(&b, "  %c %s\n", l.Mark, l.Text)
		}
		b.WriteByte('\n')
	}
	paragraph(&b, "Worth to know:", p.Warnings)
	paragraph(&b, "Gaps that it makes in the next 14 days, as long as nobody who is asked has said yes:", p.GapsMade)
	paragraph(&b, "Gaps that it closes in the next 14 days:", p.GapsClosed)
	problems := make([]string, len(p.Problems))
	for i, problem := range p.Problems {
		problems[i] = problem.String()
	}
	paragraph(&b, "It cannot be applied:", problems)
	fmt.Fprintln(&b, p.Summary())
	return b.String()
}

var marks = map[string]string{Add: "+", Alter: "~", Remove: "-"}

func paragraph(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintln(b, title)
	for _, l := range lines {
		fmt.Fprintf(b, "  %s\n", l)
	}
	b.WriteByte('\n')
}

// Summary counts what a plan does, in a sentence.
func (p Plan) Summary() string {
	if len(p.Changes) == 0 {
		return "Nothing is different."
	}
	n := map[string]int{}
	for _, c := range p.Changes {
		n[c.Does]++
	}
	return fmt.Sprintf("%s: %d to add, %d to change, %d to remove.", oncall.Plural(len(p.Changes), "difference", "differences"), n[Add], n[Alter], n[Remove])
}
