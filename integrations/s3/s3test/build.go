package s3test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"batsignal/migrations/childtest"
)

// build makes the server's program, once on a machine: it takes minutes. It is a
// module of its own, so that nothing of it is in ours.
func build() (program string, err error) {
	_, here, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(here), "versitygw")
	return childtest.Once("versitygw", filepath.Join(module, "go.sum"), func(program string) error {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/versity/versitygw/cmd/versitygw")
		cmd.Dir = module
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -buildvcs=false", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the S3 server versitygw cannot be built: %w\n%s", err, out)
		}
		return nil
	})
}
