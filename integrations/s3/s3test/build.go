package s3test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// build makes the server's program, once on a machine: it takes minutes. It is a
// module of its own, so that nothing of it is in ours.
func build() (program string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "batsignal")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	_, here, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(here), "versitygw")
	pins, err := os.ReadFile(filepath.Join(module, "go.sum")) // of every module that it is built of
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(pins)
	program = filepath.Join(cache, fmt.Sprintf("versitygw-%x", sum[:8]))
	lock, err := os.OpenFile(program+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close() // which ends the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program+".new", "github.com/versity/versitygw/cmd/versitygw")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -buildvcs=false", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the S3 server versitygw cannot be built: %w\n%s", err, out)
	}
	return program, os.Rename(program+".new", program)
}
