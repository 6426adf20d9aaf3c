package runbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/oncall/fault"
)

func same(t testing.TB, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Three people walk through a runbook at night, each step by whoever is there.
func TestARunbookIsWalkedThrough(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	run := s.starts("maria")
	same(t, []string{
		"libera #inc-1: [INC-1] maria starts the runbook small as R1: Turn it off and on again. It has 6 steps.",
		"libera #inc-1: [INC-1] R1 step 1 of 6: Read all of it first. Then: !runbook next 1",
	}, s.said())
	s.must(s.says(run, "maria", "next"))
	same(t, []string{
		"libera #inc-1: [INC-1] maria read step 1 of R1, read.",
		"libera #inc-1: [INC-1] R1 step 2 of 6: first two people must look and find: Nobody uses it. Then it is: Turn it off. Each of them says: !runbook done 2",
	}, s.said())
	s.must(s.says(run, "bert", "done 2"))
	s.refused(s.says(run, "bert", "done 2"), fault.Conflict, "You said it already, and it takes two people: somebody else must look, too, and say !runbook done 2.")
	same(t, []string{
		"libera #inc-1: [INC-1] bert looked before step 2 of R1, off, and found it so. A second person must look, too.",
		"libera #inc-1: [INC-1] R1 step 2 of 6: first two people must look and find: Nobody uses it. Then it is: Turn it off. Somebody other than bert says: !runbook done 2",
	}, s.said())
	s.must(s.says(run, "aiko", "done 2"))
	s.must(s.says(run, "bert", "done 2 it hummed for a while"))
	same(t, []string{
		"libera #inc-1: [INC-1] aiko looked, too, before step 2 of R1, off: Nobody uses it. So it may begin.",
		"libera #inc-1: [INC-1] R1 step 2 of 6: Turn it off. When it is done: !runbook done 2",
		"libera #inc-1: [INC-1] bert did step 2 of R1, off: it hummed for a while.",
		"libera #inc-1: [INC-1] R1 step 3 of 6: Is it dark? Choose: !runbook done 3 yes (no lamp is lit) or !runbook done 3 no",
	}, s.said())
	s.refused(s.says(run, "maria", "done 3 maybe"), fault.Invalid, "Choose yes or no, as in !runbook done 3 yes.")
	s.refused(s.says(run, "maria", "skip 3 I cannot see it"), fault.Conflict, "A decision is not skipped: choose yes or no.")
	s.must(s.says(run, "maria", "done 3 Yes: pitch\n \x00 \u202edark"))
	s.refused(s.says(run, "maria", "done 4"), fault.Conflict, "Step 4 is a job: !runbook next 4 starts it. If you did it by hand: !runbook skip 4 WHY")
	s.refused(s.says(run, "maria", "next 4"), fault.Invalid, "The job needs part: which part. Say it like !runbook next part=…")
	s.refused(s.says(run, "maria", "next 4 part=fan node=b2"), fault.Invalid, "The job of this step takes no value node from here.")
	s.must(s.says(run, "maria", "next 4 part=fan"))
	s.refused(s.says(run, "bert", "done 4"), fault.Conflict, "Step 4 waits for the job mend-all, run 1. I go on when it ends. To go on without it: !runbook skip 4 WHY")
	s.want(run, "4/6 running")
	s.ends(1, "failed", "The fan is stuck.")
	s.want(run, "4/6 stopped")
	s.refused(s.says(run, "bert", "done 4"), fault.Conflict, "The job of step 4 did not succeed. !runbook retry 4 tries again, !runbook skip 4 WHY goes on if you did it by hand, and !runbook abort WHY ends it all.")
	s.must(s.says(run, "bert", "retry 4 part=belt"))
	s.ends(2, "succeeded", "All is mended.")
	same(t, []string{"mend-all node=a1 part=fan runbook/R1/7", "mend-all node=a1 part=belt runbook/R1/9"}, s.jobs.params())
	same(t, []string{
		"libera #inc-1: [INC-1] maria chose yes at step 3 of R1, dark: pitch dark.",
		"libera #inc-1: [INC-1] R1 step 4 of 6: Have it mended. The job mend-all does it with node=a1. To start it: !runbook next 4 part=… (which part)",
		"libera #inc-1: [INC-1] maria starts the job mend-all for step 4 of R1, mend: it is run 1.",
		"libera #inc-1: [INC-1] R1 step 4 of 6: Have it mended. The job mend-all is at it, as run 1; I go on when it ends.",
		"libera #inc-1: [INC-1] The job mend-all failed, so R1 stays at step 4, mend. The fan is stuck.",
		"libera #inc-1: [INC-1] R1 step 4 of 6: Have it mended. The job did not succeed. To go on: !runbook retry 4, or !runbook skip 4 WHY, or !runbook abort WHY",
		"libera #inc-1: [INC-1] bert starts the job mend-all for step 4 of R1, mend: it is run 2.",
		"libera #inc-1: [INC-1] R1 step 4 of 6: Have it mended. The job mend-all is at it, as run 2; I go on when it ends.",
		"libera #inc-1: [INC-1] The job mend-all succeeded: step 4 of R1, mend, is done. All is mended.",
		"libera #inc-1: [INC-1] R1 step 5 of 6: Turn it on. Why: People wait. When it is done, two people say: !runbook done 5",
	}, s.said())
	s.must(s.says(run, "bert", "done 5"))
	s.must(s.says(run, "maria", "done 5"))
	s.refused(s.says(run, "maria", "done 6"), fault.Forbidden, "Step 6 of R1 is for the role communications. Ask somebody who has it to say it.")
	s.must(s.says(run, "aiko", "done 6"))
	s.want(run, "done")
	same(t, []string{
		"libera #inc-1: [INC-1] bert confirms step 5 of R1, on. A second person must confirm it.",
		"libera #inc-1: [INC-1] R1 step 5 of 6: Turn it on. Why: People wait. Somebody other than bert says: !runbook done 5",
		"libera #inc-1: [INC-1] maria did step 5 of R1, on.",
		"libera #inc-1: [INC-1] R1 step 6 of 6: Tell people. It is for the role communications. When it is done: !runbook done 6",
		"libera #inc-1: [INC-1] aiko did step 6 of R1, tell.",
		"libera #inc-1: [INC-1] The runbook small (R1) is through, after 3 h 10 min.",
	}, s.said())
	s.refused(s.says(run, "maria", "done"), fault.Conflict, "R1 is through at 06:10 UTC. !runbook start small starts it anew.")
	lines := s.timeline()
	if len(lines) != 14 || lines[0] != "runbook maria: maria starts the runbook small as R1: Turn it off and on again. It has 6 steps." ||
		lines[7] != "runbook : The job mend-all failed, so R1 stays at step 4, mend. The fan is stuck." {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}

// Two say at once that a step is done: it is done once, and the second hears by whom.
func TestTwoPeopleAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	run := s.starts("maria")
	s.must(s.saysNow(s.Service, run, "maria", "next 1"))
	s.must(s.saysNow(s.Service, run, "bert", "skip 2 it is off"))
	s.must(s.saysNow(s.Service, run, "bert", "done 3 yes"))
	s.refused(s.saysNow(s.Service, run, "aiko", "done 3 no"), fault.Conflict, "Step 3 was decided by bert (yes) already, at 03:00 UTC. At hand is step 4: !runbook next says it.")
	s.refused(s.saysNow(s.Service, run, "aiko", "skip gone"), fault.Conflict, "Step 3 was decided by bert (yes) just now. If you mean step 4: !runbook next 4")
	s.refused(s.saysNow(s.Service, run, "aiko", "done 5"), fault.Conflict, "Step 5 of R1 is not at hand: step 4 is. !runbook next says it.")
	s.refused(s.saysNow(s.Service, run, "aiko", "done 9"), fault.NotFound, "R1 has only 6 steps.")
	s.refused(s.saysNow(s.Service, run, "aiko", "skip 2 again"), fault.Conflict, "Step 2 was skipped by bert already, at 03:00 UTC. At hand is step 4: !runbook next says it.")
	s.must(s.saysNow(s.Service, run, "bert", "skip by hand"))

	// Truly at once, from as many processes.
	for _, who := range []string{"maria", "bert"} {
		s.must(s.saysNow(s.Service, run, who, "done 5"))
	}
	s.advance(time.Hour)
	results := make(chan error)
	const many = 8
	for range many {
		on := s.process()
		go func() { results <- s.saysNow(on, run, "aiko", "done 6") }()
	}
	done := 0
	for range many {
		if err := <-results; err == nil {
			done++
		} else if fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
	}
	if n := get[int](t, s.db, `select count(*) from runbook_step_done where step = 6`); done != 1 || n != 1 {
		t.Errorf("it was done %d times, and stands there %d times", done, n)
	}
}

// The same runbook is not started twice in an incident, by two people at the same moment
// either.
func TestStartedOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	results := make(chan error)
	const many = 6
	for range many {
		on := s.process()
		go func() {
			_, err := on.Start(ctx, s.as("bert"), "small", s.incident)
			results <- err
		}()
	}
	started := 0
	for range many {
		if err := <-results; err == nil {
			started++
		} else {
			s.refused(err, fault.Conflict, "bert started small here already: it is R1, at step 1 of 6. !runbook status R1 shows it.")
		}
	}
	if started != 1 {
		t.Errorf("it was started %d times", started)
	}
	_, err := s.Start(ctx, s.as("bert"), "smal", s.incident)
	s.refused(err, fault.NotFound, "There is no runbook of that name. Did you mean small? !runbook list has all of them.")
	_, err = s.Start(ctx, s.as("bert"), "small", 99)
	s.refused(err, fault.NotFound, "There is no INC-99. !incident list shows the last ones.")
}

