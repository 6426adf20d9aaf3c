package custody_test

import (
	"strings"
	"testing"

	"batsignal/oncall/custody"
	"batsignal/oncall/custody/quorum"
)

func count(t *testing.T, r quorum.Result, way string) int {
	t.Helper()
	for _, w := range r.Ways {
		if w.Way == way {
			return w.Open
		}
	}
	t.Fatalf("no way %q", way)
	return 0
}

// Our own custody file takes three people; the two hosts together take their two
// administrators, which is the limit that is stated.
func TestI20OurOwnCustodyTakesThree(t *testing.T) {
	w := newWorld(t)
	p, err := custody.PlanOf(w.keyring, quorum.Plan{})
	must(t, err)
	r, err := p.Reckon()
	must(t, err)
	if n := count(t, r, custody.WayCustody); n < 3 {
		t.Errorf("custody takes %d people: %v", n, r.Sentences())
	}
	if n := count(t, r, custody.WayHosts); n != 2 {
		t.Errorf("the hosts take %d people: %v", n, r.Sentences())
	}
	if r.Lose < 2 {
		t.Errorf("it is lost with %v", r.Losses)
	}

	// The same keyring, but three shares are in one office where Ada has the key.
	rest, err := quorum.ParsePart("place office: Ada, Bert\nitem share-1: office\nitem share-2: office\nitem share-3: office\n")
	must(t, err)
	p, err = custody.PlanOf(w.keyring, rest)
	must(t, err)
	r, err = p.Reckon()
	must(t, err)
	if n := count(t, r, custody.WayCustody); n != 1 {
		t.Errorf("custody takes %d people: %v", n, r.Sentences())
	}
	if say := strings.Join(r.Sentences(), " "); !strings.Contains(say, "1 person can open it: Ada, alone (custody)") {
		t.Error(say)
	}
}

func TestTheInventoryNamesEveryKey(t *testing.T) {
	w := newWorld(t)
	p, err := custody.PlanOf(w.keyring, quorum.Plan{})
	must(t, err)
	h := w.keyring.Health(nil, noon.AddDate(0, 4, 0))
	list := custody.Inventory(h, p, noon.AddDate(0, 4, 0))
	if len(list) != 5+7 {
		t.Fatalf("%d keys", len(list))
	}
	for _, e := range list {
		if e.Purpose == "" || e.Without == "" || len(e.Holders) == 0 || len(e.Places) == 0 {
			t.Errorf("%+v", e)
		}
	}
	if e := list[1]; e.Key != "share-2" || e.Holders[0] != "Bert" || e.Places[0] != "safe of Bert" || !e.Overdue || e.Last != nil {
		t.Errorf("%+v", e)
	}
	if e := list[5]; e.Key != "bot-key" || !e.Overdue || e.Due.Sub(noon).Hours() < 24*88 {
		t.Errorf("%+v", e)
	}
}
