package oidctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"batsignal/migrations/childtest"
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
	return childtest.Once("oidc-provider", filepath.Join(here(), "package-lock.json"), func(folder string) error {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for _, name := range []string{"package.json", "package-lock.json"} {
			text, err := os.ReadFile(filepath.Join(here(), name))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
				return err
			}
		}
		cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the identity provider of the tests cannot be installed: %w\n%s", err, out)
		}
		return nil
	})
}

// here is the folder of this package, where the server's own files are.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}
