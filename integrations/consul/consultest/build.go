package consultest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"batsignal/migrations/childtest"
)

// Build makes the real program, once on a machine: it takes minutes. It is a module of its
// own, so that nothing of it is in ours.
func Build() (program string, err error) {
	_, here, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(here), "consul")
	return childtest.Costly("consul", filepath.Join(module, "go.sum"), func(program string) error {
		cmd := exec.Command("nice", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/hashicorp/consul")
		cmd.Dir = module
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -buildvcs=false", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the Consul server cannot be built: %w\n%s", err, out)
		}
		return nil
	})
}
