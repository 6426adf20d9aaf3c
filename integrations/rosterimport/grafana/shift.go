package grafana

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/rosterimport/draft"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	rules "batsignal/oncall/schedule"
	"batsignal/oncall/tree"
)

// shift is a rule of a schedule.
type shift struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Type      string     `json:"type"` // single_event, recurrent_event, rolling_users, override
	Zone      string     `json:"time_zone"`
	Level     int        `json:"level"`
	Start     string     `json:"start"`
	Duration  int        `json:"duration"` // seconds
	Frequency string     `json:"frequency"`
	Interval  *int       `json:"interval"`
	Until     string     `json:"until"`
	WeekStart string     `json:"week_start"`
	ByDay     []string   `json:"by_day"`
	ByMonth   []int      `json:"by_month"`
	ByDate    []int      `json:"by_monthday"`
	Users     []string   `json:"users"`
	Rolling   [][]string `json:"rolling_users"`
	From      int        `json:"start_rotation_from_user_index"`
}

var weekdays = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

func convertSchedule(d *draft.Draft, s schedule, shifts map[string]shift) {
	about := "schedule " + oncall.Clip(draft.Line(s.Name), 60)
	name := d.Name("schedule", s.ID, s.Name)
	zone := cmp.Or(s.Zone, "UTC")
	switch _, err := civil.Zone(zone); {
	case s.Type == "ical":
		d.Note(about, "it is not carried over: it is a calendar elsewhere, and no rules. Write its layers yourself.")
		return
	case err != nil:
		d.Note(about, "it is not carried over: its time zone %q is not in the zone database.", oncall.Clip(draft.Line(zone), 40))
		return
	}
	if s.Overrides != nil && *s.Overrides != "" {
		d.Note(about, "its calendar of overrides is not carried over: they are decisions, not rules. Those that are still to come are made with !override.")
	}
	var of []shift
	for _, id := range s.Shifts {
		if one, known := shifts[id]; known {
			of = append(of, one)
		} else {
			d.Note(about, "the shift %s is not in the export and is left out.", oncall.Clip(draft.Line(id), 40))
		}
	}
	// The highest level hides the others there; here it is asked first.
	slices.SortStableFunc(of, func(a, b shift) int { return cmp.Compare(b.Level, a.Level) })
	out := tree.Schedule{Name: name, Title: draft.Title(s.Name, name), Zone: zone}
	for _, one := range of {
		at := about + ", shift " + oncall.Clip(draft.Line(cmp.Or(one.Name, one.ID)), 40)
		for _, l := range convertShift(d, at, one, zone) {
			if d.Over(l, cmp.Or(l.Zone, zone)) {
				d.Note(at, "it ended on %s and is left out.", l.Ends)
				continue
			}
			l.Name = draft.LayerName(out.Layers, cmp.Or(one.Name, "shift"))
			out.Layers = append(out.Layers, l)
		}
	}
	if len(of) > 1 && of[0].Level != of[len(of)-1].Level {
		d.Note(about, "in Grafana OnCall a shift hides those of lower levels. Here whoever is on by a lower one is on too, and is asked after.")
	}
	d.AddSchedule(about, out)
}

// convertShift makes a layer for each of those who are on at once.
func convertShift(d *draft.Draft, about string, s shift, zone string) (layers []tree.Layer) {
	l := tree.Layer{}
	if s.Zone != "" && s.Zone != zone {
		l.Zone, zone = s.Zone, s.Zone
	}
	if _, err := civil.Zone(zone); err != nil {
		d.Note(about, "it is not carried over: its time zone %q is not in the zone database.", oncall.Clip(draft.Line(zone), 40))
		return nil
	}
	groups := s.Rolling
	if s.Type != "rolling_users" {
		groups = [][]string{s.Users}
	}
	turns := seats(d, about, draft.Rotated(groups, s.From))
	start, ok := moment(d, about, s.Start)
	why := ""
	switch {
	case s.Type == "override":
		d.Note(about, "it is an override, which is a decision and no rule, and not carried over. If it is still to come: !override.")
		return nil
	case !ok || s.Duration < 60:
		why = "it has no start or no duration that I can read"
	case len(turns) == 0:
		why = "nobody is left in it"
	case len(s.ByMonth) > 0 || len(s.ByDate) > 0 || s.Frequency == "monthly":
		why = "there are no rules by months or dates here"
	case s.Type == "single_event":
		l.Starts, l.Every, l.Ends = start.String(), draft.Turn(rules.Week, 1), start.AddMinutes(s.Duration/60).String()
	case s.Type == "rolling_users" || s.Type == "recurrent_event":
		why = recur(&l, s, start, len(turns[0]) > 1)
	default:
		why = fmt.Sprintf("I know no shifts of the type %q", oncall.Clip(draft.Line(s.Type), 40))
	}
	if why == "" && s.Until != "" && s.Type != "single_event" {
		until, ok := moment(d, about, s.Until)
		starts, _ := civil.Parse(l.Starts)
		if l.Ends = until.String(); !ok || until.Compare(starts) <= 0 {
			why = "it ends before it begins, or at a time that I cannot read"
		}
	}
	if why != "" {
		d.Note(about, "it is not carried over: %s.", why)
		return nil
	}
	for _, members := range turns {
		one := l
		one.Members = members
		layers = append(layers, one)
	}
	return layers
}

