package oidctest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// install fetches the server's library with what it needs, once on a machine, into a
// cache outside of the tree. The lock file pins each package by its hash; no script of any
// of them is run.
func install() (modules string, err error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("the identity provider of the tests needs %s (Debian: apt install nodejs npm)", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "batsignal")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	pins, err := os.ReadFile(filepath.Join(here(), "package-lock.json"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(pins)
	folder := filepath.Join(cache, fmt.Sprintf("oidc-provider-%x", sum[:8]))
	lock, err := os.OpenFile(folder+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close() // which ends the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	fresh := folder + ".new"
	if err := os.RemoveAll(fresh); err != nil { // of an install that was broken off
		return "", err
	}
	if err := os.MkdirAll(fresh, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(here(), name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(fresh, name), text, 0o644); err != nil {
			return "", err
		}
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = fresh
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the identity provider of the tests cannot be installed: %w\n%s", err, out)
	}
	return folder, os.Rename(fresh, folder)
}

// here is the folder of this package, where the server's own files are.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}
