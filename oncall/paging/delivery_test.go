package paging

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

// Several workers take from one heap: each delivery is leased by exactly one.
func TestNoDeliveryIsLeasedTwice(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	e := hunt(t, db, "incident:1", RoleSlot("qa"))
	var people []int64
	for _, h := range handles(60) {
		people = append(people, person(t, db, h, "chat"))
	}
	ring(t, db, noon, e, 1, chat, people...)
	var mu sync.Mutex
	by := map[int64]string{}
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		all.Go(func() {
			w := worker(name)
			for idle := 0; idle < 3; {
				list, err := w.Lease(ctx, db, noon, noon.Add(lease), hands(3))
				if err != nil {
					t.Error(err)
					return
				}
				if len(list) == 0 {
					idle++
				}
				mu.Lock()
				for _, d := range list {
					if other, taken := by[d.ID]; taken {
						t.Errorf("delivery %d was leased by %s and %s", d.ID, other, name)
					}
					by[d.ID] = name
					if d.Tries != 1 {
						t.Errorf("delivery %d is at its try %d", d.ID, d.Tries)
					}
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(by) != 60 {
		t.Errorf("%d of 60 were leased", len(by))
	}
	if n := get[int](t, db, `select count(*) from attempt where outcome = 'open' and n = 1`); n != 60 {
		t.Errorf("%d attempts are written down", n)
	}
}

func TestALapsedLeaseIsTakenOver(t *testing.T) {
	tx := pgtest.Tx(t)
	ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, person(t, tx, "maria", "chat"))
	a, b := worker("a"), worker("b")
	d := one(t, tx, a, noon)

	must(t, b.Reclaim(ctx, tx, noon.Add(lease-time.Second), nothing()))
	none(t, tx, b, noon.Add(lease-time.Second))

	later := noon.Add(lease)
	must(t, b.Reclaim(ctx, tx, later, nothing()))
	again := one(t, tx, b, later)
	if again.ID != d.ID || again.Tries != 2 || !again.Repeat || again.Key() != d.Key() {
		t.Errorf("%+v", again)
	}
	wantStory(t, tx, d.ID, "leased: 1 unknown, 2 open")

	// The first sender was only slow. What it says now changes nothing.
	if dead := finish(t, tx, a, later.Add(time.Second), d, Permanent); dead {
		t.Error("the slow sender gave up what is not its own")
	}
	wantStory(t, tx, d.ID, "leased: 1 unknown, 2 open")
	finish(t, tx, b, later.Add(2*time.Second), again, Accepted)
	wantStory(t, tx, d.ID, "accepted: 1 unknown, 2 accepted")
	must(t, b.Reclaim(ctx, tx, later.Add(time.Hour), nothing()))
	none(t, tx, b, later.Add(time.Hour))
}

// nothing is an empty list of deliveries under way.
func nothing() []int64 { return []int64{} }

func TestOwnLeases(t *testing.T) {
	tx := pgtest.Tx(t)
	ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, person(t, tx, "maria", "chat"))
	a := worker("a")
	d := one(t, tx, a, noon)
	late := noon.Add(time.Hour)
	// What is under way here is alive, however late it is.
	must(t, a.Reclaim(ctx, tx, late, []int64{d.ID}))
	wantStory(t, tx, d.ID, "leased: 1 open")
	if due, err := a.NextDue(ctx, tx, a.Routes, []int64{d.ID}); err != nil || !due.Equal(noon.Add(90*time.Second)) {
		t.Errorf("the next thing is due at %v, %v; want the step", due, err)
	}
	// What is not under way any more could not be recorded, and is done again.
	must(t, a.Reclaim(ctx, tx, late, nothing()))
	wantStory(t, tx, d.ID, "queued: 1 unknown")
}

func TestRenewKeepsALease(t *testing.T) {
	tx := pgtest.Tx(t)
	ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, person(t, tx, "maria", "chat"))
	a, b := worker("a"), worker("b")
	d := one(t, tx, a, noon)
	must(t, a.Renew(ctx, tx, noon.Add(2*lease), []int64{d.ID}))
	must(t, b.Renew(ctx, tx, noon.Add(time.Hour), []int64{d.ID})) // not b's to renew
	must(t, b.Reclaim(ctx, tx, noon.Add(2*lease-time.Second), nothing()))
	wantStory(t, tx, d.ID, "leased: 1 open")
	must(t, b.Reclaim(ctx, tx, noon.Add(2*lease), nothing()))
	wantStory(t, tx, d.ID, "queued: 1 unknown")
}

// An instant far ahead was written while the clock was wrong: it must not hold a
// page back once the clock is right again.
func TestAClockSetBackHoldsNothingBack(t *testing.T) {
	tx := pgtest.Tx(t)
	ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, person(t, tx, "maria", "chat"))
	a, b := worker("a"), worker("b")
	d := one(t, tx, a, noon)
	finish(t, tx, a, noon, d, Temporary) // due again a second after noon
	hourAgo := noon.Add(-time.Hour)
	d = one(t, tx, a, hourAgo)
	must(t, a.Renew(ctx, tx, noon.Add(lease), []int64{d.ID}))
	must(t, b.Reclaim(ctx, tx, hourAgo, nothing())) // a died before the clock was set
	wantStory(t, tx, d.ID, "queued: 1 temporary, 2 unknown")
	one(t, tx, b, hourAgo)
	// A lease of now, and a rest of now, are kept.
	must(t, a.Reclaim(ctx, tx, hourAgo.Add(time.Second), nothing()))
	wantStory(t, tx, d.ID, "leased: 1 temporary, 2 unknown, 3 open")
}

