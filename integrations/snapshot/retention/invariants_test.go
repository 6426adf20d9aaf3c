package retention_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"batsignal/integrations/snapshot/retention"
)

type history struct {
	now    time.Time
	zone   *time.Location
	policy retention.Policy
	items  []retention.Item
}

func (h history) decide() retention.Decision {
	return retention.Decide(h.now, h.zone, h.policy, h.items)
}

// histories are random, and the same each time.
func histories(t *testing.T, n int, of func(r *rand.Rand, h history)) {
	t.Helper()
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "America/New_York"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 8))
		h := history{
			now:    time.Date(2006+r.IntN(10), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), 0, 0, time.UTC),
			zone:   zones[r.IntN(len(zones))],
			policy: retention.Policy{Daily: r.IntN(9), Weekly: r.IntN(5), Monthly: r.IntN(4)},
		}
		at := h.now.Add(-time.Duration(r.IntN(30)) * time.Hour)
		rest := []int{1, 6, 24, 24, 24, 70}[r.IntN(6)] // hours, about
		bad := r.IntN(4)
		for i := range r.IntN(60) {
			item := retention.Item{ID: fmt.Sprint(i), At: at, Want: 1 + r.IntN(4), Verified: r.IntN(10) >= 2*bad, Hold: r.IntN(20) == 0}
			item.Have = item.Want
			if r.IntN(8) == 0 {
				item.Have = r.IntN(item.Want)
			}
			if r.IntN(25) == 0 {
				item.At = h.now.Add(time.Duration(r.Int64N(int64(20 * 365 * 24 * time.Hour))))
			}
			h.items = append(h.items, item)
			at = at.Add(-time.Duration(1+r.IntN(2*rest*60)) * time.Minute)
		}
		r.Shuffle(len(h.items), func(i, j int) { h.items[i], h.items[j] = h.items[j], h.items[i] })
		of(r, h)
		if t.Failed() {
			t.Fatalf("history %d: %d backups, %+v, %s", seed, len(h.items), h.policy, h.zone)
		}
	}
}

// What the rule promises, on 10,000 histories.
func TestInvariants(t *testing.T) {
	var deleted, stopped int
	histories(t, 10_000, func(r *rand.Rand, h history) {
		d := h.decide()
		kept := reasons(d)
		deleted += len(d.Delete)
		eligible, verifiedLeft := 0, 0
		var newest *retention.Item
		for i, item := range h.items {
			gone := slices.Contains(d.Delete, item.ID)
			if gone == (kept[item.ID] != "") {
				t.Errorf("%s is both kept and deleted, or neither", item.ID)
			}
			ahead := item.At.After(h.now.Add(10 * time.Minute))
			if ahead != (kept[item.ID] == retention.Quarantined) {
				t.Errorf("%s: %q", item.ID, kept[item.ID])
			}
			if gone && item.Hold {
				t.Errorf("%s is held and deleted", item.ID)
			}
			if item.Verified && item.Have >= item.Want && !ahead {
				if eligible++; !gone {
					verifiedLeft++
				}
				if newest == nil || item.At.After(newest.At) {
					newest = &h.items[i]
				}
			}
		}
		if len(d.Delete) > 0 && d.Stop == "" {
			if newest == nil || slices.Contains(d.Delete, newest.ID) || verifiedLeft == 0 {
				t.Error("the newest verified one is deleted")
			}
			if len(d.Delete) > max(3, eligible/5) {
				t.Errorf("%d of %d are deleted without asking", len(d.Delete), eligible)
			}
		}
		if len(d.Delete) > 0 && verifiedLeft == 0 && d.Stop != retention.NoneLeft {
			t.Errorf("stop: %q", d.Stop)
		}
		if d.Stop != "" {
			stopped++
		}
		for _, item := range h.items {
			if slices.Contains(d.Delete, item.ID) && (newest == nil || item.At.After(newest.At)) {
				t.Errorf("%s is newer than the newest verified one, and deleted", item.ID)
			}
		}

		// Once it is done there is nothing more to do.
		after := h
		after.items = slices.DeleteFunc(slices.Clone(h.items), func(i retention.Item) bool { return slices.Contains(d.Delete, i.ID) })
		if again := after.decide(); len(again.Delete) > 0 {
			t.Errorf("then %v are deleted", again.Delete)
		}
		// Nor does it matter where whoever deletes them is stopped.
		for _, id := range d.Delete {
			if r.IntN(2) == 0 {
				after.items = append(after.items, h.items[slices.IndexFunc(h.items, func(i retention.Item) bool { return i.ID == id })])
			}
		}
		if half := after.decide(); d.Stop != retention.NoneLeft && !slices.Equal(half.Keep, d.Keep) {
			t.Errorf("half done, %v are kept", half.Keep)
		}
		// The order in which they are told is nothing.
		shuffled := h
		shuffled.items = slices.Clone(h.items)
		r.Shuffle(len(h.items), func(i, j int) { shuffled.items[i], shuffled.items[j] = shuffled.items[j], shuffled.items[i] })
		if other := shuffled.decide(); !slices.Equal(other.Keep, d.Keep) || !slices.Equal(other.Delete, d.Delete) || other.Stop != d.Stop {
			t.Errorf("in another order: %+v, was %+v", other, d)
		}
	})
	if deleted == 0 || stopped == 0 {
		t.Fatalf("%d deleted, %d stopped: nothing was tried", deleted, stopped)
	}
	t.Logf("%d deleted, %d stopped", deleted, stopped)
}

