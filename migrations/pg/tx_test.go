package pg_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
)

const (
	sqlAdd    = `insert into person (handle, created_at) values ($1, $2)`
	sqlRename = `update person set name = $2 where handle = $1`
	sqlName   = `select name from person where handle = $1`
	sqlCount  = `select count(*) from person`
)

func exec(t *testing.T, db pg.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(ctx, sql, args...); err != nil {
		t.Fatal(err)
	}
}

func get[T any](t *testing.T, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestInTxCommitsOrRollsBack(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	regret := errors.New("regret")
	add := func(handle string, end error) func(pgx.Tx) error {
		return func(tx pgx.Tx) error {
			exec(t, tx, sqlAdd, handle, noon)
			return end
		}
	}
	if err := pg.InTx(ctx, db, add("maria", nil)); err != nil {
		t.Fatal(err)
	}
	if err := pg.InTx(ctx, db, add("jun", regret)); !errors.Is(err, regret) {
		t.Errorf("%v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = pg.InTx(ctx, db, func(tx pgx.Tx) error { exec(t, tx, sqlAdd, "ada", noon); panic("bug") })
	}()
	if n := get[int](t, db, sqlCount); n != 1 {
		t.Errorf("%d people, want maria alone", n)
	}
	if n := db.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections were not given back", n)
	}
}

func TestInTxNestsBySavepoint(t *testing.T) {
	tx := pgtest.Tx(t)
	err := pg.InTx(ctx, tx, func(outer pgx.Tx) error {
		exec(t, outer, sqlAdd, "maria", noon)
		err := pg.InTx(ctx, outer, func(inner pgx.Tx) error {
			_, err := inner.Exec(ctx, sqlAdd, "maria", noon)
			return err
		})
		if !pg.IsUnique(err, "person_handle_key") || pg.IsUnique(err, "another") || pg.IsCheck(err, "") {
			t.Errorf("%v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := get[int](t, tx, sqlCount); n != 1 {
		t.Errorf("%d people", n)
	}
}

func TestIsCheck(t *testing.T) {
	_, err := pgtest.Tx(t).Exec(ctx, sqlAdd, "Not A Handle", noon)
	if !pg.IsCheck(err, "") || !pg.IsCheck(err, "person_handle_check") || pg.IsUnique(err, "") {
		t.Errorf("%v", err)
	}
	if pg.IsUnique(nil, "") || pg.IsCheck(errors.New("another"), "") {
		t.Error("what is no violation was taken for one")
	}
}

// Two transactions lock the same two rows in opposite order. Postgres chooses one
// to lose; it runs again and both end well.
func TestInTxRepeatsTheLoserOfADeadlock(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	exec(t, db, sqlAdd, "maria", noon)
	exec(t, db, sqlAdd, "jun", noon)
	var tries atomic.Int32
	locked := [2]chan bool{make(chan bool, 1), make(chan bool, 1)}
	lockBoth := func(me int, first, second string) error {
		met := false
		return pg.InTx(ctx, db, func(tx pgx.Tx) error {
			tries.Add(1)
			if _, err := tx.Exec(ctx, sqlRename, first, "locked"); err != nil {
				return err
			}
			if !met { // each holds its first row before either asks for its second
				met = true
				locked[me] <- true
				<-locked[1-me]
			}
			_, err := tx.Exec(ctx, sqlRename, second, "locked")
			return err
		})
	}
	other := make(chan error)
	go func() { other <- lockBoth(1, "jun", "maria") }()
	if err := lockBoth(0, "maria", "jun"); err != nil {
		t.Error(err)
	}
	if err := <-other; err != nil {
		t.Error(err)
	}
	if n := tries.Load(); n < 3 {
		t.Errorf("%d tries: nobody lost", n)
	}
}

func TestInTxRepeatsASerializationConflictButNotForEver(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	exec(t, db, sqlAdd, "maria", noon)
	tries := 0
	err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
		tries++
		exec(t, tx, "set transaction isolation level repeatable read")
		get[string](t, tx, sqlName, "maria")
		exec(t, db, sqlRename, "maria", "somebody was quicker") // on another connection
		_, err := tx.Exec(ctx, sqlRename, "maria", "mine")
		return err
	})
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "40001" {
		t.Errorf("%v", err)
	}
	if tries != 6 {
		t.Errorf("%d tries", tries)
	}
}

// What is read at one moment is not disturbed by what others write meanwhile, and nothing is
// written.
func TestASnapshotIsOfOneMoment(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	exec(t, db, sqlAdd, "maria", noon)
	if err := pg.Snapshot(ctx, db, func(tx pgx.Tx) error {
		before := get[int](t, tx, sqlCount)
		exec(t, db, sqlAdd, "jun", noon) // on another connection
		if after := get[int](t, tx, sqlCount); before != 1 || after != 1 {
			t.Errorf("%d people, then %d", before, after)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var pgErr *pgconn.PgError
	if err := pg.Snapshot(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlAdd, "li", noon)
		return err
	}); !errors.As(err, &pgErr) || pgErr.Code != "25006" {
		t.Errorf("written: %v", err)
	}

	// Within a transaction what that one wrote is there.
	if err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
		exec(t, tx, sqlAdd, "li", noon)
		return pg.Snapshot(ctx, tx, func(tx pgx.Tx) error {
			if n := get[int](t, tx, sqlCount); n != 3 {
				t.Errorf("%d people", n)
			}
			return nil
		})
	}); err != nil {
		t.Error(err)
	}
}

// gate stands between us and the server and can fall before the answer to a
// commit, after the server has had it.
type gate struct {
	net.Conn
	fallOnCommit *atomic.Bool
	fallen       atomic.Bool
}

func (g *gate) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b)
	if strings.Contains(string(b), "commit") && g.fallOnCommit.Load() {
		g.fallen.Store(true)
	}
	return n, err
}

func (g *gate) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if g.fallen.Load() {
		g.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestInTxTellsThatACommitIsUnknown(t *testing.T) {
	db := pgtest.Fresh(t)
	cfg, err := pgx.ParseConfig(db.BotDSN)
	if err != nil {
		t.Fatal(err)
	}
	var fall atomic.Bool
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return &gate{Conn: c, fallOnCommit: &fall}, err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	calls := 0
	err = pg.InTx(ctx, conn, func(tx pgx.Tx) error {
		calls++
		exec(t, tx, sqlAdd, "maria", noon)
		fall.Store(true)
		return nil
	})
	if !errors.Is(err, pg.ErrCommitUnknown) {
		t.Errorf("%v", err)
	}
	if calls != 1 {
		t.Errorf("ran %d times", calls)
	}
}

func TestInTxWhoseConnectionDiesBeforeTheCommitIsKnown(t *testing.T) {
	db := pgtest.Fresh(t)
	for _, nested := range []bool{false, true} {
		err := pg.InTx(ctx, db.Pool, func(tx pgx.Tx) error {
			if nested {
				return pg.InTx(ctx, tx, func(inner pgx.Tx) error { inner.Conn().PgConn().Conn().Close(); return nil })
			}
			return tx.Conn().Close(ctx)
		})
		if err == nil || errors.Is(err, pg.ErrCommitUnknown) {
			t.Errorf("nested %v: %v", nested, err)
		}
	}
}

func TestInTxGivesUpWhenTheCallerDoes(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	ctx, cancel := context.WithCancel(ctx)
	tries := 0
	err := pg.InTx(ctx, db, func(pgx.Tx) error {
		tries++
		cancel()
		return &pgconn.PgError{Code: "40001"}
	})
	if err == nil || tries != 1 {
		t.Errorf("%d tries, %v", tries, err)
	}
}
