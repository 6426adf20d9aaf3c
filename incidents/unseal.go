package incidents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// challengeBudget is how long the switchboard may take to make a challenge: its ear may
// hear the room a little later than ours.
const challengeBudget = 5 * time.Second

const (
	sqlFindUnsealed = `
		select i.id from incident i where i.unseal_code = @code
		union all
		select r.incident_id from signal_request r where r.code = @code and r.state = 'confirmed' and r.incident_id is not null
		order by id desc limit 1`
	sqlSetUnsealCode = `update incident set unseal_code = @code where id = @id`
	sqlUnseal        = `
		update incident set unseal_code = @code, unsealed_at = @now, unsealed_until = @until, unsealed_by = @by
		where id = @id and status = 'open' and (unsealed_until is null or unsealed_until < @until)`
	sqlReseal = `
		update incident set unsealed_until = @now where id = @id and unsealed_until > @now`
	// Whoever was rung before sealed addresses could be used is rung by them now. Their owner's
	// own delay counts from the ring; the delay of the route is for fires that can wait.
	sqlRingSealed = `
		insert into delivery (page_id, ring, route, network, account, contact_id, state, waits, due_at, created_at)
		select p.id, p.round, c.kind, '', '', c.id, 'queued',
			greatest(p.rung_at + coalesce(c.delay, interval '0') - @now::timestamptz, interval '0'),
			greatest(p.rung_at + coalesce(c.delay, interval '0'), @now), @now
		from escalation e join page p on p.escalation_id = e.id join contact c on c.person_id = p.person_id
			left join lateral (select t.routes from consent t where t.person_id = p.person_id order by t.version desc limit 1) agreed on true
		where e.cause = @cause and e.state = 'hunting' and p.state = 'open' and c.sealed and c.kind = any (@routes)
			and c.proven_at is not null and c.suspended_at is null and c.fault = ''
			and (coalesce(agreed.routes, '{}') = '{}' or c.kind = any (agreed.routes))
			and not exists (select from delivery d where d.page_id = p.id and d.contact_id = c.id and d.ring = p.round)`
)

// ErrNotYet says that the incident of a grant is not there yet: its confirmation is on its
// way to us, as it was to the switchboard.
var ErrNotYet = fault.New(fault.Unready, "The incident of this grant is not there yet.")

// challenge asks the switchboard for what a second person confirms with a code. Without
// one, why says so in a sentence: sealed addresses stay sealed then, and nothing else waits.
func (s *Service) challenge(ctx context.Context, a oncall.Actor, what string, incident int64) (_ *unseal.Challenge, why string) {
	asking, cancel := context.WithTimeout(ctx, challengeBudget)
	defer cancel()
	made, err := s.Switchboard.Challenge(asking, unseal.Ask{
		Network: a.Network, Room: a.Room, Account: a.Account, What: what, Incident: incident,
	})
	switch {
	case err == nil:
		return &made, ""
	case fault.KindOf(err) == fault.Internal:
		s.Log.Error("the switchboard makes no challenge", "incident", incident, "error", err)
		return nil, "The switchboard does not answer, so sealed addresses stay sealed. !unseal asks again."
	}
	return nil, "Sealed addresses stay sealed: " + fault.Say(err)
}

// Unseal asks for a challenge for an incident that goes on: whoever confirms it with a code
// has sealed addresses opened for it.
func (s *Service) Unseal(ctx context.Context, a oncall.Actor, incident int64) (unseal.Challenge, error) {
	inc, err := s.Get(ctx, incident)
	switch {
	case err != nil:
		return unseal.Challenge{}, err
	case s.Switchboard == nil:
		return unseal.Challenge{}, fault.New(fault.Unready, "There is no switchboard here, so no address is sealed.")
	case !inc.Open():
		return unseal.Challenge{}, fault.New(fault.Conflict, "%s is over. Nothing is opened for it.", inc.Ref())
	case inc.Severity != 1:
		return unseal.Challenge{}, fault.New(fault.Forbidden, "Sealed addresses are opened at severity 1 only, and %s has severity %d. !incident sev 1 changes that.", inc.Ref(), inc.Severity)
	}
	made, why := s.challenge(ctx, a, inc.Title, incident)
	if made == nil {
		return unseal.Challenge{}, fault.New(fault.Unready, "%s", why)
	}
	return *made, s.change(ctx, func(c *change) error {
		if _, err := c.lockOpen(incident); err != nil {
			return err
		}
		if _, err := c.tx.Exec(c.ctx, sqlSetUnsealCode, pgx.NamedArgs{"id": incident, "code": made.Code}); err != nil {
			return err
		}
		return c.record(incident, "signal", a, "asked to open sealed addresses")
	})
}

