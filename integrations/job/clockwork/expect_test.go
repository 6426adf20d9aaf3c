package clockwork_test

import (
	"testing"
	"time"

	"batsignal/integrations/job"
)

func TestWhatNeverReportedIsAnAlarm(t *testing.T) {
	nightly := job.Definition{Name: "nightly", Schedule: by("0 3 * * *", ""), Policy: job.Policy{Expect: 26 * time.Hour}}
	s := newScene(t, nightly)
	s.looks("2026-12-01 02:00", "nightly 12-01 02:00")
	s.work()
	s.looks("2026-12-02 02:00", "nightly 12-02 02:00")
	s.fails = true
	s.work()
	s.looks("2026-12-02 04:00")
	s.hears()
	s.looks("2026-12-02 04:01")
	s.hears("#ops Alarm: the job nightly has not succeeded since Tue 1 Dec 02:00 UTC, and it should every 26 hours. Its last run, 2, failed. Next: !job logs 2 tells more, and !job run nightly tries again.")
	s.looks("2026-12-02 12:00")
	s.hears() // told already
	s.looks("2026-12-03 02:00", "nightly 12-03 02:00")
	s.looks("2026-12-03 04:00")
	s.hears()
	s.looks("2026-12-03 04:01") // a day later
	s.hears("Run 3, asked for at Thu 3 Dec 02:00 UTC, waits to begin. Next: !job show 3 tells why it takes so long.")
	_, err := s.Pause(ctx, maria, "nightly")
	s.must(err)
	s.work() // and fails
	s.looks("2026-12-04 04:01")
	s.hears("Its schedule is paused since Thu 3 Dec 04:01 UTC by maria: !job schedule resume nightly.")

	s.fails = false
	s.at("2026-12-04 05:00")
	_, err = s.Jobs.Ask(ctx, job.Ask{Job: "nightly", By: maria, Dry: true})
	s.must(err)
	s.looks("2026-12-04 05:01")
	s.hears() // a dry run proves nothing
	_, err = s.Jobs.Ask(ctx, job.Ask{Job: "nightly", By: maria})
	s.must(err)
	s.work()
	s.looks("2026-12-04 05:02")
	s.hears("#ops All clear: the job nightly succeeded at Fri 4 Dec 05:01 UTC. It had not since Wed 2 Dec 04:01 UTC.")
	s.looks("2026-12-04 05:03")
	s.hears()
	if r := s.row("nightly"); r.AlarmedAt != nil || r.ToldAt != nil || r.SucceededAt == nil {
		t.Errorf("%+v", r)
	}
}

// What runs by hand is expected, too; what is not expected any more is quiet.
func TestWhatIsExpectedWithoutASchedule(t *testing.T) {
	s := newScene(t, job.Definition{Name: "drill", Policy: job.Policy{Expect: 90 * 24 * time.Hour}})
	s.looks("2027-02-28 12:00")
	s.hears()
	s.looks("2027-02-28 12:01")
	s.hears("Alarm: the job drill has never succeeded, which is expected since Mon 30 Nov 12:00 UTC, and it should every 90 days. It was never asked for. Next: !job run drill")
	s.must(s.Sync(ctx, []job.Definition{{Name: "drill", Policy: job.Policy{Expect: 91 * 24 * time.Hour}}}))
	s.looks("2027-02-28 12:02")
	s.hears()
	if r := s.row("drill"); r.AlarmedAt != nil {
		t.Errorf("%+v", r)
	}
	s.looks("2027-03-02 12:00")
	s.hears("and it should every 91 days")
	s.must(s.Sync(ctx, []job.Definition{{Name: "drill", Schedule: by("@monthly", "")}}))
	s.looks("2027-03-02 12:05")
	s.hears()
}
