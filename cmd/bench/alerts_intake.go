package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	aimOneKey   = 1500 // alerts a second
	aimManyKeys = 3000
)

// load is one way to send alerts.
type load struct {
	name          string // begins the names of its keys
	what          string
	clients, keys int
	aim           float64
	peer          string
}

func loads() []load {
	return []load{
		{"lone", "alerts taken, 1 key, 1 client", 1, 1, aimOneKey, "GoAlert: 188 to 234"},
		{"eight", "alerts taken, 1 key, 8 clients", 8, 1, aimOneKey, "GoAlert: 167"},
		{"sixteen", "alerts taken, 1 key, 16 clients", 16, 1, aimOneKey, ""},
		{"many", "alerts taken, 16 keys, 16 clients", 16, 16, aimManyKeys, "GoAlert: 415 to 438"},
	}
}

// alertsIntake is how many alerts can be taken, each stored before it is answered.
func alertsIntake(ctx context.Context, b *bench) (all []figure, err error) {
	h, err := b.takeAlerts(ctx, "alerts-intake")
	if err != nil {
		return nil, err
	}
	defer func() { err = h.closeWith(err) }()
	for _, l := range loads() {
		b.say("measuring: %s", l.what)
		f, err := h.bear(ctx, b, l)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
		// What is told of so many alerts is not to count in the next one.
		if err := b.settle(ctx, h.bot.pid()); err != nil {
			return nil, err
		}
	}
	m, err := memory(h.bot.pid())
	if err != nil {
		return nil, err
	}
	return append(all, figure{
		what: "alerts taken: memory", got: fmt.Sprintf("at most %s, %s afterwards", megabytes(m.most), megabytes(m.now)),
		how: "VmHWM of the bot over all alerts above, and VmRSS after the last of them",
	}), nil
}

// burden is what a load cost.
type burden struct {
	took           time.Duration
	answers        durations
	app, db, tools time.Duration // of CPU
}

// bear takes a load for a while.
func (h *alertHouse) bear(ctx context.Context, b *bench, l load) (f figure, err error) {
	keys := make([]string, l.keys)
	for i := range keys {
		if keys[i], err = h.key(ctx, fmt.Sprintf("%s%d", l.name, i), oneRings); err != nil {
			return f, err
		}
	}
	var stored burden
	if err := h.spend(&stored, -1); err != nil {
		return f, err
	}
	began := time.Now()
	stored.answers, err = h.pour(ctx, l, keys, began.Add(b.span(12*time.Second, 300*time.Millisecond)))
	stored.took = time.Since(began)
	if err != nil {
		return f, err
	}
	if err := h.spend(&stored, 1); err != nil {
		return f, err
	}
	n := len(stored.answers)
	var rows int
	if err := h.db.QueryRow(ctx, `select count(*) from alert where dedup_key like $1`, l.name+"-%").Scan(&rows); err != nil {
		return f, err
	}
	if rows != n {
		return f, fmt.Errorf("%d alerts were answered 202, and %d are stored", n, rows)
	}
	rate := float64(n) / stored.took.Seconds()
	f = figure{
		what: l.what, got: fmt.Sprintf("%.0f a second", rate), aim: fmt.Sprintf("≥ %.0f", l.aim), met: rate >= l.aim,
		how: fmt.Sprintf("POST to `%s` for %s, each with an alert of its own and answered 202 after its commit to disk (%s); "+
			"CPU for each alert: %s of the bot, %s of Postgres, %s of the sender on the same cores; all %d are rows in the end",
			enqueue, short(stored.took), stored.answers.list(0.5, 0.95, 1), each(stored.app, n), each(stored.db, n), each(stored.tools, n), n),
	}
	if l.peer != "" {
		f.aim += " (" + l.peer + ")"
	}
	return f, nil
}

// spend adds, or with -1 takes away, the CPU that was used until now.
func (h *alertHouse) spend(u *burden, sign time.Duration) error {
	whole, err := cpu(h.bot.pid()) // its Postgres is a child of it
	if err != nil {
		return err
	}
	db, err := cpu(h.postgres)
	if err != nil {
		return err
	}
	u.app += sign * (whole - db)
	u.db += sign * db
	u.tools += sign * ownCPU()
	return nil
}

// pour sends alerts until an instant, and tells how long each answer took.
func (h *alertHouse) pour(ctx context.Context, l load, keys []string, end time.Time) (durations, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	took := make([]durations, l.clients)
	var clients sync.WaitGroup
	for c := range l.clients {
		clients.Go(func() {
			for time.Now().Before(end) {
				began, err := h.send(ctx, keys[c%len(keys)], "trigger", fmt.Sprintf("%s-%08d", l.name, next.Add(1)))
				if err != nil {
					cancel(err)
					return
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	clients.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var all durations
	for _, d := range took {
		all = append(all, d...)
	}
	return all, nil
}

// each writes a share of CPU time.
func each(all time.Duration, n int) string {
	return fmt.Sprintf("%.2f ms", float64(all)/float64(time.Millisecond)/float64(max(n, 1)))
}
