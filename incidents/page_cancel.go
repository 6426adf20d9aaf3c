package incidents

import (
	"context"
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// CancelPage stops ringing for a role or a person, of the incident of the place or of a
// call made here, and tells those who were rung that they may sleep on.
func (s *Service) CancelPage(ctx context.Context, a oncall.Actor, call Call) (say string, err error) {
	inc, err := s.Pick(ctx, a, call.Incident)
	if call.Incident == 0 && (err != nil || a.Room == "") {
		inc = Incident{}
	} else if err != nil {
		return "", err
	}
	err = s.change(ctx, func(c *change) error {
		e, what, err := c.callFor(a, inc, call)
		if err != nil && fault.KindOf(err) != fault.Forbidden { // who left meanwhile may be rung still
			return err
		}
		if call.Cause != "" {
			e.Cause = call.Cause
		}
		if _, err := c.lockCause(e.Cause); err != nil {
			return err
		}
		hunt, found, err := paging.HuntFor(c.ctx, c.tx, e.Cause, e.Slot)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "Nobody is being paged for %s here. !page status says who is.", what)
		}
		if _, err := paging.Stop(c.ctx, c.tx, c.now, hunt.ID); err != nil {
			return err
		}
		c.stopped = append(c.stopped, hunt.ID)
		text := fmt.Sprintf("%s stops the page for %s.", a.Who(), what)
		if err := c.standDown(inc, hunt, 0, text); err != nil {
			return err
		}
		c.rings = true
		say = fmt.Sprintf("I stop ringing for %s.", what)
		if inc.ID == 0 {
			return nil
		}
		c.boardChanged(inc.ID)
		return c.announce(inc, "page", a, text)
	})
	return say, err
}

// CallsOf lists the pages of calls that were made in a place without an incident, newest
// first.
func (s *Service) CallsOf(ctx context.Context, a oncall.Actor) ([]paging.Page, error) {
	return paging.Of(ctx, s.DB, callCause(a))
}
