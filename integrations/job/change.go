package job

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

const (
	sqlNotify      = `select pg_notify('batsignal_job', @payload)`
	sqlRoomsOf     = `select network, room from incident_room where incident_id = @incident order by network`
	longestNotice  = 2000 // letters
	longestSaid    = 500
	longestDoing   = 200
	longestReason  = 500
	riverTries     = 25
	timelineOfJobs = "job"
)

// change is one transaction on runs: what it writes, what must be said when it commits, and
// which runs it changed.
type change struct {
	*Service
	ctx     context.Context
	tx      pgx.Tx
	now     time.Time
	notices []notice.Notice
	touched []int64
}

// change runs fn in one transaction. It may run again where the database asks for a repeat.
func (s *Service) change(ctx context.Context, db pg.DB, fn func(c *change) error) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		c := &change{Service: s, ctx: ctx, tx: tx, now: s.Now()}
		if err := fn(c); err != nil {
			return err
		}
		return c.flush()
	})
}

func (c *change) flush() error {
	if err := notice.Post(c.ctx, c.tx, c.Queue, c.now, c.notices...); err != nil {
		return err
	}
	slices.Sort(c.touched)
	for _, run := range slices.Compact(c.touched) {
		if _, err := c.tx.Exec(c.ctx, sqlNotify, pgx.NamedArgs{"payload": strconv.FormatInt(run, 10)}); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) lock(run int64) (Row, error) {
	c.touched = append(c.touched, run)
	return lockRun(c.ctx, c.tx, run)
}

// enqueue has a worker begin the next try, at an instant or at once.
func (c *change) enqueue(r Row, at time.Time) error {
	_, err := c.Queue.InsertTx(c.ctx, c.tx, WorkArgs{Run: r.ID, Attempt: r.Attempt + 1}, insertOpts(at))
	return err
}

func insertOpts(at time.Time) *river.InsertOpts {
	return &river.InsertOpts{Queue: Queue, MaxAttempts: riverTries, ScheduledAt: at}
}

// places are where a run is told of: where it was asked for, and the rooms of its incident.
// home adds the home rooms; they are also where it is told if there is no other place and
// anywhere is set.
func (c *change) places(r Row, home, anywhere bool) ([]notice.Notice, error) {
	var to []notice.Notice
	add := func(network, room string) {
		known := slices.ContainsFunc(to, func(n notice.Notice) bool { return n.Network == network && strings.EqualFold(n.Room, room) })
		if network != "" && room != "" && !known {
			to = append(to, notice.Notice{Network: network, Room: room})
		}
	}
	add(r.Network, r.Room)
	if r.Room == "" && r.AskedBy != nil && r.Network != "" {
		accounts, err := oncall.AccountsOf(c.ctx, c.tx, *r.AskedBy)
		if err != nil {
			return nil, err
		}
		for _, a := range accounts {
			if a.Network == r.Network {
				to = append(to, notice.Notice{Network: a.Network, Account: a.Name})
			}
		}
	}
	if r.Incident != nil {
		rooms, err := list[rota.Room](c.ctx, c.tx, sqlRoomsOf, pgx.NamedArgs{"incident": *r.Incident})
		if err != nil {
			return nil, err
		}
		for _, one := range rooms {
			add(one.Network, one.Room)
		}
	}
	isRoom := func(n notice.Notice) bool { return n.Room != "" }
	if home || anywhere && !slices.ContainsFunc(to, isRoom) {
		for _, one := range c.Rooms {
			add(one.Network, one.Room)
		}
	}
	return to, nil
}

// say says a line about a run at such places. It begins with our own words: somebody else's
// text at the front could be a command to another bot.
func (c *change) say(r Row, to []notice.Notice, text string, actions ...notice.Action) {
	for _, n := range to {
		n.Kind, n.Incident, n.Actions = notice.Say, r.Incident, actions
		n.Text = oncall.Clip(r.Ref()+": "+text, longestNotice)
		c.notices = append(c.notices, n)
	}
}

// record puts a line on the timeline of the run's incident, if it has one.
func (c *change) record(r Row, a oncall.Actor, text string) error {
	if r.Incident == nil || c.Incidents == nil {
		return nil
	}
	return c.Incidents.RecordIn(c.ctx, c.tx, c.now, *r.Incident, a, incidents.Noted{Kind: timelineOfJobs, Text: oncall.Clip(text, longestNotice)})
}
