package command

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/policy"
	"batsignal/oncall/when"
)

func (s Services) policyCommands() []*Command {
	return []*Command{{
		Name: "policy", Default: "show", Summary: "Tells who is rung after whom, and tries it without ringing.", Example: "policy show night",
		Subs: []*Command{
			{
				Name: "show", Summary: "Lists the escalation policies, or the steps of one.", Example: "policy show night",
				Params: []Param{{Name: "name", Optional: true, Help: "which policy; all of them if not said"}}, Run: s.policyShow,
			},
			{
				Name: "try", Summary: "Tells whom a hunt for a role would ring, and when, if nobody answered. Nobody is rung.",
				Example: "policy try --severity 2 package fixing at sunday 03:00",
				Params: []Param{
					{Name: "severity", Kind: Option, Choices: []string{"1", "2", "3", "4"}, Help: "how bad it is; 1 if not said"},
					{Name: "at", Kind: Option, Help: `when it begins, in quotes, as in "sunday 03:00"; now if not said`},
					{Name: "role", Kind: Rest, Help: "which role, and at which time, as in at sunday 03:00"},
				}, Run: s.policyTry,
			},
		},
	}}
}

func (s Services) policyShow(ctx context.Context, c *Call) (Reply, error) {
	set, err := policy.Load(ctx, s.DB)
	if err != nil {
		return Reply{}, err
	}
	if c.Given("name") {
		p, err := policy.Get(ctx, s.DB, c.Text("name"))
		if err != nil {
			return Reply{}, err
		}
		l := List{Title: p.Name + ", " + p.Title + ". " + repeatWords(p) + usedWords(set, p)}
		for i, step := range p.Steps {
			l.Items = append(l.Items, fmt.Sprintf("%d. %s", i+1, step.Says()))
		}
		return Reply{Blocks: []Block{l}}, nil
	}
	if len(set.Policies) == 0 {
		return sentence("There is no policy. Each role rings whoever is on by its schedules, then the rest of its roster. To try it: " + c.Typed("policy try coordination")), nil
	}
	var l List
	for _, p := range set.Policies {
		l.Items = append(l.Items, fmt.Sprintf("%s, %s: %s. %s%s", p.Name, p.Title, oncall.Plural(len(p.Steps), "step", "steps"), repeatWords(p), usedWords(set, p)))
	}
	return Reply{Blocks: []Block{l, Line("Every other role rings whoever is on by its schedules, then the rest of its roster.")}}, nil
}

func repeatWords(p policy.Policy) string {
	if p.Needs > 1 {
		one := p
		one.Needs = 1
		return repeatWords(one) + fmt.Sprintf(" %d people must answer.", p.Needs)
	}
	switch p.Repeats {
	case 0:
		return "Repeated until somebody answers."
	case 1:
		return "Gone through once."
	}
	return fmt.Sprintf("Gone through %d times.", p.Repeats)
}

func usedWords(set policy.Set, p policy.Policy) string {
	uses := set.UsesOf(p.Name)
	if len(uses) == 0 {
		return " No role follows it."
	}
	words := make([]string, 0, len(uses))
	for _, u := range uses {
		words = append(words, u.Words())
	}
	return " Followed for " + oncall.JoinNames(words) + "."
}

const (
	triedFor  = 24 * time.Hour // how long a hunt is tried without ringing
	triedMost = 12             // how many of its steps are told
)

func (s Services) policyTry(ctx context.Context, c *Call) (Reply, error) {
	what, at, err := splitAt(c, c.Text("role"))
	if err == nil && c.Given("at") {
		at, err = instant(c, c.Text("at"))
	}
	if err != nil {
		return Reply{}, err
	}
	role, err := oncall.FindRole(ctx, s.DB, what)
	if err != nil {
		return Reply{}, err
	}
	severity, err := strconv.Atoi(c.Text("severity"))
	if err != nil {
		severity = 1
	}
	ask := duty.Ask{Role: role.Name, Severity: severity}
	facts, err := duty.Load(ctx, s.DB, ask, at.At, at.At.Add(triedFor))
	if err != nil {
		return Reply{}, err
	}
	events := facts.Simulate(ask, at.At, at.At.Add(triedFor), triedMost)
	begins := "now"
	if !at.At.Equal(c.Now) {
		begins = when.Echo(at.At, c.Zone)
	}
	l := List{Title: fmt.Sprintf("For %s at severity %d, from %s, if nobody answers (nobody is rung by this):", role.Title, severity, begins)}
	for i, e := range events {
		if i > 0 && e.Words == events[i-1].Words {
			break // nobody can be rung, and that goes on
		}
		words := e.Words
		if len(e.Rooms) > 0 {
			words += " Tells " + oncall.JoinNames(e.Rooms) + "."
		}
		l.Items = append(l.Items, clockOf(e.At)+" "+words)
		if e.Round > 1 {
			break // and so on
		}
	}
	r := Reply{Blocks: []Block{l}}
	var left []string
	for _, one := range facts.Rank(ask, at.At).LeftOut {
		left = append(left, one.Handle+" ("+one.Why(c.Zone)+")")
	}
	if len(left) > 0 {
		r.Blocks = append(r.Blocks, Line("Not asked: "+oncall.JoinNames(left)+"."))
	}
	return r, nil
}

// clockOf writes the time of day in UTC, with seconds where there are some.
func clockOf(t time.Time) string {
	if t.Second() == 0 {
		return t.UTC().Format("15:04") + " UTC"
	}
	return t.UTC().Format("15:04:05") + " UTC"
}
