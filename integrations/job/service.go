package job

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

// Channel is where a committing transaction tells which run changed: the payload is its
// number.
const Channel = "batsignal_job"

// Queue is the queue in which runs are worked: only by processes that have the kinds.
const Queue = "jobs"

// Service is everything that becomes of runs, from whichever door. Its methods may be
// called at the same time, in several processes.
type Service struct {
	DB          pg.DB
	Queue       notice.Queue
	Now         func() time.Time
	Log         *slog.Logger
	Definitions []Definition
	Rooms       []rota.Room // home rooms: what a schedule began is told there, and what is left behind
	Incidents   *incidents.Service
	// Frozen tells why nothing risky is done at an instant, and until when; "" is no freeze.
	// nil never freezes.
	Frozen func(ctx context.Context, db pg.DB, at time.Time) (why string, until time.Time, err error)
	// IsAdmin tells whether somebody may agree to, refuse and cancel runs of jobs for admins
	// ([Policy.Admin]); nil is nobody.
	IsAdmin     func(ctx context.Context, a oncall.Actor) (bool, error)
	ScratchRoot string // where runs have directories of their own
	Me          string // names this process, unlike any before and beside it
	// Dead tells of the name of another process that it certainly does not live any more: what it
	// had is taken back at once, and not when its lease is over. nil knows of none.
	Dead func(worker string) bool
	// Redact takes out what looks like a secret; nil takes nothing out.
	Redact func(string) string
	// Finished are called in the transaction in which a run ends, however it ends; never for
	// a dry run. If one fails, the run does not end, and it is tried again.
	Finished []func(ctx context.Context, tx pgx.Tx, r Row) error

	Lease time.Duration // how long a silent worker is believed to live; 0 is 30 seconds
	Renew time.Duration // how often a worker says that it lives; 0 is 10 seconds

	mu   sync.Mutex
	live map[int64]chan struct{} // the runs that this process does; each hears that it is to look
}

// Ask is what somebody asks for.
type Ask struct {
	Job    string
	Params Params
	By     oncall.Actor // no person, account or handle is the bot itself, or a schedule
	Admin  bool         // the asker is an admin
	Reason string
	// Dry asks what a run would do. It is allowed in a freeze, and nobody has to agree.
	Dry bool
	// Override asks for it although nothing risky is to be done now. It takes a reason, and
	// two other people.
	Override bool
	Incident int64  // 0 is none
	Key      string // the same key asks once; "" asks each time
	// ScheduledFor is the time of a schedule that asks; zero is no schedule.
	ScheduledFor time.Time
}

// Query says which runs are listed.
type Query struct {
	Job      string  // "" is every job
	States   []State // none is all
	Open     bool    // only those that have not ended
	Incident int64   // 0 is any, and none
	Before   int64   // only runs with a smaller number; 0 is all
	Most     int     // 0 is 20
	NoDry    bool    // without dry runs
}
