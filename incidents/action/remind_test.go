package action_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/action"
	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/letter"
	"batsignal/oncall/secret"
)

// until lets time pass as a bot sees it that looks every half hour, and
// returns what was said, with when.
func (s *scene) until(end time.Time) (said []string) {
	s.Helper()
	for !s.Clock().After(end) {
		s.must(s.Remind(ctx))
		for _, line := range s.said() {
			said = append(said, s.Clock().Format("Mon 15:04 ")+line)
		}
		s.at(s.Clock().Add(30 * time.Minute))
	}
	return said
}

func (s *scene) expect(got []string, want ...string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestOwnersAreToldTheDayBeforeAndTheDayAfter(t *testing.T) {
	s := newScene(t)
	s.add("maria", "maria and bert rotate the key by friday")
	s.add("maria", "maria tells the press by friday")
	s.add("maria", "maria sleeps by 2027-01-01")
	s.add("maria", "aiko is done before anybody asks, by friday")
	_, err := s.Done(ctx, s.as("aiko"), 4)
	s.must(err)
	const soon = "You have 2 actions to do: A1, due tomorrow (2026-12-04): maria and bert rotate the key by friday. A2, due tomorrow (2026-12-04): maria tells the press by friday. Say !action done A1 when it is done, or !action due A1 DATE to move it."
	s.expect(s.until(day("2026-12-05")),
		"Thu 08:00 acme m.lopez: "+soon,
		"Thu 08:00 libera maria: "+soon,
		"Thu 14:00 libera bert: You have 1 action to do: A1, due tomorrow (2026-12-04): maria and bert rotate the key by friday. Say !action done A1 when it is done, or !action due A1 DATE to move it.",
	)
	_, err = s.Done(ctx, s.as("bert"), 1)
	s.must(err)
	const late = "You have 1 action to do: A2, overdue since 2026-12-04: maria tells the press by friday. Say !action done A2 when it is done, or !action due A2 DATE to move it."
	s.expect(s.until(day("2026-12-08")), "Sat 08:00 acme m.lopez: "+late, "Sat 08:00 libera maria: "+late)
	if h := s.history(1); !slices.Equal(h[1:], []string{": reminded maria", ": reminded bert", "bert: done"}) {
		t.Errorf("%q", h)
	}
}

// Whoever moves the day or hands it on is not told at once what they know; the others
// are told in time.
func TestChangesBeginAnew(t *testing.T) {
	s := newScene(t)
	s.add("maria", "maria rotates the key by 2026-12-02")
	got := s.until(day("2026-12-01").Add(10 * time.Hour))
	if len(got) != 2 || !strings.HasPrefix(got[0], "Tue 08:00 acme") {
		t.Errorf("%q", got)
	}
	_, err := s.SetOwner(ctx, s.as("maria"), 1, "bert")
	s.must(err)
	got = s.until(day("2026-12-02"))
	if len(got) != 1 || !strings.HasPrefix(got[0], "Tue 14:30 libera bert:") {
		t.Errorf("%q", got)
	}
	// In Tokyo it was told of long ago, and to somebody else.
	_, err = s.SetOwner(ctx, s.as("maria"), 1, "aiko")
	s.must(err)
	got = s.until(day("2026-12-02").Add(8 * time.Hour))
	if len(got) != 1 || !strings.HasPrefix(got[0], "Wed 04:30 libera aiko:") {
		t.Errorf("%q", got)
	}
	_, err = s.SetOwner(ctx, s.as("maria"), 1, "bert")
	s.must(err)
	_, err = s.SetDue(ctx, s.as("bert"), 1, day("2026-12-03"))
	s.must(err)
	got = s.until(day("2026-12-04"))
	if len(got) != 1 || !strings.HasPrefix(got[0], "Wed 14:00 libera bert:") {
		t.Errorf("%q", got)
	}
}

func TestARoomIsToldOfWhatNobodyHas(t *testing.T) {
	s := newScene(t)
	s.add("maria", "somebody buys a cake by 2026-12-02")
	s.add("maria", "and tea by 2026-12-02")
	_, err := s.SetOwner(ctx, s.as("maria"), 2, "the QA team")
	s.must(err)
	private := s.as("maria")
	private.Room = ""
	_, err = s.Add(ctx, private, "and milk by 2026-12-02")
	s.must(err)
	elsewhere := s.as("maria")
	elsewhere.Network = "gone" // a network that is not configured any more
	_, err = s.Add(ctx, elsewhere, "and sugar by 2026-12-02")
	s.must(err)
	s.expect(s.until(day("2026-12-05")),
		"Wed 09:00 libera #ops: To do from this room, 2 actions: A1, due today (2026-12-02), nobody's yet: somebody buys a cake by 2026-12-02. A2, due today (2026-12-02), the QA team: and tea by 2026-12-02. Say !action owner A1 NAME if it is yours, !action done A1 when it is done.")
}

// Much that is due is one message, and not a longer one than a line holds.
func TestMuchIsOneMessage(t *testing.T) {
	s := newScene(t)
	for n := range 30 {
		s.add("maria", fmt.Sprintf("bert: %d %s by 2026-12-02", n, strings.Repeat("wörter ", 100)))
	}
	got := s.until(day("2026-12-02"))
	if len(got) != 1 || !strings.Contains(got[0], "And 22 more: !actions mine lists them.") || len([]rune(got[0])) > 2000 {
		t.Errorf("%d: %q", len(got), got)
	}
	if n := get[int](t, s.db, `select jsonb_array_length(actions) from notice where kind = 'say'`); n != 4 {
		t.Errorf("%d buttons", n)
	}
	if first := get[string](t, s.db, `select actions -> 0 ->> 'command' from notice`); first != "action done A1" {
		t.Error(first)
	}
}

// Several processes look at the same time, and people change things meanwhile.
func TestSeveralLookAtOnce(t *testing.T) {
	s := newScene(t)
	for range 10 {
		s.add("maria", "bert works by 2026-12-02")
	}
	s.at(day("2026-12-01").Add(15 * time.Hour))
	var all sync.WaitGroup
	for n := range 6 {
		p := s.process()
		all.Go(func() {
			if err := p.Remind(ctx); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := p.Done(ctx, s.as("bert"), int64(n+1)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s.must(s.Remind(ctx))
	if got := s.said(); len(got) != 1 && len(got) != 0 {
		t.Errorf("%q", got)
	}
	s.must(s.Remind(ctx))
	s.expect(s.said())
}

// An old action that was read in with old minutes calls nobody.
func TestWhatIsLongOverCallsNobody(t *testing.T) {
	s := newScene(t)
	s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		_, err := action.Put(ctx, tx, start, action.Item{Text: "x", Due: day("2024-01-01"), Network: "libera", Room: "#ops", Owners: []action.Owner{{Name: "bert", Handle: "bert"}}})
		return err
	}))
	s.expect(s.until(day("2026-12-03")))
	if next, err := s.NextReminder(ctx); err != nil || !next.IsZero() {
		t.Error(next, err)
	}
}

func TestTheNextReminder(t *testing.T) {
	s := newScene(t)
	s.add("maria", "bert and maria work by 2026-12-24")
	s.add("maria", "somebody works by 2026-12-24")
	var got []string
	for {
		s.must(s.Remind(ctx))
		next, err := s.NextReminder(ctx)
		s.must(err)
		if next.IsZero() {
			break
		}
		s.at(next)
		got = append(got, next.Format("01-02 15:04"))
	}
	s.expect(got, "12-23 08:00", "12-23 14:00", "12-24 09:00", "12-25 08:00", "12-25 14:00")
}

func TestRemindersAreMailedToo(t *testing.T) {
	s := newScene(t)
	s.Mails = true
	s.Localize = func(text string) string { return strings.ReplaceAll(text, "!", ".") }
	for _, address := range []string{"old.canary@oncall.example", "bert.canary@oncall.example"} {
		_, err := contact.AddProven(ctx, s.db, start, s.ids["bert"], "mail", secret.New(address))
		s.must(err)
	}
	_, err := contact.AddProven(ctx, s.db, start, s.ids["maria"], "webhook", secret.New("https://hook.example/canary"))
	s.must(err)
	s.add("maria", "maria and bert rotate the key by 2026-12-02")
	s.until(day("2026-12-02"))

	rows, err := s.db.Query(ctx, `select args from river_job where kind = 'action_letter' and queue = 'action_letters' and max_attempts = 8`)
	s.must(err)
	jobs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	if len(jobs) != 1 || strings.Contains(jobs[0], "canary") {
		t.Fatalf("%q", jobs)
	}
	var args letter.Args
	s.must(json.Unmarshal([]byte(jobs[0]), &args))
	if args.Person != s.ids["bert"] || args.Subject != "To do: 1 action of yours" {
		t.Errorf("%+v", args)
	}
	const body = "You have 1 action to do:\n\n- A1, due tomorrow (2026-12-02):\n  maria and bert rotate the key by 2026-12-02\n\n" +
		"In chat: Say .action done A1 when it is done, or .action due A1 DATE to move it.\n\nAll actions: https://bat.example/actions\n"
	if args.Body != body {
		t.Errorf("%q", args.Body)
	}
}