// A runbook that is aborted says what is to be taken back.
func TestAborted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	run := s.starts("maria")
	for _, line := range []string{"maria next", "maria done 2", "bert done 2", "bert done 2", "maria done 3 yes", "maria next 4 part=fan"} {
		who, what, _ := strings.Cut(line, " ")
		s.must(s.says(run, who, what))
	}
	s.said()
	s.refused(s.says(run, "aiko", "abort"), fault.Invalid, "Say why, as in !runbook abort the old server answers again. It stays on record.")
	s.must(s.says(run, "aiko", "abort it works again"))
	same(t, []string{
		"libera #inc-1: [INC-1] aiko aborted the runbook small (R1) at step 4: it works again.",
		"libera #inc-1: [INC-1] The job mend-all still runs, as run 1. !job cancel 1 stops it.",
		"libera #inc-1: [INC-1] Take back step 2, off: Turn it on.",
	}, s.said())
	s.refused(s.says(run, "bert", "done 4"), fault.Conflict, "R1 was aborted by aiko at 04:20 UTC. !runbook start small starts it anew.")
	s.ends(1, "succeeded", "")
	s.want(run, "aborted")
	same(t, []string{}, s.said())
	if again := s.starts("maria"); again == run {
		t.Error("it could not be started anew")
	}
}

