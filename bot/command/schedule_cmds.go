package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

const (
	scheduleDays     = 14 // shown if nothing else is asked for
	scheduleMostDays = 90
	scheduleLines    = 12 // more would flood a room
)

func (s Services) scheduleCommand() *Command {
	return &Command{
		Name: "schedule", Aliases: []string{"schedules"}, Summary: "Lists the schedules and who is on by them, or the next shifts of one.", Example: "schedule weekly --days 7",
		Params: []Param{
			{Name: "days", Kind: Option, Help: fmt.Sprintf("how many days ahead, up to %d; %d if not said", scheduleMostDays, scheduleDays)},
			{Name: "name", Optional: true, Help: "which schedule; all of them if not said"},
		}, Run: s.schedule,
	}
}

func (s Services) schedule(ctx context.Context, c *Call) (Reply, error) {
	days := scheduleDays
	if c.Given("days") {
		var err error
		if days, err = strconv.Atoi(c.Text("days")); err != nil || days < 1 || days > scheduleMostDays {
			return Reply{}, fault.New(fault.Invalid, "Shifts are shown for 1 to %d days ahead: %s", scheduleMostDays, c.Typed("schedule weekly --days 7"))
		}
	}
	if !c.Given("name") {
		return s.scheduleList(ctx, c)
	}
	sched, err := rota.ByName(ctx, s.DB, c.Text("name"))
	if err != nil {
		return Reply{}, err
	}
	return s.scheduleShow(ctx, c, sched, days)
}

func (s Services) scheduleList(ctx context.Context, c *Call) (Reply, error) {
	b, err := rota.Load(ctx, s.DB, c.Now, c.Now.Add(aroundShift))
	if err != nil {
		return Reply{}, err
	}
	if len(b.Schedules) == 0 {
		return sentence("There is no schedule. Whoever is awake of a roster is asked first: " + c.Typed("oncall")), nil
	}
	people, err := s.handles(ctx)
	if err != nil {
		return Reply{}, err
	}
	l := List{Title: "Schedules"}
	for _, sched := range b.Schedules {
		l.Items = append(l.Items, titleWords(sched)+": "+onNow(b, sched, people, c))
	}
	r := Reply{Blocks: []Block{l, Line("The shifts of one: " + c.Typed("schedule NAME"))}}
	if url := s.page("/schedules"); url != "" {
		r.Blocks = append(r.Blocks, Link{Text: "On the web", URL: url})
	}
	return r, nil
}

// page is the address of a web page, "" if there is no web.
func (s Services) page(path string) string {
	if s.PublicURL == "" {
		return ""
	}
	return strings.TrimSuffix(s.PublicURL, "/") + path
}

// titleWords names a schedule: weekly, Package fixing by the week, for package-fixing.
func titleWords(s schedule.Schedule) string {
	text := s.Name
	if s.Title != "" && !strings.EqualFold(s.Title, s.Name) {
		text += ", " + s.Title
	}
	if s.Role != "" {
		text += ", for " + s.Role
	}
	return text
}

// onNow tells who is on now, until when, and who comes then.
func onNow(b rota.Book, s schedule.Schedule, people map[int64]oncall.Person, c *Call) string {
	on := schedule.Present(b.On(s, c.Now))
	if len(on) == 0 {
		return "nobody is on."
	}
	first := on[0]
	text := people[first.Person].Handle
	if !first.Endless() {
		text += " until " + when.Echo(first.Until, c.Zone)
		if then := schedule.Present(b.On(s, first.Until)); len(then) > 0 && then[0].Person != first.Person {
			text += ", then " + people[then[0].Person].Handle
		}
	}
	var behind []string
	for _, sh := range on[1:] {
		behind = append(behind, people[sh.Person].Handle)
	}
	if len(behind) > 0 {
		text += "; behind: " + oncall.JoinNames(behind)
	}
	return text + "."
}

func (s Services) scheduleShow(ctx context.Context, c *Call, sched schedule.Schedule, days int) (Reply, error) {
	until := c.Now.Add(time.Duration(days) * 24 * time.Hour)
	far := until.Add(aroundShift) // so that shifts that reach beyond are shown to their end
	b, err := rota.Load(ctx, s.DB, c.Now, far)
	if err != nil {
		return Reply{}, err
	}
	people, err := s.handles(ctx)
	if err != nil {
		return Reply{}, err
	}
	title := titleWords(sched) + "; its clock is that of " + sched.Zone
	if len(sched.Layers) > 1 {
		title += "; layers, the first asked first: " + layerNames(sched)
	}
	l := List{Title: title}
	lines := scheduleWords(b, sched, people, c, until, far)
	l.Items = lines[:min(len(lines), scheduleLines)]
	if more := len(lines) - scheduleLines; more > 0 {
		l.Items = append(l.Items, fmt.Sprintf("and %d more", more))
	}
	if len(lines) == 0 {
		l.Items = []string{"nobody is on in the next " + oncall.Plural(days, "day", "days")}
	}
	r := Reply{Blocks: []Block{l}}
	if url := s.page("/schedules/" + sched.Name); url != "" {
		r.Blocks = append(r.Blocks, Link{Text: "On the web", URL: url})
	}
	return r, nil
}

func layerNames(s schedule.Schedule) string {
	names := make([]string, 0, len(s.Layers))
	for _, l := range s.Layers {
		names = append(names, l.Name)
	}
	return oncall.JoinNames(names)
}
