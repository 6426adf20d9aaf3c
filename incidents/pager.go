package incidents

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Pager works the rows of pages: it takes the steps of hunts that are due, leases
// deliveries and hands them to routes, and decides whatever else has a deadline.
// Everything it knows is in the database; any number of pagers may run.
type Pager struct {
	Service *Service
	Routes  map[string]paging.Route // those that this process has
	Worker  paging.Worker           // Routes must name the keys of Routes
	// Link makes the address of the page behind a token; nil makes mails without one.
	Link     func(token secret.Text) secret.Text
	Parallel int // most deliveries under way at once on each route that says nothing else; 0 is 64
	// Budget is the longest that one look at the rows, or one change of them, may take: a
	// connection that is silent is given up then, and another one taken. 0 is 20 s.
	Budget time.Duration

	sending  sync.WaitGroup
	mu       sync.Mutex
	inFlight map[int64]string // the route of each delivery under way
	breakers map[string]*breaker
	handed   bool // something was handed to a route since Settle
	wake     chan struct{}
	once     sync.Once
}

const (
	leaseFor   = 6 * time.Second  // a dead process' pages are taken over after this long
	renewEvery = 2 * time.Second  // so a lease survives two lost renewals
	sendBudget = 25 * time.Second // longest that one try may take

	recordBudget = 15 * time.Second // longest that writing down its outcome may take
	stepAgain    = 5 * time.Second  // how long a hunt rests whose step failed

	rowsBudget = 20 * time.Second

	longestNap = time.Minute // looks at the rows at least this often, should a wake-up be lost
	shortNap   = 250 * time.Millisecond
)

// Wake makes the pager look at the rows now. It never blocks.
func (p *Pager) Wake() {
	p.init()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *Pager) init() {
	p.once.Do(func() {
		p.wake = make(chan struct{}, 1)
		p.inFlight, p.breakers = map[int64]string{}, map[string]*breaker{}
		if p.Parallel == 0 {
			p.Parallel = 64
		}
		if p.Budget == 0 {
			p.Budget = rowsBudget
		}
	})
}

