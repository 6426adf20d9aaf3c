package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/ical"
	"batsignal/oncall/rota"
)

// Fetcher reads what is at an address on the web.
type Fetcher interface {
	Fetch(ctx context.Context, address string) ([]byte, error)
}

const (
	calendarAhead = 370 * 24 * time.Hour // how far ahead absences are read
	holidayYears  = 3                    // whose holidays are read: this one and the next ones
	problemsNamed = 3                    // of a calendar
	holidaysShown = 20
)

var calendarOption = Param{Name: "calendar", Kind: Option, Help: "a name of your own for it, if you have several"}

// calendarName is what absences of a calendar are kept under.
func calendarName(c *Call) string {
	if name := c.Text("calendar"); name != "" {
		return name
	}
	return "calendar"
}

// mayLook refuses to show somebody what is not theirs.
func mayLook(c *Call, who oncall.Person) error {
	if who.ID == c.PersonID || c.Rights.Has(Admin) {
		return nil
	}
	return fault.New(fault.Forbidden, "Only %s and admins may see that. Who is on: %s", who.Handle, c.Typed("oncall"))
}

// fetched reads a calendar from the web.
func (s Services) fetched(ctx context.Context, address string) ([]byte, error) {
	if s.Fetch == nil {
		return nil, fault.New(fault.Conflict, "This bot reads no calendars from the web. Say it in words: !away 24 dec to 26 dec")
	}
	return s.Fetch.Fetch(ctx, address)
}

func (s Services) awayImport(ctx context.Context, c *Call) (Reply, error) {
	who, err := s.whose(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	if err := mayLook(c, who); err != nil {
		return Reply{}, err // before anything is fetched
	}
	text, err := s.fetched(ctx, c.Text("address"))
	if err != nil {
		return Reply{}, err
	}
	found, problems, err := ical.Read(text, who.Zone, c.Now, c.Now.Add(calendarAhead))
	if err != nil {
		return Reply{}, err
	}
	events := make([]rota.Event, 0, len(found))
	for _, e := range found {
		events = append(events, rota.Event{UID: e.UID, From: e.From, Until: e.Until, Note: e.Summary})
	}
	done, hits, err := s.Rota.ImportAbsences(ctx, c.Actor(), c.Rights.Has(Admin), who.ID, calendarName(c), events)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Private: true, Blocks: []Block{Line(fmt.Sprintf("Read %s from the calendar: %d new, %d changed, %d gone. What I noted: %s",
		oncall.Plural(len(events), "absence", "absences"), done.Added, done.Changed, done.Gone, c.Typed("away list")))}}
	r.Blocks = append(r.Blocks, problemBlocks(problems)...)
	r.Blocks = append(r.Blocks, coverBlocks(c, who, hits)...)
	return r, nil
}