// Whoever may not ask for a job hears why, and nothing has happened.
func TestAJobThatIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	run := s.starts("maria")
	for _, line := range []string{"next", "skip 2 off", "done 3 yes"} {
		s.must(s.says(run, "maria", line))
	}
	s.jobs.no = fault.New(fault.Forbidden, "The job mend-all is for administrators.")
	s.refused(s.says(run, "maria", "next 4 part=fan"), fault.Forbidden, "The job mend-all is for administrators.")
	s.want(run, "4/6 waiting")
	s.jobs.no = nil
	s.must(s.says(run, "maria", "next 4 part=fan"))
	s.ends(1, "denied", "")
	s.want(run, "4/6 stopped")
}

// A file that is changed does not change what goes on; a bot without the job has people do it.
func TestARunKeepsItsBook(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	run := s.starts("maria")
	s.text = strings.Replace(small, "name: read\n    say: Read all of it first.", "name: other\n    say: Something else.", 1)
	s.jobs = &jobs{}
	s.Service = s.process()
	d, err := s.Get(ctx, run)
	s.must(err)
	if d.Book.Steps[0].Say != "Read all of it first." || d.Book.Steps[3].Job != "mend-all" || d.Hash == s.Books[0].Hash() {
		t.Errorf("%+v", d.Book.Steps[0])
	}
	s.must(s.says(run, "maria", "abort there is a new one"))
	d, err = s.Get(ctx, s.starts("maria"))
	s.must(err)
	if d.Book.Steps[0].Say != "Something else." || d.Book.Steps[3].Kind != "confirmation" || d.Book.Steps[3].Say != "Mend it by hand." {
		t.Errorf("%+v", d.Book.Steps)
	}
}

// What stands still in an open incident is mentioned there once.
func TestWhatStandsStillIsMentionedOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	run := s.starts("maria")
	s.said()
	s.must(s.Look(ctx))
	same(t, []string{}, s.said())
	if next, err := s.NextLook(ctx); err != nil || !next.Equal(start.Add(20*time.Minute)) {
		t.Errorf("%v, %v", next, err)
	}
	s.advance(20 * time.Minute)
	results := make(chan error)
	for range 4 {
		on := s.process()
		go func() { results <- on.Look(ctx) }()
	}
	for range 4 {
		s.must(<-results)
	}
	same(t, []string{
		"libera #inc-1: [INC-1] The runbook small (R1) stands still since 03:00 UTC. If nobody goes on with it: !runbook abort WHY",
		"libera #inc-1: [INC-1] R1 step 1 of 6: Read all of it first. Then: !runbook next 1",
	}, s.said())
	s.advance(time.Hour)
	s.must(s.Look(ctx))
	same(t, []string{}, s.said())
	// Whoever goes on may stop again.
	s.must(s.says(run, "maria", "next"))
	s.said()
	s.advance(time.Hour)
	s.must(s.Look(ctx))
	if len(s.said()) != 2 {
		t.Error("it was not mentioned again")
	}
	// Nobody waits for it when the incident is over.
	s.must(s.says(run, "maria", "skip 2 off"))
	s.said()
	_, err := s.db.Exec(ctx, `update incident set status = 'resolved', resolved_at = $1`, s.Clock())
	s.must(err)
	s.advance(time.Hour)
	s.must(s.Look(ctx))
	same(t, []string{}, s.said())
}
