// Package cmd_test owns the tests that look at the whole module at once.
package cmd_test

import (
	"testing"

	"batsignal/migrations/pgtest"
	"batsignal/migrations/sqlcheck"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestEverySQLConstant has the migrated database prepare and plan, as the bot,
// every string constant of the module whose name begins with sql.
func TestEverySQLConstant(t *testing.T) {
	if n := sqlcheck.All(t, ".."); n == 0 {
		t.Error("no SQL was found, so nothing was checked")
	} else {
		t.Logf("%d statements", n)
	}
}
