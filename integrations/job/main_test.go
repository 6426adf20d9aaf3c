package job_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"batsignal/migrations/pgtest"
)

// TestMain also wants that nothing runs on when the tests are over.
func TestMain(m *testing.M) {
	code := pgtest.Run(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
