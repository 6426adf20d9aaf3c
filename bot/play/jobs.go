package play

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/announcement"
	"batsignal/incidents/reminder"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/job/freeze"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/notice"
	"batsignal/oncall/redact"
)

// Jobs are what can be asked for on a stage.
type Jobs struct {
	// Definitions makes them. Work that takes its time takes it from the stage, by sleep.
	Definitions func(sleep Sleep) []job.Definition
	FreezeDays  []string // days of the week on which nothing risky is done
	Backups     map[string]snapshot.Expect
	Vaults      []*vault.Vault
}

// forever is the lease of a run: time passes in leaps here, and nobody dies in a play.
const forever = 1000 * 24 * time.Hour

// joinJobs makes what can be asked for, and what is remembered and announced beside it.
func (s *Stage) joinJobs(queue notice.Queue, o Options, admins []string) error {
	var err error
	if s.freezes, err = freeze.NewRules(o.Jobs.FreezeDays, "UTC"); err != nil {
		return err
	}
	rooms := s.Rota.Rooms
	s.Jobs = &job.Service{
		DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log, Rooms: rooms, Incidents: s.Incidents, Me: "play", Redact: redact.Text, Lease: forever,
		Frozen: func(ctx context.Context, db pg.DB, at time.Time) (string, time.Time, error) {
			return freeze.Frozen(ctx, db, s.freezes, at)
		},
		IsAdmin: func(_ context.Context, a oncall.Actor) (bool, error) {
			return a.Account != "" && slices.Contains(admins, a.Network+"/"+a.Account), nil
		},
	}
	s.crew = &crew{stage: s, work: &job.Work{Service: s.Jobs}, snoozed: map[int64]bool{}}
	s.Jobs.Definitions = o.Jobs.Definitions(s.crew.sleep)
	s.clock = &clockwork.Service{DB: s.DB, Jobs: s.Jobs, Queue: queue, Now: s.Now, Rooms: rooms, Log: o.Log}
	s.reminders = &reminder.Service{DB: s.DB, Queue: queue, Now: s.Now, Rooms: rooms, Avoid: s.freezes.Weekdays(), Log: o.Log}
	s.announcements = &announcement.Service{DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log, Incidents: s.Incidents, Home: rooms, Rooms: rooms}
	if s.runbooks != nil {
		s.runbooks.Starter = job.Starter{Jobs: s.Jobs}
		s.Jobs.Finished = append(s.Jobs.Finished, s.Jobs.TellRunbook(s.runbooks))
	}
	return nil
}

// keepJobs asks for what is due by itself, and tells of what is to be remembered.
func (s *Stage) keepJobs(ctx context.Context) error {
	if !s.clockSet {
		if err := s.clock.Sync(ctx, s.Jobs.Definitions); err != nil {
			return err
		}
		s.clockSet = true
	}
	if err := s.clock.Look(ctx); err != nil {
		return err
	}
	if err := s.Jobs.Look(ctx); err != nil {
		return err
	}
	return s.reminders.Look(ctx)
}

const sqlNextOfJobs = `
	select min(at) from (
		select not_before from job_run where state = 'queued' and not_before is not null
		union all select asked_at + interval '1 day' from job_run where state = 'asked'
		union all select next_at from job_schedule where paused_at is null and next_at is not null
	) as due (at)
	where at > @now`

// nextOfJobs tells when something of jobs or reminders is due next; zero is never.
func (s *Stage) nextOfJobs(ctx context.Context) (time.Time, error) {
	now := s.Now()
	var at *time.Time
	if err := s.DB.QueryRow(ctx, sqlNextOfJobs, pgx.NamedArgs{"now": now}).Scan(&at); err != nil {
		return time.Time{}, err
	}
	next := s.crew.next()
	if at != nil && (next.IsZero() || at.Before(next)) {
		next = *at
	}
	all, err := s.reminders.List(ctx)
	for _, r := range all {
		if at := nextTelling(r, now); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, err
}

// nextTelling is when people may next be told of a reminder: ahead, on its day, and each week
// from then on, in the morning.
func nextTelling(r reminder.Reminder, now time.Time) time.Time {
	zone, err := civil.Zone(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	for _, days := range []int{-r.Ahead, 0, 7 * (1 + max(0, int(now.Sub(r.Due)/(7*24*time.Hour)))), 7 * (2 + max(0, int(now.Sub(r.Due)/(7*24*time.Hour))))} {
		day := r.Due.AddDate(0, 0, days)
		if at := time.Date(day.Year(), day.Month(), day.Day(), 9, 0, 0, 0, zone); at.After(now) {
			return at
		}
	}
	return time.Time{}
}
