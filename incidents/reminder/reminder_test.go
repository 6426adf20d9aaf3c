package reminder_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine that tests

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents/reminder"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) // a Monday
	maria = oncall.Actor{Handle: "maria", Zone: "Europe/Berlin", Network: "libera", Room: "#ops", Account: "maria"}
)

// scene is reminders on a database of their own, at a time that is moved by hand.
type scene struct {
	testing.TB
	*reminder.Service
	db *pgxpool.Pool

	mu  sync.Mutex
	now time.Time
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{TB: t, db: pgtest.Fresh(t).Pool, now: start}
	s.Service = s.process()
	return s
}

func (s *scene) process() *reminder.Service {
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	return &reminder.Service{DB: s.db, Queue: queue, Now: s.clock, Log: log, Rooms: []rota.Room{{Network: "libera", Room: "#ops"}}, Avoid: []time.Weekday{time.Friday}}
}

func (s *scene) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) at(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) refused(err error, kind fault.Kind, part string) {
	s.Helper()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(fault.Say(err), part) {
		s.Errorf("want %v with %q, got %v", kind, part, err)
	}
}

func (s *scene) add(r reminder.Reminder) reminder.Reminder {
	s.Helper()
	r, err := s.Add(ctx, maria, r)
	s.must(err)
	return r
}

func (s *scene) said() []string {
	s.Helper()
	rows, err := s.db.Query(ctx, `select room || ' ' || text from notice where state = 'waiting' order by id`)
	s.must(err)
	said, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	_, err = s.db.Exec(ctx, `update notice set state = 'sent', done_at = $1`, s.clock())
	s.must(err)
	return said
}

// until lets time pass as a bot sees it that looks every hour, and returns what was said,
// with when: the day and the hour in UTC.
func (s *scene) until(end string) (said []string) {
	s.Helper()
	for last := day(end).Add(23 * time.Hour); !s.clock().After(last); s.at(s.clock().Add(time.Hour)) {
		s.must(s.Look(ctx))
		for _, line := range s.said() {
			said = append(said, s.clock().Format("01-02 15h ")+line)
		}
	}
	return said
}

func (s *scene) expect(got []string, parts ...string) {
	s.Helper()
	if len(got) != len(parts) {
		s.Errorf("%d lines, want %d:\n%s", len(got), len(parts), strings.Join(got, "\n"))
		return
	}
	for i, part := range parts {
		if !strings.Contains(got[i], part) {
			s.Errorf("got  %q\nwant %q", got[i], part)
		}
	}
}

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func days(n int) *int { return &n }

// Every 150 days, never on a Friday, counted from the day on which it was done.
func TestARhythm(t *testing.T) {
	s := newScene(t)
	r := s.add(reminder.Reminder{What: reminder.Rhythm, Title: "reboot the build hosts", Every: days(150), Ahead: 7, Owner: "bert", Means: "they run an old kernel"})
	if r.Zone != "Europe/Berlin" || !r.DueOn.Equal(day("2027-04-29")) || r.MadeBy != "maria" {
		t.Errorf("%+v", r)
	}
	s.expect(s.until("2026-12-05"))
	s.at(day("2027-04-20"))
	s.expect(s.until("2027-04-29"),
		"04-22 07h #ops Reminder: R1, due 2027-04-29, every 150 days, bert: reboot the build hosts. If it is left: they run an old kernel. Say !reminder done R1 when it is done.",
		"04-29 07h #ops Reminder: R1, due today (2027-04-29), every 150 days, bert: reboot")
	s.at(day("2027-05-03").Add(10 * time.Hour))
	r, err := s.Done(ctx, maria, 1, "with  the new kernel")
	s.must(err)
	if !r.Due.Equal(day("2027-09-30")) || !r.DueOn.Equal(r.Due) || r.Told != 0 { // a Thursday
		t.Errorf("%+v", r)
	}
	_, err = s.Done(ctx, maria, 1, "")
	s.refused(err, fault.Conflict, "R1 was done today already, says maria. It is due next on 2027-09-30.")

	s.at(day("2027-05-04").Add(10 * time.Hour)) // and again, since the first time did not help
	r, err = s.Done(ctx, maria, 1, "")
	s.must(err)
	if !r.DueOn.Equal(day("2027-10-01")) || !r.Due.Equal(day("2027-10-02")) { // a Friday, so the day after
		t.Errorf("%+v", r)
	}
	s.expect(s.until("2027-05-12"))
	s.at(day("2027-09-20"))
	s.expect(s.until("2027-10-10"), "09-25 07h", "10-02 07h #ops Reminder: R1, due today (2027-10-02)", "10-09 07h #ops Reminder, 1 week late: R1, overdue since 2027-10-02, every")
	done, err := s.History(ctx, 1)
	if err != nil || len(done) != 2 || done[1].Note != "with the new kernel" || !done[1].DueOn.Equal(day("2027-04-29")) || done[0].By != "maria" {
		t.Error(done, err)
	}
}

