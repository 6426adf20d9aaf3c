package paging

import (
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"

	"github.com/jackc/pgx/v5"
)

// Somebody is rung again while a message of theirs is under way, which fails then: their
// other way of the new ring is used at once, and the hunt is not hurried on as if they had
// none.
func TestAFailureCountsForTheRingOfNow(t *testing.T) {
	db := pgtest.Tx(t)
	bea := person(t, db, "bea", "chat")
	exec(t, db, `insert into contact (person_id, kind, created_at, proven_at) values ($1, 'sms', $2, $2)`, bea, noon)
	e := hunt(t, db, "incident:1", RoleSlot("qa"))
	routes := []Traits{{Name: "chat"}, {Name: "sms", Delay: 10 * time.Minute}}
	again := func(round int, at time.Time) {
		t.Helper()
		must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
			s := Step{Round: round, Wait: e.Patience, Ring: []Candidate{{PersonID: bea}}}
			if _, err := Ring(ctx, tx, at, routes, e, s); err != nil {
				return err
			}
			return Advance(ctx, tx, at, e, s)
		}))
	}
	again(1, noon)
	w := worker("a")
	d := one(t, db, w, noon)
	later := noon.Add(90 * time.Second)
	again(2, later)
	before := get[time.Time](t, db, `select due_at from escalation`)
	if dead := finish(t, db, w, later.Add(time.Second), d, Permanent); dead {
		t.Error("it counts as the last way")
	}
	if due := get[time.Time](t, db, `select due_at from delivery where route = 'sms' and state = 'queued'`); due.After(later.Add(time.Second)) {
		t.Errorf("the other way waits until %v", due)
	}
	if due := get[time.Time](t, db, `select due_at from escalation`); !due.Equal(before) {
		t.Errorf("the hunt was hurried from %v to %v", before, due)
	}
}
