package faults

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/incidents"
	"batsignal/incidents/alert"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
	"batsignal/oncall/secret"
)

// run is one run of a plan.
type run struct {
	testing.TB
	plan  plan
	log   *ledger
	clock clock
	dir   string
	db    *pgxpool.Pool
	dsn   string
	setup setup
	svc   *incidents.Service
	ids   map[string]int64
	cause string

	routes   map[string]paging.Route
	gates    map[string]*gate
	sink     *sink
	memories []func() []ring
	seen     []int
	pagers   providers

	background sync.WaitGroup
	ending     chan struct{}
	step       atomic.Int64 // of the clock, from 1
	born       int
	heard      map[int64]*heard
	healedAt   time.Time

	mu       sync.Mutex
	procs    []*process
	births   []int // at which steps a process is started
	kills    int
	commits  int
	requests map[string]int
	healed   bool
	answered []answer
	wrong    []string
	was      map[string]string        // states of rows when they were looked at last
	closed   map[int64]map[int64]bool // the attempts that there were when an escalation ended
	endedAt  map[int64]time.Time      // when that was
}

// bad notes what must not be.
func (r *run) bad(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.log.say("WRONG: %s", text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, text)
}

func (r *run) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("seed %d: %v", r.plan.Seed, err)
	}
}

// routeNames are the routes of the suite, in the order in which plans draw them.
func routeNames() []string { return []string{"webhook", "pagerduty", "sms", "voice", "ntfy"} }

// newRun sets the stage.
func newRun(t testing.TB, p plan) *run {
	db := pgtest.Fresh(t)
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{
		TB: t, plan: p, dir: dir, db: db.Pool, dsn: db.BotDSN, ids: map[string]int64{}, ending: make(chan struct{}),
		gates: map[string]*gate{}, sink: &sink{}, heard: map[int64]*heard{}, requests: map[string]int{}, was: map[string]string{},
		closed: map[int64]map[int64]bool{}, endedAt: map[int64]time.Time{},
	}
	r.clock, err = makeClock(filepath.Join(dir, "clock"))
	r.must(err)
	t.Cleanup(func() {
		_ = r.clock.file.Close()
		_ = os.RemoveAll(dir)
	})
	r.log = newLedger(r.clock.Now)
	r.setup = setup{Clock: filepath.Join(dir, "clock"), Log: childLog()}
	r.providers()
	r.routes, err = r.setup.routes(db.Pool)
	r.must(err)
	queue, err := queueOf(db.Pool, nil, nil)
	r.must(err)
	r.svc = serviceOf(db.Pool, queue, r.routes, r.clock.Now, slog.New(slog.DiscardHandler))
	r.hooks()
	r.roster()
	t.Cleanup(r.end)
	return r
}

// nextTrouble is what befalls the next request to a route.
func (r *run) nextTrouble(route string) trouble {
	r.mu.Lock()
	n := r.requests[route]
	r.requests[route]++
	healed := r.healed
	r.mu.Unlock()
	list := r.plan.Troubles[route]
	if healed || n >= len(list) || list[n] == fine {
		return fine
	}
	r.log.say("request %d to %s %s", n+1, route, list[n])
	r.log.counted("provider faults")
	return list[n]
}

// roster has people join roles, and give addresses.
func (r *run) roster() {
	ctx, now := context.Background(), r.clock.Now()
	var roles []oncall.Role
	for i, name := range r.plan.Roles {
		roles = append(roles, oncall.Role{Name: name, Title: "the " + name, Leads: i == 0, PatienceSev1: r.plan.Patience, Patience: r.plan.Patience})
	}
	r.must(oncall.SyncRoles(ctx, r.db, now, roles))
	desk := &oncall.Desk{DB: r.db, Now: r.clock.Now, OpenDoor: true}
	for _, p := range r.plan.People {
		id, err := oncall.AddPerson(ctx, r.db, now, oncall.Person{Handle: p.Name, Zone: "UTC"})
		r.must(err)
		r.ids[p.Name] = id
		r.must(oncall.BindAccount(ctx, r.db, now, id, oncall.Account{Network: network, Name: p.Name}))
		for _, role := range p.Roles {
			_, err := desk.Join(ctx, oncall.Actor{PersonID: id, Handle: p.Name, Zone: "UTC", Network: network, Account: p.Name}, role, oncall.Hours{})
			r.must(err)
		}
		for i, way := range p.Ways {
			c, err := contact.AddProven(ctx, r.db, now, id, way, secret.New(r.address(way, p, i)))
			r.must(err)
			if p.Delays[i] >= 0 {
				_, err = r.db.Exec(ctx, `update contact set delay = $2 where id = $1`, c.ID, p.Delays[i])
				r.must(err)
			}
		}
	}
}