func (s Services) awayForget(ctx context.Context, c *Call) (Reply, error) {
	who, err := s.whose(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	done, _, err := s.Rota.ImportAbsences(ctx, c.Actor(), c.Rights.Has(Admin), who.ID, calendarName(c), nil)
	if err != nil {
		return Reply{}, err
	}
	return sentence(fmt.Sprintf("Dropped %s of the calendar.", oncall.Plural(done.Gone, "absence", "absences"))), nil
}

// problemBlocks tell what of a calendar was not understood.
func problemBlocks(problems []ical.Problem) []Block {
	if len(problems) == 0 {
		return nil
	}
	l := List{Title: "Not understood, and left out:"}
	for _, p := range problems[:min(len(problems), problemsNamed)] {
		item := fmt.Sprintf("line %d: %s", p.Line, p.Say)
		if p.Summary != "" {
			item = fmt.Sprintf("line %d, %s: %s", p.Line, quote(p.Summary), p.Say)
		}
		l.Items = append(l.Items, item)
	}
	if more := len(problems) - problemsNamed; more > 0 {
		l.Items = append(l.Items, fmt.Sprintf("and %d more", more))
	}
	return []Block{l}
}

func (s Services) holidaysCommand() *Command {
	return &Command{
		Name: "holidays", Aliases: []string{"holiday"}, Default: "list", Summary: "Shows and changes the holidays of a region.", Example: "holidays de-by",
		Subs: []*Command{
			{
				Name: "list", Summary: "Lists the holidays of the next twelve months.", Example: "holidays de-by",
				Params: []Param{{Name: "region", Optional: true, Help: "as in de or de-by; yours if not said"}}, Run: s.holidaysList,
			},
			{
				Name: "import", Needs: Known | Admin, Summary: "Makes the holidays of a region those of a calendar on the web, in the years that it speaks of.",
				Example: "holidays import de-by https://calendar.example.org/de-by.ics",
				Params:  []Param{{Name: "region", Help: "as in de or de-by"}, {Name: "address", Help: "where the calendar is (iCal)"}}, Run: s.holidaysImport,
			},
		},
	}
}

func (s Services) holidaysList(ctx context.Context, c *Call) (Reply, error) {
	region := strings.ToLower(c.Text("region"))
	if region == "" && c.PersonID != 0 {
		p, err := oncall.PersonByID(ctx, s.DB, c.PersonID)
		if err != nil {
			return Reply{}, err
		}
		region = p.Region
	}
	if region == "" {
		return Reply{}, fault.New(fault.Invalid, "Say of which region: %s. To make one yours: %s", c.Typed("holidays de-by"), c.Typed("me set region de-by"))
	}
	list, err := rota.Holidays(ctx, s.DB, region, c.Now, c.Now.AddDate(1, 0, 0))
	if err != nil {
		return Reply{}, err
	}
	if len(list) == 0 {
		return sentence(fmt.Sprintf("I know of no holidays of %s in the next twelve months. Admins add them: %s",
			quote(region), c.Typed("holidays import REGION ADDRESS"))), nil
	}
	l := List{Title: "Holidays of " + region}
	for _, h := range list[:min(len(list), holidaysShown)] {
		day := time.Date(h.Day.Year, h.Day.Month, h.Day.Day, 0, 0, 0, 0, time.UTC)
		l.Items = append(l.Items, day.Format("Mon 2 Jan 2006")+": "+h.Name)
	}
	if more := len(list) - holidaysShown; more > 0 {
		l.Items = append(l.Items, fmt.Sprintf("and %d more", more))
	}
	return Reply{Blocks: []Block{l}}, nil
}

func (s Services) holidaysImport(ctx context.Context, c *Call) (Reply, error) {
	region := strings.ToLower(c.Text("region"))
	text, err := s.fetched(ctx, c.Text("address"))
	if err != nil {
		return Reply{}, err
	}
	first := civil.DateTime{Year: c.Now.UTC().Year(), Month: time.January, Day: 1}
	found, problems, err := ical.Holidays(text, first, first.AddMonths(12*holidayYears))
	if err != nil {
		return Reply{}, err
	}
	if len(found) == 0 {
		return Reply{}, fault.New(fault.Invalid, "That calendar has no holidays from %d on, so I changed nothing.", first.Year)
	}
	list := make([]rota.Holiday, 0, len(found))
	for _, h := range found {
		list = append(list, rota.Holiday{Day: h.Day, Name: h.Name})
	}
	if err := s.Rota.SetHolidays(ctx, c.Actor(), region, list); err != nil {
		return Reply{}, err
	}
	r := sentence(fmt.Sprintf("The holidays of %s are set: %d, from %s to %s.", region, len(list),
		dayWords(list[0].Day), dayWords(list[len(list)-1].Day)))
	r.Blocks = append(r.Blocks, problemBlocks(problems)...)
	return r, nil
}

// dayWords writes a day, 2026-12-24.
func dayWords(d civil.DateTime) string { return fmt.Sprintf("%d-%02d-%02d", d.Year, d.Month, d.Day) }
