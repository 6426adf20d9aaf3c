package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A server ends connections that sit idle in a transaction, when it restarts, and when it has
// no room. A page that was only read is read again, and nobody sees an error of it.
func TestAPageOutlivesItsConnections(t *testing.T) {
	j := newJobWorld(t)
	j.tell(fire)
	li := j.enters("li")
	owner, err := pgx.Connect(ctx, j.base.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(ctx)
	for range 3 {
		for _, path := range []string{"/incidents/1", "/", "/jobs"} {
			li.read(path).says(t, http.StatusOK)
			var ended int
			if err := owner.QueryRow(ctx, `
				select count(*) filter (where pg_terminate_backend(pid, 5000)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`).Scan(&ended); err != nil || ended == 0 {
				t.Fatal(ended, err)
			}
			li.read(path).says(t, http.StatusOK)
		}
	}
	if !strings.Contains(j.log.String(), "lost its connection") {
		t.Error("no page lost its connection, so this proves nothing")
	}
}
