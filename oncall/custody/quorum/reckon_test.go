package quorum

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func reckon(t *testing.T, text string) Result {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Reckon()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Five shares of which three open, each in the same repository: one admin has them all.
func TestFiveSharesInOneRepositoryAreOne(t *testing.T) {
	r := reckon(t, `
		place repository: root, ada
		item share-1: repository
		item share-2: repository
		item share-3: repository
		item share-4: repository
		item share-5: repository
		open vault: 3 of share-1, share-2, share-3, share-4, share-5
	`)
	if r.Open != 1 || r.Lose != 1 || r.Losses[0] != "the place repository" {
		t.Errorf("%+v", r)
	}
	if say := strings.Join(r.Sentences(), " "); !strings.Contains(say, "1 person can open it: root, alone") {
		t.Error(say)
	}
}

func TestPlansThatAreKnown(t *testing.T) {
	const apart = `
		place token of ada: ada
		place token of bert: bert
		place token of carla: carla
		place token of dana: dana
		place token of eve: eve
		item share-1: token of ada
		item share-2: token of bert
		item share-3: token of carla
		item share-4: token of dana
		item share-5: token of eve
		open custody: 3 of share-1, share-2, share-3, share-4, share-5
	`
	for _, c := range []struct {
		name, more string
		open, lose int
	}{
		{"apart", "", 3, 3},
		{"ada reads dana's too", "place safe: ada\nitem spare: safe\nopen spare: spare and share-2", 2, 3},
		{"another way", "place host: root\nitem key: host\nopen host: key", 1, 4},
		{"both hosts", "place a: r1\nplace b: r2\nitem ka: a\nitem kb: b\nopen hosts: ka and kb", 2, 4},
	} {
		r := reckon(t, apart+c.more)
		if r.Open != c.open || r.Lose != c.lose || len(r.Who) != c.open || len(r.Losses) != c.lose {
			t.Errorf("%s: %d people, %d losses: %+v", c.name, r.Open, r.Lose, r)
		}
	}
	r := reckon(t, "place a: ada\nitem x: a\nitem y: a\nplace b: bert\nitem z: b\nopen it: x and y and z")
	if r.Open != 2 || r.Lose != 1 {
		t.Errorf("%+v", r)
	}
	r = reckon(t, "place a: ada\nplace b: bert\nitem x: a, b\nopen it: x")
	if r.Open != 1 || r.Lose != 2 {
		t.Errorf("two copies: %+v", r)
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "open it: x", "place a: ada\nitem x: b\nopen it: x", "place a: ada\nitem x: a\nopen it: 2 of x",
		"place a: ada\nplace a: bert\nitem x: a\nopen it: x", "place a: ada\nitem x: a\nopen it: 2 of x, x", "place a\n", "rock a: ada",
		"place a: ada\nitem x: a\nopen it: y",
	} {
		if p, err := Parse(text); err == nil {
			t.Errorf("%q became %+v", text, p)
		}
	}
}

// The clever search and the stupid one agree.
func TestReckoningIsThatOfTryingEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Plan
		people := rapid.IntRange(1, 5).Draw(t, "people")
		places := rapid.IntRange(1, 4).Draw(t, "places")
		for i := range places {
			p.AddPlace(fmt.Sprint("place", i))
			for j := range people {
				if rapid.Bool().Draw(t, "reads") {
					p.AddPlace(fmt.Sprint("place", i), fmt.Sprint("person", j))
				}
			}
		}
		var names []string
		for i := range rapid.IntRange(1, 5).Draw(t, "items") {
			it := Item{Name: fmt.Sprint("item", i)}
			for j := range places {
				if rapid.IntRange(0, 2).Draw(t, "copy") == 0 {
					it.Places = append(it.Places, fmt.Sprint("place", j))
				}
			}
			p.Items = append(p.Items, it)
			names = append(names, it.Name)
		}
		for i := range rapid.IntRange(1, 2).Draw(t, "ways") {
			w := Way{Name: fmt.Sprint("way", i)}
			for range rapid.IntRange(1, 2).Draw(t, "needs") {
				of := rapid.Permutation(names).Draw(t, "of")[:rapid.IntRange(1, len(names)).Draw(t, "n")]
				w.Needs = append(w.Needs, Need{rapid.IntRange(1, len(of)).Draw(t, "k"), of})
			}
			p.Ways = append(p.Ways, w)
		}
		if len(p.People()) == 0 {
			return
		}
		r, err := p.Reckon()
		if err != nil {
			t.Fatal(err)
		}
		open, lose := stupid(p)
		if r.Open != open || r.Lose != lose || r.More {
			t.Fatalf("%d people and %d losses, not %d and %d", open, lose, r.Open, r.Lose)
		}
	})
}

func stupid(p Plan) (open, lose int) {
	people := p.People()
	can := func(who uint, places uint) bool {
		for _, w := range p.Ways {
			all := true
			for _, n := range w.Needs {
				have := 0
				for _, name := range n.Of {
					for _, it := range p.Items {
						if it.Name == name && readable(p, it, people, who, places) {
							have++
						}
					}
				}
				all = all && have >= n.K
			}
			if all {
				return true
			}
		}
		return false
	}
	everyone, everywhere := uint(1)<<len(people)-1, uint(1)<<len(p.Places)-1
	if !can(everyone, everywhere) {
		return 0, 0
	}
	open, lose = len(people), len(people)+len(p.Places)
	for who := range everyone + 1 {
		if n := bits.OnesCount(who); n < open && can(who, everywhere) {
			open = n
		}
		for places := range everywhere + 1 {
			if n := bits.OnesCount(everyone&^who) + bits.OnesCount(everywhere&^places); n < lose && !can(who, places) {
				lose = n
			}
		}
	}
	return open, lose
}

func readable(p Plan, it Item, people []string, who, places uint) bool {
	for i, place := range p.Places {
		if places>>i&1 == 0 {
			continue
		}
		for _, at := range it.Places {
			if at != place.Name {
				continue
			}
			for j, person := range people {
				for _, r := range place.Readers {
					if who>>j&1 == 1 && r == person {
						return true
					}
				}
			}
		}
	}
	return false
}

func FuzzPlan(f *testing.F) {
	f.Add("place a: ada, bert\nitem x: a\nitem y: a # both\nopen it: 1 of x, y and x\n")
	f.Add("place a b: ada\nitem x: a b\nopen w: 2 of x, x")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		if len(p.People()) > 12 {
			return // exact, and too slow for a fuzzer
		}
		r, err := p.Reckon()
		if err != nil {
			t.Fatalf("parsed, and then: %v", err)
		}
		if r.Open > len(p.People()) || len(r.Sentences()) == 0 || r.Open > 0 && r.Lose == 0 && !r.More {
			t.Fatalf("%+v", r)
		}
	})
}
