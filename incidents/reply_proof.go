package incidents

import (
	"strings"

	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
)

// provenByCode takes a code that was sent to an address: whoever wrote it back reads
// there. While somebody tries out codes, it has to answer the very letter that had the code.
func (c *change) provenByCode(r paging.Reply, codes []string) (paging.Response, error) {
	_, answers, _ := paging.ParseKey(r.Key)
	var p contact.Proof
	found := false
	for _, code := range codes {
		var err error
		if p, found, err = contact.FindProof(c.ctx, c.tx, code); err != nil {
			return paging.Response{}, err
		}
		if found {
			break
		}
	}
	if !found || p.ID != answers {
		if out, guessed, err := c.guessed(r); err != nil || guessed {
			return out, err
		}
	}
	if found {
		return c.proven(r, p)
	}
	return c.heard(r, paging.Way{}, "reply", "", paging.Response{
		Say: "No page has this code. Look at the newest message, or answer in chat: !ack.",
	})
}

// provenThere takes the number that was keyed after a code was read out, or a click where
// the code is shown.
func (c *change) provenThere(r paging.Reply, proof int64) (paging.Response, error) {
	p, found, err := contact.GetProof(c.ctx, c.tx, proof)
	if err != nil {
		return paging.Response{}, err
	}
	// A provider speaks of its own messages only.
	if !found || p.Kind != r.Route || r.Means == "" && strings.TrimSpace(r.Text) != paging.KeysOf(p.Digits).Ack {
		return c.heard(r, paging.Way{}, "keys", "", paging.Response{Say: "That is not the number."})
	}
	return c.proven(r, p)
}

func (c *change) proven(r paging.Reply, p contact.Proof) (paging.Response, error) {
	fresh, err := paging.AddEvent(c.ctx, c.tx, c.now, paging.Event{
		Route: r.Route, Event: r.Event, Proof: p.ID, What: "reply", Effect: "proves an address",
	})
	if err != nil {
		return paging.Response{}, err
	}
	if !fresh {
		return paging.Response{}, errHeardBefore
	}
	one, _, changed, err := contact.Redeem(c.ctx, c.tx, c.now, p.ID)
	if err != nil {
		return paging.Response{}, err
	}
	if !changed {
		return paging.Response{Say: "This code is too old. !contact code " + one.Kind + " sends another one.", Done: true}, nil
	}
	if err := paging.RouteProven(c.ctx, c.tx, c.now, r.Route); err != nil {
		return paging.Response{}, err
	}
	if err := c.endProofs(one); err != nil {
		return paging.Response{}, err
	}
	return paging.Response{Say: "Thank you. That is proven: pages can go there.", Done: true}, c.tell(one.PersonID, 0, "Your "+contact.Noun(one.Kind)+" answers: pages can go there.")
}

// proofReceipt notes what a provider tells of a code on its way. A canary is proven by
// its arrival: nobody reads it.
func (c *change) proofReceipt(r paging.Receipt, proof int64) error {
	fresh, err := paging.AddEvent(c.ctx, c.tx, c.now, paging.Event{Route: r.Route, Event: r.Event, Proof: proof, What: string(r.News)})
	if err != nil {
		return err
	}
	if !fresh {
		return errHeardBefore
	}
	p, found, err := contact.GetProof(c.ctx, c.tx, proof)
	if err != nil || !found || p.Kind != r.Route {
		return err
	}
	switch r.News {
	case paging.NewsDelivered:
		if err := contact.SetProofState(c.ctx, c.tx, p.ID, "delivered", r.Ref, r.Detail); err != nil {
			return err
		}
		if p.Purpose == contact.PurposeCanary {
			if err := c.endProof(p.Kind, p.ID); err != nil {
				return err
			}
			return paging.RouteProven(c.ctx, c.tx, c.now, r.Route)
		}
	case paging.NewsFailed:
		if err := contact.SetProofState(c.ctx, c.tx, p.ID, "failed", r.Ref, r.Detail); err != nil {
			return err
		}
		if r.Bad != "" {
			return c.badAddress(p.ContactID, p.PersonID, r.Route, r.Bad)
		}
	}
	return nil
}

// stopOrStart suspends an address that asked for it, or uses it again. Whoever holds the
// phone decides, whatever else is known.
func (c *change) stopOrStart(r paging.Reply, stop bool) (paging.Response, error) {
	what, do, word, say := "start", contact.ResumeByAddress, contact.ResumeByWord, "You get pages here again."
	if stop {
		what, do, word, say = "stop", contact.SuspendByAddress, contact.SuspendByWord, "No more pages come here. START brings them back."
	}
	out, err := c.heard(r, paging.Way{}, what, "", paging.Response{Say: say, Done: true})
	n := int64(0)
	switch {
	case err != nil || r.From.Empty() && r.Contact == 0:
		return out, err
	case r.Contact != 0:
		n, err = word(c.ctx, c.tx, c.now, r.Route, r.Contact)
	default:
		n, err = do(c.ctx, c.tx, c.now, r.Route, r.From)
	}
	out.Done = n > 0 // else a stranger wrote it, whom we do not answer for ever
	return out, err
}
