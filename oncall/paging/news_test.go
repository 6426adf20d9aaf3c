package paging

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

// sent is a page that its provider has taken.
func sent(t testing.TB, db pg.DB, routes ...string) (Worker, Delivery) {
	t.Helper()
	w := Worker{Me: "a", Routes: routes}
	ringBy(t, db, noon, hunt(t, db, "incident:1", RoleSlot("qa")), 1, phones(), reached(t, db, "maria", routes...))
	d := one(t, db, w, noon)
	_, err := w.Submit(ctx, db, d)
	must(t, err)
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) error {
		_, err := w.Finish(ctx, tx, noon, d, Try{Outcome: Accepted, Ref: "SM1"})
		return err
	}))
	return w, d
}

func tells(t testing.TB, db pg.DB, d Delivery, news News, seq int) Applied {
	t.Helper()
	w, found, err := WayOf(ctx, db, d.Key(), d.Route, "")
	must(t, err)
	if !found {
		t.Fatal("the delivery is gone")
	}
	var a Applied
	must(t, pg.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		a, err = Apply(ctx, tx, noon.Add(time.Minute), w, Receipt{Route: d.Route, News: news, Seq: seq})
		return err
	}))
	return a
}

func stateOf(t testing.TB, db pg.DB, d Delivery) string {
	t.Helper()
	return get[string](t, db, `select state from delivery where id = $1`, d.ID)
}

func TestNewsGoForwardOnly(t *testing.T) {
	tx := pgtest.Tx(t)
	_, d := sent(t, tx, "sms")
	if tells(t, tx, d, NewsAccepted, 1).Changed {
		t.Error("it was accepted before")
	}
	if !tells(t, tx, d, NewsDelivered, 3).Changed || stateOf(t, tx, d) != "delivered" {
		t.Error(stateOf(t, tx, d))
	}
	if tells(t, tx, d, NewsFailed, 2).Changed || tells(t, tx, d, NewsFailed, 4).Changed {
		t.Error("what was delivered cannot fail")
	}
}

// News may come before the provider has answered us.
func TestNewsThatAreFasterThanTheAnswer(t *testing.T) {
	tx := pgtest.Tx(t)
	w := Worker{Me: "a", Routes: []string{"sms"}}
	ringBy(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, phones(), reached(t, tx, "maria", "sms"))
	d := one(t, tx, w, noon)
	if !tells(t, tx, d, NewsDelivered, 1).Changed {
		t.Fatal("nothing changed")
	}
	_, err := w.Finish(ctx, tx, noon, d, Try{Outcome: Accepted, Ref: "SM7"})
	must(t, err)
	if got := stateOf(t, tx, d); got != "delivered" {
		t.Error(got)
	}
	if way, found, err := WayOf(ctx, tx, "", "sms", "SM7"); err != nil || !found || way.ID != d.ID {
		t.Error("its name there is not known", way, found, err)
	}
	must(t, w.Reclaim(ctx, tx, noon.Add(time.Hour), nothing()))
	if got := stateOf(t, tx, d); got != "delivered" {
		t.Errorf("taken back as %s", got)
	}
}

// The only way of somebody fails: nobody waits for them.
func TestAFailureOfTheLastWayHurriesTheHunt(t *testing.T) {
	tx := pgtest.Tx(t)
	_, d := sent(t, tx, "sms")
	if !tells(t, tx, d, NewsFailed, 0).Dead {
		t.Error("there is another way")
	}
	if due := get[time.Time](t, tx, `select due_at from escalation`); due.After(noon.Add(time.Minute)) {
		t.Errorf("the next one is rung at %v", due)
	}
}

func TestSilenceIsNoDelivery(t *testing.T) {
	tx := pgtest.Tx(t)
	_, d := sent(t, tx, "sms")
	for at, want := range map[time.Duration][]string{10 * time.Minute: {}, 10*time.Minute + time.Second: {"sms"}} {
		got, err := Expire(ctx, tx, noon.Add(at), []string{"voice", "sms"}, 10*time.Minute)
		must(t, err)
		if at == 10*time.Minute && len(got) != 0 {
			t.Errorf("after %v: %v, want %v", at, got, want)
		}
	}
	if got := stateOf(t, tx, d); got != "expired" {
		t.Error(got)
	}
	if !tells(t, tx, d, NewsDelivered, 0).Changed {
		t.Error("late is better than never")
	}
}

