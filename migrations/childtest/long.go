package childtest

import (
	"os"
	"testing"
)

// Integration is the variable with which make test-integration has long tests run.
const Integration = "TEST_INTEGRATION"

// Long ends a test that takes so long that it is not for everybody who runs the tests: it runs
// in make test-integration, which is part of CI.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv(Integration) == "" {
		t.Skip("NOT RUN: it takes long; make test-integration runs it")
	}
}

// Times is how often a test tries something by chance: few times for everybody, and many
// times in make test-integration.
func Times(few, many int) int {
	if os.Getenv(Integration) == "" {
		return few
	}
	return many
}
