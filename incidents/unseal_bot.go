package incidents

import (
	"context"
	"fmt"
	"slices"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

// Say says a line of the switchboard's in the home rooms at once, before anything else that
// waits: a first ring waits until it is heard there. Only the process that is on the
// networks can. Nothing but a head of the ledger is said: whoever has the switchboard's host
// has no other words put into our mouth. It implements [batsignal/oncall/unseal.Bot].
func (s *Service) Say(ctx context.Context, line string) error {
	size, prefix, ok := ledger.ParseLine(line)
	if !ok || line != fmt.Sprintf("Ledger %d %s", size, prefix) {
		return fault.New(fault.Forbidden, "Only heads of the ledger are said for the switchboard.")
	}
	if s.Heads == nil {
		return fault.New(fault.Unready, "This process is on no network.")
	}
	return s.Heads(ctx, line)
}

// Alarm tells the custodians, the admins and the home rooms what is wrong with what is
// sealed.
func (s *Service) Alarm(ctx context.Context, sentence string) error {
	var custodians []string
	if s.Custodians != nil {
		var err error
		if custodians, err = s.Custodians(ctx, s.DB); err != nil {
			// A keyring that somebody changed is itself a reason to tell everybody else.
			s.Log.Error("custodians are not known, and are not told of an alarm", "error", err)
		}
	}
	return s.change(ctx, func(c *change) error {
		handles, err := c.adminHandles()
		if err != nil {
			return err
		}
		handles = slices.Concat(handles, custodians)
		slices.Sort(handles)
		for _, handle := range slices.Compact(handles) {
			person, err := oncall.PersonByHandle(c.ctx, c.tx, handle)
			if fault.KindOf(err) == fault.NotFound {
				continue // a custodian need not be on a roster
			}
			if err != nil {
				return err
			}
			if err := c.tell(person.ID, 0, sentence); err != nil {
				return err
			}
		}
		c.sayHome(0, sentence)
		return nil
	})
}