// Run works until ctx ends, then waits for what is being sent.
func (p *Pager) Run(ctx context.Context) error {
	p.init()
	// Leases are renewed until the last page has left: else another process would
	// take over, and send again, what this one is about to finish.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var renewer sync.WaitGroup
	renewer.Go(func() { p.renew(renewing) })
	defer func() {
		p.sending.Wait()
		stop()
		renewer.Wait()
	}()

	failures := 0
	for ctx.Err() == nil {
		next, err := p.Step(ctx)
		nap := longestNap
		switch {
		case err != nil && ctx.Err() == nil:
			failures++
			nap = min(shortNap<<min(failures, 5), 5*time.Second)
			p.Service.Log.Error("the pager cannot work its rows", "error", err, "again_in", nap)
		case !next.IsZero():
			failures = 0
			if nap = min(next.Sub(p.Service.Now()), longestNap); nap <= 0 {
				// Due already, but nothing could be done: another pager has the row, or
				// all hands are busy. Looking again at once would be a busy loop.
				nap = shortNap
			}
		default:
			failures = 0
		}
		timer := time.NewTimer(nap)
		select {
		case <-ctx.Done():
		case <-p.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// Step does everything that is due now and tells when the next thing is; zero for
// never. Deliveries go out in the background: Settle waits for them.
func (p *Pager) Step(ctx context.Context) (next time.Time, err error) {
	p.init()
	s := p.Service
	reclaim := func(ctx context.Context) error { return p.Worker.Reclaim(ctx, s.DB, s.Now(), p.sendingNow()) }
	if err := p.bounded(ctx, reclaim); err != nil {
		return next, err
	}
	if err := p.untilNone(ctx, p.deliver, p.stepAndDeliver, s.lapse, s.foldAlerts, s.checkForgotten, s.sayBoards); err != nil {
		return next, err
	}
	var d deadlines
	due := func(ctx context.Context) (err error) {
		d, err = s.dueOrExpired(ctx)
		return err
	}
	if err := p.bounded(ctx, due); err != nil {
		return next, err
	}
	if err := p.untilNone(ctx, p.deliver); err != nil {
		return next, err
	}
	err = p.bounded(ctx, func(ctx context.Context) (err error) {
		next, err = p.next(ctx, d)
		return err
	})
	return next, err
}

// next is when there is something to do again.
func (p *Pager) next(ctx context.Context, d deadlines) (next time.Time, err error) {
	s := p.Service
	if s.Alerts != nil {
		at, due, err := s.Alerts.FoldDue(ctx, s.DB)
		if err != nil {
			return next, err
		}
		if due {
			d.fold = &at
		}
	}
	hands, up := p.hands(s.Now())
	if next, err = p.Worker.NextDue(ctx, s.DB, slices.Sorted(maps.Keys(hands)), p.sendingNow()); err != nil {
		return next, err
	}
	return earliest(next, d.request, d.move, d.check, d.board, d.fold, up), nil
}

// bounded has something done with the rows, and not for longer than the budget.
func (p *Pager) bounded(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.Budget)
	defer cancel()
	return do(ctx)
}

// untilNone does each kind of work until there is none left that is due.
func (p *Pager) untilNone(ctx context.Context, works ...func(context.Context) (did bool, err error)) error {
	for _, work := range works {
		for did := true; did; {
			if err := p.bounded(ctx, func(ctx context.Context) (err error) {
				did, err = work(ctx)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Settle waits until everything handed to a route has come back, and tells whether
// there was anything: what came back may have made something due.
func (p *Pager) Settle() (sent bool) {
	p.sending.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	sent, p.handed = p.handed, false
	return sent
}

// stepAndDeliver takes one step of one hunt and hands over what that made: whoever is rung
// for the first of five roles does not wait until the others were thought about.
func (p *Pager) stepAndDeliver(ctx context.Context) (did bool, err error) {
	if did, err = p.Service.stepHunt(ctx); err != nil || !did {
		return did, err
	}
	_, err = p.deliver(ctx)
	return true, err
}

// stepHunt takes one step of one hunt that is due.
func (s *Service) stepHunt(ctx context.Context) (did bool, err error) {
	now := s.Now()
	peek, found, err := paging.PeekDue(ctx, s.DB, now)
	if err != nil || !found {
		return false, err
	}
	err = s.change(ctx, func(c *change) error {
		inc, err := c.lockCause(peek.Cause)
		if err != nil {
			return err
		}
		e, still, err := paging.LockDue(c.ctx, c.tx, c.now, peek.ID)
		if err != nil || !still {
			return err
		}
		_, err = c.step(e, inc)
		return err
	})
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return true, err
	}
	// One hunt that cannot go on must not hold up the others, nor one that waits for as long as
	// we may wait. Where it is Postgres that is silent, this fails as well.
	putting, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepAgain)
	defer cancel()
	if late := paging.Postpone(putting, s.DB, now, s.Now().Add(stepAgain), peek.ID); late != nil {
		return false, err
	}
	s.Log.Error("a hunt could not take its step", "cause", peek.Cause, "slot", peek.Slot, "again_in", stepAgain, "error", err)
	return true, nil
}

type deadlines struct {
	request *time.Time
	move    *time.Time
	check   *time.Time
	board   *time.Time
	fold    *time.Time
}

const sqlDeadlines = `
	select (
			select min(case when asked_at > @now::timestamptz + interval '1 minute' then @now else expires_at end)
			from signal_request where state = 'waiting') as request,
		(select min(due_at) from baton_move where state = 'open') as move,
		(select min(check_at) from responder where check_at is not null and left_at is null) as check_at,
		(select min(board_due) from incident where board_due is not null) as board`

func (s *Service) deadlines(ctx context.Context) (d deadlines, err error) {
	err = s.DB.QueryRow(ctx, sqlDeadlines, pgx.NamedArgs{"now": s.Now()}).Scan(&d.request, &d.move, &d.check, &d.board)
	return d, err
}

// dueOrExpired reads the deadlines, and does what a request's is for.
func (s *Service) dueOrExpired(ctx context.Context) (deadlines, error) {
	d, err := s.deadlines(ctx)
	if err != nil || d.request == nil || d.request.After(s.Now()) {
		return d, err
	}
	if err := s.expire(ctx); err != nil {
		return d, err
	}
	return s.deadlines(ctx)
}

func earliest(t time.Time, others ...*time.Time) time.Time {
	for _, o := range others {
		if o != nil && (t.IsZero() || o.Before(t)) {
			t = *o
		}
	}
	return t
}

// sendingNow lists the deliveries that are under way in this process.
func (p *Pager) sendingNow() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.AppendSeq([]int64{}, maps.Keys(p.inFlight)) // never nil: null is no list
}

// renew keeps the leases of slow deliveries alive. Leases are instants of the
// service's clock, which a test may move; what is in flight here is never reclaimed
// here.
func (p *Pager) renew(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ids := p.sendingNow()
		if len(ids) == 0 {
			continue
		}
		// What is renewed later than this has lapsed; what waits longer waits in vain.
		renewing, cancel := context.WithTimeout(ctx, leaseFor)
		err := p.Worker.Renew(renewing, p.Service.DB, p.Service.Now().Add(leaseFor), ids)
		cancel()
		if err != nil && ctx.Err() == nil {
			p.Service.Log.Warn("leases could not be renewed", "error", err, slog.Int("deliveries", len(ids)))
		}
	}
}
