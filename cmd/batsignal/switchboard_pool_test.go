package main

import (
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
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