// Whatever is added that is dated in the future, or is not verified, or is not complete:
// what becomes of the others stays, and nothing is deleted that would have been asked for.
func TestAdditionsEvictNothing(t *testing.T) {
	histories(t, 10_000, func(r *rand.Rand, h history) {
		d := h.decide()
		kept := reasons(d)
		more := h
		more.items = slices.Clone(h.items)
		for i := range 1 + r.IntN(30) {
			item := retention.Item{ID: fmt.Sprintf("x%d", i), At: h.now.Add(-time.Duration(r.IntN(60*24)) * time.Hour), Verified: true, Have: 1, Want: 1, Hold: r.IntN(9) == 0}
			switch r.IntN(3) {
			case 0:
				item.At = h.now.Add(10*time.Minute + time.Duration(1+r.IntN(1e6))*time.Second)
			case 1:
				item.Verified = false
			default:
				item.Have = 0
			}
			more.items = append(more.items, item)
		}
		got := more.decide()
		now := reasons(got)
		for id, reason := range kept {
			if now[id] != reason {
				t.Errorf("%s was kept as %q, now %q", id, reason, now[id])
			}
		}
		for _, id := range d.Delete {
			if now[id] != "" {
				t.Errorf("%s was deleted, now %q", id, now[id])
			}
		}
		if d.Stop != "" && got.Stop == "" {
			t.Errorf("it stopped (%s), and goes ahead now", d.Why)
		}
	})
}

// What a table says in words, case by case.
func TestEdges(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	good := func(id string, at time.Time) retention.Item {
		return retention.Item{ID: id, At: at, Verified: true, Have: 1, Want: 1}
	}
	with := func(i retention.Item, change func(*retention.Item)) retention.Item { change(&i); return i }
	unverified := func(i *retention.Item) { i.Verified = false }
	two := retention.Policy{Daily: 2}
	for _, c := range []struct {
		name   string
		policy retention.Policy
		items  []retention.Item
		keep   map[string]string
		stop   retention.Stop
	}{
		{"nothing", two, nil, map[string]string{}, ""},
		{"ten minutes ahead is a clock", two, []retention.Item{good("a", now.Add(10*time.Minute)), good("b", now.Add(10*time.Minute+1))},
			map[string]string{"a": "daily#1", "b": retention.Quarantined}, ""},
		{"a policy of nothing", retention.Policy{}, []retention.Item{good("a", day(1)), good("b", day(2))}, map[string]string{}, retention.NoneLeft},
		{"a week to be verified", two, []retention.Item{good("a", day(0)), with(good("b", day(7)), unverified), with(good("c", day(7).Add(-1)), unverified)},
			map[string]string{"a": "daily#1", "b": retention.Unverified}, ""},
		{"nothing is verified", two, []retention.Item{with(good("a", day(100)), unverified), with(good("b", day(200)), unverified)},
			map[string]string{"a": retention.Unverified, "b": retention.Unverified}, ""},
		{"no member is wanted", two, []retention.Item{good("a", day(0)), with(good("b", day(1)), func(i *retention.Item) { i.Have, i.Want = 0, 0 })},
			map[string]string{"a": "daily#1", "b": retention.Incomplete}, ""},
		{"held", retention.Policy{Daily: 1}, []retention.Item{good("a", day(0)), with(good("b", day(1)), func(i *retention.Item) { i.Hold = true }), good("c", day(2))},
			map[string]string{"a": "daily#1", "b": retention.Held}, ""},
		{"four of many", retention.Policy{Daily: 1}, []retention.Item{good("a", day(0)), good("b", day(1)), good("c", day(2)), good("d", day(3)), good("e", day(4))},
			map[string]string{"a": "daily#1"}, retention.Breaker},
		{"numbers beyond reason", retention.Policy{Daily: -1, Weekly: 1 << 40, Monthly: -1 << 40}, []retention.Item{good("a", day(0)), good("b", day(1))},
			map[string]string{"a": "weekly#1", "b": "weekly[oldest]#2"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := retention.Decide(now, time.UTC, c.policy, c.items)
			if got := reasons(d); fmt.Sprint(got) != fmt.Sprint(c.keep) || d.Stop != c.stop {
				t.Errorf("%v %q", got, d.Stop)
			}
		})
	}
}

// In St. John's clocks went from 00:01 back to 23:01: the day before comes a second time,
// and is still one day.
func TestADayThatComesAgain(t *testing.T) {
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	change := time.Date(2006, 10, 29, 2, 31, 0, 0, time.UTC) // 00:01 NDT, which is 23:01 NST
	var items []retention.Item
	for i, at := range []time.Time{change.Add(2 * time.Hour), change.Add(30 * time.Minute), change.Add(-30 * time.Second), change.Add(-30 * time.Minute)} {
		items = append(items, retention.Item{ID: fmt.Sprint(i), At: at, Verified: true, Have: 1, Want: 1})
	}
	d := retention.Decide(change.AddDate(0, 0, 1), zone, retention.Policy{Daily: 3}, items)
	if got := fmt.Sprint(reasons(d)); got != "map[0:daily#1 1:daily#2 3:daily[oldest]#3]" {
		t.Error(got)
	}
}

func BenchmarkDecide1000(b *testing.B) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var items []retention.Item
	for i := range 1000 {
		items = append(items, retention.Item{ID: fmt.Sprint(i), At: now.Add(-time.Duration(i) * 8 * time.Hour), Verified: i%7 != 0, Have: 1, Want: 1})
	}
	for b.Loop() {
		retention.Decide(now, time.UTC, retention.Policy{Daily: 7, Weekly: 3, Monthly: 2}, items)
	}
}
