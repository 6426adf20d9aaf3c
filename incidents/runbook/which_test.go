package runbook_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/incidents/runbook"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// In an incident's room its run is meant; several have to be named.
func TestWhichRunIsMeant(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	home, private := s.as("bert"), s.as("bert")
	home.Room, private.Room = "#ops", ""
	pick := func(by runbook.By, which string) int64 {
		t.Helper()
		id, err := s.Pick(ctx, by.Actor, which)
		s.must(err)
		return id
	}
	_, err := s.Pick(ctx, home.Actor, "")
	s.refused(err, fault.NotFound, "No runbook goes on here. !runbook list shows what there is, and !runbook start NAME starts one.")
	first := s.starts("maria")
	told, err := s.Start(ctx, home, "small", 0)
	s.must(err)
	second := told.Run.ID
	if pick(s.as("bert"), "") != first || pick(home, "") != second || pick(private, "r-1") != first || pick(home, "R2") != second || pick(home, "small") != second {
		t.Error("another run was meant")
	}
	_, err = s.Pick(ctx, private.Actor, "")
	s.refused(err, fault.Invalid, "Several runbooks go on: R1 (small) and R2 (small). Say which one, as in --run R1.")
	_, err = s.Pick(ctx, oncall.Actor{Network: "libera", Room: "#ops"}, "large")
	s.refused(err, fault.NotFound, "No runbook of that name goes on here. !runbook list shows those that do.")
	// What is to be typed names the run only where it could be another one.
	said := s.said()
	if last := said[len(said)-1]; last != "libera #ops: R2 step 1 of 6: Read all of it first. Then: !runbook next 1" {
		t.Error(last)
	}
	runs, err := s.List(ctx, runbook.Filter{Open: true, Incident: s.incident})
	s.must(err)
	if len(runs) != 1 || runs[0].ID != first || runs[0].StartedBy != "maria" {
		t.Errorf("%+v", runs)
	}
}

// Two runbooks in one incident are named, with what is to be typed; and a job that nobody
// waits for any more is not lost sight of.
func TestSeveralInOneIncident(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	other := s.Books[0]
	other.Name = "other"
	other.Text = []byte(strings.Replace(small, "runbook: small", "runbook: other", 1))
	s.Books = append(s.Books, other)
	run := s.starts("maria")
	_, err := s.Start(ctx, s.as("bert"), "other", s.incident)
	s.must(err)
	said := s.said()
	if last := said[len(said)-1]; last != "libera #inc-1: [INC-1] R2 step 1 of 6: Read all of it first. Then: !runbook next --run R2 1" {
		t.Error(last)
	}
	_, err = s.Pick(ctx, s.as("bert").Actor, "")
	s.refused(err, fault.Invalid, "Several runbooks go on: R1 (small) and R2 (other). Say which one, as in --run R1.")
	for _, line := range []string{"next", "skip 2 off", "done 3 yes", "next 4 part=fan", "skip 4 by hand"} {
		s.must(s.says(run, "maria", line))
	}
	said = s.said()
	same(t, []string{
		"libera #inc-1: [INC-1] maria skipped step 4 of R1, mend: by hand.",
		"libera #inc-1: [INC-1] The job mend-all still runs, as run 1. !job cancel 1 stops it.",
	}, said[len(said)-3:len(said)-1])
	s.ends(1, "succeeded", "")
	s.want(run, "5/6 waiting")
}

// Whoever walks alone, in private, hears in private how the job ended.
func TestInPrivate(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	maria := s.as("maria")
	maria.Room = ""
	told, err := s.Start(ctx, maria, "small", 0)
	s.must(err)
	run := told.Run.ID
	if len(told.Lines) != 2 || told.HeardIn("libera", "") {
		t.Errorf("%+v", told)
	}
	for _, line := range []string{"next", "skip 2 off", "done 3 yes", "next 4 part=fan"} {
		s.must(s.says(run, "maria", line))
	}
	same(t, []string{}, s.said())
	s.ends(1, "timed_out", "")
	same(t, []string{
		"libera maria: The job mend-all took too long, so R1 stays at step 4, mend.",
		"libera maria: R1 step 4 of 6: Have it mended. The job did not succeed. To go on: !runbook retry 4, or !runbook skip 4 WHY, or !runbook abort WHY",
	}, s.said())
	// Somebody whom we do not know is nobody's second person.
	stranger := runbook.By{Actor: oncall.Actor{Network: "libera", Account: "zed"}}
	s.must(s.says(run, "maria", "skip 4 by hand"))
	s.advance(time.Minute)
	_, err = s.Done(ctx, stranger, runbook.Said{Run: run, Step: 5})
	s.refused(err, fault.Forbidden, "It takes two people here whom I know: link your account with !link CODE first.")
	s.refused(s.says(run, "maria", "done 5 "+strings.Repeat("x", 501)), fault.Invalid, "Say it in up to 500 letters.")
	s.refused(s.says(99, "maria", "done"), fault.NotFound, "There is no run R99 of a runbook. !runbook list shows those that go on.")
}