// recur writes a rule that comes again; why says what is against it.
func recur(l *tree.Layer, s shift, start civil.DateTime, rolls bool) (why string) {
	n, length := 1, s.Duration/60
	if s.Interval != nil {
		n = max(*s.Interval, 1)
	}
	unit, period := rules.Hour, 60
	switch s.Frequency {
	case "hourly":
	case "daily":
		unit, period = rules.Day, minutesOfDay
	case "weekly":
		unit, period = rules.Week, minutesOfWeek
	default:
		return fmt.Sprintf("I know no frequency %q", oncall.Clip(draft.Line(s.Frequency), 40))
	}
	from := start.Hour*60 + start.Minute
	l.Starts, l.Every = start.String(), draft.Turn(unit, n)
	switch {
	case len(s.ByDay) > 0:
		return byDay(l, s, start, n, length, rolls)
	case n > 1000:
		return "its interval is too long"
	case length > n*period:
		return "its shifts overlap each other, since they last longer than the interval"
	case length == n*period: // one after the other
	case n > 1 || unit == rules.Hour:
		return "between its shifts nobody is on, and there are no such rules here"
	case unit == rules.Day:
		l.Only = draft.Window(0, from, length)
	default:
		l.Only = draft.Stretch(int(start.Weekday()+6)%7, from, length)
	}
	return ""
}

// byDay writes a rule that comes on some days of each week. Turns end where weeks begin.
func byDay(l *tree.Layer, s shift, start civil.DateTime, n, length int, rolls bool) (why string) {
	var days rules.Days
	for _, day := range s.ByDay {
		i := slices.Index(weekdays, strings.ToUpper(day))
		if i < 0 {
			return fmt.Sprintf("I know no day %q", oncall.Clip(draft.Line(day), 20))
		}
		days |= 1 << i
	}
	switch {
	case n > 1:
		return "in some weeks nobody is on, and there are no such rules here"
	case length > minutesOfDay:
		return "its shifts last longer than a day"
	case s.Frequency == "hourly":
		return "there are no rules by the hour on some days here"
	case s.Frequency == "daily" && rolls:
		return "its turns go from one of these days to the next, and there are no such rules here"
	}
	first := slices.Index(weekdays, strings.ToUpper(cmp.Or(s.WeekStart, "SU")))
	if first < 0 {
		return fmt.Sprintf("I know no day %q", oncall.Clip(draft.Line(s.WeekStart), 20))
	}
	// The week in which it starts; a shift over midnight belongs to the day it begins on.
	back := (int(start.Weekday()+6)%7 - first + 7) % 7
	if rolls {
		start = start.AddDays(-back)
	}
	l.Starts, l.Every = start.String(), draft.Turn(rules.Week, 1)
	l.Only = draft.Window(days, start.Hour*60+start.Minute, length)
	return ""
}

// seats makes lists of turns of groups: each list has one of those who are on at once.
// Where a group is smaller its first is there again, and is on once all the same.
func seats(d *draft.Draft, about string, groups [][]string) (turns [][]string) {
	var handles [][]string
	most := 0
	for _, g := range groups {
		h := d.Handles(about, g)
		if len(h) == 0 {
			d.Note(about, "a turn has nobody left and goes to the others, so who is on differs from Grafana OnCall.")
			continue
		}
		handles = append(handles, h)
		most = max(most, len(h))
	}
	for seat := range most {
		var list []string
		for _, h := range handles {
			if seat < len(h) {
				list = append(list, h[seat])
			} else {
				list = append(list, h[0])
			}
		}
		turns = append(turns, list)
	}
	return turns
}

// moment reads a time of the API, which is on the clock of the shift's zone. Some
// answers have a Z after it all the same.
func moment(d *draft.Draft, about, text string) (civil.DateTime, bool) {
	t, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(text, "Z"))
	if err != nil || t.Year() < 1970 || t.Year() > 9990 {
		return civil.DateTime{}, false
	}
	if t.Second() != 0 {
		d.Note(about, "times here have no seconds: %s is taken as its full minute.", text)
	}
	return civil.FromTime(t), true
}
