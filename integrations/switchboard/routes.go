package switchboard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// onTheWay is how much longer than the provider a try may take: the switchboard waits for
// the head of the ledger to be seen in a room before it dials.
const onTheWay = 12 * time.Second

// Routes are the routes of the switchboard, as the bot pages by them: of the same names
// and traits, each of the smaller interfaces of paging that its traits tell. Every one is
// a [paging.Checker].
func Routes(board unseal.Switchboard, known []paging.Traits) []paging.Route {
	var routes []paging.Route
	for _, t := range known {
		if t.Timeout > 0 {
			t.Timeout += onTheWay
		}
		one := &proxy{board: board, traits: t}
		switch {
		case t.Asks && t.Ends:
			routes = append(routes, asksAndEnds{asks{one}})
		case t.Asks:
			routes = append(routes, asks{one})
		case t.Ends:
			routes = append(routes, ends{one})
		default:
			routes = append(routes, one)
		}
	}
	return routes
}

// proxy is a route that the switchboard runs for us.
type proxy struct {
	board  unseal.Switchboard
	traits paging.Traits
}

type (
	asks        struct{ *proxy }
	ends        struct{ *proxy }
	asksAndEnds struct{ asks }
)

var (
	_ paging.Route   = (*proxy)(nil)
	_ paging.Checker = (*proxy)(nil)
	_ paging.Asker   = asks{}
	_ paging.Ender   = ends{}
	_ paging.Asker   = asksAndEnds{}
	_ paging.Ender   = asksAndEnds{}
)

// Name implements [paging.Route].
func (p *proxy) Name() string { return p.traits.Name }

// Traits tells what everybody may know of the route.
func (p *proxy) Traits() paging.Traits { return p.traits }

// Send has the switchboard dial. The same message, by its key, is not dialled twice, so
// one whose answer was lost is sent again as it is.
func (p *proxy) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	return p.dial(ctx, m, false)
}

// Check has the switchboard look whether its provider lets it in.
func (p *proxy) Check(ctx context.Context) error { return p.board.Check(ctx, p.traits.Name) }

// Ask finds out what became of a message that may have been sent. The switchboard asks its
// provider by itself, and dials when that does not have it: so what is found here has been
// dialled by now, once. Before the second try there is nothing to be found; nor may a
// question about a page that is over, which is asked with the first one, ring anybody.
func (a asks) Ask(ctx context.Context, m paging.Message) (h paging.Handed, found bool, err error) {
	if m.Attempt < 2 || m.Sealed == nil && m.Address.Empty() {
		return paging.Handed{}, false, nil
	}
	h, err = a.dial(ctx, m, true)
	return h, err == nil, err
}

// End has the provider told that a page is over. Without a name of the provider's the
// switchboard finds it by the key.
func (e ends) End(ctx context.Context, of paging.Ended) error { return e.end(ctx, of) }

// End is [ends.End].
func (e asksAndEnds) End(ctx context.Context, of paging.Ended) error { return e.end(ctx, of) }

func (p *proxy) end(ctx context.Context, of paging.Ended) error {
	return failure(p.board.End(ctx, p.traits.Name, of))
}

func (p *proxy) dial(ctx context.Context, m paging.Message, ask bool) (paging.Handed, error) {
	d, err := p.board.Dial(ctx, p.traits.Name, m, ask)
	if err != nil {
		return paging.Handed{}, failure(err)
	}
	return d.Handed, outcome(d)
}

// outcome is what was not taken, in the errors of paging.
func outcome(d unseal.Dialled) error {
	why := tame(d.Detail)
	switch {
	case d.Outcome == "":
		return nil
	case d.Bad != "":
		return paging.BadAddress{Say: tame(d.Bad)}
	case d.Outcome == unseal.OutcomeRefused, d.Outcome == unseal.OutcomePermanent:
		return fmt.Errorf("%w: %s", paging.ErrPermanent, why)
	case d.Outcome == unseal.OutcomeProvider:
		return fmt.Errorf("%w: %s", paging.ErrProvider, why)
	}
	return errors.New(why) // temporary, and whatever a newer switchboard may call it
}

// failure is a call to the switchboard that brought no outcome. What it understood and
// refused stays refused; else nobody knows whether somebody was dialled, and the way to
// everybody on this route is what failed.
func failure(err error) error {
	if err == nil {
		return nil
	}
	say := strings.TrimRight(fault.Say(err), ".")
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound:
		return fmt.Errorf("%w: %s", paging.ErrPermanent, say)
	case fault.Conflict, fault.Limited:
		return errors.New(say)
	case fault.Internal, fault.Unready:
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", say, context.Canceled)
	}
	return fmt.Errorf("%w: %s", paging.ErrProvider, say)
}
