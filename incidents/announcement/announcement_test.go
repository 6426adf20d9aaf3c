package announcement_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"batsignal/incidents/announcement"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
)

// scene has maria and bert in #ops of libera.
type scene struct {
	testing.TB
	db *pgxpool.Pool
	*announcement.Service
	maria, bert oncall.Actor
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{TB: t, db: pgtest.Fresh(t).Pool}
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	s.must(err)
	s.Service = &announcement.Service{
		DB: s.db, Queue: queue, Now: func() time.Time { return start }, Log: slog.New(slog.DiscardHandler),
		Rooms: []rota.Room{{Network: "libera", Room: "#users"}}, Lists: []string{"announce@example.org"}, Home: []rota.Room{{Network: "libera", Room: "#ops"}},
	}
	for _, who := range []*oncall.Actor{&s.maria, &s.bert} {
		handle := map[*oncall.Actor]string{&s.maria: "maria", &s.bert: "bert"}[who]
		id, err := oncall.AddPerson(ctx, s.db, start, oncall.Person{Handle: handle, Zone: "UTC", Wakes: 7 * 60, Sleeps: 23 * 60})
		s.must(err)
		*who = oncall.Actor{PersonID: id, Handle: handle, Network: "libera", Room: "#ops", Account: handle}
	}
	return s
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) refused(err error, kind fault.Kind) {
	s.Helper()
	if fault.KindOf(err) != kind {
		s.Errorf("%v, and not %v", err, kind)
	}
}

// said is what waits to be said in a room.
func (s *scene) said(room string) (all []string) {
	s.Helper()
	waiting, err := notice.Next(ctx, s.db, start, "libera")
	s.must(err)
	for _, n := range waiting {
		if n.Room == room {
			all = append(all, n.Text)
		}
	}
	return all
}

type mailer struct {
	sent []string
	err  error
}

func (m *mailer) Mail(_ context.Context, to secret.Text, _, subject, body string) error {
	m.sent = append(m.sent, to.Reveal()+": "+subject+" / "+strings.TrimSpace(body))
	return m.err
}

// TestTwoEditAtOnce has two people change the text that both read: one of them is told.
func TestTwoEditAtOnce(t *testing.T) {
	s := newScene(t)
	a, err := s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.Outage, Text: "The wiki is away."})
	s.must(err)
	for version := 1; version < 10; version++ {
		var all sync.WaitGroup
		errs := make([]error, 2)
		for i, by := range []oncall.Actor{s.maria, s.bert} {
			all.Go(func() { _, errs[i] = s.Edit(ctx, by, a.ID, version, fmt.Sprintf("%s writes %d.", by.Handle, version)) })
		}
		all.Wait()
		lost := slices.IndexFunc(errs, func(err error) bool { return err != nil })
		if lost < 0 || errs[1-lost] != nil {
			t.Fatal(errs)
		}
		s.refused(errs[lost], fault.Conflict)
		a, err = s.Get(ctx, a.ID)
		s.must(err)
		if winner := []string{"bert", "maria"}[lost]; a.Version != version+1 || a.Text != fmt.Sprintf("%s writes %d.", winner, version) {
			t.Fatalf("%+v", a)
		}
	}
	// Without a version one changes the first text, or one's own; nobody else's.
	own, other := s.maria, s.bert
	if *a.EditedBy == s.bert.PersonID {
		own, other = other, own
	}
	_, err = s.Edit(ctx, other, a.ID, 0, "No.")
	s.refused(err, fault.Conflict)
	_, err = s.Edit(ctx, own, a.ID, 0, "Yes.")
	s.must(err)
}

// TestTwoPeopleTellTheWorld has one write and another agree, before anything is sent.
func TestTwoPeopleTellTheWorld(t *testing.T) {
	s := newScene(t)
	a, err := s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.Outage, Text: "The wiki is away from 22:00 UTC. It takes an hour."})
	s.must(err)
	_, err = s.Send(ctx, s.maria, a.ID)
	s.refused(err, fault.Conflict)
	_, err = s.Approve(ctx, s.maria, a.ID, 0)
	s.refused(err, fault.Forbidden)
	_, err = s.Approve(ctx, s.bert, a.ID, 0)
	s.must(err)

	// Whoever changes the text needs somebody else to agree again, also the one who agreed.
	a, err = s.Edit(ctx, s.bert, a.ID, 1, "The wiki is away from 23:00 UTC.")
	s.must(err)
	if a.State != announcement.Draft || a.Version != 2 || a.ApprovedBy != "" {
		t.Errorf("%+v", a)
	}
	_, err = s.Approve(ctx, s.bert, a.ID, 0)
	s.refused(err, fault.Forbidden)
	_, err = s.Approve(ctx, s.maria, a.ID, 1) // she read the first text
	s.refused(err, fault.Conflict)
	_, err = s.Approve(ctx, s.maria, a.ID, 2)
	s.must(err)
	a, err = s.Send(ctx, s.bert, a.ID)
	s.must(err)
	if a.State != announcement.Sent || a.SentBy != "bert" {
		t.Errorf("%+v", a)
	}
	_, err = s.Send(ctx, s.maria, a.ID)
	s.refused(err, fault.Conflict)
	_, err = s.Drop(ctx, s.maria, a.ID)
	s.refused(err, fault.Conflict)

	if got := s.said("#users"); len(got) != 1 || got[0] != "Outage announced: The wiki is away from 23:00 UTC." {
		t.Errorf("the users hear %q", got)
	}
	if got := s.said("#ops"); len(got) != 5 || !strings.HasPrefix(got[0], "Announcement 1 drafted by maria: The wiki") || !strings.Contains(got[4], "sent by bert to 1 room and 1 mailing list") {
		t.Errorf("the room hears %q", got)
	}
}

