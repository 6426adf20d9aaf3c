package cron_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/job/cron"
	"batsignal/oncall/civil"
)

// The vectors say when a job runs whose time is left out or comes twice.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/dst.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Zone, Wall string
		Job        time.Time
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) == 0 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		wall, err := civil.Parse(v.Wall)
		if err != nil {
			t.Fatal(err)
		}
		r := rule(t, fmt.Sprintf("%d %d * * *", wall.Minute, wall.Hour), v.Zone)
		before := v.Job.Add(-12 * time.Hour)
		if got := r.Next(before); !got.Equal(v.Job) {
			t.Errorf("%s in %s: %s, want %s", v.Wall, v.Zone, got.UTC(), v.Job)
		}
		if again := r.Next(v.Job); civil.Of(again, again.Location()).Midnight() == wall.Midnight() {
			t.Errorf("%s in %s comes again at %s", v.Wall, v.Zone, again)
		}
	}
}

// oracle knows the rule by its text alone, and walks minute by minute. Of time that flows
// it asks whether the clock shows a time of the rule; of the others whether the clock passes
// one that it never showed before.
func oracle(five, zone string, from, until time.Time) (all []time.Time) {
	place, _ := time.LoadLocation(zone)
	fields := strings.Fields(five)
	flows := strings.HasPrefix(fields[1], "*") || fields[1] == "0-23"
	var means [5][60]bool // read once: there are many minutes
	for i, field := range fields {
		for n := range means[i] {
			means[i][n] = in(field, n)
		}
	}
	matches := func(d civil.DateTime) bool {
		onDay, onWeekday := means[2][d.Day], means[4][d.Weekday()]
		day := onDay && onWeekday
		if fields[2] != "*" && fields[4] != "*" {
			day = onDay || onWeekday
		}
		return day && means[0][d.Minute] && means[1][d.Hour] && means[3][d.Month]
	}
	latest := civil.Of(from, place)
	for _, back := range []time.Duration{time.Hour, 2 * time.Hour, 26 * time.Hour} { // what the clock showed before
		if was := civil.Of(from.Add(-back), place); was.Compare(latest) > 0 {
			latest = was
		}
	}
	for at := from.Add(time.Minute); !at.After(until); at = at.Add(time.Minute) {
		shows := civil.Of(at, place)
		if flows {
			if matches(shows) {
				all = append(all, at)
			}
			continue
		}
		hit := false
		for latest.Compare(shows) < 0 {
			latest = latest.AddMinutes(1)
			hit = hit || matches(latest)
		}
		if hit {
			all = append(all, at)
		}
	}
	return all
}

func in(field string, n int) bool {
	for part := range strings.SplitSeq(field, ",") {
		low, high, isRange := strings.Cut(part, "-")
		a, _ := strconv.Atoi(low)
		b, _ := strconv.Atoi(high)
		step, isStep := strings.CutPrefix(part, "*/")
		by, _ := strconv.Atoi(step)
		switch {
		case part == "*", isStep && n%by == 0, isRange && n >= a && n <= b, !isRange && !isStep && n == a:
			return true
		}
	}
	return false
}

func TestOracle(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/Chicago", "America/Havana", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "America/St_Johns", "Pacific/Kwajalein", "Asia/Gaza"}
	changes := []string{"2026-03-28", "2026-10-24", "2026-03-07", "2026-10-31", "2026-09-05", "2026-04-04", "2011-12-28", "1993-08-20", "1969-09-29", "2026-04-23", "2026-02-27"}
	r := rand.New(rand.NewPCG(8, 2026))
	number := func(low, high int) string { return strconv.Itoa(low + r.IntN(high-low+1)) }
	draw := func(options ...string) string { return options[r.IntN(len(options))] }
	tries := 200
	if testing.Short() {
		tries = 50
	}
	for range tries {
		five := strings.Join([]string{
			draw("*", "*/15", "*/7", number(0, 59), number(0, 29)+"-"+number(30, 59), number(0, 59)+","+number(0, 59), "0", "30"),
			draw("*", "*/2", "*/3", number(0, 23), number(0, 3), "0-3", "0-23", number(0, 10)+"-"+number(11, 23), "0,1,2,23"),
			draw("*", "*", "*", number(1, 31)+",28,29"), "*",
			draw("*", "*", "*", number(0, 6)+","+number(0, 6)),
		}, " ")
		zone := draw(zones...)
		from := at(t, draw(changes...)+"T00:00:00Z").Add(time.Duration(r.IntN(48*60)) * time.Minute)
		until := from.Add(72 * time.Hour)
		want := oracle(five, zone, from, until)
		var got []time.Time
		r := rule(t, five, zone)
		for next := r.Next(from); !next.After(until) && len(got) < 40; next = r.Next(next) {
			got = append(got, next)
		}
		want = want[:min(len(want), 40)]
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%s in %s from %s:\ngot  %v\nwant %v", five, zone, from, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"30 2 * * *", "@daily", "TZ=", "CRON_TZ=", "TZ=0", "*/5 0-23/2 1,15 jan-mar mon", "0 0 31 2 *", "1-2/99 * * * *"} {
		f.Add(text, "Europe/Berlin", int64(1774747800))
	}
	f.Add("0 0 29 2 *", "Pacific/Apia", int64(1325239200))
	f.Fuzz(func(t *testing.T, text, zone string, seconds int64) {
		r, err := cron.Parse(text, zone)
		if err != nil || seconds < 0 || seconds > 1<<33 {
			return
		}
		after := time.Unix(seconds, 0)
		next := r.Next(after)
		if !next.After(after) || next.Second() != 0 && civil.Of(next, next.Location()).In(next.Location(), civil.Start).After(next) {
			t.Fatalf("%q in %s after %s comes at %s", text, zone, after, next)
		}
		if next.Sub(after) > 60*time.Second { // nothing comes between
			if !r.Next(next.Add(-time.Second)).Equal(next) {
				t.Errorf("%q in %s: %s comes only if it is asked for from %s", text, zone, next, after)
			}
		}
		again, err := cron.Parse(r.Text(), r.Zone())
		if err != nil || !again.Next(after).Equal(next) || r.Words() == "" {
			t.Errorf("%q read again: %v", r.Text(), err)
		}
	})
}
