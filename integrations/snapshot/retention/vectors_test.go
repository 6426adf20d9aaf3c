package retention_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine that tests

	"batsignal/integrations/snapshot/retention"
)

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// The vectors are of the design of this project: what is kept and why, and what is not.
func TestVectors(t *testing.T) {
	var vectors []struct {
		Name      string
		Now       time.Time
		Zone      string
		Policy    retention.Policy
		Snapshots []struct {
			ID       string
			Time     time.Time
			Verified bool
			Have     int `json:"members_have"`
			Want     int `json:"members_want"`
			Hold     bool
		}
		Keep   map[string]string
		Delete []string
		Stop   string
	}
	read(t, "retention.json", &vectors)
	if len(vectors) == 0 {
		t.Fatal("there are no vectors")
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			zone, err := time.LoadLocation(v.Zone)
			if err != nil {
				t.Fatal(err)
			}
			var items []retention.Item
			for _, s := range v.Snapshots {
				items = append(items, retention.Item{ID: s.ID, At: s.Time, Verified: s.Verified, Have: s.Have, Want: s.Want, Hold: s.Hold})
			}
			d := retention.Decide(v.Now, zone, v.Policy, items)
			if got := reasons(d); !maps.Equal(got, v.Keep) {
				t.Errorf("kept %v\nwant %v", got, v.Keep)
			}
			if !slices.Equal(d.Delete, v.Delete) {
				t.Errorf("deleted %v, want %v", d.Delete, v.Delete)
			}
			if string(d.Stop) != v.Stop || (d.Why == "") != (d.Stop == "") {
				t.Errorf("stop %q (%s), want %q", d.Stop, d.Why, v.Stop)
			}
		})
	}
}

func reasons(d retention.Decision) map[string]string {
	of := map[string]string{}
	for _, k := range d.Keep {
		of[k.ID] = k.Reason
	}
	return of
}

// What restic and borg keep of the same histories is reproduced by their rules, written down
// here in a few lines. Ours keeps what borg keeps, except that what is dated in the future
// takes the place of nothing.
func TestPeers(t *testing.T) {
	var vectors []struct {
		Name   string
		Times  []string
		Policy retention.Policy
		Out    map[string][]json.RawMessage
	}
	read(t, "retention_peers.json", &vectors)
	if len(vectors) == 0 {
		t.Fatal("there are no vectors")
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			var times []time.Time
			var items []retention.Item
			now := time.Time{}
			for _, text := range v.Times {
				at := parse(t, time.DateTime, text)
				times = append(times, at)
				items = append(items, retention.Item{ID: text, At: at, Verified: true, Have: 1, Want: 1})
				if at.Year() < 2037 && at.After(now) {
					now = at.Add(time.Hour)
				}
			}
			slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
			borg := borgLike(v.Policy, times)
			for _, peer := range []struct {
				name, layout string
				rule         []time.Time
			}{
				{"restic0.14", time.DateTime, resticLike(v.Policy, times, false)},
				{"restic0.19", time.DateTime, resticLike(v.Policy, times, true)},
				{"borg1.2.4", "2006-01-02_150405", borg},
			} {
				var want []time.Time
				for _, row := range v.Out[peer.name] {
					var cells []json.RawMessage
					var at string
					if json.Unmarshal(row, &cells) != nil || len(cells) == 0 || json.Unmarshal(cells[0], &at) != nil {
						t.Fatalf("%s: %s", peer.name, row)
					}
					want = append(want, parse(t, peer.layout, at))
				}
				if !slices.EqualFunc(peer.rule, want, time.Time.Equal) {
					t.Errorf("%s keeps %v, its rule %v", peer.name, want, peer.rule)
				}
			}
			d := retention.Decide(now, time.UTC, v.Policy, items)
			kept := reasons(d)
			if v.Name == "future" {
				// Both peers keep the two of 2037 and delete every real one.
				if len(borg) != 2 || borg[1].Year() != 2037 || len(kept) != 4 ||
					kept["2037-01-01 03:00:00"] != retention.Quarantined || kept["2010-12-14 03:00:00"] != "daily#1" || kept["2010-12-13 03:00:00"] != "daily#2" {
					t.Errorf("kept %v, borg %v", kept, borg)
				}
				return
			}
			for _, at := range borg {
				if kept[at.Format(time.DateTime)] == "" {
					t.Errorf("borg keeps %s, we do not: %v", at, kept)
				}
			}
			if len(kept) != len(borg) {
				t.Errorf("borg keeps %v, we %v", borg, kept)
			}
		})
	}
}

func parse(t *testing.T, layout, text string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

type tier struct {
	n      int
	period func(time.Time) [2]int
}

func tiersOf(p retention.Policy) []tier {
	return []tier{
		{p.Daily, func(t time.Time) [2]int { return [2]int{t.Year(), t.YearDay()} }},
		{p.Weekly, func(t time.Time) [2]int { y, w := t.ISOWeek(); return [2]int{y, w} }},
		{p.Monthly, func(t time.Time) [2]int { return [2]int{t.Year(), int(t.Month())} }},
	}
}

// resticLike: tiers overlap, one backup may count for all. Since 0.16 a tier that has room
// keeps the oldest as well.
func resticLike(p retention.Policy, newestFirst []time.Time, oldest bool) (kept []time.Time) {
	tiers := tiersOf(p)
	last := make([][2]int, len(tiers))
	for i, at := range newestFirst {
		keep := false
		for k := range tiers {
			if tiers[k].n == 0 {
				continue
			}
			if period := tiers[k].period(at); period != last[k] || oldest && i == len(newestFirst)-1 {
				last[k], keep = period, true
				tiers[k].n--
			}
		}
		if keep {
			kept = append(kept, at)
		}
	}
	return kept
}

// borgLike: tiers exclude one another, and one that has room keeps the oldest as well.
func borgLike(p retention.Policy, newestFirst []time.Time) (kept []time.Time) {
	in := map[time.Time]bool{}
	for _, tier := range tiersOf(p) {
		var last [2]int
		for _, at := range newestFirst {
			if tier.n == 0 {
				break
			}
			if period := tier.period(at); period != last {
				last = period
				if !in[at] {
					in[at] = true
					tier.n--
				}
			}
		}
		if tier.n > 0 {
			in[newestFirst[len(newestFirst)-1]] = true
		}
	}
	for _, at := range newestFirst {
		if in[at] {
			kept = append(kept, at)
		}
	}
	return kept
}
