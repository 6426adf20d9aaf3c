package throwaway_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

func TestWhereThereAreNoWalls(t *testing.T) {
	broken, none := []string{"/bin/false"}, []string{"/bin/sh", "-c", "echo walls: operation not permitted >&2; exit 125"}
	for _, c := range []struct {
		walls throwaway.Walls
		why   string
	}{
		{throwaway.Walls{}, "the configuration has it so"},
		{throwaway.Walls{Mode: throwaway.Off, Ours: argv.OurWalls()}, "the configuration has it so"},
		{throwaway.Walls{Mode: throwaway.Auto}, "this program has no walls"},
		{throwaway.Walls{Mode: throwaway.Auto, Ours: none}, "make no network of its own"},
	} {
		b, err := c.walls.Build(t.Context())
		if err != nil || !strings.Contains(b.Note(), c.why) || b.Fact()[1] != "that of this machine" || len(b.In(argv.Command{}).Walls) > 0 {
			t.Errorf("%+v: %q, %v", c.walls, b.Note(), err)
		}
	}
	if _, err := (throwaway.Walls{Mode: throwaway.Required, Ours: none}).Build(t.Context()); fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "jobs.walls: off") {
		t.Errorf("%v", err)
	}
	// What may pass opens none.
	if _, err := (throwaway.Walls{Mode: throwaway.Auto, Ours: broken}).Build(t.Context()); fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "Try again") {
		t.Errorf("%v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (throwaway.Walls{Mode: throwaway.Auto, Ours: argv.OurWalls()}).Build(over); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A server in walls runs as the account that it should, sees the directory, and has a network
// of its own.
func TestAServerInWalls(t *testing.T) {
	walls, err := throwaway.Walls{Mode: throwaway.Auto, Ours: argv.OurWalls()}.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if walls.Note() != "" {
		childtest.Lacks(t, errors.New(walls.Note()))
	}
	as, err := throwaway.Unprivileged("nobody")
	if err != nil {
		t.Fatal(err)
	}
	out, err := throwaway.Run(t.Context(), walls.In(argv.Command{Path: "sh", Args: []string{"-c", "readlink /proc/self/ns/net; grep -c : /proc/net/dev; id -un; grep NoNewPrivs /proc/self/status"}}), as)
	ours, rerr := os.Readlink("/proc/self/ns/net")
	said := strings.Fields(out.Stdout)
	if err != nil || rerr != nil || len(said) != 5 || said[0] == ours || said[4] != "1" || as.Name != "" && said[2] != as.Name {
		t.Errorf("%q in %s, %v", out.Stdout, ours, err)
	}
	dir := scratch(t, "run-1-1-x")
	s, err := throwaway.Start(t.Context(), walls.In(argv.Command{Path: "sleep", Args: []string{"1000"}, Dir: dir}), dir, throwaway.Account{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Await(t.Context(), time.Minute, func(context.Context) (bool, error) { return sleeping(t, dir) == 1, nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Await(t.Context(), time.Millisecond, func(context.Context) (bool, error) { return false, nil }); !errors.Is(err, throwaway.ErrSlow) {
		t.Errorf("%v", err)
	}
	if err := s.Stop(t.Context()); err != nil || sleeping(t, dir) != 0 {
		t.Errorf("%d run, %v", sleeping(t, dir), err)
	}
	var ended *throwaway.Ended
	if err := s.Await(t.Context(), time.Minute, func(context.Context) (bool, error) { return false, nil }); !errors.As(err, &ended) {
		t.Errorf("%v", err)
	}
}

func TestOthersStepsAreNotTakenBack(t *testing.T) {
	for _, step := range []job.Step{{Undo: "other"}, {Undo: "server", Memo: []byte("{")}, {Undo: "server", Memo: []byte(`{"dir":"/etc","program":"consul"}`)}} {
		if err := throwaway.Undo(t.Context(), step, "server"); err == nil {
			t.Errorf("%s %s was taken back", step.Undo, step.Memo)
		}
	}
}
