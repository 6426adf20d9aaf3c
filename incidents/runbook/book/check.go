package book

import (
	"fmt"
	"slices"
	"strings"

	"batsignal/oncall"
)

// link finds what steps name, when all of them are read.
func (r *reader) link(drafts []draft) []Step {
	at := map[string]int{End: len(drafts)}
	for i, d := range drafts {
		switch first, twice := at[d.Name]; {
		case d.Name == End:
			r.add(d.Line, "No step may be called %s: it is where a runbook ends.", End)
		case twice:
			r.add(d.Line, "The step %s is there twice, first in line %d.", d.Name, drafts[first].Line)
		default:
			at[d.Name] = i
		}
	}
	find := func(g goTo, other int) int {
		if g.name == "" {
			return other
		}
		to, found := at[g.name]
		if !found {
			r.add(g.line, "There is no step %s to go to.", g.name)
			return other
		}
		return to
	}
	steps := make([]Step, len(drafts))
	for i, d := range drafts {
		s := d.Step
		s.Next = find(d.next, i+1)
		if d.next.name != "" && s.Next <= i {
			r.add(d.next.line, "Only a choice of a decision may lead back, and says loop: true.")
		}
		for j, g := range d.choices {
			c := &s.Choices[j]
			switch c.To = find(g, i+1); {
			case c.To <= i && !c.Loop:
				r.add(g.line, "The choice %s leads back. If it is meant so, add loop: true to it.", c.Name)
			case c.To > i && c.Loop:
				r.add(g.line, "The choice %s leads on, so loop: true is wrong there.", c.Name)
			}
		}
		for _, g := range d.settles {
			if to := find(g, i); to >= i || drafts[to].Undo == "" {
				r.add(g.line, "What a step settles is an earlier step with undo, and %s is none.", g.name)
			}
			s.Settles = append(s.Settles, g.name)
		}
		for _, f := range d.Fill {
			if _, both := d.With[f.Name]; both {
				r.add(d.Line, "The parameter %s is given and asked for at once.", f.Name)
			}
		}
		steps[i] = s
	}
	return steps
}

// leads are the steps that may come after one.
func (s Step) leads() []int {
	if s.Kind != Decision {
		return []int{s.Next}
	}
	to := make([]int, len(s.Choices))
	for i, c := range s.Choices {
		to[i] = c.To
	}
	return to
}

// judge finds steps that nobody gets to, or gets out of.
func (r *reader) judge(b Book) {
	if len(r.problems) > 0 {
		return
	}
	end := len(b.Steps)
	back := make([][]int, end+1)
	for i, s := range b.Steps {
		for _, to := range s.leads() {
			back[to] = append(back[to], i)
		}
	}
	reached := walk(end+1, 0, func(i int) []int {
		if i == end {
			return nil
		}
		return b.Steps[i].leads()
	})
	ends := walk(end+1, end, func(i int) []int { return back[i] })
	for i, s := range b.Steps {
		switch {
		case !reached[i]:
			r.add(s.Line, "Nothing leads to the step %s.", s.Name)
		case !ends[i]:
			r.add(s.Line, "From the step %s nothing leads to the end.", s.Name)
		}
	}
}

// walk marks what can be got to from somewhere.
func walk(size, from int, leads func(int) []int) []bool {
	seen := make([]bool, size)
	seen[from] = true
	for todo := []int{from}; len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, to := range leads(i) {
			if !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	return seen
}

// Known is what an installation has that a book may name.
type Known struct {
	Jobs  []string // names of jobs, and words that are mapped to one; nil checks no jobs
	Roles []string // names of roles; nil checks none
}

// Check finds what is wrong with a file in an installation: what [Parse] finds, and names of
// jobs and roles that are not there. A step that says what to do without its job needs none.
func Check(file []byte, known Known) (Book, []Problem) {
	b, problems := Parse(file)
	if len(problems) > 0 {
		return b, problems
	}
	for _, s := range b.Steps {
		if s.Kind == Job && known.Jobs != nil && s.Without == "" && !slices.Contains(known.Jobs, s.Job) {
			problems = append(problems, Problem{s.Line, fmt.Sprintf(
				"There is no job %s here. The jobs are %s. Say with without: what to do where there is none.", s.Job, oncall.JoinNames(known.Jobs))})
		}
		if s.Who != "" && s.Who != Admin && known.Roles != nil && !slices.Contains(known.Roles, s.Who) {
			problems = append(problems, Problem{s.Line, fmt.Sprintf(
				"There is no role %s here. Who may be admin or a role: %s.", s.Who, oncall.JoinNames(known.Roles))})
		}
	}
	return b, problems
}

// Outline is a book as a reviewer reads it: one line a step.
func Outline(b Book) []string {
	lines := make([]string, len(b.Steps))
	for i, s := range b.Steps {
		line := fmt.Sprintf("%d. %s: %s", i+1, s.Name, s.Say)
		var more []string
		switch {
		case s.Kind == Confirmation && s.Two:
			more = append(more, "two people confirm it")
		case s.Kind == Job:
			more = append(more, strings.TrimSpace("job "+s.Job+" "+s.WithWords()))
		case s.Kind == Decision:
			for _, c := range s.Choices {
				more = append(more, c.Name+" → "+b.place(c.To))
			}
		}
		if s.Guard != "" {
			more = append(more, "two people look first: "+strings.TrimSuffix(s.Guard, "."))
		}
		if s.Who != "" {
			more = append(more, "for "+s.Who)
		}
		if s.Kind != Decision && s.Next != i+1 {
			more = append(more, "then "+b.place(s.Next))
		}
		if len(more) > 0 {
			line += " (" + strings.Join(more, "; ") + ")"
		}
		lines[i] = line
	}
	return lines
}

// place names a step as people count, or the end.
func (b Book) place(at int) string {
	if at >= len(b.Steps) {
		return "the end"
	}
	return fmt.Sprintf("step %d", at+1)
}
