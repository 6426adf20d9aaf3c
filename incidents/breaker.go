package incidents

import (
	"context"
	"errors"
	"time"

	"batsignal/oncall/paging"
)

// breaker keeps a provider that fails from being tried over and over: each try would hold
// up its page for as long as a timeout lasts. It lives in one process, since that process'
// way to the provider may be what is broken.
type breaker struct {
	failures int       // in a row, on the side of the provider
	until    time.Time // not tried before; zero is at any time
}

const (
	breakAfter   = 3                // failures in a row
	shortestRest = 10 * time.Second // then doubled with each further failure
	longestRest  = 2 * time.Minute
)

// routeTurn is what a try did to its route as a whole.
type routeTurn struct {
	failed bool      // the provider failed
	works  bool      // it failed before, and works again
	until  time.Time // it is given a rest until then; zero is none
}

// hands tells how many more messages each route can take now. A route at rest takes none,
// and one that comes out of it a single one, to see. up is when the next one comes out;
// nil is never.
func (p *Pager) hands(now time.Time) (free paging.Hands, up *time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	free = paging.Hands{}
	for _, route := range p.Worker.Routes {
		most := p.parallel(route)
		if b := p.breakers[route]; b != nil && b.failures >= breakAfter {
			if until := b.until; until.After(now) {
				if up == nil || until.Before(*up) {
					up = &until
				}
				continue
			}
			most = 1
		}
		free[route] = most
	}
	for _, route := range p.inFlight {
		if n, ok := free[route]; ok {
			if n <= 1 {
				delete(free, route) // its end wakes us
				continue
			}
			free[route] = n - 1
		}
	}
	return free, up
}

// judge counts what a try says about the provider of its route.
func (p *Pager) judge(route string, err error) routeTurn {
	now := p.Service.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.breakers[route]
	switch {
	case errors.Is(err, paging.ErrProvider):
		if b == nil {
			b = &breaker{}
			p.breakers[route] = b
		}
		turn := routeTurn{failed: true}
		if b.until.After(now) {
			turn.until = b.until
			return turn // it was under way when the rest began: nothing new is known by it
		}
		b.failures++
		if b.failures >= breakAfter {
			b.until = now.Add(min(shortestRest<<min(b.failures-breakAfter, 10), longestRest))
			turn.until = b.until
		}
		return turn
	case b != nil && (err == nil || errors.Is(err, paging.ErrPermanent)):
		delete(p.breakers, route)
		return routeTurn{works: true}
	}
	return routeTurn{}
}

// turn records what became of a route. While it rests, whoever was to be reached by it is
// reached by their other ways at once, and where there is none, the next person is rung.
func (c *change) turn(route string, t routeTurn, accepted bool, detail string) error {
	switch {
	case t.works:
		c.rings = true // what waits for it can leave
		return paging.RouteWorks(c.ctx, c.tx, c.now, route)
	case !t.failed && accepted:
		return paging.RouteWorksAgain(c.ctx, c.tx, c.now, route) // another process may have seen it fail
	case !t.failed:
		return nil
	}
	if err := paging.RouteFailed(c.ctx, c.tx, c.now, t.until, route, detail); err != nil || t.until.IsZero() {
		return err
	}
	c.rings = true
	return paging.Strand(c.ctx, c.tx, c.now, route)
}

// parallel is how many messages of a route may be under way at once.
func (p *Pager) parallel(route string) int {
	if n := p.Service.route(route).Parallel; n > 0 {
		return n
	}
	return p.Parallel
}

// timeout is how long one try of a route may take.
func (p *Pager) timeout(route string) time.Duration {
	if t := p.Service.route(route).Timeout; t > 0 {
		return min(t, sendBudget)
	}
	return sendBudget
}

// route finds the traits of a route; of one that is not configured there are none.
func (s *Service) route(name string) paging.Traits {
	for _, t := range s.Routes {
		if t.Name == name {
			return t
		}
	}
	return paging.Traits{Name: name}
}

// that lists the routes in use that have a trait.
func (s *Service) that(has func(paging.Traits) bool) []string {
	names := []string{}
	for _, t := range s.Routes {
		if has(t) {
			names = append(names, t.Name)
		}
	}
	return names
}

// routeNames lists every route in use.
func (s *Service) routeNames() []string { return s.that(func(paging.Traits) bool { return true }) }

// receiptPatience is how long the provider of a route that tells what became of a message
// may take to say so.
const receiptPatience = 10 * time.Minute

// ExpireSilent gives up on messages that providers took and never spoke of again. Who was
// to be reached is rung by the policy's own patience, long before: this is for the record,
// and for how the route looks.
func (s *Service) ExpireSilent(ctx context.Context) error {
	routes, err := paging.Expire(ctx, s.DB, s.Now(), s.that(func(t paging.Traits) bool { return t.Receipts }), receiptPatience)
	for _, route := range routes {
		if err == nil {
			err = paging.RouteFailed(ctx, s.DB, s.Now(), time.Time{}, route, "took a message and never told what became of it")
		}
	}
	return err
}