// What ends is told ahead, on the day and then every week, more urgently, until somebody
// renews it.
func TestWhatEnds(t *testing.T) {
	s := newScene(t)
	s.add(reminder.Reminder{What: reminder.End, Title: "warranty of rack 3", Means: "a new disk takes five days instead of one", Ahead: 30, DueOn: day("2027-01-01"), Zone: "America/New_York"}) // a Friday
	got := s.until("2027-02-05")
	s.expect(got,
		"12-02 14h #ops Reminder: R1, ends 2027-01-01, nobody's yet: warranty of rack 3. Its end means: a new disk takes five days instead of one. Say !reminder renew R1 DATE when it is renewed, or !reminder done R1 when it is dealt with.",
		"01-01 14h #ops Reminder: R1, ends today (2027-01-01), nobody's yet: warranty of rack 3. Its end means: a new disk takes five days instead of one. Somebody has to take it: !reminder owner R1 NAME. Say",
		"01-08 14h #ops Reminder, 1 week late: R1, ended 2027-01-01",
		"01-15 14h #ops Reminder, 2 weeks late: ",
		"01-22 14h #ops Reminder, 3 weeks late: ",
		"01-29 14h #ops Reminder, 4 weeks late, told 5 times and not answered: R1, ended 2027-01-01, nobody's yet: warranty of rack 3.",
		"02-05 14h #ops Reminder, 5 weeks late, told 6 times and not answered: ")
	if !strings.Contains(got[5], "Whoever leads this team: decide now. !reminder renew R1 DATE if it goes on") {
		t.Error(got[5])
	}
	for _, until := range []string{"2026-12-31", "2027-01-01", "2027-02-01", "2200-01-01"} {
		_, err := s.Renew(ctx, maria, 1, day(until), "")
		s.refused(err, fault.Invalid, "")
	}
	r, err := s.SetOwner(ctx, maria, 1, " aiko ")
	s.must(err)
	if r.Owner != "aiko" || r.Version != 2 {
		t.Errorf("%+v", r)
	}
	_, err = s.Renew(ctx, maria, 1, day("2027-04-01"), "three more years cost too much")
	s.must(err)
	s.expect(s.until("2027-03-03"), "03-02 14h #ops Reminder: R1, ends 2027-04-01, aiko: warranty of rack 3.")
	r, err = s.Done(ctx, maria, 1, "replaced")
	s.must(err)
	if r.GoneAt == nil {
		t.Errorf("%+v", r)
	}
	s.expect(s.until("2027-04-10"))
	_, err = s.Done(ctx, maria, 1, "")
	s.refused(err, fault.Conflict, "The reminder R1 is gone since 2027-03-0")
	if list, err := s.List(ctx); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	if gone, err := s.Get(ctx, 1); err != nil || !strings.Contains(gone.Head(s.clock()), "no more since") {
		t.Error(gone, err)
	}
	if done, err := s.History(ctx, 1); err != nil || len(done) != 2 || done[0].Note != "replaced" {
		t.Error(done, err)
	}
}

