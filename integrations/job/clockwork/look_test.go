package clockwork_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"batsignal/integrations/job"
	"batsignal/integrations/job/freeze"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

func TestEachTimeRunsOnce(t *testing.T) {
	s := newScene(t, job.Definition{Name: "nightly", Schedule: by("30 2 * * *", job.MissedOnce)}, job.Definition{Name: "by-hand"})
	s.looks("2026-11-30 23:00")
	s.looks("2026-12-01 01:29")
	s.looks("2026-12-01 01:30", "nightly 12-01 01:30")
	s.looks("2026-12-01 01:30")
	if got := s.next("nightly"); got != "2026-12-02 01:30" {
		t.Error(got)
	}
	s.work()
	// Two days in which nobody was there: one run for both, and the next time is the next one.
	s.looks("2026-12-03 12:00", "nightly 12-02 01:30")
	s.looks("2026-12-03 12:00")
	s.work()
	s.looks("2026-12-04 01:31", "nightly 12-04 01:30")
	r, err := s.Jobs.Get(ctx, 1)
	s.must(err)
	if r.State != job.Succeeded || !r.Scheduled() || *r.Key != "schedule/nightly/2026-12-01T01:30:00Z" || r.AskedWords != "the schedule" {
		t.Errorf("%+v", r)
	}
	s.hears()
}

func TestWhatIsMissedIsSkipped(t *testing.T) {
	s := newScene(t, job.Definition{Name: "often", Schedule: by("*/10 * * * *", job.MissedSkip)})
	s.looks("2026-11-30 12:10", "often 11-30 12:10")
	s.work()
	s.looks("2026-11-30 13:18") // an hour of nobody
	if got := s.next("often"); got != "2026-11-30 13:20" {
		t.Error(got)
	}
	s.looks("2026-11-30 13:22", "often 11-30 13:20")
	s.work()
	// Missed but for the last one.
	s.looks("2026-11-30 15:03", "often 11-30 15:00")
	// While a run has not begun, no second one waits behind it.
	s.looks("2026-11-30 15:10")
	s.looks("2026-11-30 15:20")
	s.work()
	s.looks("2026-11-30 15:30", "often 11-30 15:30")
}

