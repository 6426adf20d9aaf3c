package command

import (
	"context"
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

func (s Services) awayCommand() *Command {
	of := Param{Name: "for", Kind: Option, Help: "who, for admins; you if not said"}
	return &Command{
		Name: "away", Aliases: []string{"vacation"}, Default: "put", Summary: "Says when you are away: you are neither on nor rung then.", Example: "away 24 dec to 26 dec",
		Subs: []*Command{
			{
				Name: "put", Needs: Known, Summary: "Says when you are away; alone it lists what you said. Asks back first.", Example: `away 24 dec to 26 dec --note "with the family"`,
				Params: []Param{
					of, {Name: "note", Kind: Option, Help: "for yourself, in double quotes; only you and admins see it"}, yesFlag,
					{Name: "time", Kind: Words, Optional: true, Help: "from when to when, as in next week or until friday"},
				}, Run: s.awayPut,
			},
			{Name: "list", Needs: Known, Summary: "Lists when you are away.", Example: "away list", Params: []Param{of}, Run: s.awayList},
			{
				Name: "remove", Needs: Known, Summary: "Says that you are there after all.", Example: "away remove A3",
				Params: []Param{{Name: "absence", Kind: Number, Prefix: "A", Help: "which one"}}, Run: s.awayRemove,
			},
			{
				// Whoever has the address of a calendar reads it.
				Name: "import", Needs: Known, Private: true, Summary: "Reads when you are away from a calendar on the web; once more, and it is what the calendar says then.",
				Example: "away import https://calendar.example.org/maria/vacation.ics",
				Params:  []Param{of, calendarOption, {Name: "address", Help: "where the calendar is (iCal)"}}, Run: s.awayImport,
			},
			{
				Name: "forget", Needs: Known, Summary: "Drops what was read from a calendar.", Example: "away forget --calendar work",
				Params: []Param{of, calendarOption}, Run: s.awayForget,
			},
		},
	}
}

func (s Services) awayPut(ctx context.Context, c *Call) (Reply, error) {
	if !c.Given("time") {
		return s.awayList(ctx, c)
	}
	who, err := s.whose(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	st, err := span(c, c.Text("time"))
	if err != nil {
		return Reply{}, err
	}
	admin := c.Rights.Has(Admin)
	a := schedule.Absence{Person: who.ID, From: st.From, Until: st.Until, Note: c.Text("note")}
	does := endSentence(isOrAre(c, who) + " away, " + st.Echo(a.From, a.Until, who.Zone))
	if !c.Given("yes") {
		_, hits, err := s.Rota.Trying().AddAbsence(ctx, c.Actor(), admin, a)
		if err != nil {
			return Reply{}, err
		}
		line := "away put " + exactly(a.From, a.Until)
		if who.ID != c.PersonID {
			line += " --for " + who.Handle
		}
		return s.confirmFirst(ctx, c, line+typedOption("note", a.Note), "With this, "+does+hitWords(c, who, hits))
	}
	a, hits, err := s.Rota.AddAbsence(ctx, c.Actor(), admin, a)
	if err != nil {
		return Reply{}, err
	}
	r := sentence(fmt.Sprintf("A%d: %s To take it back: %s", a.ID, does, c.Typed(fmt.Sprintf("away remove A%d", a.ID))))
	r.Blocks = append(r.Blocks, coverBlocks(c, who, hits)...)
	return r, nil
}

// shiftsNamed is how many shifts that somebody cannot have are named.
const shiftsNamed = 5

// hitWords tells in a sentence which shifts fall into an absence.
func hitWords(c *Call, who oncall.Person, hits []rota.Hit) string {
	if len(hits) == 0 {
		return ""
	}
	shifts := make([]string, 0, len(hits))
	for _, h := range hits[:min(len(hits), shiftsNamed)] {
		shifts = append(shifts, "by "+h.Schedule+" "+when.EchoSpan(h.Shift.From, h.Shift.Until, c.Zone))
	}
	if more := len(hits) - shiftsNamed; more > 0 {
		shifts = append(shifts, oncall.Plural(more, "other", "others"))
	}
	theirs := "Your shifts"
	if who.ID != c.PersonID {
		theirs = "Shifts"
	}
	return " " + theirs + " then: " + oncall.JoinNames(shifts) + "."
}

// coverBlocks tell which shifts fall into an absence, and how to find cover for each.
func coverBlocks(c *Call, who oncall.Person, hits []rota.Hit) []Block {
	if len(hits) == 0 {
		return nil
	}
	l := List{Title: "Nobody has these shifts until somebody covers them:"}
	var buttons Actions
	for _, h := range hits[:min(len(hits), shiftsNamed)] {
		ask := fmt.Sprintf("cover ask %s %s", h.Schedule, exactly(h.Shift.From, h.Shift.Until))
		if who.ID != c.PersonID {
			ask += " --for " + who.Handle
		}
		l.Items = append(l.Items, fmt.Sprintf("by %s, %s: %s", h.Schedule, when.EchoSpan(h.Shift.From, h.Shift.Until, c.Zone), c.Typed(ask)))
		buttons = append(buttons, askButton("Ask for cover", ask))
	}
	if more := len(hits) - shiftsNamed; more > 0 {
		l.Items = append(l.Items, fmt.Sprintf("and %d more: %s", more, c.Typed("me show")))
	}
	return []Block{l, buttons}
}

func (s Services) awayList(ctx context.Context, c *Call) (Reply, error) {
	who, err := s.whose(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	if err := mayLook(c, who); err != nil {
		return Reply{}, err
	}
	list, err := rota.Absences(ctx, s.DB, who.ID, c.Now, c.Now.AddDate(2, 0, 0))
	if err != nil {
		return Reply{}, err
	}
	if len(list) == 0 {
		return Reply{Private: true, Blocks: []Block{Line(fmt.Sprintf("I know of no time at which %s away. To say one: %s",
			isOrAre(c, who), c.Typed("away 24 dec to 26 dec")))}}, nil
	}
	l := List{Title: sentenceStart(isOrAre(c, who)) + " away"}
	for _, a := range list {
		item := fmt.Sprintf("A%d: %s", a.ID, when.EchoSpan(a.From, a.Until, c.Zone))
		if a.Note != "" {
			item += " (" + a.Note + ")"
		}
		l.Items = append(l.Items, item)
	}
	return Reply{Private: true, Blocks: []Block{l}}, nil
}

func (s Services) awayRemove(ctx context.Context, c *Call) (Reply, error) {
	a, err := s.Rota.RemoveAbsence(ctx, c.Actor(), c.Rights.Has(Admin), c.Number("absence"))
	if err != nil {
		return Reply{}, err
	}
	who, err := oncall.PersonByID(ctx, s.DB, a.Person)
	return sentence(fmt.Sprintf("%s not away after all, %s.", sentenceStart(isOrAre(c, who)), when.EchoSpan(a.From, a.Until, c.Zone))), err
}
