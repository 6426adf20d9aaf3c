package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"batsignal/migrations/childtest"
)

func TestWhoIsDead(t *testing.T) {
	if processSpace() == "" {
		childtest.Lacks(t, errors.New("this machine does not tell processes apart")) // then leases run out
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(workerName(), "/", 4)
	named := func(space string) string {
		return fmt.Sprintf("%s/%d/%s/%s", parts[0], child.Process.Pid, parts[2], space)
	}
	if isDeadWorker(named(parts[3])) {
		t.Error("it lives")
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if !isDeadWorker(named(parts[3])) {
		t.Error("it was killed")
	}
	for _, name := range []string{named("another boot pid:[1]"), named(""), "", "a/b/c", parts[0] + "/x/ab/" + parts[3], fmt.Sprintf("%s/-1/ab/%s", parts[0], parts[3]),
		fmt.Sprintf("another%s/%d/%s/%s", parts[0], child.Process.Pid, parts[2], parts[3])} {
		if isDeadWorker(name) {
			t.Errorf("%q may live", name)
		}
	}
}