// Several processes look at the same time, and a clock that went back sees a time again.
func TestSeveralLookAtOnce(t *testing.T) {
	defs := []job.Definition{{Name: "one", Schedule: by("@hourly", "")}, {Name: "two", Schedule: by("@hourly", "")}, {Name: "late", Policy: job.Policy{Expect: time.Minute}}}
	s := newScene(t, defs...)
	for _, at := range []string{"2026-11-30 13:00", "2026-11-30 14:00"} {
		s.at(at)
		var all sync.WaitGroup
		for range 8 {
			p := s.process(defs...)
			all.Go(func() {
				if err := p.Look(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		s.work()
	}
	if n := get[int](t, s.db, `select count(*) from job_run`); n != 4 {
		t.Errorf("%d runs", n)
	}
	s.hears("Alarm: the job late")
	_, err := s.db.Exec(ctx, `update job_schedule set next_at = '2026-11-30T14:00:00Z' where job = 'one'`)
	s.must(err)
	s.looks("2026-11-30 14:30")
}

// broken is a queue that takes nothing.
type broken struct{ notice.Queue }

var errBroken = errors.New("the database went away")

func (broken) InsertTx(context.Context, pgx.Tx, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	return nil, errBroken
}

// A time is used if and only if its run is asked for: who dies in between did neither, and
// what goes wrong with one job holds up no other.
func TestWhoDiesHalfway(t *testing.T) {
	s := newScene(t, job.Definition{Name: "nightly", Schedule: by("30 2 * * *", "")}, job.Definition{Name: "late", Policy: job.Policy{Expect: time.Hour}})
	s.at("2026-12-01 01:30")
	whole := s.Jobs.Queue
	s.Jobs.Queue = broken{whole}
	if err := s.Look(ctx); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	if n := get[int](t, s.db, `select count(*) from job_run`); n != 0 || s.next("nightly") != "2026-12-01 01:30" {
		t.Error(n, s.next("nightly"))
	}
	s.hears("Alarm: the job late")
	s.Jobs.Queue = whole
	s.looks("2026-12-01 01:31", "nightly 12-01 01:30")

	// Somebody has the row: nobody waits for them, and nothing is done twice.
	s.work()
	s.at("2026-12-02 01:30")
	s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from job_schedule where job = 'nightly' for update`); err != nil {
			return err
		}
		if asked := s.look(); len(asked) != 0 {
			t.Errorf("%q are asked for", asked)
		}
		return nil
	}))
	s.hears("Alarm: the job late")
	s.looks("2026-12-02 01:30", "nightly 12-02 01:30")
}

// A clock that was years ahead for a moment leaves no job waiting for years.
func TestAClockThatWasWrong(t *testing.T) {
	s := newScene(t, job.Definition{Name: "nightly", Schedule: by("@daily", "")})
	s.looks("2037-01-01 12:00", "nightly 11-30 23:00")
	s.work()
	s.looks("2026-11-30 12:05")
	if got := s.next("nightly"); got != "2026-11-30 23:00" {
		t.Error(got)
	}
}

func TestTheFileIsFollowed(t *testing.T) {
	s := newScene(t, job.Definition{Name: "kept", Schedule: by("0 3 * * *", "")}, job.Definition{Name: "gone", Schedule: by("@daily", "")}, job.Definition{Name: "changed", Schedule: by("0 3 * * *", "")})
	s.at("2026-12-01 12:00") // 3:00 has passed, and nobody looked
	_, err := s.Pause(ctx, maria, "changed")
	s.must(err)
	s.must(s.Sync(ctx, []job.Definition{
		{Name: "kept", Schedule: by("0 3 * * *", job.MissedSkip), Policy: job.Policy{Expect: time.Hour}},
		{Name: "changed", Schedule: by("0 4 * * *", "")},
		{Name: "expected", Policy: job.Policy{Expect: 48 * time.Hour}},
		{Name: "by-hand"},
	}))
	if rows, err := s.List(ctx); err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	kept, changed, expected := s.row("kept"), s.row("changed"), s.row("expected")
	if s.next("kept") != "2026-12-01 02:00" || kept.Missed != job.MissedSkip || *kept.Expect != time.Hour || !kept.ExpectFrom.Equal(start) && !kept.ExpectFrom.Equal(s.clock()) {
		t.Errorf("%+v", kept)
	}
	if s.next("changed") != "2026-12-02 03:00" || changed.PausedBy != "maria" || changed.Words() != "at 04:00 every day, Europe/Berlin" {
		t.Errorf("%+v", changed)
	}
	if expected.NextAt != nil || expected.Words() != "not by itself" {
		t.Errorf("%+v", expected)
	}
	// What is wrong changes nothing.
	for _, bad := range []*job.Schedule{{Rule: "0 0 31 2 *", Zone: "UTC"}, {Rule: "@daily", Zone: "CEST"}, {Rule: "@daily", Zone: "UTC", Missed: "twice"}, {Rule: "TZ=", Zone: "UTC"}} {
		s.refused(s.Sync(ctx, []job.Definition{{Name: "bad", Schedule: bad}}), fault.Invalid, "The schedule of the job bad: ")
	}
	s.must(s.Sync(ctx, []job.Definition{{Name: "changed"}}))
	if rows, err := s.List(ctx); err != nil || len(rows) != 0 {
		t.Error(rows, err)
	}
}

func TestPauseAndResume(t *testing.T) {
	s := newScene(t, job.Definition{Name: "nightly", Schedule: by("30 2 * * *", job.MissedOnce)}, job.Definition{Name: "by-hand"})
	r, err := s.Pause(ctx, maria, "nightly")
	if err != nil || r.PausedBy != "maria" {
		t.Fatal(r, err)
	}
	_, err = s.Pause(ctx, maria, "nightly")
	s.refused(err, fault.Conflict, "paused already, since Mon 30 Nov 12:00 UTC by maria")
	s.looks("2026-12-03 12:00")
	r, err = s.Resume(ctx, maria, "nightly")
	if err != nil || r.PausedAt != nil {
		t.Error(r, err)
	}
	s.looks("2026-12-03 12:00") // what passed while it was paused was not missed
	s.looks("2026-12-04 01:30", "nightly 12-04 01:30")
	_, err = s.Resume(ctx, maria, "nightly")
	s.refused(err, fault.Conflict, "is not paused: it runs next at Sat 5 Dec 01:30 UTC")
	_, err = s.Pause(ctx, maria, "by-hand")
	s.refused(err, fault.NotFound, "has no schedule")
	_, err = s.Pause(ctx, maria, "nihgtly")
	s.refused(err, fault.NotFound, "Did you mean nightly?")
	if says := get[string](t, s.db, `select string_agg(handle || ' ' || says, '; ' order by id) from audit_entry where kind = 'job schedule'`); says != "maria paused the schedule of nightly; maria resumed the schedule of nightly" {
		t.Error(says)
	}
}

// A risky job is not begun in a freeze. It is told once, and made up for at the same time of
// the first day that is free.
func TestAFreezeHoldsWhatIsRisky(t *testing.T) {
	risky := job.Policy{Risky: true}
	s := newScene(t,
		job.Definition{Name: "upgrade", Policy: risky, Schedule: by("0 10 4 * *", job.MissedOnce)}, // the 4th is a Friday
		job.Definition{Name: "reboot", Policy: risky, Schedule: by("0 10 4 * *", job.MissedSkip)},
		job.Definition{Name: "nightly", Policy: risky, Schedule: by("0 10 * * *", "")},
		job.Definition{Name: "backup", Schedule: by("0 10 4 * *", "")},
	)
	_, err := freeze.Add(ctx, s.db, s.clock(), maria, start.AddDate(0, 0, 5), start.AddDate(0, 0, 6), "release") // Saturday noon to Sunday noon
	s.must(err)
	s.looks("2026-12-03 09:00", "nightly 12-01 09:00")
	s.work()
	s.looks("2026-12-04 09:00", "backup 12-04 09:00")
	s.hears(
		"#ops Not started: the job nightly was due at Fri 4 Dec 09:00 UTC, it is risky, and it is Friday (Europe/Berlin), until Fri 4 Dec 23:00 UTC. It runs at that time of the first day that is not frozen",
		"the job reboot was due", "the job upgrade was due at Fri 4 Dec 09:00 UTC")
	if s.next("upgrade") != "2026-12-05 09:00" || s.next("reboot") != "2027-01-04 09:00" || s.next("nightly") != "2026-12-05 09:00" {
		t.Error(s.next("upgrade"), s.next("reboot"), s.next("nightly"))
	}
	s.looks("2026-12-05 00:00") // nothing at midnight
	// Somebody sets one more freeze meanwhile; then it is lifted.
	w, err := freeze.Add(ctx, s.db, s.clock(), maria, s.clock(), s.clock().AddDate(0, 0, 30), "more")
	s.must(err)
	s.looks("2026-12-05 09:00")
	s.hears() // that it is held was told
	_, err = freeze.Lift(ctx, s.db, s.clock(), maria, false, w.ID)
	s.must(err)
	s.looks("2026-12-06 09:00") // the first freeze still holds
	s.looks("2026-12-07 09:00", "nightly 12-07 09:00", "upgrade 12-07 09:00")
	if s.next("upgrade") != "2027-01-04 09:00" || s.row("upgrade").HeldAt != nil {
		t.Errorf("%+v", s.row("upgrade"))
	}
	s.hears()
}

// A schedule that is refused is told of once, and holds up no other.
func TestAScheduleThatIsRefused(t *testing.T) {
	s := newScene(t,
		job.Definition{Name: "bad", Params: []job.Param{{Name: "node", Type: job.ParamHost}}, Schedule: by("@hourly", "")},
		job.Definition{Name: "good", Schedule: by("@hourly", "")})
	s.looks("2026-11-30 13:00", "good 11-30 13:00")
	s.hears("Not started: the job bad was due at Mon 30 Nov 13:00 UTC, and it is refused: ")
	s.work()
	s.looks("2026-11-30 14:00", "good 11-30 14:00")
	s.hears()
}