// light begins what people are paged for.
func (r *run) light() {
	ctx := context.Background()
	admin := oncall.Actor{PersonID: r.ids["ada"], Handle: "ada", Zone: "UTC", Network: network, Room: home, Account: "ada"}
	if !r.plan.Alerts {
		asked, err := r.svc.Ask(ctx, admin, incidents.Signal{What: "openssl is on fire", Severity: r.plan.Severity, Separate: true})
		r.must(err)
		r.cause = fmt.Sprintf("incident:%d", asked.Opened.Incident.ID)
		r.log.say("%s is opened", r.cause)
		return
	}
	night := policy.Policy{Name: "night", Title: "Night"}
	for _, p := range r.plan.People {
		night.Steps = append(night.Steps, policy.Step{Targets: []policy.Target{{Kind: policy.Person, Name: p.Name}}, Wait: r.plan.Patience})
	}
	_, err := (&policy.Service{DB: r.db, Now: r.clock.Now}).Save(ctx, admin, night)
	r.must(err)
	key, _, err := r.svc.Alerts.AddKey(ctx, admin, alert.Key{Name: "prometheus", Policy: "night"})
	r.must(err)
	word := map[int]string{1: "critical", 2: "error"}[r.plan.Severity]
	_, err = r.svc.Alerts.Take(ctx, key, alert.Event{Action: alert.Trigger, DedupKey: "db1", Summary: "db1 is down", Source: "db1", Severity: word})
	r.must(err)
	r.cause = alert.Cause(1)
	r.log.say("%s is opened", r.cause)
}

// drive plays the run to its end.
func (r *run) drive() {
	r.light()
	r.spawn()
	if r.plan.Two {
		r.spawn()
	}
	over := 0
	for n := 1; ; n++ {
		r.step.Store(int64(n))
		if n == faultSteps {
			r.heal()
		}
		if n < faultSteps {
			r.happen(r.plan.Steps[n])
		}
		r.revive()
		r.settle()
		r.watch()
		r.hear()
		r.act()
		if r.over() {
			over++
			if over == 3 && !r.healed {
				r.heal()
			}
		}
		if r.healed && over > 3 {
			return
		}
		bound := calmBound
		if r.plan.Nobody {
			bound = nobodyBound
		}
		if r.healed && (r.clock.Now().Sub(r.healedAt) > bound || n > 600) {
			if !r.plan.Nobody {
				r.bad("the faults are over for %v, and it has not ended", r.clock.Now().Sub(r.healedAt))
			}
			return
		}
		r.advance()
		r.thawAll(false)
		r.nudge()
	}
}

// now is the number of the step.
func (r *run) now() int { return int(r.step.Load()) }

// calmBound is how long it may take, once all is well, until everything is answered: a
// list of seven people is gone through three times, with the longest pauses between.
const calmBound = 2 * time.Hour

// nobodyBound is how long people ring who never answer.
const nobodyBound = 20 * time.Minute

// isHealed tells whether the faults are over.
func (r *run) isHealed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.healed
}

// heal ends every fault.
func (r *run) heal() {
	r.mu.Lock()
	r.healed, r.healedAt = true, r.clock.Now()
	r.mu.Unlock()
	r.log.say("the faults are over")
	r.thawAll(true)
	for _, p := range r.living() {
		p.mu.Lock()
		p.armed = fine
		p.mu.Unlock()
		p.proxy.slow.Store(0)
		p.proxy.holed.Store(false)
		p.proxy.refuse.Store(false)
	}
	r.callbacks("release")
	if len(r.living()) == 0 {
		r.spawn()
	}
}

// sqlRescue does what River does a minute after a process died: errands that it had in hand
// are done by others.
const sqlRescue = `update river_job set state = 'available', scheduled_at = now() where kind = 'route_errand' and state in ('running', 'retryable', 'scheduled')`

// revive starts processes again whose time has come.
func (r *run) revive() {
	r.mu.Lock()
	n := 0
	r.births = slices.DeleteFunc(r.births, func(at int) bool {
		if at <= r.now() {
			n++
			return true
		}
		return false
	})
	r.mu.Unlock()
	for range n {
		if len(r.living()) < 2 {
			r.spawn()
		}
	}
	if r.healed && len(r.living()) == 0 {
		r.spawn()
	}
}

