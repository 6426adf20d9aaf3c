package incidents_test

import (
	"os"
	"testing"

	"batsignal/migrations/pgtest"
)

// TestMain is also the main of the processes that a test starts in order to kill
// them: see crash_test.go.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	pgtest.Main(m)
}
