package consul

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/consul/consultest"
	"batsignal/integrations/throwaway"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

// pidIn gives the number of the server of a directory, and of its network.
func pidIn(t *testing.T, root string) (pid int, network string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range lines {
		if text, err := os.ReadFile(at); err == nil && bytes.Contains(text, []byte("-config-file="+root)) {
			_, _ = fmt.Sscanf(filepath.Base(filepath.Dir(at)), "%d", &pid)
			network, _ = os.Readlink(filepath.Join(filepath.Dir(at), "ns/net"))
		}
	}
	return pid, network
}

// A Consul to restore on has a network of its own, and is talked to all the same. How it ends
// tells whether that says something about what was restored on it.
func TestAConsulInWalls(t *testing.T) {
	t.Parallel()
	program := consultest.Start(t).Binary
	walls, err := throwaway.Walls{Mode: throwaway.Auto, Ours: argv.OurWalls()}.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if walls.Note() != "" {
		childtest.Lacks(t, errors.New(walls.Note()))
	}
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for signal, not := range map[syscall.Signal]bool{syscall.SIGKILL: true, syscall.SIGINT: false} {
		dir := filepath.Join(t.TempDir(), "run-1-1-consul")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s, err := start(t.Context(), walls, program, dir, "", time.Now)
		if err != nil {
			t.Fatal(err)
		}
		pid, network := pidIn(t, dir)
		if pid == 0 || network == "" || network == ours {
			t.Errorf("process %d is in the network %s, and we are in %s", pid, network, ours)
		}
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
		<-s.Exited()
		_, err = s.client.keys(t.Context(), "")
		var is backup.NotProven
		err = backup.Prevented(t.Context(), s.judge(err, "It does not restore."))
		if errors.As(err, &is) != not || !not && fault.KindOf(err) != fault.Invalid {
			t.Errorf("after %v: %v", signal, err)
		}
		if err := s.close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatAnAnswerSaysOfASnapshot(t *testing.T) {
	t.Parallel()
	server := consultest.Start(t)
	s := of(server)
	dir := filepath.Join(t.TempDir(), "run-1-1-consul")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	running, err := start(t.Context(), throwaway.Built{}, server.Binary, dir, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for said, not := range map[string]bool{"failed to decode snapshot": false, "write state.bin: no space left on device": true, "No cluster leader": true} {
		var is backup.NotProven
		if err := backup.Prevented(t.Context(), running.judge(running.client.refused(500, said), "It does not restore.")); errors.As(err, &is) != not {
			t.Errorf("%s: %v", said, err)
		}
	}
	// What it did not answer in time, or at all, says nothing.
	for _, cause := range []error{throwaway.ErrSlow, errors.New("connection reset")} {
		var is backup.NotProven
		if err := running.judge(fault.Wrap(fault.Unready, cause, "It does not answer."), "It does not answer."); !errors.As(err, &is) {
			t.Errorf("%v", err)
		}
	}
	if err := running.close(t.Context()); err != nil {
		t.Error(err)
	}
	snapshot, taken := s.write(t)
	s.Walls = throwaway.Walls{Mode: throwaway.Required}
	var not backup.NotProven
	if _, err := s.prove(t, snapshot, taken); !errors.As(err, &not) || !strings.Contains(err.Error(), "jobs.walls: off") {
		t.Errorf("%v", err)
	}
	s.Walls = throwaway.Walls{}
	if proof, err := s.prove(t, snapshot, taken); err != nil || proof.Level != 4 || !strings.Contains(proof.Detail, "It was not walled in: the configuration has it so") || fact(proof.Facts, "network") != "that of this machine" {
		t.Errorf("%+v, %v", proof, err)
	}
}
