package bot_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/bot"
	"batsignal/incidents/meeting"
	"batsignal/migrations/pg"
)

// desk is a stage with a scribe that writes.
type desk struct {
	*stage
	meetings *meeting.Service
	scribe   *bot.Scribe
}

func newDesk(t *testing.T, db func(pg.DB) pg.DB) *desk {
	t.Helper()
	s := newStage(t, bot.Policy{}, "ada bob")
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	d := &desk{stage: s, meetings: &meeting.Service{
		DB: s.db, Queue: queue, Now: s.Now, Log: log, Incidents: s.incidents,
		Policy: meeting.Policy{Rooms: []meeting.RoomPolicy{{Network: network, Room: home, Recent: 10 * time.Minute}}},
	}}
	if db != nil {
		d.meetings.DB = db(s.db)
	}
	d.scribe = bot.NewScribe(d.meetings, log)
	d.scribe.Patient = db == nil
	s.dispatcher.Scribe, s.outbox.Scribe = d.scribe, d.scribe
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { _ = d.scribe.Run(running) }) // it returns nil, always
	t.Cleanup(func() { stop(); all.Wait() })
	return d
}

// say has somebody say a line in the home room, and returns what the bot says by then.
func (d *desk) say(nick, text string) []string {
	d.Helper()
	d.dispatcher.Hear(ctx, d.door, bot.Heard{At: d.Now(), Network: network, Room: home, Nick: nick, Account: nick, Text: text})
	d.scribe.Settle(ctx)
	d.drain()
	return d.door.take()
}

func (d *desk) drain() {
	d.Helper()
	_, err := d.outbox.Drain(ctx, network)
	d.must(err)
	d.scribe.Settle(ctx)
}

func (d *desk) lines() []string {
	d.Helper()
	rows, err := d.db.Query(ctx, `select nick || ': ' || text from meeting_event where line is not null order by meeting_id, line`)
	d.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	d.must(err)
	return list
}

func TestTheBotIsOnRecordToo(t *testing.T) {
	d := newDesk(t, nil)
	d.door.room = bot.RoomState{Self: "wayne"}
	d.say("ada", "#startmeeting")
	d.say("ada", "!incident list")
	lines := strings.Join(d.lines(), "\n")
	for _, want := range []string{"ada: #startmeeting", "wayne: Meeting started", "ada: !incident list", "wayne: There was no incident so far."} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is not on record:\n%s", want, lines)
		}
	}
}

// TestEverybodyIsCalledSeldom: "#pingall" is for chairs, calls everybody else, and not
// twice in ten minutes.
func TestEverybodyIsCalledSeldom(t *testing.T) {
	d := newDesk(t, nil)
	d.door.room = bot.RoomState{Names: strings.Fields("ada batsignal bob cleo"), Self: "batsignal"}
	d.say("ada", "#startmeeting")
	if said := d.say("bob", "#pingall now"); len(said) != 1 || !strings.HasPrefix(said[0], "@bob #pingall is for chairs") {
		t.Errorf("bob is no chair, and hears %q", said)
	}
	if said := d.say("ada", "#pingall we begin"); fmt.Sprint(said) != "[#ops Calling bob cleo #ops Called by ada: we begin]" {
		t.Errorf("the room hears %q", said)
	}
	if said := d.say("ada", "#pingall again"); len(said) != 1 || !strings.HasPrefix(said[0], "@ada Everybody was called") {
		t.Errorf("the second time: %q", said)
	}
}

// TestALateStart takes in what was said before it, in a room that keeps that.
func TestALateStart(t *testing.T) {
	d := newDesk(t, nil)
	d.say("bob", "too long ago")
	d.wait(9 * time.Minute)
	d.say("bob", "#action bob asks the vendor")
	d.say("bob", "[off] not for the record")
	d.say("bob", "#agreed by nobody")
	d.wait(2 * time.Minute)
	d.say("ada", "#startmeeting")
	if said := d.say("ada", "#adopt"); fmt.Sprint(said) != "[#ops Taken into the minutes: 2 lines from before the meeting.]" {
		t.Errorf("the room hears %q", said)
	}
	if said := d.say("ada", "#adopt 30"); fmt.Sprint(said) != "[#ops Taken into the minutes: 0 lines from before the meeting.]" {
		t.Errorf("the second time: %q", said)
	}
	lines := strings.Join(d.lines(), "\n")
	if !strings.Contains(lines, "bob: #action bob asks") || strings.Contains(lines, "too long ago") || strings.Contains(lines, "not for the record") {
		t.Errorf("on record is:\n%s", lines)
	}
	items := get[string](t, d.db, `select string_agg(kind || ' ' || text, ', ') from meeting_item`)
	if items != "ACTION bob asks the vendor" {
		t.Errorf("the minutes have %q", items)
	}
}

// away is a database that comes and goes.
type away struct {
	pg.DB
	mu   sync.Mutex
	gone bool
}

func (a *away) set(gone bool) { a.mu.Lock(); a.gone = gone; a.mu.Unlock() }

func (a *away) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return fmt.Errorf("the database is away")
	}
	return nil
}

func (a *away) Begin(c context.Context) (pgx.Tx, error) {
	if err := a.err(); err != nil {
		return nil, err
	}
	return a.DB.Begin(c)
}

func (a *away) Query(c context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := a.err(); err != nil {
		return nil, err
	}
	return a.DB.Query(c, sql, args...)
}

// TestWhatIsSaidWhileTheDatabaseIsAway is on record when it is back, once and in order;
// a line that no row can hold does not hold up the others.
func TestWhatIsSaidWhileTheDatabaseIsAway(t *testing.T) {
	var db *away
	d := newDesk(t, func(real pg.DB) pg.DB { db = &away{DB: real}; return db })
	d.say("ada", "#startmeeting")
	db.set(true)
	hear := func(text, link string) {
		d.scribe.Hear(ctx, d.door, bot.Heard{At: d.Now(), Network: network, Room: home, Nick: "bob", Text: text, MessageID: link})
	}
	for i := range 50 {
		hear(fmt.Sprintf("line %d", i), "")
	}
	hear("too long a number", strings.Repeat("x", 300))
	hear("the last line", "")
	db.set(false)
	d.scribe.Settle(ctx)
	var got []string
	for _, line := range d.lines() {
		if text, ok := strings.CutPrefix(line, "bob: "); ok {
			got = append(got, text)
		}
	}
	if len(got) != 51 || got[0] != "line 0" || got[49] != "line 49" || got[50] != "the last line" {
		t.Errorf("on record are %d lines: %q", len(got), got)
	}
}