// Granted takes from the switchboard what two people allowed, or that a code was refused.
// The same grant twice has one effect. It implements [unseal.Bot].
func (s *Service) Granted(ctx context.Context, g unseal.Grant) error {
	return s.change(ctx, func(c *change) error {
		incident, err := c.incidentOfGrant(g)
		if err != nil {
			return err
		}
		if g.Refused != "" || g.Waits {
			return c.sayOfCode(g, incident)
		}
		if incident == 0 {
			return ErrNotYet
		}
		inc, err := c.lock(incident)
		if err != nil || !inc.Open() {
			return err // it ended meanwhile, and with it the grant
		}
		tag, err := c.tx.Exec(c.ctx, sqlUnseal, pgx.NamedArgs{
			"id": incident, "code": g.Code, "now": c.now, "until": g.Until, "by": oncall.JoinNames([]string{g.Declared, g.Confirmed}),
		})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if err := c.ringSealed(inc); err != nil {
			return err
		}
		return c.announce(inc, "signal", oncall.Actor{}, fmt.Sprintf(
			"%s and %s have sealed addresses opened, to be dialled, until %s. Nobody sees them, and their owners are told.",
			g.Declared, g.Confirmed, oncall.Clock(g.Until, "")))
	})
}

const sqlGrantOf = `
	select unseal_code from incident where id = @id and status = 'open' and severity = 1 and unsealed_until > @now`

// forDialling gives our half of the key of a sealed address for one delivery, while two
// people's word for it holds. The switchboard looks for itself.
func (s *Service) forDialling(ctx context.Context, d paging.Delivery) (*paging.Sealed, error) {
	incident, ok := incidentOf(d.Cause)
	var code string
	err := s.DB.QueryRow(ctx, sqlGrantOf, pgx.NamedArgs{"id": incident, "now": s.Now()}).Scan(&code)
	if !ok || errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "Nobody has sealed addresses opened for this any more.")
	}
	if err != nil {
		return nil, err
	}
	sealed, err := s.released(ctx, *d.ContactID, d.Key(), unseal.LaneDial)
	if sealed != nil {
		sealed.Incident, sealed.Grant, sealed.Slot = incident, code, string(d.Slot)
	}
	return sealed, err
}

// incidentOfGrant finds the incident that a grant is for; 0 is none so far.
func (c *change) incidentOfGrant(g unseal.Grant) (id int64, err error) {
	if g.Incident != 0 {
		return g.Incident, nil
	}
	err = c.tx.QueryRow(c.ctx, sqlFindUnsealed, pgx.NamedArgs{"code": g.Code}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// sayOfCode says why a code was not taken, or that one more is needed. It never says the
// code of the challenge: a line of ours with that must be the switchboard's own.
func (c *change) sayOfCode(g unseal.Grant, incident int64) error {
	text := g.Refused
	if g.Waits {
		text = fmt.Sprintf("%s confirms with a code. The switchboard did not hear for itself who asked, so somebody else must confirm too, with a code.", g.Confirmed)
	}
	if incident != 0 {
		if err := c.record(incident, "signal", oncall.Actor{}, text); err != nil {
			return err
		}
	}
	c.sayHome(incident, text)
	if g.Refused == "" || g.Confirmed == "" {
		return nil
	}
	// Whose code it was hears of it, wherever they are: it may not have been they who typed it.
	person, err := oncall.PersonByHandle(c.ctx, c.tx, g.Confirmed)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err == nil {
		err = c.tell(person.ID, incident, "A code was typed in your name. "+g.Refused+" If that was not you, tell an admin.")
	}
	return err
}

// ringSealed rings those whose pages are open by their sealed addresses too, and has hunts
// look at once: somebody whom no way led to may be reached now.
func (c *change) ringSealed(inc Incident) error {
	if _, err := c.tx.Exec(c.ctx, sqlRingSealed, pgx.NamedArgs{"cause": cause(inc.ID), "now": c.now, "routes": c.that(func(t paging.Traits) bool { return !t.Chat })}); err != nil {
		return err
	}
	c.rings = true
	c.boardChanged(inc.ID)
	hunts, err := paging.Hunting(c.ctx, c.tx, cause(inc.ID))
	if err != nil {
		return err
	}
	for _, e := range hunts {
		if open, err := paging.OpenOf(c.ctx, c.tx, e.ID); err != nil {
			return err
		} else if len(open) > 0 {
			continue // whoever was rung has time to answer
		}
		if err := paging.Hurry(c.ctx, c.tx, c.now, e.ID); err != nil {
			return err
		}
	}
	return nil
}
