package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// meAhead is how far ahead one's own shifts and absences are told.
const meAhead = 28 * 24 * time.Hour

func (s Services) meCommand() *Command {
	return &Command{
		Name: "me", Default: "show", Needs: Known, Summary: "Shows and changes what I know of you.", Example: "me show",
		Subs: []*Command{
			{Name: "show", Summary: "Shows everything that I know of you.", Example: "me show", Run: s.meShow},
			{
				Name: "set", Summary: "Changes your name, zone, hours, languages or region.", Example: "me set awake 07:00-23:00",
				Params: []Param{
					{Name: "what", Choices: []string{"name", "zone", "awake", "work", "languages", "region"}, Help: "what changes"},
					{Name: "value", Kind: Rest, Help: "as in Europe/Berlin, 07:00-23:00, 09:00-17:00 mon-fri, de en, de-by; none takes it away"},
				}, Run: s.meSet,
			},
		},
	}
}

func (s Services) meShow(ctx context.Context, c *Call) (Reply, error) {
	p, err := oncall.PersonByID(ctx, s.DB, c.PersonID)
	if err != nil {
		return Reply{}, err
	}
	roles, err := s.rolesWords(ctx, p.ID)
	if err != nil {
		return Reply{}, err
	}
	facts := append(profileFacts(p, c.Now), [2]string{"Rung for", roles})
	agreed, err := s.agreedFacts(ctx, c, p)
	if err != nil {
		return Reply{}, err
	}
	sealed, err := s.sealedFacts(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	calendar, err := s.calendarFacts(ctx, c)
	return Reply{Blocks: []Block{slices.Concat(facts, agreed, sealed, calendar)}, Private: true}, err
}

func profileFacts(p oncall.Person, now time.Time) Facts {
	f := p.Profile()
	you := p.Handle
	if p.Name != "" {
		you += " (" + p.Name + ")"
	}
	facts := Facts{
		{"You are", you},
		{"Your clock", now.In(oncall.Location(p.Zone)).Format("Mon 15:04") + " " + p.Zone},
		{"Awake", f.Awake(now)},
	}
	said := Facts{{"At work", f.Works(now)}, {"Languages", p.Languages}, {"Holidays of", p.Region}}
	for _, fact := range said {
		if fact[1] != "" {
			facts = append(facts, fact)
		}
	}
	return facts
}

func (s Services) agreedFacts(ctx context.Context, c *Call, p oncall.Person) (Facts, error) {
	of, err := oncall.ConsentsOf(ctx, s.DB, p.ID)
	if err != nil {
		return nil, err
	}
	calls, err := oncall.CallsInQuarter(ctx, s.DB, c.Now, p.ID)
	if err != nil {
		return nil, err
	}
	consent := of[p.ID]
	facts := Facts{{"May be rung", consent.Says(p.Zone)}}
	if consent.Version > 0 {
		facts = append(facts, [2]string{"Agreed", agreedWords(consent)})
	}
	return append(facts, [2]string{"This quarter", oncall.Plural(calls[p.ID], "call", "calls")}), nil
}

func (s Services) calendarFacts(ctx context.Context, c *Call) (facts Facts, err error) {
	if s.People.Calendar == nil {
		return nil, nil
	}
	shifts, err := s.People.Calendar.Shifts(ctx, s.DB, c.PersonID, c.Now, c.Now.Add(meAhead))
	if err != nil {
		return nil, err
	}
	for _, shift := range shifts {
		facts = append(facts, [2]string{"On", shiftWords(shift, c.Zone)})
	}
	absences, err := s.People.Calendar.Absences(ctx, s.DB, c.PersonID, c.Now, c.Now.Add(meAhead))
	for _, a := range absences {
		away := fromUntil(a.From, a.Until, c.Zone)
		if a.Note != "" {
			away += " (" + a.Note + ")"
		}
		facts = append(facts, [2]string{"Away", away})
	}
	return facts, err
}

func (s Services) meSet(ctx context.Context, c *Call) (Reply, error) {
	p, err := oncall.PersonByID(ctx, s.DB, c.PersonID)
	if err != nil {
		return Reply{}, err
	}
	f, err := changed(p.Profile(), c.Text("what"), unquoted(c.Text("value")))
	if err != nil {
		return Reply{}, err
	}
	if p, err = s.People.SetProfile(ctx, c.Actor(), p.ID, p.Version, f); err != nil {
		return Reply{}, err
	}
	f = p.Profile()
	says := map[string]string{
		"name":      fmt.Sprintf("Your name is %s now.", f.Name),
		"zone":      fmt.Sprintf("Your clock shows %s now. You are awake %s.", c.Now.In(oncall.Location(p.Zone)).Format("15:04"), f.Awake(c.Now)),
		"awake":     fmt.Sprintf("You are awake %s.", f.Awake(c.Now)),
		"work":      fmt.Sprintf("You are at work %s.", f.Works(c.Now)),
		"languages": fmt.Sprintf("You speak %s.", f.Languages),
		"region":    fmt.Sprintf("The holidays of %s are yours.", f.Region),
	}[c.Text("what")]
	if none(unquoted(c.Text("value"))) {
		says = fmt.Sprintf("I know nothing of your %s any more.", c.Text("what"))
	}
	return sentence(says), nil
}

// changed is a profile with another value in one place.
func changed(f oncall.Profile, what, value string) (oncall.Profile, error) {
	var err error
	kept := value
	if none(value) {
		value = ""
	}
	switch what {
	case "name":
		f.Name = value
	case "zone":
		f.Zone = kept
	case "awake":
		f.Wakes, f.Sleeps, err = oncall.ParseHours(kept)
	case "work":
		return working(f, value)
	case "languages":
		f.Languages = value
	case "region":
		f.Region = value
	}
	return f, err
}

// working reads "09:00-17:00 mon-fri"; days that are not said stay as they are.
func working(f oncall.Profile, value string) (oncall.Profile, error) {
	if value == "" {
		f.WorksFrom, f.WorksUntil = nil, nil
		return f, nil
	}
	clock, days, _ := strings.Cut(value, " ")
	from, until, err := oncall.ParseHours(clock)
	if err != nil {
		return f, fault.New(fault.Invalid, "Write working hours like 09:00-17:00 mon-fri, in your own time.")
	}
	f.WorksFrom, f.WorksUntil = &from, &until
	if strings.TrimSpace(days) != "" {
		f.WorksDays, err = oncall.ParseDays(days)
	}
	return f, err
}

func none(value string) bool { return strings.EqualFold(value, "none") }

// shiftWords writes a shift with its schedule.
func shiftWords(s oncall.Shift, zone string) string {
	return fromUntil(s.From, s.Until, zone) + " by " + s.Schedule
}

// fromUntil writes a stretch of time in UTC and on the reader's own clock.
func fromUntil(from, until time.Time, zone string) string {
	text := from.UTC().Format("Mon 2006-01-02 15:04") + " to " + until.UTC().Format("Mon 2006-01-02 15:04") + " UTC"
	l := oncall.Location(zone)
	if _, offset := from.In(l).Zone(); zone == "" || offset == 0 {
		return text
	}
	return text + " (" + from.In(l).Format("Mon 15:04") + " to " + until.In(l).Format("Mon 15:04") + " your time)"
}
