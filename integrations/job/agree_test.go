package job_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

func two() job.Definition { return job.Definition{Policy: job.Policy{Approvals: 2}} }

func TestTwoPeopleAgree(t *testing.T) {
	s := newScene(t, two())
	r := s.ask(job.Ask{Reason: "the disk is full"})
	if r.State != job.Asked || r.Approvals != 2 {
		t.Errorf("%+v", r)
	}
	s.hears("#dev Run 1 (work): ada asked for it (the disk is full). It begins when 2 other people have agreed: !job approve 1. One person who says !job deny 1 stops it.")
	_, err := s.Approve(ctx, s.as("ada"), r.ID, "")
	s.refused(err, fault.Forbidden, "You asked for Run 1 (work) yourself")
	r, err = s.Approve(ctx, s.as("bea"), r.ID, "looks right")
	s.must(err)
	if r.State != job.Asked || r.Agreed != 1 {
		t.Errorf("%+v", r)
	}
	_, err = s.Approve(ctx, s.as("bea"), r.ID, "")
	s.refused(err, fault.Conflict, "already")
	_, err = s.Deny(ctx, s.as("bea"), r.ID, "")
	s.refused(err, fault.Conflict, "!job cancel 1")
	r, err = s.Approve(ctx, s.as("cem"), r.ID, "")
	s.must(err)
	if r.State != job.Queued || r.Agreed != 2 {
		t.Errorf("%+v", r)
	}
	s.hears("bea agreed (looks right) (1/2).", "cem agreed (2/2).")
	_, err = s.Approve(ctx, s.as("dora"), r.ID, "")
	s.refused(err, fault.Conflict, "does not wait")
	said, err := s.Verdicts(ctx, r.ID)
	s.must(err)
	if len(said) != 2 || said[0].Handle != "bea" || said[0].Reason != "looks right" || !said[1].Yes {
		t.Errorf("%+v", said)
	}
	s.work(r.ID)
	s.is(r.ID, job.Succeeded)
}

// Two who agree at one moment are two, and the run is queued once; one who agrees twice at one
// moment is one.
func TestTwoAgreeAtOnce(t *testing.T) {
	s := newScene(t, two())
	for range 10 {
		r := s.ask(job.Ask{})
		var all sync.WaitGroup
		for _, who := range []string{"bea", "bea", "cem", "cem", "ada"} {
			all.Go(func() { _, _ = s.Approve(ctx, s.as(who), r.ID, "") })
		}
		all.Wait()
		if row := s.is(r.ID, job.Queued); row.Agreed != 2 {
			t.Errorf("%d agreed", row.Agreed)
		}
		if n := get[int](t, s.db, `select count(*) from river_job where kind = 'job_run' and (args->>'run')::bigint = $1`, r.ID); n != 1 {
			t.Errorf("queued %d times", n)
		}
	}
}

// One denial stops it, whatever others say at the same moment.
func TestOneVetoIsEnough(t *testing.T) {
	s := newScene(t, two())
	r := s.ask(job.Ask{})
	_, err := s.Approve(ctx, s.as("bea"), r.ID, "")
	s.must(err)
	s.said()
	r, err = s.Deny(ctx, s.as("cem"), r.ID, "not today.")
	s.must(err)
	if r.State != job.Denied || r.Said != "cem denied it (not today)." {
		t.Errorf("%+v", r)
	}
	s.hears("#dev Run 1 (work): cem denied it (not today).")
	_, err = s.Approve(ctx, s.as("dora"), r.ID, "")
	s.refused(err, fault.Conflict, "denied")
	for range 10 {
		r := s.ask(job.Ask{})
		var all sync.WaitGroup
		all.Go(func() { _, _ = s.Approve(ctx, s.as("bea"), r.ID, "") })
		all.Go(func() { _, _ = s.Deny(ctx, s.as("dora"), r.ID, "") })
		all.Go(func() { _, _ = s.Approve(ctx, s.as("cem"), r.ID, "") })
		all.Wait()
		row := s.row(r.ID)
		jobs := get[int](t, s.db, `select count(*) from river_job where kind = 'job_run' and (args->>'run')::bigint = $1`, r.ID)
		if (row.State == job.Denied) != (jobs == 0) || row.State != job.Denied && row.State != job.Queued {
			t.Errorf("%s, %d jobs", row.State, jobs)
		}
	}
}

// Whoever asked may take it back by a denial, as anybody may.
func TestTheAskerMayDeny(t *testing.T) {
	s := newScene(t, two())
	r := s.ask(job.Ask{})
	if r, err := s.Deny(ctx, s.as("ada"), r.ID, ""); err != nil || r.State != job.Denied {
		t.Errorf("%v, %v", r.State, err)
	}
}

func TestRequestsExpire(t *testing.T) {
	s := newScene(t, two())
	r := s.ask(job.Ask{})
	s.later(job.RequestLife - time.Second)
	s.must(s.Look(ctx))
	s.is(r.ID, job.Asked)
	s.later(time.Second)
	_, err := s.Approve(ctx, s.as("bea"), r.ID, "")
	s.refused(err, fault.Conflict, "more than a day ago")
	s.said()
	s.must(s.Look(ctx))
	s.must(s.Look(ctx))
	s.is(r.ID, job.Expired)
	s.hears("#dev Run 1 (work): it expired: 0 of 2 agreed within a day.")
}

func TestAFreeze(t *testing.T) {
	s := newScene(t, job.Definition{Policy: job.Policy{Risky: true, Approvals: 1}}, job.Definition{Name: "safe"})
	frozen := true
	s.Frozen = func(_ context.Context, _ pg.DB, at time.Time) (string, time.Time, error) {
		if !frozen {
			return "", time.Time{}, nil
		}
		return "no risks on a Friday.", at.Add(36 * time.Hour), nil
	}
	s.ask(job.Ask{Job: "safe"})
	_, err := s.Ask(ctx, job.Ask{Job: "work", By: s.as("ada")})
	s.refused(err, fault.Conflict, "work is risky, and nothing risky is done now: no risks on a Friday, until Wed 4 Mar 00:00 UTC.")
	_, err = s.Ask(ctx, job.Ask{Job: "work", By: s.as("ada"), Override: true})
	s.refused(err, fault.Invalid, "takes a reason")
	r := s.ask(job.Ask{Override: true, Reason: "the key leaked"})
	if !r.Override || r.Approvals != 2 || r.State != job.Asked {
		t.Errorf("%+v", r)
	}
	s.hears("although nothing risky is to be done now (no risks on a Friday). It begins when 2 other people have agreed")
	for _, who := range []string{"bea", "cem"} {
		_, err := s.Approve(ctx, s.as(who), r.ID, "")
		s.must(err)
	}
	s.work(r.ID)
	s.is(r.ID, job.Succeeded)

	// No freeze needs no override, and an override is not kept for one.
	frozen = false
	r = s.ask(job.Ask{Override: true})
	if r.Override || r.Approvals != 1 {
		t.Errorf("%+v", r)
	}
	// A freeze that began since then counts when people agree, and when it begins.
	frozen = true
	_, err = s.Approve(ctx, s.as("bea"), r.ID, "")
	s.refused(err, fault.Conflict, "Nothing risky is done now")
	frozen = false
	_, err = s.Approve(ctx, s.as("bea"), r.ID, "")
	s.must(err)
	frozen = true
	s.work(r.ID)
	if r := s.is(r.ID, job.Cancelled); r.Attempt != 0 || s.kind.begun != 1 {
		t.Errorf("%+v", r)
	}
}