// TestAListHearsItWhenItsServerIsBack mails again what failed, and tells what was refused.
func TestAListHearsItWhenItsServerIsBack(t *testing.T) {
	s := newScene(t)
	a, err := s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.Outage, Text: "The wiki is away. More follows."})
	s.must(err)
	_, err = s.Approve(ctx, s.bert, a.ID, 0)
	s.must(err)
	_, err = s.Send(ctx, s.bert, a.ID)
	s.must(err)

	m := &mailer{err: errors.New("the server is away")}
	work := &announcement.Mailing{Service: s.Service, Mailer: m, Log: slog.New(slog.DiscardHandler)}
	job := func(attempt int) *river.Job[announcement.MailArgs] {
		return &river.Job[announcement.MailArgs]{
			JobRow: &rivertype.JobRow{Attempt: attempt, MaxAttempts: 12}, Args: announcement.MailArgs{Announcement: a.ID, List: "announce@example.org"},
		}
	}
	state := func() string {
		copies, err := s.Copies(ctx, a.ID)
		s.must(err)
		return copies[0].Place + " " + copies[0].State + ", " + copies[1].Place + " " + copies[1].State
	}
	if err := work.Work(ctx, job(1)); err == nil {
		t.Error("the failure is not told, so nobody tries again")
	}
	if got := state(); got != "#users sent, announce@example.org waiting" {
		t.Error(got)
	}
	m.err = nil
	s.must(work.Work(ctx, job(2)))
	if got := state(); got != "#users sent, announce@example.org sent" {
		t.Error(got)
	}
	if last := m.sent[1]; last != "announce@example.org: Outage: The wiki is away / The wiki is away. More follows." {
		t.Error(last)
	}

	b, err := s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.News, Text: "It is back."})
	s.must(err)
	_, err = s.Approve(ctx, s.bert, b.ID, 0)
	s.must(err)
	_, err = s.Send(ctx, s.bert, b.ID)
	s.must(err)
	a, m.err = b, paging.ErrPermanent
	if err := work.Work(ctx, job(1)); err == nil {
		t.Error("a refusal went unheard")
	}
	if got := state(); got != "#users sent, announce@example.org failed" {
		t.Error(got)
	}
	_ = work.Work(ctx, job(1)) // it was done, and the queue did not hear of it
	told := func(words string) (n int) {
		for _, text := range s.said("#ops") {
			if strings.Contains(text, words) {
				n++
			}
		}
		return n
	}
	if n := told(fmt.Sprintf("Announcement %d was not mailed to announce@example.org, and is not tried again.", b.ID)); n != 1 {
		t.Errorf("it was told %d times: %q", n, s.said("#ops"))
	}

	// Whoever mails the last try dies in it; the queue gives up. While it has not, nothing is told.
	d, err := s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.News, Text: "It is here to stay."})
	s.must(err)
	_, err = s.Approve(ctx, s.bert, d.ID, 0)
	s.must(err)
	_, err = s.Send(ctx, s.bert, d.ID)
	s.must(err)
	a = d
	s.must(s.Look(ctx))
	if got := state(); got != "#users sent, announce@example.org waiting" {
		t.Error(got)
	}
	_, err = s.db.Exec(ctx, `update river_job set state = 'discarded', finalized_at = now() where kind = 'announcement_mail'`)
	s.must(err)
	for range 2 {
		s.must(s.Look(ctx))
	}
	if got := state(); got != "#users sent, announce@example.org unknown" {
		t.Error(got)
	}
	if n := told(fmt.Sprintf("Announcement %d may not have been mailed to announce@example.org", d.ID)); n != 1 {
		t.Errorf("it was told %d times: %q", n, s.said("#ops"))
	}
	m.err = nil // it lived after all
	s.must(work.Work(ctx, job(12)))
	if got := state(); got != "#users sent, announce@example.org sent" {
		t.Error(got)
	}
}

// TestWhatCannotBeAnnounced refuses it with a way forward.
func TestWhatCannotBeAnnounced(t *testing.T) {
	s := newScene(t)
	_, err := s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.Outage, Text: "  "})
	s.refused(err, fault.Invalid)
	_, err = s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.Outage, Text: strings.Repeat("x", 3000)})
	s.refused(err, fault.Invalid)
	_, err = s.Approve(ctx, s.bert, 99, 0)
	s.refused(err, fault.NotFound)
	a, err := s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.Outage, Text: "The wiki is away."})
	s.must(err)
	_, err = s.Drop(ctx, s.bert, a.ID)
	s.must(err)
	_, err = s.Edit(ctx, s.maria, a.ID, 0, "no")
	s.refused(err, fault.Conflict)
	s.Rooms, s.Lists = nil, nil
	a, err = s.Draft(ctx, s.maria, announcement.NewDraft{What: announcement.Outage, Text: "The wiki is away."})
	s.must(err)
	_, err = s.Approve(ctx, s.bert, a.ID, 0)
	s.must(err)
	_, err = s.Send(ctx, s.bert, a.ID)
	s.refused(err, fault.Unready)
}
