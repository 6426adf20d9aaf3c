package action_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"batsignal/incidents/action"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// book is a tracker in which the same issue is the same page.
type book struct {
	mu    sync.Mutex
	asked []action.Issue
	err   error
	begun chan struct{} // if not nil, told when an issue is asked for
	gate  chan struct{} // if not nil, waited for before an answer
}

func (b *book) Name() string { return "Book" }

func (b *book) Open(_ context.Context, i action.Issue) (string, error) {
	if b.gate != nil {
		close(b.begun)
		<-b.gate
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, i)
	return "https://book.example/" + fmt.Sprint(len(b.asked)), b.err
}

func TestAnActionIsExportedOnce(t *testing.T) {
	s := newScene(t)
	it := s.add("maria", "bert rotates the key by 2026-12-24")
	_, err := s.Export(ctx, s.as("maria"), it.ID)
	s.refused(err, fault.Unready, "No tracker is set up here, so A1 is kept by me alone. Whoever runs me can name one under minutes.tracker in my configuration.")
	b := &book{err: fault.New(fault.Limited, "Later.")}
	s.Tracker, s.Labels = b, []string{"follow-up"}
	_, err = s.Export(ctx, s.as("maria"), it.ID)
	s.refused(err, fault.Limited, "Later.")
	b.err = nil
	for range 2 {
		it, err = s.Export(ctx, s.as("maria"), it.ID)
		s.must(err)
		if it.IssueURL != "https://book.example/2" {
			t.Error(it.IssueURL)
		}
	}
	want := action.Issue{
		Key: "A1 https://bat.example", Ref: "A1", Text: "bert rotates the key by 2026-12-24", Owners: []string{"bert"}, Where: "in #ops on libera",
		Page: "https://bat.example/actions/1", Due: day("2026-12-24"), Labels: []string{"follow-up"},
	}
	if diff := cmp.Diff([]action.Issue{want, want}, b.asked); diff != "" {
		t.Error(diff)
	}
	if h := s.history(it.ID); h[len(h)-1] != "maria: tracked at https://book.example/2" || len(h) != 2 {
		t.Errorf("%q", h)
	}
}

// An issue leads to the line of the log in which it was noted.
func TestAnIssueLeadsToItsLine(t *testing.T) {
	s := newScene(t)
	b := &book{}
	s.Tracker = b
	for n, prefix := range []string{"https://bat.example/minutes/", ""} {
		meeting := s.meeting(fmt.Sprintf("ops/stand up.%d", n), false)
		_, err := s.db.Exec(ctx, `update meeting set setting = jsonb_build_object('prefix', $2::text) where id = $1`, meeting, prefix)
		s.must(err)
		_, err = s.db.Exec(ctx, `insert into meeting_item (meeting_id, id, kind, text, by_nick, at, line) values ($1, 2, 'ACTION', 'x', 'maria', $2, 17)`, meeting, start)
		s.must(err)
		var id int64
		s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) (err error) {
			id, err = action.Put(ctx, tx, start, action.Item{Text: "x", Meeting: meeting, Number: 2, Series: "standup", Network: "libera", Room: "#ops"})
			return err
		}))
		_, err = s.Export(ctx, s.as("maria"), id)
		s.must(err)
	}
	if b.asked[0].Source != "https://bat.example/minutes/ops/stand%20up.0.log.html#l-17" || b.asked[1].Source != "" ||
		b.asked[0].Where != "the meeting standup, in #ops on libera" {
		t.Errorf("%+v", b.asked)
	}
}

func TestWhatIsNotExported(t *testing.T) {
	s := newScene(t)
	s.Tracker = &book{err: errors.New("asked")}
	_, err := s.Export(ctx, s.as("maria"), 7)
	s.refused(err, fault.NotFound, "There is no action A7. !actions lists those that there are.")
	s.add("maria", "x")
	_, err = s.Drop(ctx, s.as("maria"), 1, "")
	s.must(err)
	_, err = s.Export(ctx, s.as("maria"), 1)
	s.refused(err, fault.Conflict, "A1 is dropped. !action reopen A1 opens it again.")
	secret := s.meeting("board", true)
	s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		_, err := action.Put(ctx, tx, start, action.Item{Text: "hush", Meeting: secret, Number: 1})
		return err
	}))
	_, err = s.Export(ctx, s.as("maria"), 2)
	s.refused(err, fault.Forbidden, "A2 is of a restricted meeting, so it is not written into a tracker. Open an issue by hand if its words may be read there.")
}

// Two who export the same action at once must not both find that there is no issue.
func TestOneExportsAtATime(t *testing.T) {
	s := newScene(t)
	it := s.add("maria", "rotate the key")
	b := &book{begun: make(chan struct{}), gate: make(chan struct{})}
	s.Tracker = b
	done := make(chan error)
	go func() {
		_, err := s.Export(ctx, s.as("maria"), it.ID)
		done <- err
	}()
	<-b.begun
	other := s.process()
	other.Tracker = &book{}
	_, err := other.Export(ctx, s.as("bert"), it.ID)
	s.refused(err, fault.Conflict, "Somebody has A1 exported right now. Ask again in a moment.")
	if _, err := other.SetDue(ctx, s.as("bert"), it.ID, day("2026-12-24")); err != nil {
		t.Error("the action is locked meanwhile:", err)
	}
	close(b.gate)
	s.must(<-done)
	got, err := other.Export(ctx, s.as("bert"), it.ID)
	s.must(err)
	if got.IssueURL != "https://book.example/1" || !got.Due.Equal(day("2026-12-24")) {
		t.Errorf("%+v", got)
	}
}
