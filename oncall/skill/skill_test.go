package skill_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/oncall/fault"
	"batsignal/oncall/skill"
)

// The order of the ticket: a maintainer who is an expert, a maintainer, an expert with the
// rights, the rights alone.
func TestTheOrderOfTheTicket(t *testing.T) {
	prefers, err := skill.ParseOrder("security-expert + Maintainer, owner, provenpackager+security_expert,provenpackager")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"owner", "security-expert"}, {"owner"}, {"provenpackager", "security-expert"}, {"provenpackager"}}
	if diff := cmp.Diff(want, prefers); diff != "" {
		t.Error(diff)
	}
	for _, story := range []struct {
		labels skill.Set
		want   int
	}{
		{skill.Set{"owner": true, "security-expert": true, "provenpackager": true}, 0},
		{skill.Set{"owner": true, "provenpackager": true}, 1},
		{skill.Set{"security-expert": true, "provenpackager": true}, 2},
		{skill.Set{"provenpackager": true}, 3},
		{skill.Set{"security-expert": true}, 4},
		{nil, 4},
	} {
		if got := skill.Rank(prefers, story.labels); got != story.want {
			t.Errorf("%v: %d, want %d", story.labels, got, story.want)
		}
	}
	if got := skill.Rank(nil, skill.Set{"owner": true}); got != 0 {
		t.Errorf("where nothing is preferred: %d", got)
	}
}

func TestOrdersThatMakeNoSense(t *testing.T) {
	for _, text := range []string{"", "owner,", "owner + ", "a,,b", "owner, maintainer", "b+a, a+b", "two words!", "a+b+c+d+e+f+g+h+i"} {
		if _, err := skill.ParseOrder(text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got, err := skill.ParseOrder(" none "); got != nil || err != nil {
		t.Errorf("%v %v", got, err)
	}
}

var anyLabels = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"owner", "a", "b", "c", "d"}), 1, 4, rapid.ID[string])

func TestRankRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefers := rapid.SliceOfN(anyLabels, 0, 6).Draw(t, "prefers")
		has := skill.Set{}
		for _, l := range rapid.SliceOf(rapid.SampledFrom([]string{"owner", "a", "b", "c", "d"})).Draw(t, "has") {
			has[l] = true
		}
		held := func(c []string) bool { return !slices.ContainsFunc(c, func(l string) bool { return !has[l] }) }
		got := skill.Rank(prefers, has)
		if got < len(prefers) && !held(prefers[got]) {
			t.Fatalf("rank %d is not held", got)
		}
		for _, better := range prefers[:got] {
			if held(better) {
				t.Fatalf("rank %d, though %v is held too", got, better)
			}
		}
		// Another label never makes anybody worse.
		has[rapid.SampledFrom([]string{"a", "b", "z"}).Draw(t, "more")] = true
		if more := skill.Rank(prefers, has); more > got {
			t.Fatalf("%d became %d by one more label", got, more)
		}
	})
}

func FuzzParseOrder(f *testing.F) {
	f.Add("owner + security-expert, owner")
	f.Add("none")
	f.Add("a+a, ,b")
	f.Fuzz(func(t *testing.T, text string) {
		prefers, err := skill.ParseOrder(text)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := skill.ParseOrder(skill.Order(prefers))
		if err != nil || cmp.Diff(prefers, again) != "" {
			t.Fatalf("%q is read as %v and again as %v, %v", text, prefers, again, err)
		}
	})
}
