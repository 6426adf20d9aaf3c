package sqlcheck

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"batsignal/migrations/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ofSwitchboard are the packages whose statements the switchboard runs, as its own role;
// what of theirs the bot runs as well, it may at least run too.
var ofSwitchboard = []string{"oncall/ledger", "oncall/switchboard", "web/switchboard"}

// All checks the SQL constants of every package of the module at root on a migrated
// database, as the bot, or as the switchboard where it is that one's, and returns how many
// there were. Each fault is an error of the test with place, name and Postgres' words.
func All(t *testing.T, root string) int {
	t.Helper()
	dirs, err := Packages(root)
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.Fresh(t)
	bot, switchboard := acquire(t, db.Pool), acquire(t, db.Switchboard(t))
	n := 0
	for _, dir := range dirs {
		statements, err := Statements(dir)
		if err != nil {
			t.Error(err)
		}
		conn := bot
		if within, err := filepath.Rel(root, dir); err == nil && slices.ContainsFunc(ofSwitchboard, func(p string) bool {
			return within == p || strings.HasPrefix(within, p+"/")
		}) {
			conn = switchboard
		}
		for _, s := range statements {
			n++
			if err := Prepare(t.Context(), conn, s.SQL); err != nil {
				t.Errorf("%s: %s: %v", s.At, s.Name, err)
			}
		}
	}
	return n
}

func acquire(t *testing.T, pool *pgxpool.Pool) *pgx.Conn {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Release)
	return conn.Conn()
}

const (
	codeForbidden = "42501"
	planName      = "sqlcheck"
)

// Prepare has Postgres understand one statement, which checks names and types,
// and then plan it, which checks rights; nothing is run. The connection must not
// be in a transaction, which the first fault would end.
//
// Arguments may be numbered ($1) or named as pgx.NamedArgs wants them (@now).
func Prepare(ctx context.Context, conn *pgx.Conn, sql string) error {
	sql, _, err := pgx.NamedArgs{}.RewriteQuery(ctx, conn, sql, nil)
	if err != nil {
		return err
	}
	d, err := conn.Prepare(ctx, planName, sql)
	if err != nil {
		return describe(err, sql)
	}
	// A generic plan needs no values, and EXPLAIN asks for the rights on every
	// table in it. What has no plan (listen, set) has been checked as far as it
	// can be; and only a refusal is news here.
	explain := "explain execute " + planName
	if n := len(d.ParamOIDs); n > 0 {
		explain += "(" + strings.TrimSuffix(strings.Repeat("null,", n), ",") + ")"
	}
	_, err = conn.Exec(ctx, "set plan_cache_mode = force_generic_plan; "+explain)
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr) && pgErr.Code != codeForbidden:
		err = nil
	case err != nil:
		err = describe(err, sql)
	}
	return errors.Join(err, conn.Deallocate(ctx, planName))
}

// describe adds the line of the statement that Postgres points at.
func describe(err error, sql string) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	text := fmt.Sprintf("%s (%s)", pgErr.Message, pgErr.Code)
	if pgErr.Hint != "" {
		text += "; " + pgErr.Hint
	}
	if runes := []rune(sql); pgErr.Position > 0 && int(pgErr.Position) <= len(runes) {
		before := string(runes[:pgErr.Position-1])
		start := strings.LastIndexByte(before, '\n') + 1
		line, _, _ := strings.Cut(string(runes)[start:], "\n")
		text += fmt.Sprintf(" in line %d: %s", strings.Count(before, "\n")+1, strings.TrimSpace(line))
	}
	return errors.New(text)
}
