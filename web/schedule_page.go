package web

import (
	"net/http"
	"net/url"
	"slices"
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
	usualDays  = 14
	mostDays   = 62
	mostShifts = 200 // that are told in words
	// ownAhead is how far ahead one's shifts are offered to be covered.
	ownAhead = 60 * 24 * time.Hour
)

// scheduleBody is what the page of a schedule shows.
type scheduleBody struct {
	schedule.Schedule
	RoleTitle string
	outlook
	Did string // what was just done; "" is nothing

	Zone     zoned
	From     time.Time
	Days     int
	FromSays string // what is wrong with the beginning that was asked for
	FromText string
	Calendar *calendar
	Timeline timeline
	Shifts   []shiftLine
	More     int // shifts that are not told

	Overrides []overrideLine
	Requests  []requestLine
	Override  overrideForm
	Cover     coverForm
}

// shiftLine is a shift in words.
type shiftLine struct {
	stretch
	Echo string // when, in UTC and in the chosen zone
	Says string
	Gap  bool
}

// DayChoices are how many days may be looked at.
func (scheduleBody) DayChoices() []int { return []int{1, 2, 7, 14, 28, 62} }

// Link is the same view from another day.
func (b scheduleBody) Link(days int) string {
	from := b.Zone.addDays(b.From, days).In(b.Zone.In).Format(time.DateOnly)
	return "?" + url.Values{"from": {from}, "days": {strconv.Itoa(b.Days)}, "zone": {b.Zone.Name}}.Encode() + "#plan"
}

// Earlier and Later are the days before and after those that are shown.
func (b scheduleBody) Earlier() string { return b.Link(-b.Days) }

// Later is the days after.
func (b scheduleBody) Later() string { return b.Link(b.Days) }

// scheduleDids are what the page can say was done, by the word in its address.
var scheduleDids = map[string]string{
	"saved": "The schedule is saved.", "override": "That is decided, and whom it concerns is told.", "nooverride": "That is taken back, and whom it concerns is told.",
	"asked": "It is asked. Whoever says yes comes instead of you; until then it stays yours.", "accept": "The shift is yours. Thank you.",
	"decline": "You said no, and whoever asked is told.", "withdraw": "The request is withdrawn.",
}

func (s *site) showSchedule(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	if own := schedulePath(sched.Name); r.URL.Path != own {
		if r.URL.RawQuery != "" {
			own += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, own, http.StatusSeeOther)
		return nil
	}
	return s.renderSchedule(w, r, http.StatusOK, sched, scheduleBody{Did: scheduleDids[r.URL.Query().Get("did")]})
}

// renderSchedule adds to what a form has to say everything else that the page shows.
func (s *site) renderSchedule(w http.ResponseWriter, r *http.Request, status int, sched schedule.Schedule, body scheduleBody) error {
	ctx, now := r.Context(), s.Now()
	body.Schedule = sched
	body.Zone = s.zoneOf(r, sched.Zone)
	s.readRange(r, &body)
	until := body.Zone.addDays(body.From, body.Days)
	month := monthOf(r, body.Zone, now)
	if r.FormValue("view") == "calendar" {
		body.From, until = month.reach(body.Zone)
	}

	near, err := rota.Load(ctx, s.DB, now, now.Add(ownAhead))
	if err != nil {
		return err
	}
	book := near
	if body.From.Before(now) || until.After(near.Until) {
		if book, err = rota.Load(ctx, s.DB, body.From, until); err != nil {
			return err
		}
	}
	roles, err := oncall.Roles(ctx, s.DB)
	if err != nil {
		return err
	}
	body.RoleTitle = titleOf(roles, sched.Role)
	requests, err := rota.OpenRequests(ctx, s.DB, sched.ID)
	if err != nil {
		return err
	}
	ids := append(peopleOf(book, sched), peopleOf(near, sched)...)
	for _, q := range requests {
		ids = append(ids, q.Person, q.Of)
	}
	people, err := s.castOf(r, ids)
	if err != nil {
		return err
	}
	body.outlook = outlookOf(near, sched, now, people, s.visitor(r).Zone)
	shifts := book.Shifts(sched, body.From, until)
	if r.FormValue("view") == "calendar" {
		body.Calendar = month.draw(body.Zone, now, sched, shifts, book, people)
	} else {
		d := drawing{Schedule: sched, Shifts: shifts, From: body.From, Until: until, Now: now, Zone: body.Zone, Handle: people.Handle}
		body.Timeline = d.timeline()
		body.Shifts = d.lines()
		if body.More = len(body.Shifts) - mostShifts; body.More > 0 {
			body.Shifts = body.Shifts[:mostShifts]
		}
	}
	v := s.visitor(r)
	body.Overrides = overrideLines(book.Overrides(sched.ID), body.From, until, now, v, people, body.Zone)
	body.Requests = requestLines(requests, v, people)
	body.Override.fill(v)
	body.Cover.fill(near, sched, now, v, people)
	return s.render(w, r, status, "schedule", view{Title: sched.Title, Here: "/schedules", Body: body})
}

// readRange reads which days are wanted. What cannot be read is said beside the field, and
// today is shown.
func (s *site) readRange(r *http.Request, body *scheduleBody) {
	body.From = body.Zone.midnight(s.Now())
	if n, err := strconv.Atoi(r.FormValue("days")); err == nil && n >= 1 {
		body.Days = min(n, mostDays)
	} else {
		body.Days = usualDays
	}
	body.FromText = body.From.In(body.Zone.In).Format(time.DateOnly)
	text := strings.TrimSpace(r.URL.Query().Get("from"))
	if text == "" {
		return
	}
	m, err := when.Reader{Now: s.Now(), Zone: body.Zone.Name}.Instant(text)
	if err != nil {
		body.FromSays, body.FromText = fault.Say(err), text
		return
	}
	body.From = body.Zone.midnight(m.At)
	body.FromText = body.From.In(body.Zone.In).Format(time.DateOnly)
}

// lines tells the shifts of a drawing in words, and the gaps between them, by time.
func (d drawing) lines() []shiftLine {
	var out []shiftLine
	for _, shift := range d.Shifts {
		out = append(out, shiftLine{stretch{shift.From, shift.Until}, when.EchoSpan(shift.From, shift.Until, d.Zone.Name), d.says(shift), false})
	}
	for _, g := range gapsIn(d.Shifts, d.From, d.Until) {
		out = append(out, shiftLine{g, when.EchoSpan(g.From, g.Until, d.Zone.Name), "nobody is on", true})
	}
	slices.SortStableFunc(out, func(a, b shiftLine) int { return a.From.Compare(b.From) })
	return out
}