func TestWhatCannotBeRemembered(t *testing.T) {
	s := newScene(t)
	ok := reminder.Reminder{What: reminder.Rhythm, Title: "x", Every: days(10)}
	s.add(ok)
	for _, c := range []struct {
		change func(*reminder.Reminder)
		kind   fault.Kind
		say    string
	}{
		{func(r *reminder.Reminder) { r.Title = " X " }, fault.Conflict, `There is a reminder with the title "X" already`},
		{func(r *reminder.Reminder) { r.Title = "\n" }, fault.Invalid, "has a title"},
		{func(r *reminder.Reminder) { r.Title = strings.Repeat("ü", 201) }, fault.Invalid, "has a title"},
		{func(r *reminder.Reminder) { r.Means = strings.Repeat("ü", 501) }, fault.Invalid, "What it means"},
		{func(r *reminder.Reminder) { r.Owner = "a\x02b" }, fault.Invalid, "owner's name"},
		{func(r *reminder.Reminder) { r.What = "" }, fault.Invalid, "rhythm or an end"},
		{func(r *reminder.Reminder) { r.Every = nil }, fault.Invalid, "every how many days"},
		{func(r *reminder.Reminder) { r.Every = days(0) }, fault.Invalid, "1 to 3660"},
		{func(r *reminder.Reminder) { r.Every = days(3661) }, fault.Invalid, "1 to 3660"},
		{func(r *reminder.Reminder) { r.Ahead = 10 }, fault.Invalid, "ahead"},
		{func(r *reminder.Reminder) { r.Ahead = -1 }, fault.Invalid, "ahead"},
		{func(r *reminder.Reminder) { r.Zone = "CEST" }, fault.Invalid, "time zone"},
		{func(r *reminder.Reminder) { r.DueOn = day("2026-11-29") }, fault.Invalid, "is over"},
		{func(r *reminder.Reminder) { r.What, r.Every = reminder.End, nil }, fault.Invalid, "on which day it ends"},
		{func(r *reminder.Reminder) { r.What = reminder.End }, fault.Invalid, "an end does not"},
	} {
		r := ok
		r.Title = "y"
		c.change(&r)
		_, err := s.Add(ctx, maria, r)
		s.refused(err, c.kind, c.say)
	}
	_, err := s.Renew(ctx, maria, 1, day("2028-01-01"), "")
	s.refused(err, fault.Invalid, "R1 is a rhythm and does not end")
	_, err = s.Done(ctx, maria, 9, "")
	s.refused(err, fault.NotFound, "There is no reminder R9")
	_, err = s.Remove(ctx, maria, 1)
	s.must(err)
	s.add(ok) // its title is free again
	var says []string
	rows, err := s.db.Query(ctx, `select subject || ' ' || handle || ' ' || says from audit_entry where kind = 'reminder' order by id`)
	s.must(err)
	says, err = pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	if want := []string{"R1 maria added, due 2026-12-10: x", "R1 maria removed: x"}; len(says) != 3 || !slices.Equal(says[:2], want) {
		t.Errorf("%q", says)
	}
}

// Several processes look at the same time; a bot that was away tells of the last occasion
// only, and a room is not flooded.
func TestSeveralLookAtOnce(t *testing.T) {
	s := newScene(t)
	for n := range 9 {
		s.add(reminder.Reminder{What: reminder.End, Title: fmt.Sprintf("contract %d", n), Ahead: 60, DueOn: day("2026-12-20")})
	}
	s.at(day("2027-01-05").Add(10 * time.Hour))
	var all sync.WaitGroup
	for range 6 {
		p := s.process()
		all.Go(func() {
			if err := p.Look(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s.must(s.Look(ctx))
	said := s.said()
	s.expect(said, "contract 0", "contract 1", "contract 2", "contract 3", "contract 4",
		"#ops Reminders, and 4 more (!reminder list): R6, ended 2026-12-20, nobody's yet: contract 5; R7, ended 2026-12-20, nobody's yet: contract 6; ")
	s.expect(s.until("2027-01-09"))
	// A clock that was years ahead for a moment silences nothing.
	_, err := s.db.Exec(ctx, `update reminder set told_on = '2037-01-01' where id = 1`)
	s.must(err)
	s.at(day("2027-01-09").Add(12 * time.Hour))
	s.must(s.Look(ctx))
	s.expect(s.said(), "2 weeks late: R1, ended 2026-12-20")
}
