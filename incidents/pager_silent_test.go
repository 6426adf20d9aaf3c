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
