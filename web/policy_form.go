package web

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	escalation "batsignal/oncall/policy"
	"batsignal/oncall/when"
)

// policyForm is a policy as it is typed. Nothing of it need make sense yet.
type policyForm struct {
	Version              int // what the change is based on; 0 is new
	Name, Title, Repeats string
	Needs                string // how many must answer
	Steps                []stepForm
	Wrong                map[string]string // by the name of the field
}

// stepForm is a step as it is typed.
type stepForm struct {
	Place       int
	Targets     []targetForm
	Wait        string
	All         bool
	First, Last bool
}

// targetForm is whom a step rings, or the room that it tells, as it is typed.
type targetForm struct {
	Kind escalation.Kind
	Name string
}

// Field is the name of a field of a step: "s0-wait".
func (f stepForm) Field(name string) string { return "s" + strconv.Itoa(f.Place) + "-" + name }

// Item is the name of a field of a target: "s0-t1-name".
func (f stepForm) Item(place int, name string) string {
	return f.Field("t" + strconv.Itoa(place) + "-" + name)
}

// Kinds are the kinds of targets.
func (stepForm) Kinds() []escalation.Kind { return escalation.Kinds() }

// New tells whether the policy is not there yet.
func (f policyForm) New() bool { return f.Version == 0 }

// formOfPolicy writes a policy into a form.
func formOfPolicy(p escalation.Policy) policyForm {
	f := policyForm{Version: p.Version, Name: p.Name, Title: p.Title}
	if p.Repeats > 0 {
		f.Repeats = strconv.Itoa(p.Repeats)
	}
	if p.Needs > 1 {
		f.Needs = strconv.Itoa(p.Needs)
	}
	for _, s := range p.Steps {
		step := stepForm{All: s.All}
		if s.Wait > 0 {
			step.Wait = oncall.Lasting(s.Wait)
		}
		for _, t := range s.Targets {
			step.Targets = append(step.Targets, targetForm(t))
		}
		f.Steps = append(f.Steps, step)
	}
	f.number()
	return f
}

func (f *policyForm) number() {
	for i := range f.Steps {
		f.Steps[i].Place, f.Steps[i].First, f.Steps[i].Last = i, i == 0, i == len(f.Steps)-1
	}
}

// readPolicyForm reads what was typed, as it was typed.
func readPolicyForm(v url.Values) policyForm {
	text := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	count := func(name string, most int) int {
		n, _ := strconv.Atoi(v.Get(name)) // no number is none
		return max(0, min(n, most))
	}
	f := policyForm{Name: text("name"), Title: text("title"), Repeats: text("repeats"), Needs: text("needs"), Wrong: map[string]string{}}
	f.Version, _ = strconv.Atoi(v.Get("version"))
	for i := range count("steps", escalation.MostSteps) {
		s := stepForm{Place: i}
		s.Wait, s.All = text(s.Field("wait")), v.Get(s.Field("all")) != ""
		for k := range count(s.Field("targets"), escalation.MostTargets) {
			s.Targets = append(s.Targets, targetForm{escalation.Kind(text(s.Item(k, "kind"))), text(s.Item(k, "name"))})
		}
		f.Steps = append(f.Steps, s)
	}
	f.number()
	return f
}

func (f *policyForm) say(name, sentence string) {
	if _, there := f.Wrong[name]; !there {
		f.Wrong[name] = sentence
	}
}

// policy makes a policy of what was typed; what is wrong is noted beside its field.
func (f *policyForm) policy() (escalation.Policy, bool) {
	p := escalation.Policy{Name: strings.ToLower(f.Name), Title: f.Title, Version: f.Version}
	if f.Repeats != "" {
		n, err := strconv.Atoi(f.Repeats)
		if err != nil || n < 1 {
			f.say("repeats", fmt.Sprintf("Write how often the steps are gone through, 1 to %d, or nothing for ever.", escalation.MostRepeats))
		}
		p.Repeats = n
	}
	if f.Needs != "" {
		n, err := strconv.Atoi(f.Needs)
		if err != nil || n < 1 || n > escalation.MostNeeds {
			f.say("needs", fmt.Sprintf("Write how many must answer, 1 to %d, or nothing for one.", escalation.MostNeeds))
		}
		p.Needs = n
	}
	for _, s := range f.Steps {
		step := escalation.Step{All: s.All}
		if s.Wait != "" {
			wait, err := readWait(s.Wait)
			if err != nil {
				f.say(s.Field("wait"), fault.Say(err))
			}
			step.Wait = wait
		}
		for _, t := range s.Targets {
			if t.Name != "" { // an empty place is none
				step.Targets = append(step.Targets, escalation.Target{Kind: t.Kind, Name: strings.ToLower(t.Name)})
			}
		}
		p.Steps = append(p.Steps, step)
	}
	if f.New() && (p.Name == "new" || p.Name == "try") {
		f.say("name", "That name is taken by a page here. Choose another.")
	}
	if err := p.Check(); err != nil {
		f.say(policyFieldOf(err), fault.Say(err))
	}
	return p, len(f.Wrong) == 0
}

// readWait reads how long somebody is waited for: "90 seconds", "90s", "5 minutes". People
// wait for seconds here, and nowhere else.
func readWait(text string) (time.Duration, error) {
	if number, unit, ok := strings.Cut(text, " "); ok && strings.HasPrefix(unit, "sec") {
		text = number + "s"
	}
	if d, err := time.ParseDuration(text); err == nil {
		return d, nil
	}
	return when.Reader{}.Duration(text)
}

// policyFieldOf is the name of the field that a refusal is about; "" is all of it.
func policyFieldOf(err error) string {
	var e *escalation.FieldError
	switch {
	case !errors.As(err, &e):
		return ""
	case e.Step < 0:
		return e.Field
	}
	return stepForm{Place: e.Step}.Field(e.Field)
}

// do presses a button that changes the form and stores nothing: "step-up-1",
// "target-remove-0-2". known is false for a button that is none.
func (f *policyForm) do(button string) (known bool) {
	kind, what, at, ok := readButton(button)
	if !ok {
		return false
	}
	defer f.number()
	if kind == "step" {
		return arrange(&f.Steps, what, at, stepForm{Targets: []targetForm{{Kind: escalation.Schedule}}}, escalation.MostSteps)
	}
	if kind != "target" || len(at) == 0 || at[0] < 0 || at[0] >= len(f.Steps) {
		return false
	}
	return arrange(&f.Steps[at[0]].Targets, what, at[1:], targetForm{Kind: escalation.Role}, escalation.MostTargets)
}

// written is the form in lines, to compare it with another.
func (f policyForm) written() []formLine {
	lines := []formLine{{"Title", f.Title}, {"Repeats", f.Repeats}, {"How many must answer", f.Needs}}
	for i, s := range f.Steps {
		var targets []string
		for _, t := range s.Targets {
			if t.Name != "" {
				targets = append(targets, string(t.Kind)+" "+t.Name)
			}
		}
		in := fmt.Sprintf("Step %d ", i+1)
		lines = append(lines, formLine{in + "targets", strings.Join(targets, ", ")}, formLine{in + "wait", s.Wait},
			formLine{in + "rings", map[bool]string{true: "all at once", false: "one after the other"}[s.All]})
	}
	return lines
}
