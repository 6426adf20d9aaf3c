package vaulttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"batsignal/migrations/childtest"
)

// Build gives the program of the server, which is built once on a machine: cold it takes
// five minutes on two processors. It is a module of its own, so that nothing of it is in ours.
func Build() (program string, err error) {
	_, here, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(here), "minivault")
	pins, err := os.CreateTemp("", "minivault-pins-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(pins.Name()) }() // a temporary file
	defer pins.Close()
	for _, name := range []string{"go.sum", "main.go"} { // what it is made of
		text, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		if _, err := pins.Write(text); err != nil {
			return "", err
		}
	}
	return childtest.Costly("minivault", pins.Name(), func(program string) error {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
		cmd.Dir = module
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -buildvcs=false", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the server minivault cannot be built: %w\n%s", err, out)
		}
		return nil
	})
}
