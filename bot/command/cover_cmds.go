package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

func (s Services) coverCommand() *Command {
	return &Command{
		Name: "cover", Default: "ask", Summary: "Asks others to take your shift, and answers them.", Example: "cover weekly saturday",
		Subs: append([]*Command{{
			Name: "ask", Needs: Known, Summary: "Asks somebody, or everybody who can come, to be on instead of you; alone it lists who asks. Asks back first.",
			Example: "cover weekly saturday --of maria",
			Params: []Param{
				{Name: "of", Kind: Option, Help: "whom; everybody who can come if not said"},
				{Name: "for", Kind: Option, Help: "whose shift, for admins; yours if not said"},
				{Name: "note", Kind: Option, Help: "why, in double quotes"},
				yesFlag,
				{Name: "shift", Kind: Words, Optional: true, Help: "by which schedule, if you are in several; then when, as in saturday"},
			}, Run: s.coverAsk,
		}}, s.answerCommands("cover")...),
	}
}

// answerCommands are what one says to a request; those for cover and for swaps are the
// same, and have their numbers together.
func (s Services) answerCommands(family string) []*Command {
	request := []Param{{Name: "request", Kind: Number, Prefix: "C", Help: "which one"}}
	return []*Command{
		{Name: "accept", Needs: Known, Summary: "Says yes: you are on then.", Example: family + " accept C12", Params: request, Run: s.coverAccept},
		{Name: "decline", Needs: Known, Summary: "Says no.", Example: family + " decline C12", Params: request, Run: s.coverDecline},
		{Name: "withdraw", Needs: Known, Summary: "Takes your question back.", Example: family + " withdraw C12", Params: request, Run: s.coverWithdraw},
		{Name: "list", Summary: "Lists the questions that wait for a yes.", Example: family + " list", Run: s.coverList},
	}
}