func TestFinish(t *testing.T) {
	tx := pgtest.Tx(t)
	w := worker("a")
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	ring(t, tx, noon, e, 1, chat, person(t, tx, "maria", "chat"))
	now := noon
	d := one(t, tx, w, now)
	for try := 1; try < MostTries; try++ {
		if finish(t, tx, w, now, d, Temporary) {
			t.Fatal("a temporary failure gave the ring up")
		}
		none(t, tx, w, now.Add(RetryAfter(try)-time.Millisecond))
		now = now.Add(RetryAfter(try))
		if d = one(t, tx, w, now); d.Tries != try+1 || !d.Repeat {
			t.Fatalf("%+v", d)
		}
	}
	if !finish(t, tx, w, now, d, Temporary) {
		t.Error("the last try failed, and the hunt waits on")
	}
	if _, due, err := PeekDue(ctx, tx, now); err != nil || !due {
		t.Errorf("the hunt was not hurried: %v", err)
	}
	if state := get[string](t, tx, `select state from delivery`); state != "failed" {
		t.Error(state)
	}
	none(t, tx, w, now.Add(time.Hour))
}

// Only when the last way of a ring is given up is waiting for that person waste.
func TestTheLastWayThatFailsHurriesTheHunt(t *testing.T) {
	tx := pgtest.Tx(t)
	both := Worker{Me: "a", Routes: []string{"chat", "slack"}}
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	ring(t, tx, noon, e, 1, both.Routes, person(t, tx, "maria", "chat", "slack"))
	list, err := both.Lease(ctx, tx, noon, noon.Add(lease), hands(10))
	must(t, err)
	if finish(t, tx, both, noon, list[0], Permanent) {
		t.Error("the other way is still open")
	}
	if _, due, _ := PeekDue(ctx, tx, noon); due {
		t.Error("hurried too early")
	}
	if !finish(t, tx, both, noon, list[1], Permanent) {
		t.Error("no way is left, and the hunt waits on")
	}
	if _, due, _ := PeekDue(ctx, tx, noon); !due {
		t.Error("not hurried")
	}
}

func TestAnAcceptedWayIsEnoughToWait(t *testing.T) {
	tx := pgtest.Tx(t)
	both := Worker{Me: "a", Routes: []string{"chat", "slack"}}
	ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, both.Routes, person(t, tx, "maria", "chat", "slack"))
	list, err := both.Lease(ctx, tx, noon, noon.Add(lease), hands(10))
	must(t, err)
	finish(t, tx, both, noon, list[0], Accepted)
	if finish(t, tx, both, noon, list[1], Permanent) {
		t.Error("maria was reached by the other way")
	}
}

func TestAnAnsweredPageIsNotTriedAgain(t *testing.T) {
	for _, how := range []Outcome{Temporary, Unknown} {
		t.Run(string(how), func(t *testing.T) {
			tx := pgtest.Tx(t)
			a, b := worker("a"), worker("b")
			page := ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, person(t, tx, "maria", "chat"))[0].PageID
			d := one(t, tx, a, noon)
			answer(t, tx, noon.Add(time.Second), page, PageAcked)
			if how == Unknown {
				must(t, b.Reclaim(ctx, tx, noon.Add(time.Minute), nothing()))
			} else {
				finish(t, tx, a, noon.Add(time.Second), d, how)
			}
			wantStory(t, tx, d.ID, "cancelled: 1 "+string(how))
			none(t, tx, b, noon.Add(time.Hour))
		})
	}
}

