package dial

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/unseal"
)

// failing is a database whose n-th statement within transactions fails, the connection with
// it; or whose n-th commit is lost, before or after it happened.
type failing struct {
	pg.DB
	statement, commit int
	happened          bool
	statements        int
	commits           int
	dead              atomic.Bool
}

var errCut = errors.New("the connection was cut")

func (f *failing) Begin(ctx context.Context) (pgx.Tx, error) {
	if f.dead.Load() {
		return nil, errCut
	}
	tx, err := f.DB.Begin(ctx)
	return &failingTx{tx, f}, err
}

type failingTx struct {
	pgx.Tx
	f *failing
}

func (t *failingTx) cut() bool {
	t.f.statements++
	if t.f.statements != t.f.statement {
		return false
	}
	_ = t.Conn().Close(context.Background()) // the server rolls back, as after a kill
	return true
}

func (t *failingTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.cut() {
		return pgconn.CommandTag{}, errCut
	}
	return t.Tx.Exec(ctx, sql, args...)
}

func (t *failingTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if t.cut() {
		return nil, errCut
	}
	return t.Tx.Query(ctx, sql, args...)
}

type noRow struct{ err error }

func (r noRow) Scan(...any) error { return r.err }

func (t *failingTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if t.cut() {
		return noRow{errCut}
	}
	return t.Tx.QueryRow(ctx, sql, args...)
}

func (t *failingTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	t.cut() // what is sent on a connection that is closed fails
	return t.Tx.SendBatch(ctx, b)
}

func (t *failingTx) Commit(ctx context.Context) error {
	t.f.commits++
	if t.f.commits != t.f.commit {
		return t.Tx.Commit(ctx)
	}
	if t.f.happened {
		if err := t.Tx.Commit(ctx); err != nil {
			return err
		}
	} else if err := t.Tx.Rollback(ctx); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// The intent, its row and its owner's notice are written together or not at all, wherever
// the transaction is killed; and then the same message is dialled once.
func TestI08TheNoticeIsInTheTransactionOfTheIntent(t *testing.T) {
	w := newWorld(t)
	whole := w.board.DB
	maria := w.seal(w.person("maria"), "sms", "+442071838750", escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial}, PerQuarter: escrow.MostPerQuarter})
	w.prove(maria)
	killed := 0
	for n := 1; ; n++ {
		exec(t, w.db.Pool, `update escalation set state = 'stopped', ended_at = now() where state = 'hunting'`)
		incident, hunt := w.fire("release")
		m := w.message(incident, hunt, "release", maria)
		db := &failing{DB: whole, statement: n}
		w.board.DB = db
		before, sent := w.openings(), w.sms.count()
		out := w.dial(m, "sms", false)
		w.told()
		if db.statements < n { // it was over before
			if out.Outcome != "" {
				t.Errorf("nothing was killed: %+v", out)
			}
			break
		}
		killed++
		w.board.DB = whole
		if got := w.sms.count() - sent; out.Outcome == "" && got != 1 || out.Outcome != "" && got != 0 {
			t.Errorf("statement %d: %+v, and dialled %d times", n, out, got)
		}
		if out = w.dial(w.again(m, maria), "sms", true); out.Outcome != "" {
			t.Errorf("statement %d: %+v", n, out)
		}
		if w.openings() != before+1 || w.sms.count() != sent+1 {
			t.Errorf("statement %d: opened %d times, dialled %d times", n, w.openings()-before, w.sms.count()-sent)
		}
		w.told()
	}
	if killed < 15 {
		t.Errorf("only %d statements were killed", killed)
	}
	if w.leaves("intent") != w.openings() || w.leaves("dialed") != w.openings() {
		t.Errorf("%d intents, %d dialled, %d openings", w.leaves("intent"), w.leaves("dialed"), w.openings())
	}
}

// A commit whose answer was lost is looked for by its key, and there is one opening whatever
// became of it (fault row 3).
func TestFault03ACommitOfUnknownOutcome(t *testing.T) {
	for _, happened := range []bool{true, false} {
		w := newWorld(t)
		maria := w.volunteer("maria", "sms", "+442071838750")
		whole := w.board.DB
		incident, hunt := w.fire("release")
		m := w.message(incident, hunt, "release", maria)
		db := &failing{DB: whole, commit: 1, happened: happened}
		w.board.DB = db
		if out := w.dial(m, "sms", false); out.Outcome != "" || w.sms.count() != 1 || w.openings() != 1 {
			t.Errorf("happened %v: %+v, %d openings", happened, out, w.openings())
		}
		// The one that writes down what came of it, likewise.
		m = w.message(incident, hunt, "release", maria)
		w.board.DB = &failing{DB: whole, commit: 3, happened: happened}
		if out := w.dial(m, "sms", false); out.Outcome != "" || w.sms.count() != 2 {
			t.Errorf("happened %v: %+v", happened, out)
		}
		must(t, w.board.Settle(ctx))
		w.board.DB = whole
		if out := w.dial(w.again(m, maria), "sms", true); out.Outcome != "" || w.sms.count() != 2 || w.sms.asks > 1 {
			t.Errorf("happened %v: %+v, asked %d times", happened, out, w.sms.asks)
		}
		if w.leaves("intent") != 2 || w.leaves("dialed") != 2 {
			t.Errorf("happened %v: %d intents, %d dialled", happened, w.leaves("intent"), w.leaves("dialed"))
		}
		w.told()
	}
}
