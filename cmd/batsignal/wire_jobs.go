package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/bot/command"
	"batsignal/incidents/announcement"
	"batsignal/incidents/reminder"
	"batsignal/incidents/runbook"
	"batsignal/integrations/files"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/job/freeze"
	"batsignal/integrations/snapshot"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/redact"
	"batsignal/oncall/rota"
)

// jobParts are what has to do with jobs.
type jobParts struct {
	jobs          *job.Service
	clock         *clockwork.Service
	freezes       freeze.Rules
	reminders     *reminder.Service
	runbooks      *runbook.Service
	announcements *announcement.Service
	vaults        []*vault.Vault
	vaultWatch    *vault.Watch    // nil: there is no vault
	watched       []files.Watched // what is backed up when it changes
	// What may take minutes has loops of its own, and holds nothing else up: taking back what a
	// dead run left, and reading files.
	jobChores, fileChores []chore
	expects               map[string]snapshot.Expect // what is expected of the backups of each job
}

// scratchOf is where runs have directories of their own.
func scratchOf(c Config) string { return filepath.Join(c.StateDir, "scratch") }

// jobsAtOnce is how many runs go on at once in a process. Most of them wait for others.
const jobsAtOnce = 40

// joinJobs makes what can be done from chat, and what is done by itself. The queue is made
// later, since it has to know its workers.
func (p *parts) joinJobs(ctx context.Context, c Config, db *database, now func() time.Time, log *slog.Logger) (err error) {
	// Servers that a test of a restore starts work below it, under another account.
	if err := os.MkdirAll(scratchOf(c), 0o711); err != nil { // #nosec G301 -- they must get through; what is in it is closed
		return fault.Wrap(fault.Unready, err, "The directory %s cannot be made: %v.", scratchOf(c), err)
	}
	if p.freezes, err = freeze.NewRules(c.Jobs.FreezeDays, cmp.Or(c.Jobs.Zone, "UTC")); err != nil {
		return err
	}
	p.jobs = &job.Service{
		DB: db.Pool, Now: now, Log: log, Rooms: p.rota.Rooms, Incidents: p.incidents, ScratchRoot: scratchOf(c),
		Me: workerName(), Dead: isDeadWorker, Redact: redact.Text, IsAdmin: p.isAdmin,
		Frozen: func(ctx context.Context, db pg.DB, at time.Time) (string, time.Time, error) {
			return freeze.Frozen(ctx, db, p.freezes, at)
		},
	}
	if p.jobs.Definitions, err = p.definitions(ctx, c, db, now); err != nil {
		return err
	}
	p.clock = &clockwork.Service{DB: db.Pool, Jobs: p.jobs, Now: now, Rooms: p.rota.Rooms, Log: log}
	for _, d := range p.jobs.Definitions {
		if err := clockwork.Check(d); err != nil {
			return err
		}
	}
	p.reminders = &reminder.Service{DB: db.Pool, Now: now, Rooms: p.rota.Rooms, Avoid: p.freezes.Weekdays(), Log: log}
	p.announcements = &announcement.Service{
		DB: db.Pool, Now: now, Log: log, Incidents: p.incidents, Home: p.rota.Rooms, Rooms: roomsToTell(c, p.rota.Rooms),
	}
	if c.Mail.Host != "" {
		p.announcements.Lists = c.Jobs.Announce.Lists
	}
	if err := p.joinRunbooks(c, db, now, log); err != nil {
		return err
	}
	p.jobs.Finished = append(p.jobs.Finished, p.jobs.TellRunbook(p.runbooks), func(ctx context.Context, tx pgx.Tx, r job.Row) error {
		return vault.EndOfRun(ctx, tx, now(), r.ID)
	})
	p.jobChores = append(p.jobChores, chore{"runs of jobs", 5 * time.Second, p.jobs.Look})
	p.chores = append(p.chores,
		chore{"times of jobs", 10 * time.Second, p.lookAtTimes()},
		chore{"reminders", time.Minute, p.reminders.Look},
		chore{"runbooks that stand still", time.Minute, p.runbooks.Look},
		chore{"mails of announcements", time.Minute, p.announcements.Look},
		chore{"tests of backups", time.Minute, func(ctx context.Context) error { return snapshot.Look(ctx, db.Pool, now()) }},
	)
	if len(p.watched) > 0 {
		watcher := &files.Watcher{DB: db.Pool, Jobs: p.watched, Now: now, Ask: p.jobs.AskIn}
		p.fileChores = append(p.fileChores, chore{"files that change", 10 * time.Second, watcher.Look})
	}
	if len(p.vaults) > 0 {
		p.joinVaults(c, db, now, log)
	}
	return nil
}

