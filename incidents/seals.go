package incidents

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// sealing tells whether addresses can be sealed here: then telephone numbers are.
func (s *Service) sealing() bool { return s.Switchboard != nil || s.Seals != nil }

// errMustBeSealed leads to where a number is sealed. Nobody types one to the bot.
func errMustBeSealed(kind string) error {
	return fault.New(fault.Forbidden, "I take no %s that can be read here: it is sealed first, and only the switchboard opens it. !contact seal says how.", contact.Noun(kind))
}

// AddSealed stores an address that the actor sealed on a machine of their own, and sends a
// code there. say tells what to do with it; sent is false when none could be sent now.
func (s *Service) AddSealed(ctx context.Context, a oncall.Actor, sealed escrow.Sealed) (one contact.Contact, say string, sent bool, err error) {
	err = s.change(ctx, func(c *change) (err error) {
		one, err = contact.AddSealed(c.ctx, c.tx, c.now, a.PersonID, sealed, contact.By(a.By()), contact.OpenedBy(c.Seals))
		if err != nil {
			return err
		}
		say, sent, err = c.proveSealed(one, a)
		return err
	})
	return one, say, sent, err
}

// proveSealed sends a code to an address that was just sealed. That none can be sent now
// does not undo it.
func (c *change) proveSealed(one contact.Contact, a oncall.Actor) (say string, sent bool, err error) {
	stored := "Your sealed " + contact.Noun(one.Kind) + " is stored. Nobody sees it, not even I. No page goes there before it is proven. "
	told, err := c.prove(one, contact.PurposeProof, a)
	sent = err == nil
	if fault.KindOf(err) != fault.Internal {
		told, err = fault.Say(err), nil
	}
	return stored + told, sent, err
}

// released is our half of the key of a sealed address, for one message. Whoever gets it
// wipes it.
func (s *Service) released(ctx context.Context, id int64, key string, lane unseal.Lane) (*paging.Sealed, error) {
	sealed, err := contact.Release(ctx, s.DB, s.Now(), s.Seals, id, key, lane)
	if err != nil {
		return nil, err
	}
	return &sealed, nil
}

// wipe ends what was released for a message.
func wipe(m *paging.Message) {
	if m.Sealed != nil {
		m.Sealed.Half.Wipe()
	}
}

// ForSwitchboard is the service as the switchboard sees it: an [unseal.Bot]. Replies,
// receipts, grants, lines and alarms are the service's own.
type ForSwitchboard struct {
	*Service
	// Revealed tells whether the custodians allowed that an address is shown (lane D), with a
	// fault if they did not; nil refuses all.
	Revealed func(ctx context.Context, r unseal.Release) error
}

// Enrol takes an address that its owner sealed on the switchboard's page, sends a code
// there, and tells them in chat what to do with it. It implements [unseal.Bot].
func (b ForSwitchboard) Enrol(ctx context.Context, token secret.Text, sealed string) error {
	return b.change(ctx, func(c *change) error {
		one, err := contact.Enrol(c.ctx, c.tx, c.now, token, sealed, contact.OpenedBy(c.Seals))
		if err != nil {
			return err
		}
		owner, err := oncall.PersonByID(c.ctx, c.tx, one.PersonID)
		if err != nil {
			return err
		}
		say, _, err := c.proveSealed(one, oncall.Actor{PersonID: owner.ID, Handle: owner.Handle})
		if err != nil {
			return err
		}
		return c.tell(owner.ID, 0, say)
	})
}

const (
	// shownWithin is how long after a code came back its address may be shown to its owner.
	shownWithin     = 15 * time.Minute
	sqlProvenRecord = `
		select exists (select from contact_proof p join sealed_contact s on s.contact_id = p.contact_id
			where p.id = @proof and s.record_id::text = @record and p.done_at > @after and p.done_at <= @now)`
)

// Release gives our half for what is not dialled in an emergency: to the owner of an
// address, who has just asked us for the link to their own page, or said back a code that
// went there; or to somebody whom the custodians allowed to see it. It does not take the
// switchboard's word for any of it. It implements [unseal.Bot].
func (b ForSwitchboard) Release(ctx context.Context, r unseal.Release) (paging.Sealed, error) {
	switch {
	case r.Lane == unseal.LaneOwner:
		if err := b.ownerIsThere(ctx, r); err != nil {
			return paging.Sealed{}, err
		}
	case r.Lane == unseal.LaneReveal && b.Revealed != nil:
		if err := b.Revealed(ctx, r); err != nil {
			return paging.Sealed{}, err
		}
	default:
		return paging.Sealed{}, fault.New(fault.Forbidden, "Nothing allows that this address is shown.")
	}
	return contact.ReleaseRecord(ctx, b.DB, b.Now(), b.Seals, r.Record, r.Key, r.Lane)
}

// ownerIsThere refuses what its owner has not asked for.
func (b ForSwitchboard) ownerIsThere(ctx context.Context, r unseal.Release) error {
	there, err := contact.AskedForOwn(ctx, b.DB, b.Now(), r.Record)
	if err != nil || there {
		return err
	}
	if err := b.DB.QueryRow(ctx, sqlProvenRecord, pgx.NamedArgs{
		"proof": r.Proof, "record": r.Record, "now": b.Now(), "after": b.Now().Add(-shownWithin),
	}).Scan(&there); err != nil || there {
		return err
	}
	return fault.New(fault.Forbidden, "Its owner has not asked for that just now. Ask me for the link once more: !contact mine.")
}

const sqlLeadOfPage = `
	select i.id as incident, i.unseal_code, c.id as contact, e.slot
	from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
		join incident i on e.cause = 'incident:' || i.id
		join baton b on b.incident_id = i.id and b.ended_at is null
		join contact c on c.person_id = b.holder and c.sealed and c.kind = 'voice'
	where d.id = @delivery and c.id = @contact and b.holder <> p.person_id and i.status = 'open' and i.severity = 1 and i.unsealed_until > @now
		and c.proven_at is not null and c.suspended_at is null and c.fault = ''`

// Lead gives our half for the phone of whoever leads the incident of a page, while sealed
// addresses are open for it: its callee keyed to be joined. It implements [unseal.Bot].
func (b ForSwitchboard) Lead(ctx context.Context, id int64, key string) (paging.Sealed, error) {
	delivery, _, _ := paging.ParseKey(key)
	rows, err := b.DB.Query(ctx, sqlLeadOfPage, pgx.NamedArgs{"delivery": delivery, "contact": id, "now": b.Now()})
	if err != nil {
		return paging.Sealed{}, err
	}
	type lead struct {
		Incident   int64
		UnsealCode string
		Contact    int64
		Slot       string
	}
	of, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[lead])
	if errors.Is(err, pgx.ErrNoRows) {
		return paging.Sealed{}, fault.New(fault.Forbidden, "Nobody leads by that phone.")
	}
	if err != nil {
		return paging.Sealed{}, err
	}
	sealed, err := contact.Release(ctx, b.DB, b.Now(), b.Seals, of.Contact, key+"/lead", unseal.LaneDial)
	sealed.Incident, sealed.Grant, sealed.Slot = of.Incident, of.UnsealCode, of.Slot
	return sealed, err
}

// plainly is the sentence of an error without its full stop, to be a part of another one.
func plainly(err error) string { return strings.TrimSuffix(fault.Say(err), ".") }
