package bot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/bot"
	"batsignal/incidents"
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
	want := []string{"#ops one: !ack", "open #inc topic", "topic #inc new"}
	for i := range 120 {
		want = append(want, fmt.Sprint("#ops line ", i))
	}
	want = append(want, "@ada private", "invite ada #inc") // the page named the room already
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
// Hundreds are asked whether their yes still stands, and in the middle of that something
// burns: it is said at once, whoever of them cannot be reached.
func TestAnIncidentDoesNotWaitForPrivateLines(t *testing.T) {
	for _, refused := range []bool{false, true} {
		s := newStage(t, roster(), "")
		var asked []notice.Notice
		for i := range 60 {
			asked = append(asked, notice.Notice{Network: network, Kind: notice.Say, Account: fmt.Sprint("p", i), Text: "still?"})
		}
		s.post(asked...)
		n := 0
		s.door.fail = func(call string) error {
			if n++; n == 5 {
				s.post(say("#ops", "fire"))
			}
			if refused && n == 1 {
				return errors.New("not now")
			}
			return nil
		}
		for range 3 {
			s.drain()
		}
		lines := s.door.take()
		at := slices.Index(lines, "#ops fire")
		if at < 0 || at > 20 {
			t.Errorf("said as line %d of %d: %q", at, len(lines), lines)
		}
		if !refused && len(lines) != 61 {
			t.Errorf("%d lines", len(lines))
		}
	}
}

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

// mover is a network that gives another room than the wanted one, and shows summaries.
type mover struct {
	*door
	shown []bot.Summary
}

func (m *mover) OpenRoom(_ context.Context, room, topic string) (bot.Opened, error) {
	return bot.Opened{Room: room + "-2", Why: "the name is taken"}, m.do("open " + room + "-2 " + topic)
}

func (m *mover) Summarize(_ context.Context, room string, s bot.Summary) error {
	m.shown = append(m.shown, s)
	return m.do("summary " + room)
}

// moved is a stage with INC-1 open on such a network.
func moved(t *testing.T) (*stage, *mover) {
	t.Helper()
	s := newStage(t, roster(), "ada:coordination bea:coordination")
	s.incidents.Networks = []incidents.Network{{Name: network, Home: home, RoomName: "#inc-{id}", Summaries: true, CloseAfter: time.Hour}}
	m := &mover{door: s.door}
	s.outbox.Networks[network] = m
	s.hear("ada", home, "!batsignal fire")
	s.hear("bea", home, "!confirm")
	s.drain()
	return s, m
}

// What waits for a room goes to the one that the network gave in its place.
func TestARoomThatMoved(t *testing.T) {
	s, _ := moved(t)
	said := s.door.take()
	if n := strings.Count(joined(said), `"#inc-1 `); n != 0 {
		t.Errorf("%d lines went to a room that is not ours: %s", n, joined(said))
	}
	for _, want := range []string{"open #inc-1-2 ", "#inc-1-2 [INC-1] Paging ada", "invite ada #inc-1-2", "#ops [INC-1] On net this incident is in #inc-1-2, not in #inc-1: the name is taken."} {
		if !strings.Contains(joined(said), want) {
			t.Errorf("%q is not in %s", want, joined(said))
		}
	}
	s.answered("ada", "#inc-1-2", "!baton who", "#inc-1-2 Baton of INC-1: nobody.")
}

// Many changes are shown once, and what is shown is how things stand by then.
func TestSummariesAreShownOnceForMany(t *testing.T) {
	s, m := moved(t)
	if len(m.shown) == 0 || len(m.shown) > 3 {
		t.Errorf("shown %d times", len(m.shown))
	}
	m.shown = nil
	for range 10 {
		s.hear("ada", "#inc-1-2", "!incident note one more")
	}
	s.hear("ada", "#inc-1-2", "!baton take")
	s.drain()
	if len(m.shown) != 1 || m.shown[0].Lead != "ada" || m.shown[0].Incident.ID != 1 {
		t.Errorf("%+v", m.shown)
	}
	if n := get[int](t, s.db, `select count(*) from notice where state = 'waiting'`); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

// The room is closed an hour after the end, unless it goes on.
func TestARoomIsClosedLater(t *testing.T) {
	s, _ := moved(t)
	s.hear("ada", "#inc-1-2", "!role take coordination")
	s.hear("ada", "#inc-1-2", "!incident resolve")
	s.drain()
	s.wait(time.Hour - time.Second)
	s.drain()
	if said := joined(s.door.take()); strings.Contains(said, "close ") {
		t.Error(said)
	}
	s.hear("ada", home, "!incident reopen 1")
	s.wait(time.Hour)
	s.drain()
	if said := joined(s.door.take()); strings.Contains(said, "close ") || strings.Contains(said, "open #inc-1-2-2") {
		t.Error(said)
	}
	s.hear("ada", "#inc-1-2", "!incident resolve")
	s.wait(time.Hour)
	s.drain()
	if said := joined(s.door.take()); !strings.Contains(said, "close #inc-1-2") {
		t.Error(said)
	}
	s.hear("ada", home, "!incident reopen 1") // it is entered again
	s.drain()
	if said := joined(s.door.take()); !strings.Contains(said, "open #inc-1-2-2 ") {
		t.Error(said)
	}
}

// What the network lets nothing pass of just now costs no try, and others do not wait.
func TestABusyRoomCostsNoTry(t *testing.T) {
	s := newStage(t, roster(), "")
	s.door.fail = func(what string) error {
		if strings.HasPrefix(what, "#ops") {
			return fmt.Errorf("limited: %w", bot.ErrBusy)
		}
		return nil
	}
	s.post(say("#ops", "one"), say("#inc", "two"))
	for range 10 {
		if s.drain() == 0 {
			t.Fatal("it does not come back to it")
		}
	}
	if got := s.states(); got != "waiting0 sent1" {
		t.Error(got)
	}
}
