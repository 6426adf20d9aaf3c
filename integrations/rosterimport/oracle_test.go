package rosterimport_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/rosterimport"
	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
	"batsignal/oncall/tree"
)

var zones = []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"}

// reckoning compares who is on by a converted schedule with what its source means.
type reckoning struct {
	t        *testing.T
	system   string
	rand     *rand.Rand
	compared int
}

type object = map[string]any

// convert converts an export that has one schedule.
func (r *reckoning) convert(export object) (schedule.Schedule, []string, string) {
	r.t.Helper()
	text, err := json.Marshal(export)
	if err != nil {
		r.t.Fatal(err)
	}
	f, notes, err := rosterimport.Convert(r.system, [][]byte{text}, rosterimport.Options{Now: noon})
	if err != nil || len(f.Schedules) != 1 {
		r.t.Fatalf("%v %v of %s", err, notes, text)
	}
	handles, ids := []string{""}, map[string]int64{}
	for _, l := range f.Schedules[0].Layers {
		for _, m := range l.Members {
			if ids[m] == 0 {
				ids[m] = int64(len(handles))
				handles = append(handles, m)
			}
		}
	}
	s, err := f.Schedules[0].Rules(ids)
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return s, handles, string(text) + "\n" + string(tree.Encode(f)) + fmt.Sprint(notes)
}

// compare asks both at instants after a time. Near a change of clocks the sources
// themselves do not agree, so there nothing is asked.
func (r *reckoning) compare(s schedule.Schedule, handles []string, about string, zone *time.Location, after time.Time, means func(wall time.Time, at time.Time) []string) {
	r.t.Helper()
	for range 40 {
		at := after.Add(time.Duration(r.rand.IntN(400*24*60)) * time.Minute)
		if changes(zone, at) {
			continue
		}
		var on []string
		for _, sh := range s.On(nil, nil, at) {
			on = append(on, handles[sh.Person])
		}
		var want []string
		for _, who := range means(civil.Of(at, zone).Time(), at) {
			if !slices.Contains(want, who) {
				want = append(want, who)
			}
		}
		if !slices.Equal(on, want) {
			r.t.Fatalf("at %s: on are %v, and should be %v, by\n%s", at.In(zone), on, want, about)
		}
		r.compared++
	}
}

// changes tells whether clocks change within two days.
func changes(zone *time.Location, at time.Time) bool {
	_, a := at.AddDate(0, 0, -2).In(zone).Zone()
	_, b := at.AddDate(0, 0, 2).In(zone).Zone()
	return a != b
}

func (r *reckoning) people() (all []string) {
	all = []string{"ana", "ben", "cyd", "dee", "eli"}
	r.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+r.rand.IntN(4)]
}

func (r *reckoning) instant(zone *time.Location) time.Time {
	return time.Date(2025, 1, 1, 0, 0, 0, 0, zone).Add(time.Duration(r.rand.IntN(300*24*60)) * time.Minute)
}

func everybody() (users []object) {
	for _, u := range []string{"ana", "ben", "cyd", "dee", "eli"} {
		users = append(users, object{"id": strings.ToUpper(u), "name": u, "username": u, "email": u + "@example.org"})
	}
	return users
}

func upper(list []string) (ids []string) {
	for _, x := range list {
		ids = append(ids, strings.ToUpper(x))
	}
	return ids
}

const day = 24 * time.Hour

func floor(a, b time.Duration) int {
	n := int(a / b)
	if a < 0 && a%b != 0 {
		n--
	}
	return n
}

func TestPagerDutySchedulesMeanTheSame(t *testing.T) {
	t.Parallel()
	r := &reckoning{t: t, system: "pagerduty", rand: rand.New(rand.NewPCG(5, 1))}
	for range 120 {
		zone, _ := time.LoadLocation(zones[r.rand.IntN(len(zones))])
		type source struct {
			virtual time.Time // on the wall
			turn    time.Duration
			users   []string
			windows []object
		}
		var sources []source
		var layers []object
		after := time.Time{}
		for range 1 + r.rand.IntN(3) {
			virtual := r.instant(zone)
			turn := []time.Duration{time.Hour, day, 7 * day}[r.rand.IntN(3)] * time.Duration(1+r.rand.IntN(13))
			start := virtual.Add(time.Duration(r.rand.IntN(40*24*60)-10*24*60) * time.Minute)
			if start.After(after) {
				after = start
			}
			s := source{virtual: civil.Of(virtual, zone).Time(), turn: turn, users: r.people()}
			for range r.rand.IntN(3) {
				w := object{"type": "daily_restriction", "start_time_of_day": fmt.Sprintf("%02d:%02d:00", r.rand.IntN(24), r.rand.IntN(60)), "duration_seconds": 60 * (1 + r.rand.IntN(24*60))}
				if r.rand.IntN(2) == 0 {
					w["type"], w["start_day_of_week"], w["duration_seconds"] = "weekly_restriction", 1+r.rand.IntN(7), 60*(1+r.rand.IntN(7*24*60))
				}
				s.windows = append(s.windows, w)
			}
			var users []object
			for _, id := range upper(s.users) {
				users = append(users, object{"user": object{"id": id, "type": "user_reference"}})
			}
			layers = append(layers, object{"name": "Layer", "start": start.Format(time.RFC3339), "end": nil, "rotation_virtual_start": virtual.Format(time.RFC3339),
				"rotation_turn_length_seconds": int(turn.Seconds()), "users": users, "restrictions": s.windows})
			sources = append(sources, s)
		}
		s, handles, about := r.convert(object{"users": everybody(), "schedule": object{"id": "P", "name": "S", "time_zone": zone.String(), "schedule_layers": layers}})
		r.compare(s, handles, about, zone, after.Add(14*day), func(wall, _ time.Time) (on []string) {
			for _, l := range sources {
				if len(l.windows) == 0 || slices.ContainsFunc(l.windows, func(w object) bool { return restricted(w, wall) }) {
					n := len(l.users)
					on = append(on, l.users[(floor(wall.Sub(l.virtual), l.turn)%n+n)%n])
				}
			}
			return on
		})
	}
	enough(t, r)
}

