package coverage_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/coverage"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var ctx = context.Background()

// scene is a database, a clock, and the watch on them. It begins on a Monday.
type scene struct {
	testing.TB
	db *pgxpool.Pool
	*coverage.Watch
	ids map[string]int64

	mu  sync.Mutex
	now time.Time
}

// newScene has two roles, of which coordination leads and wants nobody.
func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{TB: t, db: pgtest.Fresh(t).Pool, now: at("2026-06-01 12:00"), ids: map[string]int64{}}
	s.must(oncall.SyncRoles(ctx, s.db, s.now, []oncall.Role{
		{Name: "coordination", Title: "coordination", Leads: true, Patience: time.Minute, PatienceSev1: time.Minute},
		{Name: "release-engineering", Title: "release engineering", Patience: time.Minute, PatienceSev1: time.Minute},
	}))
	s.exec(`update role set minimum = 0 where name = 'coordination'`)
	s.Watch = s.process()
	return s
}

// process is one more bot on the same database.
func (s *scene) process() *coverage.Watch {
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	s.must(err)
	return &coverage.Watch{DB: s.db, Queue: queue, Now: s.clock, Rooms: []rota.Room{{Network: "libera", Room: "#ops"}}, Networks: []string{"libera"}}
}

func (s *scene) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) wait(d time.Duration) {
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) exec(sql string, args ...any) {
	s.Helper()
	_, err := s.db.Exec(ctx, sql, args...)
	s.must(err)
}

// member adds somebody with hours like "07:00-23:00 Europe/Berlin" who said yes to a role.
func (s *scene) member(handle, hours, role string) {
	s.Helper()
	p := hand(0, handle, hours).Person
	id, err := oncall.AddPerson(ctx, s.db, s.clock(), p)
	s.must(err)
	s.ids[handle] = id
	s.must(oncall.BindAccount(ctx, s.db, s.clock(), id, oncall.Account{Network: "libera", Name: handle}))
	s.join(handle, role)
}

func (s *scene) join(handle, role string) {
	s.exec(`insert into membership (role, person_id, place, asked_at, agreed_at, approved_at) values ($1, $2, 1, $3, $3, $3)`, role, s.ids[handle], s.clock())
}

func (s *scene) away(handle, from, until string) {
	s.exec(`insert into absence (person_id, starts_at, ends_at, created_at) values ($1, $2, $3, $4)`, s.ids[handle], at(from), at(until), s.clock())
}

// said takes what was announced so far.
func (s *scene) said() []string {
	s.Helper()
	rows, err := s.db.Query(ctx, `select room || account || ': ' || text from notice where state = 'waiting' order by id`)
	s.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	s.exec(`update notice set state = 'sent', done_at = $1`, s.clock())
	return list
}

// pass lets time pass as a bot sees it that looks every ten minutes, and returns what
// was said, with when.
func (s *scene) pass(d time.Duration) (said []string) {
	s.Helper()
	for end := s.clock().Add(d); s.clock().Before(end); s.wait(10 * time.Minute) {
		s.must(s.Look(ctx))
		for _, line := range s.said() {
			said = append(said, s.clock().Format("Mon 2 15:04 ")+line)
		}
	}
	return said
}

