package dial

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/switchboard"
	"batsignal/oncall/unseal"
)

const (
	// Whoever opens for an incident does so one after the other, and whoever answers for it
	// may take the same lock.
	sqlHoldIncident = `select pg_advisory_xact_lock(hashtextextended('batsignal: sealed addresses are opened for an incident', @incident::bigint))`
	sqlPageOf       = `
		select p.person_id, p.state = 'open' as page_open, e.state = 'hunting' as hunting, e.slot, coalesce(d.contact_id, 0) as contact_id, d.route,
			i.id as incident, i.status = 'open' and i.severity = 1 as grave
		from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
			join incident i on e.cause = 'incident:' || i.id
		where d.id = @delivery`
	// A try again of one message is no further time that its owner was called.
	sqlBudget = `
		select count(distinct split_part(key, '/', 1)) from sealed_opening
		where owner_id = @owner and record_id = @record and lane in ('B', 'D') and opened_at >= @since and split_part(key, '/', 1) <> @key`
	sqlPeopleAtOnce = `
		select count(distinct owner_id) from sealed_opening
		where incident_id = @incident and role = @role and lane = 'B' and opened_at > @lately and owner_id <> @owner`
	sqlOfGrant = `
		select owner_id as person, role as slot from sealed_opening
		where grant_code = @grant and incident_id = @incident and lane = 'B' and role <> 'bridge' order by intent`
)

// HoldIncident takes the lock under which addresses are opened for an incident, until the
// transaction ends. Whoever acknowledges for it and takes the lock too knows: after the
// commit nothing more is opened for what was filled. Nobody has it for longer than a
// moment: neither a room nor a provider is waited for with it.
func HoldIncident(ctx context.Context, tx pgx.Tx, incident int64) error {
	_, err := tx.Exec(ctx, sqlHoldIncident, pgx.NamedArgs{"incident": incident})
	return err
}

// pageOf is what the database says of a message.
type pageOf struct {
	PersonID  int64
	PageOpen  bool
	Hunting   bool
	Slot      string
	ContactID int64
	Route     string
	Incident  int64
	Grave     bool
}

var (
	errNoPage   = fault.New(fault.NotFound, "There is no such page.")
	errNotAsked = fault.New(fault.Conflict, "This was not asked for as it stands in the database.")
	errNotHunt  = fault.New(fault.Conflict, "Nobody is looked for there any more.")
	errNotGrave = fault.New(fault.Conflict, "Sealed addresses are opened for incidents of severity 1 that are open.")
)

func (b *Board) pageOf(ctx context.Context, tx pgx.Tx, delivery int64) (pageOf, error) {
	rows, err := tx.Query(ctx, sqlPageOf, pgx.NamedArgs{"delivery": delivery})
	if err != nil {
		return pageOf{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[pageOf])
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNoPage
	}
	return p, err
}

// needed says why a message of lane B is not to be sent now; nil if it is.
func (b *Board) needed(ctx context.Context, tx pgx.Tx, o opening) error {
	p, err := b.pageOf(ctx, tx, o.delivery)
	switch {
	case err != nil:
		return err
	case p.Incident != o.incident, p.Slot != o.role, p.PersonID != o.row.Owner, p.ContactID != o.row.ContactID, p.Route != o.route, o.route != o.row.Kind:
		return errNotAsked
	case !p.Grave:
		return errNotGrave
	case !p.Hunting, !p.PageOpen:
		return errNotHunt
	}
	return nil
}

// mayDial is everything that must be so before an address is opened in lane B.
func (b *Board) mayDial(ctx context.Context, tx pgx.Tx, now time.Time, o *opening) error {
	if o.row.Paused || o.row.Faulty || !o.row.Proven {
		return fault.New(fault.Conflict, "This way is not in use: it is paused, or was not proven.")
	}
	if err := b.needed(ctx, tx, *o); err != nil {
		return err
	}
	if err := b.agreed(ctx, tx, now, *o); err != nil {
		return err
	}
	grant, err := b.Grants.Live(o.grant, o.incident)
	if err != nil {
		return err
	}
	o.by = []string{grant.Declared, grant.Confirmed}
	return b.within(ctx, tx, now, *o)
}