// restricted tells whether a wall time is in a restriction.
func restricted(w object, wall time.Time) bool {
	clock, _ := time.Parse("15:04:05", w["start_time_of_day"].(string))
	for back := range 9 {
		d := wall.AddDate(0, 0, -back)
		if weekday, weekly := w["start_day_of_week"].(int); weekly && int(d.Weekday()) != weekday%7 {
			continue
		}
		from := time.Date(d.Year(), d.Month(), d.Day(), clock.Hour(), clock.Minute(), 0, 0, time.UTC)
		if !wall.Before(from) && wall.Before(from.Add(time.Duration(w["duration_seconds"].(int))*time.Second)) {
			return true
		}
	}
	return false
}

// enough refuses a test that compared next to nothing.
func enough(t *testing.T, r *reckoning) {
	t.Helper()
	if r.compared < 2000 {
		t.Errorf("only %d instants were compared", r.compared)
	}
}

func TestGoAlertSchedulesMeanTheSame(t *testing.T) {
	t.Parallel()
	r := &reckoning{t: t, system: "goalert", rand: rand.New(rand.NewPCG(5, 2))}
	for range 120 {
		zone, _ := time.LoadLocation(zones[r.rand.IntN(len(zones))])
		type source struct {
			users  []string
			active int
			next   time.Time
			later  func(time.Time) time.Time
			rules  []object
		}
		var sources []source
		var rotations, targets []object
		after := time.Time{}
		for i := range 1 + r.rand.IntN(3) {
			s := source{users: r.people()}
			for range 1 + r.rand.IntN(3) {
				days := make([]bool, 7)
				for d := range days {
					days[d] = r.rand.IntN(3) > 0
				}
				s.rules = append(s.rules, object{"start": fmt.Sprintf("%02d:%02d", r.rand.IntN(24), r.rand.IntN(60)), "end": fmt.Sprintf("%02d:00", r.rand.IntN(24)), "weekdayFilter": days})
			}
			kind := r.rand.IntN(4)
			if kind == 0 {
				s.users = s.users[:1]
				targets = append(targets, object{"target": object{"id": strings.ToUpper(s.users[0]), "type": "user", "name": s.users[0]}, "rules": s.rules})
				sources = append(sources, s)
				continue
			}
			n := 1 + r.rand.IntN(12)
			s.active, s.next = r.rand.IntN(len(s.users)), r.instant(zone)
			switch kind {
			case 1: // whole days, so that clocks that change do not matter
				n = 24
				s.later = func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }
			case 2:
				s.later = func(t time.Time) time.Time { return t.AddDate(0, 0, n) }
			case 3:
				s.later = func(t time.Time) time.Time { return t.AddDate(0, 0, 7*n) }
			}
			if s.next.After(after) {
				after = s.next
			}
			id := fmt.Sprint("R", i)
			rotations = append(rotations, object{"id": id, "name": id, "type": []string{"", "hourly", "daily", "weekly"}[kind], "shiftLength": n, "start": "2020-01-01T00:00:00Z",
				"timeZone": zone.String(), "activeUserIndex": s.active, "userIDs": upper(s.users), "nextHandoffTimes": []string{s.next.UTC().Format(time.RFC3339)}})
			targets = append(targets, object{"target": object{"id": id, "type": "rotation", "name": id}, "rules": s.rules})
			sources = append(sources, s)
		}
		if after.IsZero() {
			after = noon
		}
		s, handles, about := r.convert(object{"data": object{"users": object{"nodes": everybody()}, "rotations": object{"nodes": rotations},
			"schedules": object{"nodes": []object{{"id": "S", "name": "S", "timeZone": zone.String(), "targets": targets}}}}})
		r.compare(s, handles, about, zone, after, func(wall, at time.Time) (on []string) {
			for _, l := range sources {
				if !slices.ContainsFunc(l.rules, func(o object) bool { return ruled(o, wall) }) {
					continue
				}
				turn := l.active
				for next := l.next; l.later != nil && !next.After(at); next = l.later(next) {
					turn++
				}
				on = append(on, l.users[turn%len(l.users)])
			}
			return on
		})
	}
	enough(t, r)
}

