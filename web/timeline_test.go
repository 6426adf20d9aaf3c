package web

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"batsignal/oncall/schedule"
	"batsignal/oncall/schedule/scheduletest"
)

// drawn is a schedule that was made up, as a page draws it.
type drawn struct {
	s         schedule.Schedule
	overrides []schedule.Override
	absences  []schedule.Absence
	at        time.Time
	timeline  timeline
}

// drawAtRandom makes a schedule up and draws some days around an instant.
func drawAtRandom(r *rand.Rand, zones []string, i int) drawn {
	var d drawn
	zone := zones[i%len(zones)]
	d.s, d.overrides, d.absences = scheduletest.Draw(r, zone, []int64{1, 2, 3, 4, 5})
	d.at = scheduletest.Instant(r, d.s, d.overrides, d.absences)
	z := zoneNamed(zone, "", "")
	from := z.addDays(d.at, -r.IntN(5))
	until := z.addDays(d.at, 1+r.IntN(9))
	if !until.After(d.at) || from.After(d.at) { // a day that the calendar leaves out
		from, until = d.at.Add(-time.Hour), d.at.Add(24*time.Hour)
	}
	d.timeline = drawing{
		Schedule: d.s, Shifts: d.s.Shifts(d.overrides, d.absences, from, until), From: from, Until: until, Now: d.at, Zone: z,
		Handle: func(person int64) string { return "p" + strconv.FormatInt(person, 10) },
	}.timeline()
	return d
}

// TestTheTimelineShowsWhoIsOn compares what is drawn with an oracle that shares no
// arithmetic with it: 10,000 schedules and instants, in all zones of the tz database.
// What !oncall says is compared with the same oracle in oncall/schedule.
func TestTheTimelineShowsWhoIsOn(t *testing.T) {
	zones := scheduletest.Zones(t)
	pairs, seen := 10_000, 0
	if testing.Short() {
		pairs = 500
	}
	for i := range pairs {
		d := drawAtRandom(rand.New(rand.NewPCG(55, uint64(i))), zones, i)
		want := scheduletest.On(d.s, d.overrides, d.absences, d.at)
		got := d.timeline.on(d.at)
		for k := range got {
			got[k].From, got[k].Until = time.Time{}, time.Time{}
		}
		// A bar is one shift from its beginning on: which decision made it is told at its
		// beginning only. Additions stand above the layers, in an order of their own.
		for _, list := range [][]schedule.Shift{got, want} {
			for k := range list {
				list[k].Override = 0
			}
			slices.SortStableFunc(list, func(a, b schedule.Shift) int { return sortKey(d.s, a) - sortKey(d.s, b) })
		}
		if !slices.Equal(got, want) {
			t.Fatalf("pair %d, at %s: the page says\n%v, the oracle\n%v\nof %+v\n%+v\n%+v", i, d.at.UTC(), got, want, d.s, d.overrides, d.absences)
		}
		if nobody := len(schedule.Present(want)) == 0; nobody != d.timeline.gap(d.at) {
			t.Fatalf("pair %d, at %s: nobody is on: %v, a gap is drawn: %v", i, d.at.UTC(), nobody, !nobody)
		}
		seen += len(want)
		d.checkDrawing(t)
	}
	if seen < pairs { // if hardly anybody were on, agreeing would be no news
		t.Errorf("%d shifts were compared: too few", seen)
	}
}

func sortKey(s schedule.Schedule, shift schedule.Shift) int {
	layer := slices.IndexFunc(s.Layers, func(l schedule.Layer) bool { return l.Name == shift.Layer })
	return layer*10 + int(shift.Person)
}

// checkDrawing fails unless bars are where their times are, no two lie on each other, and
// days follow each other.
func (d drawn) checkDrawing(t *testing.T) {
	t.Helper()
	tl := d.timeline
	for _, row := range tl.Rows {
		for i, b := range row.Bars {
			if b.X != tl.x(b.From) || b.X < 0 || b.X+b.Wide > timelineWide+.02 || b.Wide <= 0 && b.Until.Sub(b.From) > time.Hour {
				t.Errorf("a bar from %v is drawn at %v, %v wide", b.From, b.X, b.Wide)
			}
			if b.Y+laneHigh > row.Y+row.High || b.Y < row.Y+rowTitle {
				t.Errorf("a bar leaves its row: %+v of %+v", b, row)
			}
			for _, other := range row.Bars[:i] {
				if other.Lane == b.Lane && other.From.Before(b.Until) && b.From.Before(other.Until) {
					t.Errorf("two bars lie on each other: %+v and %+v", b.Shift, other.Shift)
				}
			}
		}
	}
	for i, day := range tl.Days {
		if day.X < 0 || day.Wide <= 0 || i > 0 && day.X < tl.Days[i-1].X+tl.Days[i-1].Wide-.05 {
			t.Errorf("day %d is drawn at %v, %v wide: %+v", i, day.X, day.Wide, tl.Days)
		}
	}
	if tl.Now < 0 || tl.Now != tl.x(d.at) {
		t.Errorf("now is drawn at %v", tl.Now)
	}
}

func TestADayOnWhichClocksChange(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct{ zone, from, until, odd, label string }{
		{"Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "23 h", "Sun 29 Mar"},
		{"Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "25 h", "Sun 25 Oct"},
		{"Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z", "24 h 30", "Sun 5 Apr"},
		{"Asia/Kathmandu", "2026-03-28T18:15:00Z", "2026-03-29T18:15:00Z", "", "Sun 29 Mar"},
	} {
		tl := drawing{Zone: zoneNamed(c.zone, "", ""), From: at(c.from), Until: at(c.until)}.timeline()
		if len(tl.Days) != 1 || tl.Days[0].Odd != c.odd || tl.Days[0].Label != c.label || tl.Days[0].Wide != timelineWide {
			t.Errorf("%s: %+v", c.zone, tl.Days)
		}
	}
	// The hour that is left out has no mark, and the hours after it are where they are.
	tl := drawing{Zone: zoneNamed("Europe/Berlin", "", ""), From: at("2026-03-28T23:00:00Z"), Until: at("2026-03-29T22:00:00Z")}.timeline()
	for _, h := range tl.Hours {
		if h.Label == "02:00" {
			t.Error("02:00 is marked, and was not")
		}
		if h.Label == "12:00" && h.X != tl.x(at("2026-03-29T10:00:00Z")) {
			t.Errorf("noon is at %v", h.X)
		}
	}
}

// on says who is on at an instant as the drawing shows it, from above: by the bars of its
// last row that cross it.
func (t timeline) on(at time.Time) []schedule.Shift {
	var crossed []bar
	for _, b := range t.Rows[len(t.Rows)-1].Bars {
		if !b.From.After(at) && b.Until.After(at) {
			crossed = append(crossed, b)
		}
	}
	slices.SortStableFunc(crossed, func(a, b bar) int { return a.Lane - b.Lane })
	out := make([]schedule.Shift, len(crossed))
	for i, b := range crossed {
		out[i] = b.Shift
	}
	return out
}

// gap tells whether the drawing shows that nobody is on at an instant.
func (t timeline) gap(at time.Time) bool {
	return slices.ContainsFunc(t.Rows[len(t.Rows)-1].Gaps, func(b bar) bool { return !b.From.After(at) && b.Until.After(at) })
}
