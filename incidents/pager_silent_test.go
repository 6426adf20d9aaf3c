package incidents_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/incidents"
)

// silent is a Postgres behind a network that swallows everything.
type silent struct{}

func (silent) Exec(ctx context.Context, _ string, _ ...any) (pgconn.CommandTag, error) {
	<-ctx.Done()
	return pgconn.CommandTag{}, ctx.Err()
}

func (silent) Query(ctx context.Context, _ string, _ ...any) (pgx.Rows, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) Begin(ctx context.Context) (pgx.Tx, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) QueryRow(context.Context, string, ...any) pgx.Row       { panic("not asked") }
func (silent) SendBatch(context.Context, *pgx.Batch) pgx.BatchResults { panic("not asked") }

// A database that says nothing is not waited for until the kernel gives it up, which takes a
// quarter of an hour: the pager tries again with another connection.
func TestThePagerDoesNotWaitForSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &incidents.Pager{Service: &incidents.Service{DB: silent{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
		began := time.Now()
		_, err := p.Step(t.Context())
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 30*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// Somebody has locked an incident, for longer than the pager waits. Its hunts are put off,
// and those of others go on.
func TestOneLockedIncidentHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.pager.Budget = 300 * time.Millisecond
	one, two := s.light("ada", "bea", fire()), s.light("bea", "ada", fire())
	s.settle()
	held, err := s.db.Begin(ctx)
	s.must(err)
	defer func() { _ = held.Rollback(ctx) }()
	_, err = held.Exec(ctx, `select from incident where id = $1 for update`, one.ID)
	s.must(err)
	s.exec(`update escalation set due_at = $1::timestamptz - interval '1 second' * (3 - split_part(cause, ':', 2)::int) where state = 'hunting'`, s.Now())
	due := func() int {
		return get[int](t, s.db, `select count(*) from escalation where state = 'hunting' and cause = 'incident:' || $2::bigint and due_at <= $1`, s.Now(), two.ID)
	}
	if due() == 0 {
		t.Fatal("nothing is due")
	}
	eventually(t, "the hunts of the other incident have gone on", func() bool {
		_, _ = s.pager.Step(ctx) // ends in an error while it is the locked one's turn
		return due() == 0
	})
}