// An answer and the return of a lease cross each other, in real transactions, many
// times: never is a delivery left in the queue for a page that is answered.
func TestAnAnswerCrossesALeaseThatComesBack(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	a, b := worker("a"), worker("b")
	maria := person(t, db, "maria", "chat")
	for round := range 40 {
		e := hunt(t, db, "call:x/"+string(rune('a'+round)), RoleSlot("qa"))
		page := ring(t, db, noon, e, 1, chat, maria)[0].PageID
		d := one(t, db, a, noon)
		var both sync.WaitGroup
		both.Go(func() {
			if round%2 == 0 {
				if err := b.Reclaim(ctx, db, noon.Add(time.Minute), nothing()); err != nil {
					t.Error(err)
				}
				return
			}
			err := pg.InTx(ctx, db, func(tx pgx.Tx) error { // as the pager does
				if err := LockCause(ctx, tx, e.Cause); err != nil {
					return err
				}
				_, err := a.Finish(ctx, tx, noon, d, Try{Outcome: Temporary})
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
				if err := LockCause(ctx, tx, e.Cause); err != nil {
					return err
				}
				p, _, err := Get(ctx, tx, page)
				if err != nil {
					return err
				}
				_, err = Answer(ctx, tx, noon, p, PageAcked, "")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		must(t, b.Reclaim(ctx, db, noon.Add(time.Minute), nothing())) // what was locked at the time
		if state := get[string](t, db, `select state from delivery where id = $1`, d.ID); state != "cancelled" {
			t.Fatalf("round %d: the delivery of an answered page is %s", round, state)
		}
	}
}

// While somebody's answer is under way, a lapsed lease is left alone: it could come
// back to the queue after the answer has looked there.
func TestALeaseDoesNotComeBackInTheMiddleOfAnAnswer(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	a, b := worker("a"), worker("b")
	page := ring(t, db, noon, hunt(t, db, "incident:1", RoleSlot("qa")), 1, chat, person(t, db, "maria", "chat"))[0].PageID
	d := one(t, db, a, noon)
	later := noon.Add(time.Minute)
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
		p, _, err := Get(ctx, tx, page)
		if err != nil {
			return err
		}
		if _, err := Answer(ctx, tx, later, p, PageAcked, "chat"); err != nil {
			return err
		}
		must(t, b.Reclaim(ctx, db, later, nothing())) // on another connection; it does not wait
		wantStory(t, db, d.ID, "leased: 1 open")
		return nil
	}))
	must(t, b.Reclaim(ctx, db, later, nothing()))
	wantStory(t, db, d.ID, "cancelled: 1 unknown")
}

// Two ways of one ring fail at the same moment: one of them must see that it was
// the last.
func TestTwoWaysThatFailAtOnce(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	both := Worker{Me: "a", Routes: []string{"chat", "slack"}}
	maria := person(t, db, "maria", "chat", "slack")
	for round := range 20 {
		e := hunt(t, db, "call:x/"+string(rune('a'+round)), RoleSlot("qa"))
		ring(t, db, noon, e, 1, both.Routes, maria)
		list, err := both.Lease(ctx, db, noon, noon.Add(lease), hands(10))
		must(t, err)
		dead := make([]bool, 2)
		var all sync.WaitGroup
		for i, d := range list {
			all.Go(func() {
				err := pg.InTx(ctx, db, func(tx pgx.Tx) (err error) {
					if err := LockCause(ctx, tx, e.Cause); err != nil {
						return err
					}
					f, err := both.Finish(ctx, tx, noon, d, Try{Outcome: Permanent})
					dead[i] = f.Dead
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if dead[0] == dead[1] {
			t.Fatalf("round %d: the ring was found dead by %v", round, dead)
		}
		must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
			_, err := Stop(ctx, tx, noon, e.ID)
			return err
		}))
	}
}

// A worker that has done everything it can must be told to sleep: an instant in the
// past would make it look again at once, for ever.
func TestNextDueIsNeverInThePastWithoutWork(t *testing.T) {
	tx := pgtest.Tx(t)
	w := worker("a")
	next := func() time.Time {
		t.Helper()
		due, err := w.NextDue(ctx, tx, w.Routes, nothing())
		must(t, err)
		return due
	}
	if !next().IsZero() {
		t.Error("something is due on an empty database")
	}
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	if !next().Equal(noon) {
		t.Error("a new hunt is due at once")
	}
	maria := person(t, tx, "maria", "chat", "slack")
	page := ring(t, tx, noon, e, 1, []string{"chat", "slack"}, maria)[0].PageID
	if !next().Equal(noon) {
		t.Error("a new delivery is due at once")
	}
	d := one(t, tx, w, noon)
	// The other way is for somebody else's worker; nothing is left but the lease.
	if got := next(); !got.Equal(noon.Add(lease)) {
		t.Errorf("due at %v", got)
	}
	finish(t, tx, w, noon, d, Temporary)
	if got := next(); !got.Equal(noon.Add(RetryAfter(1))) {
		t.Errorf("due at %v", got)
	}
	// A row that was left in the queue of a closed page is nobody's work.
	exec(t, tx, `update page set state = 'closed' where id = $1`, page)
	if got := next(); !got.Equal(noon.Add(90 * time.Second)) {
		t.Errorf("due at %v, want the step", got)
	}
	none(t, tx, w, noon.Add(time.Hour))
	_, err := Stop(ctx, tx, noon, e.ID)
	must(t, err)
	if got := next(); !got.IsZero() {
		t.Errorf("due at %v when all is over", got)
	}
}

func TestAWorkerTakesOnlyItsRoutes(t *testing.T) {
	tx := pgtest.Tx(t)
	ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, []string{"chat", "mail"}, person(t, tx, "maria", "chat"))
	none(t, tx, Worker{Me: "m", Routes: []string{"mail"}}, noon)
	none(t, tx, Worker{Me: "n"}, noon)
	one(t, tx, worker("c"), noon)
}
