package dial

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Bridge finds the number of whoever leads an incident, for a caller who keyed to be joined
// to them. Nobody hears or sees it: the provider dials it.
type Bridge struct {
	Board *Board
	// Lead asks the bot for its half, as [unseal.Bot] has it.
	Lead func(ctx context.Context, contact int64, key string) (paging.Sealed, error)
}

// RoleBridge stands in place of a slot where a caller was joined to the lead.
const RoleBridge = "bridge"

// The caller waits on the line, and the provider for our answer: a room has less time to
// show the ledger's head than with a page.
const (
	bridgeBudget   = 12 * time.Second
	bridgePatience = 5 * time.Second
)

// mostLeads is how many people callers are joined to for one grant: that many may lead, one
// after the other, within its hour. They are not among those whom the challenge counts.
const mostLeads = 4

const sqlOtherLeads = `
	select count(distinct owner_id) from sealed_opening
	where grant_code = @grant and incident_id = @incident and role = 'bridge' and owner_id <> @owner`

const sqlAnsweredOn = `
	select exists (
		select from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
			join incident i on e.cause = 'incident:' || i.id
		where d.id = @delivery and d.route = 'voice' and i.id = @incident and i.status = 'open' and i.severity = 1
			and p.state = 'acked' and p.person_id <> @owner)`

// Join opens the number behind a contact, for the caller who answered the page with this
// key. The error is a refusal for people.
func (b *Bridge) Join(ctx context.Context, contact int64, key string) (secret.Text, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bridgeBudget)
	defer cancel()
	delivery, err := deliveryOf(key)
	if err != nil {
		return secret.Text{}, err
	}
	sealed, err := b.Lead(ctx, contact, key)
	if err != nil {
		return secret.Text{}, err
	}
	defer sealed.Half.Wipe()
	board, message := b.Board, key+"."+RoleBridge
	mine, c := board.join(message)
	if !mine {
		return secret.Text{}, fault.New(fault.Conflict, "The caller is being joined already.")
	}
	defer board.leave(message, c)

	o := opening{
		lane: unseal.LaneDial, route: "voice", message: message, incident: sealed.Incident, role: RoleBridge, grant: sealed.Grant,
		note: "a caller who answered is joined to the lead",
	}
	judge := func(ctx context.Context, tx pgx.Tx, now time.Time, o *opening) error {
		return board.mayJoin(ctx, tx, now, o, contact, delivery)
	}
	hold := func(tx pgx.Tx) error { return HoldIncident(ctx, tx, o.incident) }
	o, err = board.begin(ctx, o, intent{record: sealed.Record, hold: hold, judge: judge})
	if err != nil {
		return secret.Text{}, err
	}
	address, err := board.open(ctx, o, sealed.Half, bridgePatience)
	if err != nil {
		board.closeUnopened(ctx, o, err)
		return secret.Text{}, err
	}
	if address, err = board.Address(o.row.Kind, address); err != nil {
		board.closeUnopened(ctx, o, badRecord{fault.Say(err)})
		return secret.Text{}, err
	}
	// The provider gets the number with our answer, after this.
	board.finish(ctx, o, unseal.Dialled{Handed: paging.Handed{Note: "given to the provider, to join a caller to the lead"}})
	return address, nil
}

// mayJoin is everything that must be so before a caller is joined to the lead.
func (b *Board) mayJoin(ctx context.Context, tx pgx.Tx, now time.Time, o *opening, contact, delivery int64) error {
	if o.row.ContactID != contact || o.row.Kind != "voice" {
		return errNotAsked
	}
	if o.row.Paused || o.row.Faulty || !o.row.Proven {
		return fault.New(fault.Conflict, "The lead's number is not in use.")
	}
	var answered bool
	if err := tx.QueryRow(ctx, sqlAnsweredOn, pgx.NamedArgs{"delivery": delivery, "incident": o.incident, "owner": o.row.Owner}).Scan(&answered); err != nil {
		return err
	}
	if !answered {
		return errNotAsked
	}
	policy, err := escrow.ParsePolicy(o.row.Policy)
	if err != nil {
		return err
	}
	// Whoever leads is up: neither their quiet hours nor how often they were called stands
	// against a call that they can let ring.
	if !policy.Allows(unseal.LaneDial) {
		return fault.New(fault.Forbidden, "The lead did not agree to be called.")
	}
	grant, err := b.Grants.Live(o.grant, o.incident)
	if err != nil {
		return err
	}
	o.by = []string{grant.Declared, grant.Confirmed}
	var others int
	err = tx.QueryRow(ctx, sqlOtherLeads, pgx.NamedArgs{"grant": o.grant, "incident": o.incident, "owner": o.row.Owner}).Scan(&others)
	if err == nil && others >= mostLeads {
		err = fault.New(fault.Limited, "Callers were joined to %d people for this already, which is the most.", others)
	}
	return err
}
