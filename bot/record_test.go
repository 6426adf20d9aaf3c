package bot_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/command"
)

// A network may deliver a line twice; it is obeyed once.
func TestALineThatComesTwiceIsObeyedOnce(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination bea:coordination")
	say := func(network, id string) {
		s.dispatcher.Hear(ctx, s.door, bot.Heard{Network: network, Room: home, Nick: "ada", Account: "ada", Text: "!batsignal --separate fire", MessageID: id})
	}
	requests := func(want int) {
		t.Helper()
		if n := get[int](t, s.db, `select count(*) from signal_request`); n != want {
			t.Errorf("%d requests, want %d", n, want)
		}
	}
	say(network, "m1")
	say(network, "m1")
	requests(1)
	if said := s.door.take(); len(said) != 1 {
		t.Errorf("answered %q", said)
	}
	say(network, "m2")
	requests(2)
	say(network, "") // a network without numbers: each line is its own
	requests(3)
}

func TestTwoDeliveriesOfOneLineRace(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	r := bot.Record{DB: s.db}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		fresh := 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				ok, err := r.Record(ctx, command.Caller{Network: network, Account: "ada", PersonID: s.ids["ada"], MessageID: id}, "ack", start)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if ok {
					fresh++
				}
			})
		}
		all.Wait()
		if fresh != 1 {
			t.Fatalf("%d were fresh", fresh)
		}
	}
	// The same number on another network is another line.
	if ok, err := r.Record(ctx, command.Caller{Network: "elsewhere", MessageID: "a"}, "ack", start); err != nil || !ok {
		t.Errorf("%v, %v", ok, err)
	}
}

// What was typed is not kept: it may hold an address.
func TestTheRecordDoesNotKeepTheWords(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	s.hear("ada", "", "contact mail canary7f3a@example.org")
	got := get[string](t, s.db, `select string_agg(c::text, ' ') from command_call c`)
	if strings.Contains(got, "canary7f3a") || !strings.Contains(got, "contact mail") {
		t.Error(got)
	}
}

// A command whose process died in the middle is run when its line comes again; a
// finished one, or one that may still run, is not.
func TestACommandThatWasNeverFinished(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	r := bot.Record{DB: s.db}
	call := command.Caller{Network: network, Account: "ada", MessageID: "m1"}
	record := func(after time.Duration) bool {
		t.Helper()
		fresh, err := r.Record(ctx, call, "ack", start.Add(after))
		s.must(err)
		return fresh
	}
	if !record(0) || record(time.Second) || record(7*time.Second) {
		t.Error("it ran twice while it may still have run")
	}
	if !record(9*time.Second) || record(10*time.Second) {
		t.Error("a command that was lost is not run again, or twice")
	}
	r.Finish(ctx, call, start.Add(11*time.Second))
	if record(time.Hour) {
		t.Error("a finished command was run again")
	}
}

// A command that a dead process began a moment ago is run by whoever was given its
// line; the same process does not run it twice at once, and nobody runs it when it is
// done.
func TestWhatADeadProcessBeganIsRunAgain(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	dead, heir := bot.Record{DB: s.db, Me: "dead"}, bot.Record{DB: s.db, Me: "heir"}
	caller := command.Caller{Network: network, Account: "ada", PersonID: s.ids["ada"], MessageID: "m1"}
	fresh := func(r bot.Record, want bool) {
		t.Helper()
		got, err := r.Record(ctx, caller, "ack", start.Add(time.Second))
		s.must(err)
		if got != want {
			t.Errorf("%s may run it: %v, want %v", r.Me, got, want)
		}
	}
	fresh(dead, true)
	fresh(dead, false)
	fresh(heir, true)
	fresh(heir, false)
	heir.Finish(ctx, caller, start)
	fresh(dead, false)
}
