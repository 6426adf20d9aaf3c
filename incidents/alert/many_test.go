package alert

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/secret"
)

// Many senders of one key at once, in two processes: each alert is there once, all
// repetitions are counted, and there is one group with one hunt.
func TestManyAtOnce(t *testing.T) {
	s := newScene(t, pgtest.Fresh(t).Pool)
	other := &Service{DB: s.DB, Now: s.Now, Log: s.Log}
	const senders, each, names = 12, 30, 7
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			process := s.Service
			if i%2 == 1 {
				process = other
			}
			for j := range each {
				if _, err := process.Take(ctx, s.key, eventsOf(Trigger, fmt.Sprint("n", (i+j)%names))...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	list, err := List(ctx, s.DB, Query{Past: true})
	s.must(err)
	total := int64(0)
	for _, a := range list {
		total += a.Count
	}
	s.is(len(list), names)
	s.is(total, senders*each)
	g := s.group(list[0].ID)
	s.is(g.Total, names)
	s.is(g.Triggered, names)
	s.is(s.hunts(g.ID), "hunting 2 policy:night")
	s.is(s.Service.busy, false)
}

// People answer while the source goes on: nobody waits in a circle, and the figures of
// each group are what its alerts say.
func TestAnswersBetween(t *testing.T) {
	s := newScene(t, pgtest.Fresh(t).Pool)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 25 {
				action := []Action{Trigger, Trigger, Resolve, Acknowledge}[(i+j)%4]
				if _, err := s.Take(ctx, s.key, eventsOf(action, fmt.Sprint("n", j%5), fmt.Sprint("m", j%3))...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for range 25 {
				list, err := List(ctx, s.DB, Query{Most: 1})
				if err != nil || len(list) == 0 {
					continue
				}
				if _, err := s.Ack(ctx, s.ada, list[0].ID, true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	s.settled()
}

// settled fails unless what groups say is what their alerts say.
func (s *scene) settled() {
	s.t.Helper()
	var wrong int
	s.must(s.DB.QueryRow(ctx, `
		select count(*) from alert_group g cross join lateral (
			select count(*) total, count(*) filter (where state = 'triggered') t, count(*) filter (where state = 'acknowledged') a, bool_or(told_at is null) untold
			from alert where group_id = g.id
		) c where (g.total, g.triggered, g.acknowledged) <> (c.total, c.t, c.a) or (c.untold and not g.untold)`).Scan(&wrong))
	s.is(wrong, 0)
}

// What was accepted outlives the database's sudden death; what was not is told to the
// sender, and its repetition is the same alert.
func TestKillBetween(t *testing.T) {
	own := pgtest.Private(t)
	pool, err := pg.Open(ctx, own.BotDSN(), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := newScene(t, pool)
	var accepted sync.Map
	var n atomic.Int64
	enough, dead := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := 0; ; j++ {
				name := fmt.Sprintf("s%d-%d", i, j)
				if _, err := s.Take(ctx, s.key, eventsOf(Trigger, name)...); err != nil {
					select {
					case <-dead:
						return // and only then
					default:
						t.Error(err)
						return
					}
				}
				accepted.Store(name, true)
				if n.Add(1) == 200 {
					close(enough)
				}
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing is taken")
	}
	close(dead)
	own.Kill(t)
	all.Wait()
	own.Start(t)

	again, err := pg.Open(ctx, own.BotDSN(), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	s.Service = &Service{DB: again, Now: s.Now, Log: s.Log}
	stored := map[string]bool{}
	rows, err := again.Query(ctx, `select dedup_key from alert`)
	s.must(err)
	for rows.Next() {
		var name string
		s.must(rows.Scan(&name))
		stored[name] = true
	}
	s.must(rows.Err())
	accepted.Range(func(name, _ any) bool {
		if !stored[name.(string)] {
			t.Errorf("%s was accepted and is not there", name)
		}
		return true
	})
	s.settled()
	if _, err := s.Take(ctx, s.key, eventsOf(Trigger, "after")...); err != nil {
		t.Error(err)
	}
}

// A sender who hangs up does not take those along who wait for the same commit.
func TestHangingUp(t *testing.T) {
	s := newScene(t, pgtest.Fresh(t).Pool)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	taken, err := s.Take(gone, s.key, eventsOf(Trigger, "db")...)
	s.must(err)
	s.is(taken[0].Did, DidOpen)
}

// One request that the database refuses costs no other, and a panic in between leaves
// nobody waiting.
func TestOneBadRequest(t *testing.T) {
	db := pgtest.Fresh(t)
	s := newScene(t, db.Pool)
	s.owner = db.OwnerDSN
	s.exec0(`alter table alert add constraint odd check (dedup_key <> 'odd')`)
	batch := []*asked{s.asks("good"), s.asks("odd"), s.asks("better")}
	s.commit(ctx, batch)
	s.is(batch[0].err, nil)
	s.is(batch[2].err, nil)
	if batch[1].err == nil {
		t.Error("what the database refuses was accepted")
	}
	s.is(s.stands(), "good triggered 2×1, better triggered 2×1")

	s.Engine = panics{}
	func() {
		defer func() { _ = recover() }()
		_, _ = s.Take(ctx, s.key, eventsOf(Resolve, "good", "better")...)
	}()
	s.Engine = nil
	s.is(s.busy, false)
	s.fires("good")
}

func (s *scene) asks(name string) *asked {
	return &asked{hash: hashOf(s.key), events: eventsOf(Trigger, name), turn: make(chan turn, 1)}
}

// More than the line holds is turned away at once.
func TestFullLine(t *testing.T) {
	s := newScene(t, pgtest.Tx(t))
	s.busy, s.events = true, mostWaiting
	_, err := s.Take(ctx, secret.New(s.key.Reveal()), eventsOf(Trigger, "db")...)
	if !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}
