package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/bot"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

func (s *stage) post(notices ...notice.Notice) {
	s.Helper()
	s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		return notice.Post(ctx, tx, s.incidents.Queue, s.Now(), notices...)
	}))
}

func say(room, text string) notice.Notice {
	return notice.Notice{Network: network, Kind: notice.Say, Room: room, Text: text}
}

func (s *stage) drain() (rest time.Duration) {
	s.Helper()
	rest, err := s.outbox.Drain(ctx, network)
	s.must(err)
	return rest
}

func (s *stage) states() string {
	s.Helper()
	return get[string](s, s.db, `select coalesce(string_agg(state || tries, ' ' order by id), '') from notice`)
}

func TestEveryKindIsDoneInItsOrder(t *testing.T) {
	s := newStage(t, roster(), "")
	s.post(
		say("#ops", "one: !ack"),
		notice.Notice{Network: network, Kind: notice.Open, Room: "#inc", Text: "topic"},
		notice.Notice{Network: network, Kind: notice.Topic, Room: "#inc", Text: "new"},
		notice.Notice{Network: network, Kind: notice.Invite, Room: "#inc", Account: "ada"},
		notice.Notice{Network: network, Kind: notice.Say, Account: "ada", Text: "private"},
	)
	for i := range 120 { // more than one look at the rows
		s.post(say("#ops", fmt.Sprint("line ", i)))
	}
	s.post(notice.Notice{Network: "elsewhere", Kind: notice.Say, Room: "#x", Text: "not ours"})
	if rest := s.drain(); rest != 0 {
		t.Errorf("rests %v", rest)
	}
	want := []string{"#ops one: !ack", "open #inc topic", "topic #inc new", "@ada private"}
	for i := range 120 {
		want = append(want, fmt.Sprint("#ops line ", i))
	}
	want = append(want, "invite ada #inc") // the page named the room already
	if got := s.door.take(); joined(got) != joined(want) {
		t.Error(joined(got))
	}
	if n := get[int](t, s.db, `select count(*) from notice where state = 'waiting'`); n != 1 {
		t.Errorf("%d wait, want the one of the other network", n)
	}
	// A job that comes a second time finds nothing to do.
	if rest := s.drain(); rest != 0 || len(s.door.take()) != 0 {
		t.Error("said twice")
	}
	// A process that is not on a network leaves its announcements alone.
	if rest, err := s.outbox.Drain(ctx, "elsewhere"); err != nil || rest != 0 {
		t.Errorf("%v, %v", rest, err)
	}
}

// While the network is away nothing is lost, and no try is counted.
func TestOffline(t *testing.T) {
	s := newStage(t, roster(), "")
	away := true
	s.door.fail = func(string) error {
		if away {
			return fmt.Errorf("no: %w", bot.ErrOffline)
		}
		return nil
	}
	s.post(say("#ops", "one"), say("#ops", "two"), say("#inc", "three"))
	for range 20 {
		if s.drain() == 0 {
			t.Fatal("it does not come back to it")
		}
	}
	if got := s.states(); got != "waiting0 waiting0 waiting0" {
		t.Error(got)
	}
	away = false
	if rest := s.drain(); rest != 0 {
		t.Error(rest)
	}
	if got := strings.Join(s.door.take(), ", "); got != "#ops one, #ops two, #inc three" {
		t.Error(got)
	}
}

func TestAnAbsentPersonIsGivenUp(t *testing.T) {
	s := newStage(t, roster(), "")
	s.door.fail = func(what string) error {
		if strings.HasPrefix(what, "@ada") {
			return fmt.Errorf("whois: %w", bot.ErrAbsent)
		}
		return nil
	}
	s.post(notice.Notice{Network: network, Kind: notice.Say, Account: "ada", Text: "x"}, say("#ops", "two"))
	if rest := s.drain(); rest != 0 || s.states() != "failed1 sent1" {
		t.Errorf("%v, %s", rest, s.states())
	}
	if got := get[string](t, s.db, `select detail from notice where state = 'failed'`); got != "whois: "+bot.ErrAbsent.Error() {
		t.Error(got)
	}
}

// What the network refuses is tried five times. The lines of that room keep their
// order meanwhile, and the other rooms do not wait for it.
func TestARefusedLineIsTriedFiveTimes(t *testing.T) {
	s := newStage(t, roster(), "")
	s.door.fail = func(what string) error {
		if what == "#ops one" {
			return errors.New("cannot send to channel")
		}
		return nil
	}
	s.post(say("#ops", "one"), say("#ops", "two"), say("#inc", "three"))
	for try := 1; try < 5; try++ {
		if rest := s.drain(); rest < time.Second {
			t.Errorf("try %d rests %v", try, rest)
		}
		if got := s.states(); got != fmt.Sprintf("waiting%d waiting0 sent1", try) {
			t.Errorf("try %d: %s", try, got)
		}
	}
	if rest := s.drain(); rest != 0 || s.states() != "failed5 sent1 sent1" {
		t.Errorf("%v, %s", rest, s.states())
	}
	if got := strings.Join(s.door.take(), ", "); got != "#inc three, #ops two" {
		t.Error(got)
	}
}

// A topic that we may not set would only hold up what is said behind it.
func TestAForbiddenTopicIsGivenUpAtOnce(t *testing.T) {
	s := newStage(t, roster(), "")
	s.door.fail = func(what string) error {
		if strings.HasPrefix(what, "topic") {
			return fault.New(fault.Forbidden, "not an operator")
		}
		return nil
	}
	s.post(notice.Notice{Network: network, Kind: notice.Topic, Room: "#inc", Text: "x"}, say("#inc", "two"))
	if rest := s.drain(); rest != 0 || s.states() != "failed1 sent1" {
		t.Errorf("%v, %s", rest, s.states())
	}
}

// The job stays with an absent network, and goes to the next process when this one
// ends; nothing is lost on the way.
func TestWorkEndsWithItsProcess(t *testing.T) {
	s := newStage(t, roster(), "")
	tried := make(chan bool, 100)
	s.door.fail = func(string) error { tried <- true; return bot.ErrOffline }
	s.post(say("#ops", "one"))
	working, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		done <- s.outbox.Work(working, &river.Job[notice.DrainArgs]{Args: notice.DrainArgs{Network: network}})
	}()
	<-tried
	<-tried
	cancel()
	var snooze *river.JobSnoozeError
	if err := <-done; !errors.As(err, &snooze) {
		t.Errorf("%v", err)
	}
	if got := s.states(); got != "waiting0" {
		t.Error(got)
	}
	s.door.fail = nil
	if err := s.outbox.Work(ctx, &river.Job[notice.DrainArgs]{Args: notice.DrainArgs{Network: network}}); err != nil || s.states() != "sent1" {
		t.Errorf("%v, %s", err, s.states())
	}
}