// settle waits until everybody is at rest who is neither dead nor frozen: then time may go
// on. What hangs is not waited for.
func (r *run) settle() {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		waited := time.Since(began)
		if r.atRest(waited) && !r.leasedByLiving(waited) || waited > 5*time.Second {
			return
		}
	}
}

func (r *run) atRest(waited time.Duration) bool {
	for _, g := range r.gates {
		if !g.quiet() {
			return false
		}
	}
	r.pagers.settled(r.TB)
	for _, p := range r.living() {
		if p.isFrozen() {
			continue
		}
		atRest, last := p.proxy.still()
		longest := 300 * time.Millisecond
		if p.took.Load() < 0 { // it is starting
			longest = 2 * time.Second
		}
		if waited < longest && (!atRest || p.took.Load() < p.sent.Load() || time.Since(last) < 3*time.Millisecond) {
			return false
		}
	}
	return true
}

const sqlLeasedBy = `select distinct leased_by from delivery where state in ('leased', 'submitted')`

// leasedByLiving tells whether somebody who is not dead, frozen or cut off has something
// in hand. Time must not go on then: to them it would seem to jump.
func (r *run) leasedByLiving(waited time.Duration) bool {
	rows, err := r.db.Query(context.Background(), sqlLeasedBy)
	r.must(err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	r.must(err)
	for _, p := range r.living() {
		if slices.Contains(names, p.name) && !p.isFrozen() {
			if r.log.excused(time.Now().Add(-waited-300*time.Millisecond), time.Now()) && waited > 500*time.Millisecond {
				continue // what could not be recorded stays leased until it lapses
			}
			return true
		}
	}
	return false
}

const sqlNextAfter = `
	select min(t) from (
		select min(due_at) from delivery where state = 'queued' and due_at > @now
		union all
		select min(leased_until) from delivery where state in ('leased', 'submitted') and leased_until > @now
		union all
		select min(due_at) from escalation where state = 'hunting' and due_at > @now
	) as due (t)`

// advance moves the clock to the next instant at which something is to be done.
func (r *run) advance() {
	now := r.clock.Now()
	next := now.Add(30 * time.Second)
	var due *time.Time
	r.must(r.db.QueryRow(context.Background(), sqlNextAfter, pgx.NamedArgs{"now": now}).Scan(&due))
	if due != nil && due.Before(next) {
		next = *due
	}
	if at := r.nextReaction(); at.After(now) && at.Before(next) {
		next = at
	}
	for _, p := range r.living() {
		if p.isFrozen() && next.Before(now.Add(7*time.Second)) {
			next = now.Add(7 * time.Second) // longer than a lease
		}
	}
	r.must(r.clock.set(next))
}

const sqlErrandsLeft = `select count(*) from river_job where kind = 'route_errand' and state in ('available', 'running', 'retryable', 'scheduled')`

// finish waits until the errands are done: providers were told of what is over.
func (r *run) finish() {
	if len(r.living()) == 0 {
		r.spawn()
	}
	_, err := r.db.Exec(context.Background(), sqlRescue)
	r.must(err)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var left int
		r.must(r.db.QueryRow(context.Background(), sqlErrandsLeft).Scan(&left))
		if left == 0 {
			break
		}
		if time.Now().After(end) {
			r.bad("%d errands are not done", left)
			return
		}
	}
	r.settle()
	r.watch()
}

const sqlHuntingLeft = `select count(*) from escalation where state = 'hunting'`

// over tells whether nobody is looked for any more.
func (r *run) over() bool {
	var left int
	r.must(r.db.QueryRow(context.Background(), sqlHuntingLeft).Scan(&left))
	return left == 0
}

// end stops all that a run has started.
func (r *run) end() {
	close(r.ending)
	r.background.Wait()
	for _, p := range r.procs {
		p.mu.Lock()
		p.dead = true
		p.mu.Unlock()
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.proxy.close()
	}
	for _, g := range r.gates {
		g.close()
	}
	for _, route := range r.routes {
		if c, ok := route.(interface{ Close() }); ok {
			c.Close()
		}
	}
}

// childLog is where processes write what they do; "" is nowhere.
func childLog() string { return os.Getenv("FAULTS_LOG") }