// within asks whether the grant, and the slot, have room for one more person. Whoever was
// opened for it already is no further one.
func (b *Board) within(ctx context.Context, tx pgx.Tx, now time.Time, o opening) error {
	rows, err := tx.Query(ctx, sqlOfGrant, pgx.NamedArgs{"grant": o.grant, "incident": o.incident})
	if err != nil {
		return err
	}
	history, err := pgx.CollectRows(rows, pgx.RowToStructByName[switchboard.Opening])
	if err != nil {
		return err
	}
	if err := switchboard.Judge(b.Grants.People(o.grant), history, switchboard.Opening{Person: o.row.Owner, Slot: o.role}); err != nil {
		return err
	}
	var atOnce int // by other grants, too
	err = tx.QueryRow(ctx, sqlPeopleAtOnce, pgx.NamedArgs{
		"role": o.role, "lately": now.Add(-switchboard.AtOnce), "incident": o.incident, "owner": o.row.Owner,
	}).Scan(&atOnce)
	if err == nil && atOnce >= switchboard.PeopleAtOnce {
		err = fault.New(fault.Unready, "Sealed contacts of %d people were opened for this role within 5 minutes. The next waits.", atOnce)
	}
	return err
}

// agreed asks what the owner agreed to: the lane, the hours, and how often.
func (b *Board) agreed(ctx context.Context, tx pgx.Tx, now time.Time, o opening) error {
	policy, err := escrow.ParsePolicy(o.row.Policy)
	if err != nil {
		return err
	}
	if !policy.Allows(o.lane) {
		return fault.New(fault.Forbidden, "Its owner did not agree to that.")
	}
	if o.lane == unseal.LaneDial && policy.QuietAt(now) {
		return fault.New(fault.Limited, "Its owner is not to be called at this hour.")
	}
	quarter, _ := oncall.Quarter(now)
	var n int
	if err := tx.QueryRow(ctx, sqlBudget, pgx.NamedArgs{
		"owner": o.row.Owner, "record": o.row.ID, "since": quarter, "key": o.message,
	}).Scan(&n); err != nil {
		return err
	}
	if n >= policy.PerQuarter {
		return fault.New(fault.Limited, "It was opened as often this quarter as its owner agreed to.")
	}
	return nil
}

// deliveryOf reads the key of a page.
func deliveryOf(key string) (int64, error) {
	delivery, _, ok := paging.ParseKey(key)
	if !ok || delivery == 0 {
		return 0, errNoPage
	}
	return delivery, nil
}

// sealedAsProven refuses a record to whose address no code ever went as it is sealed now,
// if it is not for its owner: somebody may have sealed an address of their own in its place.
func (b *Board) sealedAsProven(ctx context.Context, tx pgx.Tx, o opening) error {
	if o.lane == unseal.LaneOwner {
		return nil
	}
	proven, err := b.Ledger.Proven(ctx, tx, o.row.ID, hex.EncodeToString(o.row.Commitment))
	if err == nil && !proven {
		err = fault.New(fault.Forbidden, "The ledger does not have that its owner was sent a code there, as it is sealed now. !contact code sends one.")
	}
	return err
}

// asIntended refuses to go on with an opening whose intent the ledger does not have, of this
// very record as it is sealed now: whoever can write every row could have begun it.
func (b *Board) asIntended(ctx context.Context, tx pgx.Tx, o opening) error {
	want := o.leaf()
	held, err := b.Ledger.Holds(ctx, tx, o.intent, func(l ledger.Leaf) bool {
		return l.Type == want.Type && l.Record == want.Record && l.Key == want.Key && l.Hash == want.Hash
	})
	if err == nil && !held {
		err = fault.New(fault.Forbidden, "The ledger does not have this opening as the database has it, so it does not go on.")
	}
	return err
}
