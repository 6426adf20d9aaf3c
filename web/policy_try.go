package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

const (
	huntLasts = 24 * time.Hour
	huntMost  = 60 // events
	huntLabel = 150
	huntRow   = 26
)

// tryBody is the simulator: if this fires then, who is rung when.
type tryBody struct {
	Roles           []oncall.Role
	Role, Title, At string
	Severity        int
	Wrong           map[string]string
	Hunt            *hunt
}

// hunt is what would happen if nobody answered.
type hunt struct {
	RoleTitle string
	Severity  int
	Echo      string // when it begins
	Notes     []string
	Policy    string // the name of what is followed; "" is the built-in one
	Unsaved   bool
	Events    []huntEvent
	More      bool // it goes on
	LeftOut   []string
	Marks     []hourMark
	Rows      []huntBar
	High      int
}

// huntEvent is what would happen at one instant.
type huntEvent struct {
	At    moment
	After string // since the beginning
	Step  int
	Round int
	Ring  []huntRing
	Rooms []string
	Words string
	Waits string
}

// huntRing is somebody who is rung, and why.
type huntRing struct{ Handle, Why string }

// huntBar is how long somebody is rung, drawn.
type huntBar struct {
	Handle, Says string
	X, Wide      float64
	Y            int
	Colour       int
}

// Wide is how wide the drawing is.
func (hunt) Wide() int { return timelineWide }

func (s *site) tryPolicy(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	body := tryBody{
		Role: q.Get("role"), Title: strings.TrimSpace(q.Get("title")), At: strings.TrimSpace(q.Get("at")), Severity: 1, Wrong: map[string]string{},
	}
	if n, err := strconv.Atoi(q.Get("severity")); err == nil && n >= 1 && n <= 4 {
		body.Severity = n
	}
	var err error
	if body.Roles, err = oncall.Roles(r.Context(), s.DB); err != nil {
		return err
	}
	if body.Role != "" {
		if err := s.tryTyped(r, &body); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if len(body.Wrong) > 0 {
		status = http.StatusBadRequest
	}
	return s.render(w, r, status, "policytry", view{Title: "If this fires, who is rung when", Here: "/policies", Body: body})
}

// tryTyped tries what was typed.
func (s *site) tryTyped(r *http.Request, body *tryBody) error {
	if _, known := oncall.MatchRole(body.Roles, body.Role); !known {
		body.Wrong["role"] = "There is no such role. Choose one of the list."
		return nil
	}
	at := when.Moment{At: s.Now().Truncate(time.Second)}
	if body.At != "" {
		var err error
		if at, err = (when.Reader{Now: s.Now(), Zone: s.visitor(r).Zone}).Instant(body.At); err != nil {
			body.Wrong["at"] = fault.Say(err)
			return nil
		}
	}
	role, _ := oncall.MatchRole(body.Roles, body.Role)
	found, err := s.hunt(r, body.Roles, duty.Ask{Role: role.Name, Severity: body.Severity, Title: body.Title}, at.At)
	if err != nil {
		return err
	}
	found.Notes = at.Notes
	body.Hunt = found
	return nil
}

// hunt tries: nobody is rung by it.
func (s *site) hunt(r *http.Request, roles []oncall.Role, ask duty.Ask, at time.Time) (*hunt, error) {
	v := s.visitor(r)
	facts, err := duty.Load(r.Context(), s.DB, ask, at, at.Add(huntLasts))
	if err != nil {
		return nil, err
	}
	h := &hunt{RoleTitle: titleOf(roles, ask.Role), Severity: ask.Severity, Echo: when.Echo(at, v.Zone), Unsaved: ask.Policy != nil}
	ranking := facts.Rank(ask, at)
	h.Policy = ranking.Policy.Name
	for _, l := range ranking.LeftOut {
		h.LeftOut = append(h.LeftOut, l.Handle+": "+l.Why(v.Zone))
	}
	events := facts.Simulate(ask, at, at.Add(huntLasts), huntMost)
	end := at.Add(time.Minute)
	for i, e := range events {
		if i > 0 && (e.Words == events[i-1].Words || e.Round > 1 && events[i-1].Round > 1) {
			h.More = true // from here on it is the same again
			break
		}
		h.Events = append(h.Events, h.event(e, at, view{Visitor: v}))
		end = civil.Later(end, e.At.Add(min(e.Wait, time.Hour)))
	}
	h.More = h.More || len(events) == huntMost
	h.draw(events[:len(h.Events)], at, end)
	return h, nil
}

// event puts into words what would happen.
func (h *hunt) event(e duty.Event, began time.Time, v view) huntEvent {
	out := huntEvent{At: momentFor(v, e.At), After: "at once", Step: e.Tier, Round: e.Round, Rooms: e.Rooms, Words: e.Words}
	if after := e.At.Sub(began); after > 0 {
		out.After = "after " + spoken(after)
	}
	if e.Wait > 0 {
		out.Waits = spoken(e.Wait)
	}
	for _, p := range e.Ring {
		why := p.Why
		if p.Asleep {
			why = strings.TrimPrefix(why+", asleep", ", ")
		} else {
			why = strings.TrimPrefix(why+", awake", ", ")
		}
		out.Ring = append(out.Ring, huntRing{p.Handle(), why})
	}
	return out
}

// spoken writes how long something is, to the second: "90 seconds", "1 hour 5 minutes".
func spoken(d time.Duration) string {
	d = d.Round(time.Second)
	if d < 2*time.Minute {
		return oncall.Plural(int(d/time.Second), "second", "seconds")
	}
	var parts []string
	for _, unit := range []struct {
		long      time.Duration
		one, many string
	}{{time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}, {time.Second, "second", "seconds"}} {
		if n := int(d / unit.long); n > 0 {
			parts = append(parts, oncall.Plural(n, unit.one, unit.many))
			d -= time.Duration(n) * unit.long
		}
	}
	return strings.Join(parts, " ")
}

// draw draws who is rung from when on: whoever is rung stays rung.
func (h *hunt) draw(events []duty.Event, from, until time.Time) {
	x := func(at time.Time) float64 {
		return tenth(huntLabel + float64(at.Sub(from))/float64(until.Sub(from))*(timelineWide-huntLabel))
	}
	seen := map[int64]bool{}
	for _, e := range events {
		for _, p := range e.Ring {
			if seen[p.Person.ID] {
				continue
			}
			seen[p.Person.ID] = true
			n := len(h.Rows)
			h.Rows = append(h.Rows, huntBar{
				Handle: p.Handle(), Says: p.Handle() + " is rung from " + when.Echo(e.At) + " on", X: x(e.At), Wide: tenth(timelineWide - x(e.At)),
				Y: heatTop + n*huntRow, Colour: n % colours,
			})
		}
	}
	h.High = heatTop + len(h.Rows)*huntRow + 4
	for _, step := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour} {
		if until.Sub(from)/step > 14 {
			continue
		}
		for after := time.Duration(0); after < until.Sub(from); after += step {
			h.Marks = append(h.Marks, hourMark{x(from.Add(after)), fmt.Sprintf("+%d:%02d:%02d", after/time.Hour, after/time.Minute%60, after/time.Second%60)})
		}
		return
	}
}
