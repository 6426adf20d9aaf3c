package oncall_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall"
)

var zones = []string{"UTC", "Europe/Berlin", "Asia/Tokyo", "America/Denver", "Pacific/Kiritimati", "Asia/Kathmandu", "bad zone"}

func anyMember(t *rapid.T, id int64, now time.Time) oncall.Member {
	m := oncall.Member{Place: rapid.IntRange(1, 4).Draw(t, "place"), Person: oncall.Person{
		ID: id, Zone: rapid.SampledFrom(zones).Draw(t, "zone"),
		Wakes: rapid.IntRange(0, 1439).Draw(t, "wakes"), Sleeps: rapid.IntRange(0, 1439).Draw(t, "sleeps"),
	}}
	if rapid.Bool().Draw(t, "agreed") {
		m.AgreedAt = &now
	}
	if rapid.Bool().Draw(t, "approved") {
		m.ApprovedAt = &now
	}
	if m.AgreedAt != nil && rapid.IntRange(0, 3).Draw(t, "lapsed") == 0 {
		m.LapsedAt = &now
	}
	if rapid.Bool().Draw(t, "heard") {
		heard := now.Add(-time.Duration(rapid.IntRange(0, 3600).Draw(t, "ago")) * time.Second)
		m.Person.HeardAt = &heard
	}
	return m
}

// Whoever may be rung is in the order exactly once, nobody else is, and the order
// is: awake first, then the place in the list, then as they were given.
func TestOrderProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon.Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "minutes")) * time.Minute)
		members := make([]oncall.Member, rapid.IntRange(0, 12).Draw(t, "members"))
		active := 0
		for i := range members {
			members[i] = anyMember(t, int64(i+1), now)
			if members[i].Active() {
				active++
			}
		}
		before := slices.Clone(members)
		order := oncall.Order(members, now)
		if !slices.Equal(before, members) {
			t.Fatal("the list that was given has changed")
		}
		seen := map[int64]bool{}
		for _, m := range order {
			if m.AgreedAt == nil || m.ApprovedAt == nil || m.LapsedAt != nil || seen[m.Person.ID] {
				t.Fatalf("%d is in it without consent, or twice", m.Person.ID)
			}
			seen[m.Person.ID] = true
		}
		if len(order) != active {
			t.Fatalf("%d of %d active people", len(order), active)
		}
		for i := 1; i < len(order); i++ {
			a, b := order[i-1], order[i]
			switch aw, bw := a.Person.Awake(now), b.Person.Awake(now); {
			case !aw && bw:
				t.Fatal("somebody asleep comes before somebody awake")
			case aw == bw && a.Place > b.Place:
				t.Fatal("the list's order is not kept")
			case aw == bw && a.Place == b.Place && a.Person.ID > b.Person.ID:
				t.Fatal("the order is not stable")
			}
		}
	})
}

func TestMatchRole(t *testing.T) {
	roles := append(oncall.DefaultRoles(),
		oncall.Role{Name: "press", Title: "Öffentlichkeit"}, oncall.Role{Name: "qa", Title: "q and a"})
	for word, want := range map[string]string{
		"coordination":       "coordination",
		"CoOrdination":       "coordination",
		"package fixing":     "package-fixing",
		" package-fixing ":   "package-fixing",
		"re":                 "release-engineering",
		"RE":                 "release-engineering",
		"pf":                 "package-fixing",
		"pack":               "package-fixing",
		"öff":                "press",
		"comm":               "communications",
		"qa":                 "qa", // a name is more than somebody else's initials
		"quality":            "quality-assurance",
		"co":                 "", // coordination or communications
		"pr":                 "press",
		"p":                  "", // one letter is too little
		"":                   "",
		"nobody":             "",
		"coordination-extra": "",
	} {
		got := ""
		if r, ok := oncall.MatchRole(roles, word); ok {
			got = r.Name
		}
		if got != want {
			t.Errorf("%q finds %q, want %q", word, got, want)
		}
	}
	// Two roles with the same initials are told apart only by more letters.
	two := []oncall.Role{{Name: "quality-assurance", Title: "quality assurance"}, {Name: "quick-answers", Title: "quick answers"}}
	if r, ok := oncall.MatchRole(two, "qa"); ok {
		t.Errorf("qa finds %s", r.Name)
	}
}

func TestPatienceAt(t *testing.T) {
	r := oncall.Role{PatienceSev1: time.Second, Patience: time.Minute}
	if r.PatienceAt(1) != time.Second || r.PatienceAt(2) != time.Minute || r.PatienceAt(4) != time.Minute {
		t.Error("severity 1 alone is urgent")
	}
}
