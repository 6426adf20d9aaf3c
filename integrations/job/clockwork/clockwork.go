// Package clockwork owns the schedules of jobs: rows that follow the file of jobs, the chore
// that asks for what is due, and the alarm of what should have succeeded and did not.
//
// It does not do jobs and does not know their kinds: package job does. When a rule comes is
// arithmetic (package cron), and so is when nothing risky is done (package freeze).
package clockwork

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/job/cron"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

// Service is the schedules. Its fields are set once and not changed; it may be used by many at
// once, in several processes.
type Service struct {
	DB    pg.DB
	Jobs  *job.Service // is asked for what is due
	Queue notice.Queue
	Now   func() time.Time
	Rooms []rota.Room // home rooms: what is held, and what did not report, is told there
	Log   *slog.Logger
}

// Row is the schedule of a job, as it is kept.
type Row struct {
	Job        string
	Rule       string // "" does not run by itself, and is only expected to succeed
	Zone       string
	Missed     job.Missed
	NextAt     *time.Time // nil if it does not run by itself
	LastAt     *time.Time // the last of its times for which it was asked for; nil is none
	HeldAt     *time.Time // since when its times are not used, by a freeze or since it is refused
	PausedAt   *time.Time
	PausedBy   string
	Expect     *time.Duration // a run must succeed so often; nil expects nothing
	ExpectFrom time.Time      // since when
	AlarmedAt  *time.Time     // since when it is told that it did not
	ToldAt     *time.Time     // when that was told last
	// SucceededAt is when a run of it succeeded last, dry ones aside; nil is never.
	SucceededAt *time.Time
}

// Words say when it runs: "at 02:30 every day, Europe/Berlin".
func (r Row) Words() string {
	if r.Rule == "" {
		return "not by itself"
	}
	rule, err := cron.Parse(r.Rule, r.Zone)
	if err != nil { // written by a later version, which takes more
		return "by the rule " + r.Rule + ", " + r.Zone
	}
	return rule.Words()
}

const sqlColumns = `
	select s.job, s.rule, s.zone, s.missed, s.next_at, s.last_at, s.held_at, s.paused_at, s.paused_by, s.expect, s.expect_from, s.alarmed_at, s.told_at,
		(select r.ended_at from job_run r where r.job = s.job and r.state = 'succeeded' and not r.dry order by r.id desc limit 1) as succeeded_at
	from job_schedule s`

const (
	sqlAll     = sqlColumns + ` order by s.job`
	sqlLock    = sqlColumns + ` where s.job = @job for update of s`
	sqlTakeOne = sqlColumns + ` where s.job = @job for update of s skip locked`
)

// List is all schedules, by the names of their jobs.
func (s *Service) List(ctx context.Context) ([]Row, error) { return list(ctx, s.DB, sqlAll, nil) }

func list(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Row, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Row])
}

// say tells the home rooms a line. It begins with our own words.
func (s *Service) say(ctx context.Context, tx pgx.Tx, now time.Time, text string, actions ...notice.Action) error {
	var notices []notice.Notice
	for _, room := range s.Rooms {
		notices = append(notices, notice.Notice{Network: room.Network, Kind: notice.Say, Room: room.Room, Text: oncall.Clip(text, 2000), Actions: actions})
	}
	return notice.Post(ctx, tx, s.Queue, now, notices...)
}

// stamp writes an instant for rooms, where many zones read.
func stamp(t time.Time) string { return t.UTC().Format("Mon 2 Jan 15:04 MST") }
