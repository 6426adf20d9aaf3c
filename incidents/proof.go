package incidents

import (
	"context"
	"fmt"
	"slices"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// AddContact stores an address of the actor's own and sends a code there. say tells what
// to do with it; sent is false when none could be sent now.
func (s *Service) AddContact(ctx context.Context, a oncall.Actor, kind string, address secret.Text) (say string, sent bool, err error) {
	if s.sealing() && contact.MustBeSealed(kind) {
		return "", false, errMustBeSealed(kind)
	}
	err = s.change(ctx, func(c *change) error {
		one, err := contact.Add(c.ctx, c.tx, c.now, a.PersonID, kind, address, contact.By(a.By()))
		if err != nil {
			return err
		}
		stored := fmt.Sprintf("Your %s is stored, and nobody else sees it. No page goes there before it is proven. ", contact.Noun(kind))
		told, err := c.prove(one, contact.PurposeProof, a)
		sent = err == nil
		if fault.KindOf(err) != fault.Internal {
			told, err = fault.Say(err), nil // it is stored all the same
		}
		say = stored + told
		return err
	})
	return say, sent, err
}

// Prove sends a code to an address: the actor's own, or, for a test, somebody else's. That
// the actor may is checked by the caller. Nobody else's test comes to people in their
// quiet hours, when they sleep, or by a way that they did not agree to.
func (s *Service) Prove(ctx context.Context, a oncall.Actor, id int64, purpose contact.Purpose) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		one, err := contact.Get(c.ctx, c.tx, id)
		if err != nil {
			return err
		}
		if one.PersonID != a.PersonID {
			if purpose != contact.PurposeTest {
				return fault.New(fault.Forbidden, "Only its owner can prove an address.")
			}
			if err := c.mayTest(one.PersonID, one.Kind); err != nil {
				return err
			}
		}
		say, err = c.prove(one, purpose, a)
		return err
	})
	return say, err
}

// prove makes a code, leaves the errand of sending it, and says what to do with it.
func (c *change) prove(one contact.Contact, purpose contact.Purpose, a oncall.Actor) (say string, err error) {
	if !slices.Contains(c.routeNames(), one.Kind) {
		return "", fault.New(fault.Unready, "Nothing can be sent by %s here yet. Ask an admin to configure it; then !contact code %s.", one.Kind, one.Kind)
	}
	if err := c.mayRing(one, purpose); err != nil {
		return "", err
	}
	p, err := contact.Begin(c.ctx, c.tx, c.now, one.ID, purpose, a.PersonID)
	if err != nil {
		return "", err
	}
	return codeSent(one.Kind), c.errand(Errand{What: ErrandProof, Route: one.Kind, Proof: p.ID})
}

// mayRing refuses to have a phone rung, or a text sent, for somebody whom no admin has let
// in: anybody with an account can say yes to a role, and the number may be a stranger's, or
// one that costs.
func (c *change) mayRing(one contact.Contact, purpose contact.Purpose) error {
	if purpose != contact.PurposeProof || one.Kind != "sms" && one.Kind != "voice" {
		return nil
	}
	owner, err := oncall.PersonByID(c.ctx, c.tx, one.PersonID)
	if err != nil {
		return err
	}
	let, err := c.letIn(owner.ID, owner.Handle)
	if err == nil && !let {
		err = fault.New(fault.Forbidden, "No code goes to a phone before an admin has let you into a role. After that: !contact code %s.", one.Kind)
	}
	return err
}

// letIn tells whether an admin has let somebody in, or they are one.
func (c *change) letIn(person int64, handle string) (bool, error) {
	roles, err := oncall.ActiveRoles(c.ctx, c.tx, person)
	if err != nil || len(roles) > 0 {
		return err == nil, err
	}
	admins, err := c.adminHandles()
	return slices.Contains(admins, handle), err
}

// codeSent tells where to look for a code, and how to say it back.
func codeSent(kind string) string {
	switch kind {
	case "voice":
		return "Your phone rings in a moment: key the number that you hear."
	case "webhook":
		return "A code is posted there in a moment, in the field code. Type it within the hour: !contact prove CODE."
	case "pagerduty":
		return "A code comes there as an incident in a moment. Type it within the hour: !contact prove CODE."
	}
	return fmt.Sprintf("A code is on its way to your %s. Type it within the hour: !contact prove CODE.", contact.Noun(kind))
}

// ProveByCode takes a code that the actor typed: the address that it went to is theirs,
// and works.
func (s *Service) ProveByCode(ctx context.Context, a oncall.Actor, code string) (say string, err error) {
	var refused error
	err = s.change(ctx, func(c *change) error {
		one, purpose, err := contact.Claim(c.ctx, c.tx, c.now, a.PersonID, code, contact.By(a.By()))
		if refused = nil; fault.KindOf(err) != fault.Internal {
			refused = err // wrong codes are counted, and that is to be committed
			return nil
		}
		if err != nil {
			return err
		}
		say = fmt.Sprintf("Your %s is proven. Pages go there from now on.", contact.Noun(one.Kind))
		if purpose == contact.PurposeTest {
			say = fmt.Sprintf("Your %s works. Thank you.", contact.Noun(one.Kind))
		}
		if one.SuspendedAt != nil {
			say = fmt.Sprintf("Your %s works. It is paused: !contact resume %s uses it.", contact.Noun(one.Kind), one.Kind)
		}
		if err := c.endProofs(one); err != nil {
			return err
		}
		return paging.RouteProven(c.ctx, c.tx, c.now, one.Kind)
	})
	if err == nil {
		err = refused
	}
	return say, err
}
