package clockwork_test

import (
	"testing"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/job/freeze"
)

// A run that waits in the queue when a freeze begins is done after it. Its time counts as
// used, so nothing else would ever make up for it.
func TestAFreezeCatchesWhatIsQueued(t *testing.T) {
	risky := job.Policy{Risky: true, Expect: 36 * time.Hour}
	s := newScene(t,
		job.Definition{Name: "upgrade", Policy: risky, Schedule: by("50 23 * * 4", job.MissedOnce)}, // ten minutes before Friday
		job.Definition{Name: "reboot", Policy: job.Policy{Risky: true}, Schedule: by("50 23 * * 4", job.MissedSkip)},
	)
	s.at("2026-12-01 12:00")
	_, err := s.db.Exec(ctx, `update job_schedule set expect_from = $1`, s.clock())
	s.must(err)
	s.looks("2026-12-03 00:01") // the clock of what is expected runs from Tuesday noon
	s.hears("Alarm: the job upgrade has never succeeded")
	s.looks("2026-12-03 22:50", "reboot 12-03 22:50", "upgrade 12-03 22:50")

	// They begin late, and it is Friday in Berlin.
	s.at("2026-12-03 23:05")
	s.work()
	upgrade, reboot := s.run("upgrade"), s.run("reboot")
	if !upgrade.Frozen() || upgrade.NotBefore.Format("2006-01-02 15:04") != "2026-12-04 22:50" {
		t.Errorf("%+v", upgrade)
	}
	if reboot.State != job.Cancelled { // the next of its times will do
		t.Errorf("%+v", reboot)
	}
	s.at("2026-12-04 22:50")
	s.work()
	if upgrade = s.run("upgrade"); !upgrade.Frozen() || upgrade.NotBefore.Format("2006-01-02 15:04") != "2026-12-05 22:50" {
		t.Errorf("%+v", upgrade)
	}
	if n := get[int](t, s.db, `select count(*) from notice where text like 'Run % (upgrade): it waits, since nothing risky is done now: it is Friday%'`); n != 1 {
		t.Errorf("it is told %d times", n)
	}

	// That it waits silences no alarm.
	s.looks("2026-12-05 12:00")
	s.hears("Alarm: the job upgrade has never succeeded, which is expected since Tue 1 Dec 12:00 UTC, and it should every 36 hours. Run 2, asked for at Thu 3 Dec 22:50 UTC, waits for the end of a freeze.")

	// Nobody forgets it, and nothing begins before its time.
	s.must(s.Jobs.Look(ctx))
	s.work()
	if upgrade = s.run("upgrade"); upgrade.State != job.Queued || upgrade.Attempt != 0 {
		t.Errorf("%+v", upgrade)
	}
	s.at("2026-12-05 22:50")
	s.work()
	if upgrade = s.run("upgrade"); upgrade.State != job.Succeeded {
		t.Errorf("%+v", upgrade)
	}
	s.looks("2026-12-05 22:51")
	s.hears("All clear: the job upgrade succeeded")
	s.looks("2026-12-10 22:50", "reboot 12-10 22:50", "upgrade 12-10 22:50")
}

// What runs each hour goes on with the first hour that is free, also if people lift a freeze.
func TestALiftedFreezeIsNoticed(t *testing.T) {
	s := newScene(t, job.Definition{Name: "hourly", Policy: job.Policy{Risky: true}, Schedule: by("0 * * * *", job.MissedOnce)})
	s.looks("2026-11-30 13:00", "hourly 11-30 13:00")
	w, err := freeze.Add(ctx, s.db, s.clock(), maria, s.clock(), s.clock().AddDate(0, 0, 9), "release")
	s.must(err)
	s.work()
	s.looks("2026-11-30 14:00") // the one that waits will do
	s.work()
	if r := s.run("hourly"); !r.Frozen() {
		t.Errorf("%+v", r)
	}
	_, err = freeze.Lift(ctx, s.db, s.clock(), maria, false, w.ID)
	s.must(err)
	s.looks("2026-11-30 15:00")
	s.work()
	if r := s.run("hourly"); r.State != job.Succeeded {
		t.Errorf("%+v", r)
	}
	s.looks("2026-11-30 16:00", "hourly 11-30 16:00")
}

// Whoever pauses a schedule does not find its job done days later.
func TestAPauseEndsWhatAFreezeHolds(t *testing.T) {
	s := newScene(t, job.Definition{Name: "nightly", Policy: job.Policy{Risky: true}, Schedule: by("30 2 * * *", job.MissedOnce)})
	s.looks("2026-12-01 01:30", "nightly 12-01 01:30")
	_, err := freeze.Add(ctx, s.db, s.clock(), maria, s.clock(), s.clock().AddDate(0, 0, 9), "release")
	s.must(err)
	s.work()
	_, err = s.Pause(ctx, maria, "nightly")
	s.must(err)
	if r := s.run("nightly"); r.State != job.Cancelled || r.Said != "maria cancelled it before it began (its schedule is paused)." {
		t.Errorf("%+v", r)
	}
}

// run is the newest run of a job.
func (s *scene) run(name string) job.Row {
	s.Helper()
	runs, err := s.Jobs.Recent(ctx, job.Query{Job: name, Most: 1})
	s.must(err)
	if len(runs) == 0 {
		s.Fatalf("no run of %s", name)
	}
	return runs[0]
}
