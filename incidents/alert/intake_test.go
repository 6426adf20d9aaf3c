package alert

import (
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// What is said again of an open alert is counted; once it is over, the same name is a new
// alert.
func TestDedup(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	first := s.fires("db", "web:warning", "db")
	s.is(first[0].Did, DidOpen)
	s.is(first[2], Taken{first[0].Alert, DidRepeat})
	s.fires("db")
	s.is(s.stands(), "db triggered 2×3, web triggered 3×1")
	s.is(s.group(first[0].Alert).ID, s.group(first[1].Alert).ID)

	s.is(s.sends(Resolve, "db")[0].Did, DidResolve)
	s.is(s.sends(Resolve, "db")[0].Did, DidNothing)
	s.is(s.sends(Acknowledge, "nobody knows")[0], Taken{0, DidNothing})
	again := s.fires("db")
	if again[0].Alert == first[0].Alert {
		t.Error("an alert that is over was opened again")
	}
	s.is(s.stands(), "db resolved 2×3, web triggered 3×1, db triggered 2×1")
}

// The first alert of a key opens a group and begins one hunt by the key's policy; others
// join it. When the source says that all of it is over, the hunt ends.
func TestAGroupIsOneHunt(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	g := s.group(s.fires("web:warning")[0].Alert)
	s.is(s.hunts(g.ID), "hunting 3 policy:night")
	s.fires("db") // worse
	s.is(s.hunts(g.ID), "hunting 2 policy:night")
	s.fires("disk", "net")
	s.is(s.hunts(g.ID), "hunting 2 policy:night")
	s.sends(Resolve, "db", "web", "disk")
	s.is(s.hunts(g.ID), "hunting 2 policy:night")
	s.sends(Resolve, "net")
	s.is(s.hunts(g.ID), "stopped 2 policy:night")
	after, _, err := GetGroup(ctx, s.DB, g.ID)
	s.must(err)
	s.is(after.State, GroupResolved)
}

// The source may say that somebody looks at it.
func TestTheSourceAcknowledges(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	first := s.fires("db", "web")
	g := s.group(first[0].Alert)
	s.sends(Acknowledge, "db")
	s.is(s.hunts(g.ID), "hunting 2 policy:night")
	s.sends(Acknowledge, "web")
	s.is(s.hunts(g.ID), "stopped 2 policy:night")
	s.is(s.group(first[0].Alert).State, GroupAcked)
	s.fires("db") // a repetition wakes nobody
	s.is(s.group(first[0].Alert).State, GroupAcked)

	// What is new rings again, and so does what gets worse.
	other := s.group(s.fires("disk:warning")[0].Alert)
	if other.ID == g.ID {
		t.Error("a new alert joined a group that somebody looks at")
	}
	s.exec(`update alert set severity = 3 where dedup_key = 'db'`)
	s.fires("db")
	s.is(s.group(first[0].Alert).ID, other.ID)
	s.is(s.hunts(other.ID), "hunting 2 policy:night")
	s.is(s.group(first[1].Alert).Acknowledged, 1)
}

// What only informs is announced and rings nobody, until something worse joins it.
func TestInfoRingsNobody(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	g := s.group(s.fires("deploy:info")[0].Alert)
	s.is(s.hunts(g.ID), "")
	s.is(g.Rings(), false)
	due, err := s.DueFolds(ctx, s.DB, s.now)
	s.must(err)
	s.is(due, []int64{g.ID})
	s.fires("deploy:critical")
	s.is(s.hunts(g.ID), "hunting 2 policy:night")
	s.is(s.stands(), "deploy triggered 2×2")
}

// An alert is severity 1 only if the key says so.
func TestWhatWordsMean(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	s.fires("a:critical", "b:error", "c:warning", "d:info", "e:CRITICAL", "f:1", "g:")
	s.is(s.stands(), "a triggered 2×1, b triggered 2×1, c triggered 3×1, d triggered 4×1, e triggered 2×1, f triggered 2×1, g triggered 2×1")
	s.key = s.addKey(Key{Name: "core", Policy: "night", Severities: map[string]int{"critical": 1, "info": 3}, Default: 3})
	s.fires("x:critical", "y:info", "z:odd")
	list, err := List(ctx, s.DB, Query{Key: "core"})
	s.must(err)
	s.is([]int{list[2].Severity, list[1].Severity, list[0].Severity}, []int{1, 3, 3})
}

// Keys are told once, stored as hashes, and useless when revoked.
func TestKeys(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	if !goodKey(s.key) {
		t.Error("a key is not one")
	}
	_, err := s.Take(ctx, secret.New("0123456789abcdefghijklmnopqrstuv"), eventsOf(Trigger, "db")...)
	s.is(IsUnknownKey(err), true)
	_, err = s.Take(ctx, secret.New("short"), eventsOf(Trigger, "db")...)
	s.is(IsUnknownKey(err), true)
	for _, k := range []Key{{Name: "Prometheus", Policy: "night"}, {Name: "a", Policy: "night", Severities: map[string]int{"critical": 5}}, {Name: "a", Policy: "night", Severities: map[string]int{"loud": 1}}} {
		_, _, err = s.AddKey(ctx, s.ada, k)
		s.is(fault.KindOf(err), fault.Invalid)
	}
	_, _, err = s.AddKey(ctx, s.ada, Key{Name: "a", Policy: "none"})
	s.is(fault.KindOf(err), fault.NotFound)
	_, _, err = s.AddKey(ctx, s.ada, Key{Name: "prometheus", Policy: "night"})
	s.is(fault.KindOf(err), fault.Conflict)

	db := s.fires("db")[0].Alert
	s.must(s.RevokeKey(ctx, s.ada, "prometheus"))
	s.is(fault.KindOf(s.RevokeKey(ctx, s.ada, "prometheus")), fault.NotFound)
	_, err = s.Take(ctx, s.key, eventsOf(Resolve, "db")...)
	s.is(IsUnknownKey(err), true)
	keys, err := s.Keys(ctx, true)
	s.must(err)
	s.is(len(keys), 1)
	s.is(keys[0].Open, 1)
	_, err = s.Ack(ctx, s.ada, db, false)
	s.must(err)
	var said int
	s.must(s.DB.QueryRow(ctx, `select count(*) from audit_entry where kind = 'alert key' and subject = 'prometheus' and not says like '%' || $1 || '%'`, s.key.Reveal()).Scan(&said))
	s.is(said, 2)
}

// A key that sends too much is told so, and may go on when time has passed.
func TestFlood(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	s.Rate, s.Burst = 10, 20
	s.fires("a")
	for range 4 {
		s.fires("a", "b", "c", "d", "e")
	}
	_, err := s.Take(ctx, s.key, eventsOf(Trigger, "f")...)
	s.is(err, error(ErrFlood))
	s.is(len(s.stands()), len("a triggered 2×5, b triggered 2×4, c triggered 2×4, d triggered 2×4, e triggered 2×4"))
	s.now = s.now.Add(time.Second)
	s.fires("f")
}
