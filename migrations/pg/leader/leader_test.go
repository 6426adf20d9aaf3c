package leader

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is how long anything is waited for before a test is given up.
const patience = 60 * time.Second

const touch = `update route_health set failures = failures + 1`

// candidate is one process of those that share a database.
type candidate struct {
	*Election
	db   *DB
	led  chan context.Context // gets the context of lead when it leads
	end  context.CancelFunc   // asks it to end in an orderly way
	over chan error           // how Run returned
}

// run starts one that leads until its context ends.
func run(t *testing.T, dsn, me string) *candidate {
	t.Helper()
	return runWith(t, &Election{DSN: dsn, Me: me}, func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	})
}

func runWith(t *testing.T, e *Election, lead func(context.Context) error) *candidate {
	t.Helper()
	e.Now, e.Log = time.Now, slog.New(slog.NewTextHandler(t.Output(), nil))
	db, err := Open(t.Context(), e.DSN, Options{Web: 3, Lead: 3})
	if err != nil {
		t.Fatal(err)
	}
	c := &candidate{Election: e, db: db, led: make(chan context.Context, 1), over: make(chan error, 1)}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	c.end = end
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.over <- e.Run(ctx, func(ctx context.Context) error {
			c.led <- ctx
			return lead(ctx)
		})
	}()
	t.Cleanup(func() {
		end()
		<-ended
		db.Close()
	})
	return c
}

func within[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("waited %s in vain for %s", patience, what)
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s", patience, what)
		}
	}
}

// seeded is a database with a row to write to.
func seeded(t testing.TB) *pgtest.DB {
	t.Helper()
	db := pgtest.Fresh(t)
	if _, err := db.Pool.Exec(t.Context(), `insert into route_health (route) values ('mail')`); err != nil {
		t.Fatal(err)
	}
	return db
}

func isFenced(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == CodeFenced
}

// refusal writes for a term that is over, and returns how it is refused. A connection that
// the next leader ended says so once.
func refusal(t *testing.T, db *DB, leading context.Context) (err error) {
	t.Helper()
	eventually(t, "a write to be refused", func() bool {
		if _, err = db.Exec(context.WithoutCancel(leading), touch); err == nil {
			t.Fatal("a deposed leader writes")
		}
		return isFenced(err) || errors.Is(err, ErrDeposed)
	})
	return err
}

func TestOneLeadsAndTheNextTakesOver(t *testing.T) {
	t.Parallel()
	db := seeded(t)
	one := run(t, db.BotDSN, "one")
	leading := within(t, "the first to lead", one.led)
	other := run(t, db.BotDSN, "other")
	eventually(t, "the other to wait", func() bool {
		s, err := Look(t.Context(), db.Pool)
		if err != nil {
			t.Fatal(err)
		}
		return len(s.Waiting) == 1 && s.Waiting[0] == "other" && s.Holder == "one" && s.Epoch == 1 && s.Alive(time.Now())
	})
	if !one.Leads() || other.Leads() {
		t.Errorf("one leads: %v, the other: %v", one.Leads(), other.Leads())
	}
	for name, write := range map[string]func() error{
		"the leader":                         func() error { _, err := one.db.Exec(leading, touch); return err },
		"the leader, in a transaction":       func() error { return pg.InTx(leading, one.db, touchTx(leading)) },
		"a web page of the leader":           func() error { _, err := one.db.Exec(t.Context(), touch); return err },
		"a web page of the other":            func() error { _, err := other.db.Exec(t.Context(), touch); return err },
		"what outlives the context of leads": func() error { _, err := one.db.Exec(context.WithoutCancel(leading), touch); return err },
	} {
		if err := write(); err != nil {
			t.Errorf("%s could not write: %v", name, err)
		}
	}
	if _, err := other.db.Lead.Exec(t.Context(), touch); !errors.Is(err, ErrNotLeading) {
		t.Errorf("without a term the leader's pool says %v", err)
	}

	one.end()
	if err := within(t, "the first to end", one.over); err != nil {
		t.Error(err)
	}
	within(t, "the other to lead", other.led)
	if err := refusal(t, one.db, leading); !isFenced(err) {
		t.Errorf("after its term the first one's write says %v", err)
	}
}

// While all connections of the leading parts are in hand, whoever works apart has its own,
// for the same term.
func TestApart(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	one := run(t, db.BotDSN, "one")
	leading := within(t, "it to lead", one.led)
	for range one.db.Lead.Config().MaxConns {
		conn, err := one.db.Acquire(leading)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	soon, cancel := context.WithTimeout(leading, 50*time.Millisecond)
	defer cancel()
	if _, err := one.db.Exec(soon, touch); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with every connection in hand, another one says %v", err)
	}
	if _, err := one.db.Exec(Apart(leading), touch); err != nil {
		t.Errorf("apart: %v", err)
	}
	if _, err := one.db.Apart.Exec(t.Context(), touch); !errors.Is(err, ErrNotLeading) {
		t.Errorf("apart, without a term: %v", err)
	}
	takeOver(t, db.BotDSN, "other")
	if err := refusal(t, one.db, Apart(leading)); !isFenced(err) {
		t.Errorf("apart, after the term: %v", err)
	}
}

func touchTx(ctx context.Context) func(pgx.Tx) error {
	return func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, touch)
		return err
	}
}

// takeOver does what another process does when it takes the next term, whoever has the lock.
func takeOver(t *testing.T, dsn, me string) {
	t.Helper()
	s, err := connect(t.Context(), dsn, me, usualIdle)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close(t.Context())
	if _, _, err := s.take(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// A leader that does not know yet that another one leads cannot write to any table, and
// stops at its first try.
func TestFault08ADeposedLeaderWritesNothing(t *testing.T) {
	t.Parallel()
	db := seeded(t)
	one := run(t, db.BotDSN, "one")
	leading := within(t, "it to lead", one.led)
	takeOver(t, db.BotDSN, "other")

	refusal(t, one.db, leading)
	within(t, "its work to be ended", leading.Done())
	if cause := context.Cause(leading); !errors.Is(cause, ErrDeposed) {
		t.Errorf("it was ended because of %v", cause)
	}
	if err := within(t, "it to end", one.over); !errors.Is(err, ErrDeposed) {
		t.Errorf("it ended with %v", err)
	}
	if _, err := one.db.Exec(t.Context(), touch); err != nil {
		t.Errorf("its web pages cannot write: %v", err)
	}
	var n int
	if err := db.Pool.QueryRow(t.Context(), `select failures from route_health`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d writes have arrived, %v", n, err)
	}
}

const (
	sqlTables = `
		select relname from pg_class c
		where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
			and relname not like 'river\_%' and relname not in ('goose_db_version', 'leadership') order by 1`
	sqlColumn = `
		select attname from pg_attribute where attrelid = to_regclass(quote_ident(@table)) and attnum > 0 and not attisdropped
			and attgenerated = '' and attidentity = '' limit 1`
)

// Every table refuses every kind of write for a term that is over.
func TestFault08EveryTableIsFenced(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	owner, err := pgx.Connect(t.Context(), db.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.WithoutCancel(t.Context()))
	rows, _ := owner.Query(t.Context(), sqlTables)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 50 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	if _, err := owner.Exec(t.Context(), sqlSetTerm, "7 a process of old"); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		var column string
		if err := owner.QueryRow(t.Context(), sqlColumn, pgx.NamedArgs{"table": table}).Scan(&column); err != nil {
			t.Fatal(table, err)
		}
		name, column := pgx.Identifier{table}.Sanitize(), pgx.Identifier{column}.Sanitize()
		for _, write := range []string{
			"insert into " + name + " overriding system value select * from " + name + " where false", "delete from " + name + " where false",
			"update " + name + " set " + column + " = " + column + " where false",
		} {
			if _, err := owner.Exec(t.Context(), write); !isFenced(err) && !refusedAnyway(err) {
				t.Errorf("%s: %v\nA migration that makes a table gives it the trigger fence, as 0012_leadership.sql does.", write, err)
			}
		}
	}
}

// refusedAnyway tells of tables that are only added to, and of columns that are computed.
func refusedAnyway(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "42501" || refused.Code == "428C9")
}

// When a term begins, what an earlier leader has under way is rolled back, or has been
// committed: it is never committed later.
func TestFault08NothingOfAnEarlierTermIsCommittedLater(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string]bool{"whose connections are ended": false, "whose connections cannot be ended": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := seeded(t)
			one := run(t, db.BotDSN, "one")
			leading := context.WithoutCancel(within(t, "it to lead", one.led))
			tx, err := one.db.Begin(leading)
			if err == nil {
				_, err = tx.Exec(leading, touch)
			}
			if err == nil && hidden {
				_, err = tx.Exec(leading, `select set_config('application_name', 'something else', false)`)
			}
			if err != nil {
				t.Fatal(err)
			}
			taken := make(chan struct{})
			go func() {
				defer close(taken)
				takeOver(t, db.BotDSN, "other")
			}()
			if hidden {
				eventually(t, "the next leader to wait at the gate", func() bool {
					var waits bool
					if err := db.Pool.QueryRow(t.Context(), `select exists (select from pg_locks where locktype = 'advisory' and not granted)`).Scan(&waits); err != nil {
						t.Fatal(err)
					}
					return waits
				})
				if err := tx.Commit(leading); err != nil {
					t.Errorf("what began before the term could not be committed: %v", err)
				}
				within(t, "the term to begin", taken)
				return
			}
			within(t, "the term to begin", taken)
			if _, err := tx.Exec(leading, `select 1`); err == nil {
				t.Error("its transaction goes on")
			}
			if err := tx.Commit(leading); err == nil {
				t.Error("it was committed in a later term")
			}
		})
	}
}

// A leader keeps its term when its session is ended and nobody else takes it.
func TestALostSessionDeposesNobody(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t)
	dsn := server.BotDSN()
	one := run(t, dsn, "one")
	leading := within(t, "it to lead", one.led)
	check := func(what string) {
		t.Helper()
		eventually(t, "the leader to write again after "+what, func() bool {
			_, err := one.db.Exec(leading, touch)
			if isFenced(err) {
				t.Fatal(err)
			}
			return err == nil
		})
		eventually(t, "the lock to be held again after "+what, func() bool {
			var held bool
			err := one.db.QueryRow(t.Context(), `select exists (select from pg_locks l join pg_stat_activity a using (pid)
				where locktype = 'advisory' and granted and application_name = $1)`, waitName+"one").Scan(&held)
			return err == nil && held
		})
		if leading.Err() != nil || !one.Leads() {
			t.Errorf("after %s it does not lead: %v", what, context.Cause(leading))
		}
	}
	if _, err := one.db.Exec(t.Context(), sqlEvict, pgx.NamedArgs{"name": waitName}); err != nil {
		t.Fatal(err)
	}
	check("its session was ended")
	server.Kill(t)
	server.Start(t)
	check("the server was killed")
	if s, err := Look(t.Context(), one.db); err != nil || s.Epoch != 1 {
		t.Errorf("the term is %d, %v", s.Epoch, err)
	}
}

// A server ends the session of a leader that is silent, as one that was stopped is.
func TestTheServerEndsASilentLeader(t *testing.T) {
	t.Parallel()
	db := seeded(t)
	led := false
	for idle := 50 * time.Millisecond; !led; idle *= 2 { // on a slow machine the session may be over before it leads
		s, err := connect(t.Context(), db.BotDSN, "silent", idle)
		if err != nil {
			t.Fatal(err)
		}
		led, err = s.try(t.Context())
		if idle > patience {
			t.Fatalf("it never leads: %v, %v", led, err)
		}
	}
	within(t, "somebody else to lead", run(t, db.BotDSN, "other").led)
}

// What is under way at an orderly end is recorded before the next one leads.
func TestAnOrderlyEndWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	db := seeded(t)
	finish, failed := make(chan struct{}), make(chan error, 1)
	var one *candidate
	one = runWith(t, &Election{DSN: db.BotDSN, Me: "one"}, func(ctx context.Context) error {
		<-ctx.Done()
		<-finish
		_, err := one.db.Exec(context.WithoutCancel(ctx), touch)
		failed <- err
		return nil
	})
	leading := within(t, "it to lead", one.led)
	other := run(t, db.BotDSN, "other")
	one.end()
	within(t, "it to hear of its end", leading.Done())
	close(finish)
	if err := within(t, "its last write", failed); err != nil {
		t.Errorf("what was under way could not be recorded: %v", err)
	}
	within(t, "the other to lead", other.led)
}