func TestAnEventCountsOnce(t *testing.T) {
	tx := pgtest.Tx(t)
	for i, want := range []bool{true, false} {
		fresh, err := AddEvent(ctx, tx, noon, Event{Route: "sms", Event: "SM1/delivered", What: "delivered"})
		must(t, err)
		if fresh != want {
			t.Errorf("time %d: fresh %v", i+1, fresh)
		}
	}
	if fresh, err := AddEvent(ctx, tx, noon, Event{Route: "voice", Event: "SM1/delivered", What: "delivered"}); err != nil || !fresh {
		t.Error("another provider's event is another", fresh, err)
	}
}

func TestProvidersHearOnceThatAPageIsOver(t *testing.T) {
	tx := pgtest.Tx(t)
	w, d := sent(t, tx, "voice")
	over := func() int {
		list, err := ToEnd(ctx, tx, d.EscalationID, []string{"voice"})
		must(t, err)
		return len(list)
	}
	if over() != 0 {
		t.Error("it is not over")
	}
	answer(t, tx, noon, d.PageID, PageAcked)
	if first, second := over(), over(); first != 1 || second != 0 {
		t.Errorf("told %d times, then %d", first, second)
	}
	_ = w
}

// Whatever order news come in, how often, and with which numbers: a state never goes
// back, and what was answered stays answered.
func TestNewsInAnyOrder(t *testing.T) {
	rank := []string{"queued", "leased", "submitted", "accepted", "expired", "failed", "delivered", "acked"}
	whole := pgtest.Tx(t)
	rapid.Check(t, func(r *rapid.T) {
		tx, err := whole.Begin(ctx)
		must(t, err)
		defer func() { must(t, tx.Rollback(ctx)) }()
		_, d := sent(t, tx, "sms", "voice")
		before := stateOf(t, tx, d)
		for range rapid.IntRange(1, 8).Draw(r, "news") {
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0:
				must(t, AnsweredBy(ctx, tx, noon, d.ID))
			case 1:
				_, err := Expire(ctx, tx, noon.Add(time.Hour), []string{"sms", "voice"}, time.Minute)
				must(t, err)
			default:
				news := rapid.SampledFrom([]News{NewsAccepted, NewsDelivered, NewsFailed}).Draw(r, "state")
				tells(t, tx, d, news, rapid.IntRange(0, 4).Draw(r, "seq"))
			}
			now := stateOf(t, tx, d)
			if slices.Index(rank, now) < slices.Index(rank, before) {
				r.Fatalf("from %s to %s", before, now)
			}
			before = now
		}
	})
}

func TestHealthOfRoutes(t *testing.T) {
	tx := pgtest.Tx(t)
	must(t, RouteProven(ctx, tx, noon, "sms"))
	must(t, RouteExpected(ctx, tx, noon, "sms"))
	must(t, RouteFailed(ctx, tx, noon, noon.Add(10*time.Second), "sms", "the provider answered 500"))
	must(t, RouteFailed(ctx, tx, noon, time.Time{}, "sms", "the provider answered 500"))
	list, err := HealthOf(ctx, tx)
	must(t, err)
	if len(list) != 1 || list[0].Failures != 2 || list[0].DownUntil == nil {
		t.Errorf("%+v", list)
	}
	must(t, RouteWorks(ctx, tx, noon, "sms"))
	later := noon.Add(UnprovenAfter)
	for i, want := range []int{0, 1, 0} {
		at := later.Add(time.Duration(i-1) * time.Minute)
		told, err := UntoldUnproven(ctx, tx, at, []string{"sms", "voice"})
		must(t, err)
		if len(told) != want {
			t.Errorf("at %v: %v", at, told)
		}
	}
	must(t, RouteProven(ctx, tx, later, "sms"))
	if told, err := UntoldUnproven(ctx, tx, later.Add(UnprovenAfter), []string{"sms"}); err != nil || len(told) != 1 {
		t.Error("told anew after it was proven and is not again", told, err)
	}
}