// ruled tells whether a rule holds at a wall time.
func ruled(o object, wall time.Time) bool {
	from, _ := time.Parse("15:04", o["start"].(string))
	until, _ := time.Parse("15:04", o["end"].(string))
	days := o["weekdayFilter"].([]bool)
	a, b, now := from.Hour()*60+from.Minute(), until.Hour()*60+until.Minute(), wall.Hour()*60+wall.Minute()
	today, yesterday := days[wall.Weekday()], days[(wall.Weekday()+6)%7]
	if a < b {
		return today && a <= now && now < b
	}
	return today && now >= a || yesterday && now < b
}

func TestGrafanaSchedulesMeanTheSame(t *testing.T) {
	t.Parallel()
	r := &reckoning{t: t, system: "grafana", rand: rand.New(rand.NewPCG(5, 3))}
	codes := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	for range 120 {
		zone, _ := time.LoadLocation(zones[r.rand.IntN(len(zones))])
		type source struct {
			start     time.Time // on the wall
			lasts     time.Duration
			every     time.Duration
			groups    [][]string
			days      []string
			weekStart int
			level     int
		}
		var sources []source
		var shifts []object
		var ids []string
		after := time.Time{}
		for i := range 1 + r.rand.IntN(3) {
			begins := r.instant(zone)
			s := source{start: civil.Of(begins, zone).Time(), level: r.rand.IntN(3)}
			first := 0
			for range 1 + r.rand.IntN(3) {
				s.groups = append(s.groups, r.people())
			}
			o := object{"id": fmt.Sprint("O", i), "name": fmt.Sprint("shift ", i), "type": "rolling_users", "level": s.level, "start": s.start.Format("2006-01-02T15:04:05"), "time_zone": nil}
			n := 1
			switch r.rand.IntN(4) {
			case 0:
				o["frequency"], s.every = "daily", day
				s.lasts = time.Duration(1+r.rand.IntN(24*60)) * time.Minute
			case 1:
				n = 1 + r.rand.IntN(5)
				o["frequency"], s.every, s.lasts = "daily", day*time.Duration(n), day*time.Duration(n)
			case 2:
				o["frequency"], s.every = "weekly", 7*day
				s.lasts = time.Duration(1+r.rand.IntN(7*24*60)) * time.Minute
			case 3:
				o["frequency"], s.every = "weekly", 7*day
				s.weekStart = r.rand.IntN(7)
				s.lasts = time.Duration(1+r.rand.IntN(24*60)) * time.Minute
				for _, code := range codes {
					if len(s.days) == 0 || r.rand.IntN(2) == 0 {
						s.days = append(s.days, code)
					}
				}
				o["by_day"], o["week_start"] = s.days, codes[s.weekStart]
			}
			first = r.rand.IntN(len(s.groups))
			var rolling [][]string
			for _, g := range s.groups {
				rolling = append(rolling, upper(g))
			}
			o["interval"], o["duration"], o["rolling_users"], o["start_rotation_from_user_index"] = n, int(s.lasts.Seconds()), rolling, first
			s.groups = append(s.groups[first:], s.groups[:first]...)
			if begins.After(after) {
				after = begins
			}
			sources, shifts, ids = append(sources, s), append(shifts, o), append(ids, o["id"].(string))
		}
		s, handles, about := r.convert(object{"users": everybody(), "on_call_shifts": object{"results": shifts, "next": nil},
			"schedules": []object{{"id": "S", "name": "S", "type": "calendar", "time_zone": zone.String(), "shifts": ids}}})
		slices.SortStableFunc(sources, func(a, b source) int { return b.level - a.level })
		r.compare(s, handles, about, zone, after.Add(8*day), func(wall, _ time.Time) (on []string) {
			for _, l := range sources {
				on = append(on, seated(l.groups, func() int {
					if l.days == nil {
						k := floor(wall.Sub(l.start), l.every)
						if wall.Before(l.start.Add(time.Duration(k) * l.every).Add(l.lasts)) {
							return k
						}
						return -1
					}
					for back := range 2 { // the event began today or yesterday
						d := wall.AddDate(0, 0, -back)
						from := time.Date(d.Year(), d.Month(), d.Day(), l.start.Hour(), l.start.Minute(), 0, 0, time.UTC)
						if slices.Contains(l.days, codes[from.Weekday()]) && !wall.Before(from) && wall.Before(from.Add(l.lasts)) {
							week := func(t time.Time) time.Time {
								t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
								return t.AddDate(0, 0, -(int(t.Weekday())-l.weekStart+7)%7)
							}
							return int(week(from).Sub(week(l.start)) / (7 * day))
						}
					}
					return -1
				}())...)
			}
			return on
		})
	}
	enough(t, r)
}

// seated lists a group whose turn it is, in the order of its seats.
func seated(groups [][]string, turn int) []string {
	if turn < 0 {
		return nil
	}
	return groups[turn%len(groups)]
}
