package scheduletest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
)

// farZones are zones of layers that do not follow the schedule's: their clocks change at
// other times, or by other amounts.
var farZones = []string{"UTC", "Europe/Berlin", "America/Chicago", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "America/Sao_Paulo"}

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// Draw makes up a schedule that passes Check, with what was decided about it, around a
// change of the clocks of a zone. Override.Cover is a number with nothing behind it, and
// Override.Schedule is 0: whoever stores them sets both.
func Draw(r *rand.Rand, zone string, people []int64) (schedule.Schedule, []schedule.Override, []schedule.Absence) {
	around := change(r, zone)
	s := schedule.Schedule{Name: "drawn", Title: "Drawn at random", Zone: zone}
	for i := range 1 + r.IntN(4) {
		s.Layers = append(s.Layers, drawLayer(r, fmt.Sprintf("layer-%d", i+1), zone, around, people))
	}

	person := func() int64 { return people[r.IntN(len(people))] }
	some := func() (from, until time.Time) {
		from = near(r, around)
		return from, from.Add(time.Duration(1+r.IntN(5*24*4)) * 15 * time.Minute)
	}
	var overrides []schedule.Override
	for _, id := range r.Perm(r.IntN(7)) {
		o := schedule.Override{ID: int64(id + 1), Person: person(), Instead: person()}
		o.From, o.Until = some()
		switch {
		case chance(r, 15):
			o.Person = 0
		case chance(r, 15) || o.Person == o.Instead:
			o.Instead = 0
		}
		if chance(r, 40) {
			o.Layer = s.Layers[r.IntN(len(s.Layers))].Name
		}
		if o.Instead != 0 && chance(r, 40) {
			o.Cover = int64(1 + r.IntN(2))
		}
		// Nobody is added twice at once: the database would refuse that.
		if o.Instead == 0 && slices.ContainsFunc(overrides, func(other schedule.Override) bool {
			return other.Instead == 0 && other.Person == o.Person && other.From.Before(o.Until) && o.From.Before(other.Until)
		}) {
			continue
		}
		overrides = append(overrides, o)
	}
	var absences []schedule.Absence
	for id := range r.IntN(5) {
		a := schedule.Absence{ID: int64(id + 1), Person: person()}
		a.From, a.Until = some()
		absences = append(absences, a)
	}
	return s, overrides, absences
}

func drawLayer(r *rand.Rand, name, zone string, around time.Time, people []int64) schedule.Layer {
	l := schedule.Layer{Name: name, Shadow: chance(r, 15)}
	l.Unit = []schedule.Unit{schedule.Hour, schedule.Day, schedule.Week, schedule.Month}[r.IntN(4)]
	if chance(r, 30) {
		l.Zone = farZones[r.IntN(len(farZones))]
		zone = l.Zone
	}
	for range 1 + r.IntN(3) {
		l.Turns = append(l.Turns, 1+r.IntN(4))
	}
	// It began just before the clocks were changed, or some time or years before.
	begun := near(r, around)
	switch r.IntN(3) {
	case 0:
		begun = begun.Add(-time.Duration(r.IntN(60)) * day)
	case 1:
		begun = begun.Add(-time.Duration(r.IntN(6*365)) * day)
	}
	l.Starts = civil.Of(begun, location(zone))
	if chance(r, 70) {
		l.Starts.Minute -= l.Starts.Minute % 15
	}
	if chance(r, 20) {
		l.Starts.Day = 31
		for !l.Starts.IsReal() {
			l.Starts.Day--
		}
	}
	if chance(r, 20) {
		l.Ends = civil.Of(near(r, around), location(zone))
		if l.Ends.Compare(l.Starts) <= 0 {
			l.Ends = l.Starts.AddMinutes(1 + r.IntN(60*24*30))
		}
	}
	if chance(r, 95) {
		for range 1 + r.IntN(5) {
			l.Members = append(l.Members, people[r.IntN(len(people))])
		}
	}
	if chance(r, 35) {
		for range 1 + r.IntN(3) {
			w := schedule.Window{Days: schedule.Days(r.IntN(128)), From: 15 * r.IntN(24*4), Until: 15 * r.IntN(24*4+1)}
			if chance(r, 30) {
				w.From, w.Until = 0, 24*60
			}
			l.Windows = append(l.Windows, w)
		}
	}
	return l
}

// Instant makes up an instant at which a schedule is worth asking: at or near the edges
// of what was decided, of turns, and of changes of clocks. It is a whole second.
func Instant(r *rand.Rand, s schedule.Schedule, overrides []schedule.Override, absences []schedule.Absence) time.Time {
	l := s.Layers[r.IntN(len(s.Layers))]
	zone := s.Zone
	if l.Zone != "" {
		zone = l.Zone
	}
	at := l.Starts.In(location(zone), civil.Start)
	switch n := r.IntN(100); {
	case n < 15 && len(overrides) > 0:
		o := overrides[r.IntN(len(overrides))]
		at = []time.Time{o.From, o.Until}[r.IntN(2)]
	case n < 25 && len(absences) > 0:
		a := absences[r.IntN(len(absences))]
		at = []time.Time{a.From, a.Until}[r.IntN(2)]
	case n < 80:
		at = next(at.Add(time.Duration(r.IntN(800)-10)*day), location(zone))
	case n < 95:
		at = at.Add(time.Duration(r.IntN(800*24)) * hour)
	}
	return near(r, at)
}

// near moves an instant a little, or not at all.
func near(r *rand.Rand, at time.Time) time.Time {
	by := func(most int, unit time.Duration) time.Time {
		return at.Add(time.Duration(r.IntN(2*most+1)-most) * unit)
	}
	switch r.IntN(6) {
	case 0:
		return by(1, time.Second)
	case 1:
		return by(8, 15*time.Minute)
	case 2:
		return by(2*60, time.Minute)
	case 3:
		return by(26, hour)
	case 4:
		return by(10*24*4, 15*time.Minute)
	}
	return at
}

// change picks one of the changes of a zone's clocks; mostly one that people now
// living may plan for.
func change(r *rand.Rand, zone string) time.Time {
	begin, years := 1990, 50
	if chance(r, 20) {
		begin, years = 1880, 160
	}
	return next(time.Date(begin, 1, 1+r.IntN(365*years), r.IntN(24), 0, 0, 0, time.UTC), location(zone))
}

// next is when a zone's clocks are changed next; the same instant if never.
func next(at time.Time, zone *time.Location) time.Time {
	_, end := at.In(zone).ZoneBounds()
	if end.IsZero() {
		return at.UTC()
	}
	return end.UTC()
}

func location(name string) *time.Location {
	zone, err := civil.Zone(name)
	if err != nil {
		panic(err) // tests ask for zones that there are
	}
	return zone
}

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }
