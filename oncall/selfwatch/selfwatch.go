// Package selfwatch owns what the bot finds when it looks at itself: can it write, does
// its chat answer, do its routes let it in. Only if it could page somebody now does it
// send its heartbeat, to somebody outside who misses it when it does not come.
//
// It does not know networks or providers: whoever wires it says what to try. It repairs
// nothing and pages nobody: a watch that pages through what it watches sees only what
// works.
package selfwatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// Kind is what a check stands for. Of chats and routes, if there are any, one must succeed.
type Kind string

// The kinds.
const (
	Database Kind = "database"
	Chat     Kind = "chat"
	Route    Kind = "route"
	// Answers is where answers come in: paging goes on without.
	Answers Kind = "answers"
	// Sealed is what opens sealed addresses: paging by open ways goes on without.
	Sealed Kind = "sealed"
)

// Check is one thing to try. Do must not send anything to anybody.
type Check struct {
	Kind Kind
	Name string // "libera", "sms"
	Do   func(context.Context) error
}

// Watch looks each time it is told to.
type Watch struct {
	DB     pg.DB
	Now    func() time.Time
	Log    *slog.Logger
	Checks []Check
	Beat   func(context.Context) error // tells somebody outside that all is well; nil tells nobody
}

// Result is how one check went last.
type Result struct {
	Name   string
	At     time.Time
	OK     bool
	Since  time.Time // since when it is as it is
	Detail string
}

const (
	sqlWriteCheck = `
		insert into self_check as c (name, at, ok, since, detail) values (@name, @now, @ok, @now, @detail)
		on conflict (name) do update set at = @now, ok = @ok, detail = @detail,
			since = case when c.ok = @ok then c.since else @now end`
	sqlForgetChecks = `delete from self_check where at < @before`
	sqlChecks       = `select name, at, ok, since, detail from self_check order by name`
)

const (
	checkBudget = 10 * time.Second
	forgetAfter = time.Hour // a check that is not made any more says nothing
)

// Look makes every check at once, writes down how they went, and sends the heartbeat if a
// database write, one chat and one route succeeded. The error says which kind failed.
func (w *Watch) Look(ctx context.Context) error {
	results := make([]error, len(w.Checks))
	var all sync.WaitGroup
	for i, c := range w.Checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkBudget)
			defer cancel()
			results[i] = c.Do(ctx)
		})
	}
	all.Wait()
	works, seen := map[Kind]bool{}, map[Kind]bool{}
	for i, c := range w.Checks {
		seen[c.Kind] = true
		works[c.Kind] = works[c.Kind] || results[i] == nil
		if err := w.write(ctx, string(c.Kind)+" "+c.Name, results[i]); err != nil {
			return fmt.Errorf("the database cannot be written: %w", err)
		}
	}
	if err := w.write(ctx, string(Database), nil); err != nil {
		return fmt.Errorf("the database cannot be written: %w", err)
	}
	for _, kind := range []Kind{Chat, Route} {
		if seen[kind] && !works[kind] {
			return errors.Join(fmt.Errorf("no %s works, so no heartbeat is sent", kind), w.write(ctx, Heartbeat, errHeldBack))
		}
	}
	if w.Beat == nil {
		return nil
	}
	err := w.Beat(ctx)
	return errors.Join(err, w.write(ctx, Heartbeat, err))
}

var errHeldBack = fault.New(fault.Unready, "held back: something that paging needs does not work")

func (w *Watch) write(ctx context.Context, name string, failed error) error {
	detail := ""
	if failed != nil {
		detail = "it failed; the log says why" // what is not meant for people may hold anything
		if said := (*fault.Error)(nil); errors.As(failed, &said) {
			detail = said.Say
		}
		w.Log.Warn("a check of ourselves failed", "check", name, "error", failed)
	}
	if r := []rune(detail); len(r) > 400 {
		detail = string(r[:400])
	}
	_, err := w.DB.Exec(ctx, sqlWriteCheck, pgx.NamedArgs{"name": name, "now": w.Now(), "ok": failed == nil, "detail": detail})
	return err
}

// Forget deletes the checks that are not made any more.
func (w *Watch) Forget(ctx context.Context) error {
	_, err := w.DB.Exec(ctx, sqlForgetChecks, pgx.NamedArgs{"before": w.Now().Add(-forgetAfter)})
	return err
}

// Results lists how the checks went last, by name.
func Results(ctx context.Context, db pg.DB) ([]Result, error) {
	rows, err := db.Query(ctx, sqlChecks)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Result])
}