func (s *scene) expect(got []string, want ...string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (s *scene) open() (gaps []string) {
	s.Helper()
	list, err := coverage.Open(ctx, s.db, s.clock())
	s.must(err)
	for _, k := range list {
		gaps = append(gaps, string(k.Kind)+" "+k.From.UTC().Format("2 15:04")+" "+k.Until.UTC().Format("2 15:04"))
	}
	return gaps
}

func TestAGapIsWarnedOfOnceAndAgainTheDayBefore(t *testing.T) {
	s := newScene(t)
	s.member("maria", "06:00-02:00 UTC", "release-engineering")
	s.member("jan", "00:00-00:00 America/New_York", "release-engineering")
	s.expect(s.pass(2 * time.Hour))
	s.away("jan", "2026-06-07 00:00", "2026-06-08 00:00")
	s.expect(s.pass(8*24*time.Hour),
		"Mon 1 14:10 #ops: Too few people ahead for release engineering: nobody is awake Sun 7 Jun 02:00–06:00 UTC, since jan is away.",
		"Mon 1 14:10 jan: While you are away nobody is awake for release engineering Sun 7 Jun 02:00–06:00 UTC (Sat 6 Jun 22:00–02:00 your time). The others are told too; if you know who can step in, ask them now.",
		"Sat 6 02:10 #ops: Within a day, and still too few people for release engineering: nobody is awake Sun 7 Jun 02:00–06:00 UTC, since jan is away.",
	)
	s.expect(s.open())
}

func TestWhoComesBackClosesTheGap(t *testing.T) {
	s := newScene(t)
	s.member("maria", "06:00-02:00 UTC", "release-engineering")
	s.member("jan", "00:00-00:00 UTC", "release-engineering")
	s.away("jan", "2026-06-07 00:00", "2026-06-08 00:00")
	if got := s.pass(time.Hour); len(got) != 2 {
		t.Errorf("%q", got)
	}
	s.expect(s.open(), "awake 7 02:00 7 06:00")
	s.exec(`delete from absence`)
	s.away("jan", "2026-06-17 00:00", "2026-06-18 00:00") // beyond what is looked at
	s.expect(s.pass(time.Hour), "Mon 1 13:00 #ops: No longer too few people for release engineering: Sun 7 Jun 02:00–06:00 UTC.")
	s.expect(s.open())
}

// Every night is one warning, however often another night comes in sight, and a
// reminder once in a while.
func TestEveryNightIsNoFlood(t *testing.T) {
	s := newScene(t)
	s.member("maria", "06:00-02:00 UTC", "release-engineering")
	s.expect(s.pass(15*24*time.Hour),
		"Mon 1 12:10 #ops: Too few people ahead for release engineering: nobody is awake every day 02:00–06:00 UTC.",
		"Mon 8 00:10 #ops: Within a day, and still too few people for release engineering: nobody is awake every day 02:00–06:00 UTC.",
		"Sun 14 12:10 #ops: Within a day, and still too few people for release engineering: nobody is awake every day 02:00–06:00 UTC.",
	)
	if got := s.open(); len(got) != 14 {
		t.Errorf("%q", got)
	}
	// Longer is news.
	s.exec(`update person set wakes = 420, version = version + 1`)
	s.expect(s.pass(time.Hour), "Tue 16 12:10 #ops: Too few people ahead for release engineering: nobody is awake every day 02:00–07:00 UTC.")
	// Shorter, and in two parts, is none.
	s.member("li", "03:00-05:00 UTC", "release-engineering")
	s.expect(s.pass(3 * time.Hour))
	if got := s.open(); len(got) != 28 || got[0] != "awake 17 02:00 17 03:00" || got[1] != "awake 17 05:00 17 07:00" {
		t.Errorf("%q", got)
	}
	// One that both fill is closed.
	s.exec(`update person set wakes = 120, sleeps = 420 where handle = 'li'`)
	s.expect(s.pass(time.Hour), "Tue 16 16:00 #ops: No longer too few people for release engineering: every day 02:00–03:00 UTC; every day 05:00–07:00 UTC.")
}

// What lasts for a moment, while somebody edits, is not told of.
func TestAMomentaryGapIsNotToldOf(t *testing.T) {
	s := newScene(t)
	s.member("jan", "00:00-00:00 UTC", "release-engineering")
	s.must(s.Look(ctx))
	s.away("jan", "2026-06-07 00:00", "2026-06-08 00:00")
	s.must(s.Look(ctx)) // too early to look again
	s.expect(s.open())
	s.wait(time.Minute)
	s.must(s.Look(ctx))
	s.expect(s.open(), "awake 7 00:00 8 00:00")
	s.exec(`delete from absence`)
	s.wait(2 * time.Minute)
	s.must(s.Look(ctx))
	s.expect(s.open())
	s.expect(s.pass(24 * time.Hour))
}

// Where nobody is on any roster that is one sentence a week.
func TestAnEmptyRosterIsSaidOnceAWeek(t *testing.T) {
	s := newScene(t)
	const nobody = "#ops: Coverage: nobody can be rung for any role, since nobody has said yes to one. !roster join ROLE is how one does."
	s.expect(s.pass(8*24*time.Hour), "Mon 1 12:00 "+nobody, "Mon 8 12:00 "+nobody)
	s.member("maria", "06:00-02:00 UTC", "release-engineering")
	s.expect(s.pass(time.Hour), "Tue 9 12:10 #ops: Too few people ahead for release engineering: nobody is awake every day 02:00–06:00 UTC.")
}

func TestARoleThatIsNoMoreLacksNobody(t *testing.T) {
	s := newScene(t)
	s.member("maria", "06:00-02:00 UTC", "release-engineering")
	s.join("maria", "coordination")
	s.pass(time.Hour)
	s.exec(`update role set retired_at = $1 where name = 'release-engineering'`, s.clock())
	s.expect(s.pass(2 * time.Hour))
	s.expect(s.open())
}

func (s *scene) letters() (list []string) {
	s.Helper()
	rows, err := s.db.Query(ctx, `select (args ->> 'person') || ' ' || (args ->> 'subject') || E'\n' || (args ->> 'body') from river_job where kind = 'action_letter' order by id`)
	s.must(err)
	list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	s.exec(`delete from river_job where kind = 'action_letter'`)
	return list
}

// The people of the role and those who lead are written to, once a day at most, of
// everything that there is by then.
func TestGapsAreMailed(t *testing.T) {
	s := newScene(t)
	s.Mails, s.Base = true, "https://bat.example/"
	s.Localize = func(text string) string { return strings.ReplaceAll(text, "!", ".") }
	s.member("maria", "06:00-02:00 Europe/Berlin", "release-engineering")
	s.member("jan", "00:00-00:00 UTC", "coordination")
	s.member("li", "00:00-00:00 UTC", "release-engineering")
	s.exec(`update role set minimum = 1`)
	for _, handle := range []string{"maria", "jan"} {
		_, err := contact.AddProven(ctx, s.db, s.now, s.ids[handle], "mail", secret.New(handle+"@oncall.example"))
		s.must(err)
	}
	s.pass(time.Hour)
	s.expect(s.letters())
	s.away("li", "2026-06-05 00:00", "2026-06-06 00:00")
	s.pass(time.Hour)
	got := s.letters()
	if len(got) != 2 {
		t.Fatalf("%q", got)
	}
	want := "2 Too few people for release engineering\nIn the next two weeks there are times with too few people who could be rung.\n\nrelease engineering:\n" +
		"- nobody is awake Fri 5 Jun 00:00–04:00 UTC, since li is away\n\n" +
		"Who can step in says so in chat: .coverage shows what is missing, .roster show who there is.\n\nCoverage: https://bat.example/coverage\n"
	s.expect(got[:1], want)
	if !strings.HasPrefix(got[1], "1 ") || !strings.Contains(got[1], "00:00–04:00 UTC (02:00–06:00 your time), since") {
		t.Errorf("%q", got[1])
	}
	s.away("jan", "2026-06-08 00:00", "2026-06-08 03:00")
	s.pass(20 * time.Hour)
	s.expect(s.letters())
	s.pass(5 * time.Hour)
	if got := s.letters(); len(got) != 1 || !strings.HasPrefix(got[0], "2 Too few people for coordination and release engineering\n") {
		t.Errorf("%q", got)
	}
}

// Several processes look at the same time.
func TestOneOfSeveralLooks(t *testing.T) {
	s := newScene(t)
	s.member("maria", "06:00-02:00 UTC", "release-engineering")
	s.must(s.Look(ctx))
	s.wait(10 * time.Minute)
	var all sync.WaitGroup
	for range 6 {
		w := s.process()
		all.Go(func() {
			if err := w.Look(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := s.said(); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// A clock that was ahead does not keep it from looking when it is right again.
func TestAClockThatWasAhead(t *testing.T) {
	s := newScene(t)
	s.member("maria", "07:00-23:00 Europe/Berlin", "release-engineering")
	s.wait(100 * 24 * time.Hour)
	s.must(s.Look(ctx))
	s.wait(-100 * 24 * time.Hour)
	if got := s.pass(30 * time.Minute); len(got) == 0 {
		t.Error("nobody was told")
	}
}
