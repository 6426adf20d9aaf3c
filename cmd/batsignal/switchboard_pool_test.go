package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// A switchboard that is frozen in a transaction has the lock on which every answer to its
// incident waits: the database ends that long before an answer is given up.
func TestAFrozenSwitchboardDoesNotHoldAnswersUp(t *testing.T) {
	t.Parallel()
	db, err := pg.Open(t.Context(), pgtest.Fresh(t).SwitchboardDSN, exchangePool)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var idle string
	if err := db.QueryRow(t.Context(), `select current_setting('idle_in_transaction_session_timeout')`).Scan(&idle); err != nil {
		t.Fatal(err)
	}
	// An answer waits for locks as long as a statement may take: pg.Options has 30 s.
	if ends, err := time.ParseDuration(idle); err != nil || ends > 10*time.Second {
		t.Errorf("it ends after %s, %v", idle, err)
	}
}

// A switchboard that cannot be joined gives its connections back: whoever tries again and
// again in one process, as a test does, does not use up those of the database.
func TestASwitchboardThatCannotBeginHoldsNoConnection(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	c := Config{StateDir: t.TempDir(), Database: databaseConfig{URL: secret.New(db.SwitchboardDSN)}}
	c.Switchboard.Run.Bots = []string{"https://127.0.0.1:1"}
	c.Switchboard.Run.Peer = "sha256:" + strings.Repeat("0", 64)
	if err := os.WriteFile(filepath.Join(c.StateDir, "ledger.key"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := newExchange(t.Context(), c, nil, nil, exchangeClock{now: time.Now}, slog.New(slog.DiscardHandler))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "ledger.key is damaged") {
		t.Fatal(err)
	}
	// A backend may take a moment to notice that it was left.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var held int
		if err := db.Pool.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and usename = 'batsignal_switchboard_login'`).Scan(&held); err != nil {
			t.Fatal(err)
		}
		if held == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are held", held)
		}
	}
}
