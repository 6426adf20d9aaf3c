package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
)

func (s Services) swapCommand() *Command {
	return &Command{
		Name: "swap", Default: "ask", Summary: "Offers somebody your shift for theirs, and answers such an offer.", Example: "swap weekly saturday with maria for sunday",
		Subs: append([]*Command{{
			Name: "ask", Needs: Known, Summary: "Asks somebody to take your shift while you take theirs; alone it lists who asks. Asks back first.",
			Example: "swap weekly saturday with maria for sunday",
			Params: []Param{
				{Name: "for", Kind: Option, Help: "whose shift is given, for admins; yours if not said"},
				{Name: "note", Kind: Option, Help: "why, in double quotes"},
				yesFlag,
				{Name: "shifts", Kind: Words, Optional: true, Help: "by which schedule, if you are in several; your shift, with whom, for which of theirs"},
			}, Run: s.swapAsk,
		}}, s.answerCommands("swap")...),
	}
}

func (s Services) swapAsk(ctx context.Context, c *Call) (Reply, error) {
	if !c.Given("shifts") {
		return s.coverList(ctx, c)
	}
	offer, with, wish, err := swapParts(c, c.Text("shifts"))
	if err != nil {
		return Reply{}, err
	}
	leaves, err := s.whose(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	of, err := s.personNamed(ctx, c, with)
	if err != nil {
		return Reply{}, err
	}
	sched, offer, err := s.scheduleAnd(ctx, c, leaves, offer)
	if err != nil {
		return Reply{}, err
	}
	mine, part, err := s.ownTime(ctx, c, sched, leaves, offer)
	if err != nil {
		return Reply{}, err
	}
	theirs, theirPart, err := s.ownTime(ctx, c, sched, of, wish)
	if err != nil {
		return Reply{}, err
	}
	r := rota.Request{
		Schedule: sched.ID, Person: leaves.ID, From: mine.From, Until: mine.Until,
		Of: of.ID, ReturnFrom: &theirs.From, ReturnUntil: &theirs.Until, Note: c.Text("note"),
	}
	what := func(r rota.Request) string {
		return endSentence(fmt.Sprintf("%s whether they can be on for %s instead of %s, %s", of.Handle, sched.Name, you(c, leaves), mine.Echo(r.From, r.Until, of.Zone))) +
			" " + endSentence(fmt.Sprintf("In return %s on instead of %s, %s", isOrAre(c, leaves), of.Handle, theirs.Echo(*r.ReturnFrom, *r.ReturnUntil, of.Zone)))
	}
	line := func(r rota.Request) string {
		return fmt.Sprintf("swap ask %s %s with %s for %s", sched.Name, exactly(r.From, r.Until), of.Handle, exactly(*r.ReturnFrom, *r.ReturnUntil)) +
			askOptions(c, oncall.Person{}, leaves)
	}
	return s.askFor(ctx, c, question{Request: r, family: "swap", line: line, what: what, before: part + theirPart})
}

// swapParts takes "weekly saturday with maria for sunday" apart.
func swapParts(c *Call, text string) (offer, with, wish string, err error) {
	words := strings.Fields(text)
	at := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, "with") })
	if at < 1 || at+2 >= len(words) {
		return "", "", "", fault.New(fault.Invalid, "Say which shift you give, with whom, and which of theirs you take: %s",
			c.Typed("swap weekly saturday with maria for sunday"))
	}
	rest := words[at+2:]
	if strings.EqualFold(rest[0], "for") && len(rest) > 1 {
		rest = rest[1:]
	}
	return strings.Join(words[:at], " "), words[at+1], strings.Join(rest, " "), nil
}