// workJobs has this process work runs, and mail announcements if it can.
func (p *parts) workJobs(workers *river.Workers, queues map[string]river.QueueConfig, log *slog.Logger) {
	river.AddWorker(workers, &job.Work{Service: p.jobs})
	queues[job.Queue] = river.QueueConfig{MaxWorkers: jobsAtOnce}
	mailing := &announcement.Mailing{Service: p.announcements, Log: log}
	river.AddWorker(workers, mailing)
	if p.mail != nil {
		mailing.Mailer = p.mail
		queues[announcement.Queue] = river.QueueConfig{MaxWorkers: 1}
	}
}

// lookAtTimes has the rows of schedules follow the configuration, when this process begins to
// lead, and asks for what is due.
func (p *parts) lookAtTimes() func(context.Context) error {
	synced := false
	return func(ctx context.Context) error {
		if !synced {
			if err := p.clock.Sync(ctx, p.jobs.Definitions); err != nil {
				return err
			}
			synced = true
		}
		return p.clock.Look(ctx)
	}
}

// queueJobs gives the queue to everything about jobs that leaves work behind.
func (p *parts) queueJobs(q notice.Queue) {
	p.jobs.Queue, p.clock.Queue, p.reminders.Queue, p.announcements.Queue, p.runbooks.Queue = q, q, q, q, q
	if p.vaultWatch != nil {
		p.vaultWatch.Queue = q
	}
}

// roomsToTell are where outages are announced.
func roomsToTell(c Config, home []rota.Room) []rota.Room {
	var rooms []rota.Room
	for _, r := range c.Jobs.Announce.Rooms {
		rooms = append(rooms, rota.Room{Network: r.Network, Room: r.Room})
	}
	if len(rooms) == 0 {
		return home
	}
	return rooms
}

// joinRunbooks reads the runbooks, and joins them with jobs.
func (p *parts) joinRunbooks(c Config, db *database, now func() time.Time, log *slog.Logger) error {
	books, err := runbooksOf(c)
	if err != nil {
		return err
	}
	p.runbooks = &runbook.Service{DB: db.Pool, Now: now, Log: log, Incidents: p.incidents, Books: books, Starter: job.Starter{Jobs: p.jobs}, Networks: p.rota.Networks, Jobs: map[string]string{}}
	for _, one := range c.Jobs.RunbookJobs {
		p.runbooks.Jobs[one.Word] = one.Job
	}
	return nil
}

// isAdmin tells who may agree to jobs for admins.
func (p *parts) isAdmin(ctx context.Context, a oncall.Actor) (bool, error) {
	if a.Network != oncall.Web && a.Network != oncall.API { // in chat, the account that speaks is one or not
		return a.Account != "" && slices.Contains(p.identity.Policy.Admins, a.Network+"/"+a.Account), nil
	}
	if a.PersonID == 0 {
		return false, nil
	}
	c, err := p.identity.ForPerson(ctx, oncall.Person{ID: a.PersonID, Handle: a.Handle}, a.Network)
	return c.Rights.Has(command.Admin), err
}

// definitions are the jobs of the configuration.
func (p *parts) definitions(ctx context.Context, c Config, db *database, now func() time.Time) ([]job.Definition, error) {
	var all []job.Definition
	vaults, err := p.vaultJobs(ctx, c, db, now)
	if err != nil {
		return nil, err
	}
	backups, err := p.backupJobs(ctx, c, db, now)
	if err != nil {
		return nil, err
	}
	procedures, err := procedureJobs(c)
	if err != nil {
		return nil, err
	}
	all = append(append(append(all, vaults...), backups...), procedures...)
	seen := map[string]bool{}
	for _, d := range all {
		if seen[d.Name] {
			return nil, fmt.Errorf("two jobs are called %s; choose another name for one of them", d.Name)
		}
		seen[d.Name] = true
	}
	return all, nil
}
