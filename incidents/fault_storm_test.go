package incidents_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/paging"
)

// counted counts the transactions that are begun.
type counted struct {
	pg.DB
	begun atomic.Int64
}

func (c *counted) Begin(ctx context.Context) (pgx.Tx, error) {
	c.begun.Add(1)
	return c.DB.Begin(ctx)
}

// isolated opens a pool whose transactions are the strictest that Postgres has, in which
// each of two that touch the same makes the other one fail.
func isolated(t *testing.T, db *pgtest.DB) *counted {
	t.Helper()
	pool, err := pg.Open(ctx, db.BotDSN+"&default_transaction_isolation=serializable", pg.Options{MaxConns: 12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if got := get[string](t, pool, `show default_transaction_isolation`); got != "serializable" {
		t.Fatal(got)
	}
	return &counted{DB: pool}
}

// mostTries is how often a transaction is tried: see migrations/pg/tx.go.
const mostTries = 6

// Row 7: a storm of serialization failures. Everybody is rung, and all of them answer at
// once, each more than once and in several ways, while providers tell of the same pages
// and hunts take their steps. Whoever loses is repeated, not for ever; what is told to
// have happened has, once, and what is refused can be said again.
func TestFault07SerializationStorm(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	people := "ada:lead"
	for i := range 12 {
		people += fmt.Sprintf(" p%d:fix", i)
	}
	s := sceneOn(t, db.Pool, people)
	s.svc.Log = quietLog()
	sms, _ := s.phones()
	for i := range 12 {
		s.phone(fmt.Sprintf("p%d", i), "sms")
	}
	sig := fire()
	sig.Everyone = true
	inc := s.light("ada", "p0", sig)
	s.advance(time.Minute)
	texts := sms.take()
	if len(texts) != 12 {
		t.Fatalf("%d texts", len(texts))
	}
	storm := isolated(t, db)
	s.svc.DB = storm
	var all []func() error
	for i, m := range texts {
		reply := paging.Reply{Route: "sms", Event: fmt.Sprint("SM", i), Text: m.Code}
		all = append(all,
			func() error { _, err := s.svc.Reply(ctx, reply); return err },
			func() error { _, err := s.svc.Ack(ctx, s.as(m.Person), m.Page); return err },
			func() error {
				return s.svc.Receipt(ctx, paging.Receipt{Route: "sms", Event: fmt.Sprint("D", i), Key: m.Key, Seq: 5, News: paging.NewsDelivered})
			})
	}
	for i := range 3 {
		pager := s.newPager(fmt.Sprint("storm", i))
		all = append(all, func() error { _, err := pager.Step(ctx); pager.Settle(); return err })
	}
	lost := 0
	for _, err := range together(all...) {
		if err == nil {
			continue
		}
		if lost++; !strings.Contains(err.Error(), "40001") && !strings.Contains(err.Error(), "40P01") {
			t.Errorf("%v", err)
		}
	}
	// A step of a pager is some transactions: what is due is looked for again by each.
	if begun := storm.begun.Load(); begun > int64(mostTries*(len(all)+60)) {
		t.Errorf("%d transactions for %d operations", begun, len(all))
	}
	t.Logf("%d operations in %d transactions, %d lost", len(all), storm.begun.Load(), lost)
	s.svc.DB = s.db
	for i, m := range texts { // whoever was told that it did not work does it again
		_, err := s.svc.Reply(ctx, paging.Reply{Route: "sms", Event: fmt.Sprint("SM", i), Text: m.Code})
		s.must(err)
	}
	s.settle()
	lines := s.timeline(inc.ID)
	for _, m := range texts {
		if n := countOf(lines, fmt.Sprintf("ack: %s answers P%d and has", m.Person, m.Page)); n != 1 {
			t.Errorf("%s answered %d times", m.Person, n)
		}
	}
	if n := get[int](t, s.db, `select count(*) from responder where role = 'fix' and left_at is null`); n != len(texts) {
		t.Errorf("%d responders", n)
	}
	if got := get[string](t, s.db, `select state from escalation where slot = 'role:fix'`); got != "filled" {
		t.Errorf("the hunt is %s", got)
	}
}

// Row 7, for pages: while all connections of everybody else wait for one another, the
// pager's own pool is free, and another incident's page leaves.
func TestFault07PagesHaveAPoolOfTheirOwn(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "cem", fire())
	s.settle()
	other := s.light("ada", "cem", fire())
	s.wire.take()
	few, err := pg.Open(ctx, db.BotDSN, pg.Options{MaxConns: 3})
	s.must(err)
	t.Cleanup(few.Close)
	crowd := *s.svc
	crowd.DB = few

	held, err := s.db.Begin(ctx) // somebody is slow with the first incident
	s.must(err)
	_, err = held.Exec(ctx, `select from incident where id = $1 for update`, inc.ID)
	s.must(err)
	page := get[int64](t, s.db, `select min(id) from page where person_id = $1`, s.ids["bea"])
	done := make(chan error, 10)
	for range cap(done) {
		go func() {
			_, err := crowd.Ack(ctx, s.as("bea"), page)
			done <- err
		}()
	}
	eventually(t, "the crowd holds every connection that it may have", func() bool { return s.waiting() == 3 })
	_, err = s.pager.Step(ctx)
	s.must(err)
	s.pager.Settle()
	if sent := s.wire.take(); sent != "ada bea" {
		t.Errorf("rung for %s: %q", other.Ref(), sent)
	}
	s.must(held.Rollback(ctx))
	for range cap(done) {
		s.must(<-done)
	}
	if n := countOf(s.timeline(inc.ID), "ack: bea answers P"); n != 1 {
		t.Errorf("answered %d times", n)
	}
}

// waiting counts the connections that wait for a lock.
func (s *scene) waiting() int {
	s.Helper()
	return get[int](s, s.db, `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
}

// Row 7: an answer takes its locks in the order of everybody else. While it waits for its
// incident, it holds up nothing that whoever has the incident needs, nor any other
// incident's news.
func TestFault07AnAnswerWaitsWithEmptyHands(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(*scene, paging.Message) error{
		"a text": func(s *scene, m paging.Message) error {
			_, err := s.svc.Reply(ctx, paging.Reply{Route: "sms", Event: "SM1", Text: m.Code})
			return err
		},
		"a key": func(s *scene, m paging.Message) error {
			_, err := s.svc.Reply(ctx, paging.Reply{Route: "sms", Event: "SM1", Key: m.Key, Text: m.Keys.Decline})
			return err
		},
		"a receipt": func(s *scene, m paging.Message) error {
			return s.svc.Receipt(ctx, paging.Receipt{Route: "sms", Event: "SM1", Key: m.Key, Seq: 5, News: paging.NewsDelivered})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.Fresh(t)
			s := sceneOn(t, db.Pool, "ada:lead bea:fix")
			sms, _ := s.phones()
			s.phone("bea", "sms")
			s.lit()
			s.advance(time.Minute)
			m := sms.take()[0]
			s.must(paging.RouteProven(ctx, s.db, s.Now().Add(-time.Hour), "sms"))
			holder, err := s.db.Begin(ctx)
			s.must(err)
			_, err = holder.Exec(ctx, `select from incident for update`)
			s.must(err)
			done := make(chan error, 1)
			go func() { done <- answer(s, m) }()
			eventually(t, "it waits for the incident", func() bool { return s.waiting() == 1 })
			for what, sql := range map[string]string{
				"delivery": `select from delivery where route = 'sms' for no key update nowait`,
				"contact":  `select from contact for no key update nowait`,
				"route":    `select from route_health where route = 'sms' for no key update nowait`,
			} {
				other, err := s.db.Begin(ctx)
				s.must(err)
				if _, err := other.Exec(ctx, sql); err != nil {
					t.Errorf("it holds the %s: %v", what, err)
				}
				s.must(other.Rollback(ctx))
			}
			s.must(holder.Rollback(ctx))
			s.must(<-done)
		})
	}
}

// refusing is a database in which every commit loses.
type refusing struct{ counted }

func (r *refusing) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := r.counted.Begin(ctx)
	return loser{tx}, err
}

type loser struct{ pgx.Tx }

func (l loser) Commit(ctx context.Context) error {
	_ = l.Tx.Rollback(ctx)
	return &pgconn.PgError{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "40001", Message: "could not serialize access"}
}

// Row 7: what always loses is given up, and says so. A hunt whose step always loses rests
// and holds up no other; nothing of it is written half.
func TestFault07WhatAlwaysLosesIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.svc.Log = quietLog()
	inc := s.light("ada", "bea", fire())
	s.settle()
	before := s.rowsOf()
	db := &refusing{counted{DB: s.db}}
	s.svc.DB = db
	if _, err := s.svc.Ack(ctx, s.as("bea"), 0); err == nil {
		t.Error("no error")
	}
	if n := db.begun.Load(); n != mostTries {
		t.Errorf("tried %d times", n)
	}
	s.setNow(start.Add(urgent))
	db.begun.Store(0)
	if _, err := s.pager.Step(ctx); err == nil { // whoever waits is looked for in a transaction too
		t.Error("no error")
	}
	if n := db.begun.Load(); n > 3*mostTries {
		t.Errorf("the steps of two hunts were tried %d times", n)
	}
	if after := s.rowsOf(); after != before {
		t.Errorf("%s became %s", before, after)
	}
	s.svc.DB = s.db
	s.advance(10 * time.Second)
	if sent := s.wire.take(); sent != "ada ada bea bea" {
		t.Errorf("rung: %q", sent)
	}
	_, err := s.svc.Ack(ctx, s.as("bea"), 0)
	s.must(err)
	if got := s.filled(inc.ID); !strings.Contains(got, "fix=bea") {
		t.Error(got)
	}
}