func (s Services) coverAsk(ctx context.Context, c *Call) (Reply, error) {
	if !c.Given("shift") {
		return s.coverList(ctx, c)
	}
	leaves, err := s.whose(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	sched, text, err := s.scheduleAnd(ctx, c, leaves, c.Text("shift"))
	if err != nil {
		return Reply{}, err
	}
	st, part, err := s.ownTime(ctx, c, sched, leaves, text)
	if err != nil {
		return Reply{}, err
	}
	r := rota.Request{Schedule: sched.ID, Person: leaves.ID, From: st.From, Until: st.Until, Note: c.Text("note")}
	var of oncall.Person
	whom := "everybody who can come"
	if c.Given("of") {
		if of, err = s.personNamed(ctx, c, c.Text("of")); err != nil {
			return Reply{}, err
		}
		r.Of, whom = of.ID, of.Handle
	}
	what := func(r rota.Request) string {
		return endSentence(fmt.Sprintf("%s whether they can be on for %s instead of %s, %s", whom, sched.Name, you(c, leaves), st.Echo(r.From, r.Until, of.Zone)))
	}
	line := func(r rota.Request) string {
		return "cover ask " + sched.Name + " " + exactly(r.From, r.Until) + askOptions(c, of, leaves)
	}
	return s.askFor(ctx, c, question{Request: r, family: "cover", line: line, what: what, before: part, after: " I say who takes it."})
}

// question is a request for cover or a swap that is to be made, and what is said of it.
type question struct {
	rota.Request
	family string                    // "cover", "swap"
	line   func(rota.Request) string // the command that says the same exactly
	what   func(rota.Request) string // the same in words: "maria whether they can be on …"
	before string                    // what else there is to know before a yes
	after  string                    // and after it
}

// askFor asks, or shows first what that would mean.
func (s Services) askFor(ctx context.Context, c *Call, q question) (Reply, error) {
	admin := c.Rights.Has(Admin)
	if !c.Given("yes") {
		r, err := s.Rota.Trying().Ask(ctx, c.Actor(), admin, q.Request)
		if err != nil {
			return Reply{}, err
		}
		return s.confirmFirst(ctx, c, q.line(r), "This asks "+q.what(r)+q.before)
	}
	r, err := s.Rota.Ask(ctx, c.Actor(), admin, q.Request)
	if err != nil {
		return Reply{}, err
	}
	ref := rota.Ref(r.ID)
	return sentence(fmt.Sprintf("%s asks %s%s To take it back: %s", ref, q.what(r), q.after, c.Typed(q.family+" withdraw "+ref))), nil
}

// askOptions writes the options of a question that waits.
func askOptions(c *Call, of, leaves oncall.Person) string {
	line := ""
	if of.ID != 0 {
		line += " --of " + of.Handle
	}
	if leaves.ID != c.PersonID {
		line += " --for " + leaves.Handle
	}
	return line + typedOption("note", c.Text("note"))
}

// whose is the person that --for names, or the caller. Whether the caller may is asked by
// whoever does it.
func (s Services) whose(ctx context.Context, c *Call) (oncall.Person, error) {
	if c.Given("for") {
		return s.personNamed(ctx, c, c.Text("for"))
	}
	return oncall.PersonByID(ctx, s.DB, c.PersonID)
}

// scheduleAnd finds the schedule that a text begins with, and what is left of the text.
// Without one it is the only schedule that the person is in.
func (s Services) scheduleAnd(ctx context.Context, c *Call, p oncall.Person, text string) (sched schedule.Schedule, rest string, err error) {
	all, err := rota.Schedules(ctx, s.DB)
	if err != nil {
		return sched, "", err
	}
	first, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	var of []schedule.Schedule
	for _, one := range all {
		if strings.EqualFold(one.Name, first) {
			return s.withTime(c, one, rest)
		}
		if isIn(one, p.ID) {
			of = append(of, one)
		}
	}
	_, noTime := span(c, text)
	if noTime != nil {
		named, err := rota.ByName(ctx, s.DB, first)
		switch {
		case err == nil:
			return s.withTime(c, named, rest)
		case len(of) != 1:
			return sched, "", err
		}
	}
	switch len(of) {
	case 1:
		return of[0], text, nil
	case 0:
		return sched, "", fault.New(fault.Conflict, "%s in no schedule. To say which one is meant, write its name first: %s",
			sentenceStart(isOrAre(c, p)), c.Typed("schedule"))
	}
	names := make([]string, 0, len(of))
	for _, one := range of {
		names = append(names, one.Name)
	}
	return sched, "", fault.New(fault.Invalid, "%s in several schedules: %s. Write the name of one first: %s",
		sentenceStart(isOrAre(c, p)), oncall.JoinNames(names), c.Typed("cover "+names[0]+" saturday"))
}

func (s Services) withTime(c *Call, sched schedule.Schedule, rest string) (schedule.Schedule, string, error) {
	if rest == "" {
		return sched, "", fault.New(fault.Invalid, "Say when, too: %s. When your shifts are: %s",
			c.Typed("cover "+sched.Name+" saturday"), c.Typed("schedule "+sched.Name))
	}
	return sched, rest, nil
}

func isIn(s schedule.Schedule, person int64) bool {
	for _, l := range s.Layers {
		for _, m := range l.Members {
			if m == person {
				return true
			}
		}
	}
	return false
}

func (s Services) coverAccept(ctx context.Context, c *Call) (Reply, error) {
	r, err := s.Rota.Accept(ctx, c.Actor(), c.Number("request"))
	if err != nil {
		return Reply{}, err
	}
	p, err := oncall.PersonByID(ctx, s.DB, r.Person)
	if err != nil {
		return Reply{}, err
	}
	text := fmt.Sprintf("Thank you. You are on for %s instead of %s, %s", r.Name, p.Handle, when.EchoSpan(r.From, r.Until, c.Zone))
	if r.Swap() {
		text += fmt.Sprintf("; and %s instead of you, %s", p.Handle, when.EchoSpan(*r.ReturnFrom, *r.ReturnUntil, c.Zone))
	}
	return sentence(text + "."), nil
}

func (s Services) coverDecline(ctx context.Context, c *Call) (Reply, error) {
	r, err := s.Rota.Decline(ctx, c.Actor(), c.Number("request"))
	if err != nil {
		return Reply{}, err
	}
	if r.State == rota.Open {
		return sentence(fmt.Sprintf("Noted. %s is asked of others as well.", rota.Ref(r.ID))), nil
	}
	return sentence(fmt.Sprintf("Noted. I have said that you cannot come; %s is closed.", rota.Ref(r.ID))), nil
}

func (s Services) coverWithdraw(ctx context.Context, c *Call) (Reply, error) {
	r, err := s.Rota.Withdraw(ctx, c.Actor(), c.Rights.Has(Admin), c.Number("request"))
	if err != nil {
		return Reply{}, err
	}
	p, err := oncall.PersonByID(ctx, s.DB, r.Person)
	return sentence(fmt.Sprintf("%s is taken back: %s on for %s as before, %s.", rota.Ref(r.ID), isOrAre(c, p), r.Name, when.EchoSpan(r.From, r.Until, c.Zone))), err
}

func (s Services) coverList(ctx context.Context, c *Call) (Reply, error) {
	open, err := rota.OpenRequests(ctx, s.DB, 0)
	if err != nil {
		return Reply{}, err
	}
	if len(open) == 0 {
		return sentence("Nobody asks for cover. To ask: " + c.Typed("cover weekly saturday") + " with the name of your schedule and the day of your shift."), nil
	}
	people, err := s.handles(ctx)
	if err != nil {
		return Reply{}, err
	}
	l := List{Title: "Who asks to be replaced"}
	for _, r := range open {
		item := fmt.Sprintf("%s: %s on for %s, %s", rota.Ref(r.ID), isOrAre(c, people[r.Person]), r.Name, when.EchoSpan(r.From, r.Until, c.Zone))
		if r.Swap() {
			item += fmt.Sprintf(", and would come in return %s", when.EchoSpan(*r.ReturnFrom, *r.ReturnUntil, c.Zone))
		}
		if r.Of != 0 {
			item += "; asked of " + you(c, people[r.Of])
		}
		if r.Note != "" {
			item += " (" + r.Note + ")"
		}
		l.Items = append(l.Items, item)
	}
	return Reply{Blocks: []Block{l, Line("To take one: " + c.Typed("cover accept "+rota.Ref(open[0].ID)))}}, nil
}
