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

const (
	sqlUnseal = `
		update incident set unseal_code = @code, unsealed_at = @now, unsealed_until = @until, unsealed_by = @by
		where id = @id and status = 'open' and unseal_code <> @code and (unsealed_until is null or unsealed_until < @until)`
	sqlReseal = `
		update incident set unsealed_until = @now where id = @id and unsealed_until > @now`
	// A hunt whose policy was at its end before sealed addresses could be used goes on: whoever
	// was rung and has one is waited for, and whoever was left out is rung now, in the last
	// round of those who are no helpers. What somebody stopped, or what was taken, has no open
	// page or somebody who has the role.
	sqlHuntAgain = `
		update escalation e set state = 'hunting', ended_at = null, waits = e.patience,
			round = greatest(least(e.round, (select max(p.round) from page p where p.escalation_id = e.id and not p.helper)), 1),
			due_at = @now::timestamptz + case when exists (
				select from page p join contact c on c.person_id = p.person_id
				where p.escalation_id = e.id and p.state = 'open' and c.sealed and c.kind = any (@routes)
					and c.proven_at is not null and c.suspended_at is null and c.fault = '') then e.patience else interval '0' end
		where e.cause = @cause and e.state = 'stopped' and starts_with(e.slot, 'role:')
			and exists (select from page p where p.escalation_id = e.id and p.state = 'open')
			and not exists (select from page p where p.escalation_id = e.id and p.state = 'acked')
			and not exists (select from escalation o where o.cause = e.cause and o.slot = e.slot and o.id > e.id)
			and not exists (
				select from responder r
				where 'incident:' || r.incident_id = e.cause and 'role:' || r.role = e.slot and r.left_at is null)`
	// Whoever was rung before sealed addresses could be used is rung by them now, and so is
	// whoever could not be since what was allowed before was over. Their owner's own delay
	// counts from the ring, which a clock that was wrong may have put ahead; the delay of the
	// route is for fires that can wait.
	sqlRingSealed = `
		insert into delivery (page_id, ring, route, network, account, contact_id, state, waits, due_at, created_at)
		select p.id, p.round, c.kind, '', '', c.id, 'queued', later.by_so_much, @now::timestamptz + later.by_so_much, @now
		from escalation e join page p on p.escalation_id = e.id join contact c on c.person_id = p.person_id
			left join lateral (select t.routes from consent t where t.person_id = p.person_id order by t.version desc limit 1) agreed on true
			cross join lateral (select least(
				greatest(p.rung_at + coalesce(c.delay, interval '0') - @now::timestamptz, interval '0'), coalesce(c.delay, interval '0')) as by_so_much) later
		where e.cause = @cause and e.state = 'hunting' and p.state = 'open' and c.sealed and c.kind = any (@routes)
			and c.proven_at is not null and c.suspended_at is null and c.fault = ''
			and (coalesce(agreed.routes, '{}') = '{}' or c.kind = any (agreed.routes))
			and not exists (select from delivery d where d.page_id = p.id and d.contact_id = c.id and d.ring = p.round
				and d.state not in ('failed', 'expired', 'cancelled'))`
)

// ErrNotYet says that the incident of a grant is not there yet: its confirmation is on its
// way to us, as it was to the switchboard.
var ErrNotYet = fault.New(fault.Unready, "The incident of this grant is not there yet.")

// Granted takes from the switchboard what two people allowed, or that a code was refused.
// The same grant twice has one effect. It implements [unseal.Bot].
func (s *Service) Granted(ctx context.Context, g unseal.Grant) error {
	return s.change(ctx, func(c *change) error {
		incident, err := c.incidentOfGrant(g)
		if err != nil {
			return err
		}
		if g.Void {
			if _, err := c.tx.Exec(c.ctx, sqlVoidChallenge, pgx.NamedArgs{"code": g.Code, "since": c.now.Add(-challengesHold)}); err != nil {
				return err
			}
		}
		if g.Refused != "" || g.Waits {
			return c.sayOfCode(g, incident)
		}
		if incident == 0 {
			return ErrNotYet
		}
		if g.Declared == "" || g.Confirmed == "" || g.Declared == g.Confirmed {
			return fault.New(fault.Forbidden, "Two people allow that sealed addresses are opened, and this names fewer.")
		}
		// No longer than a grant holds, whatever the switchboard says: our half is ours.
		if most := c.now.Add(unseal.GrantHolds); g.Until.After(most) {
			g.Until = most
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

// grantsHold is how long after its challenge a grant may be told of.
const grantsHold = unseal.GrantHolds + 30*time.Minute

// errNotAsked refuses a grant for what was not asked here: the switchboard does not decide
// alone, either.
var errNotAsked = fault.New(fault.Forbidden, "Nobody asked for this here.")

// incidentOfGrant finds the incident that a grant is for; 0 is none so far.
func (c *change) incidentOfGrant(g unseal.Grant) (id int64, err error) {
	asked, begun, found, err := c.askedFor(g.Code)
	switch {
	case err != nil:
		return 0, err
	case !found && (g.Refused != "" || g.Waits):
		return 0, nil // a code for what we do not know of
	case !found || g.Incident != asked && (asked != 0 || g.Incident != begun): // by now it may name what the signal began
		c.Log.Error("the switchboard tells of a grant that nobody asked for", "code", g.Code, "incident", g.Incident)
		return 0, errNotAsked
	case asked != 0:
		return asked, nil
	}
	return begun, nil
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
	args := pgx.NamedArgs{"cause": cause(inc.ID), "now": c.now, "routes": c.that(func(t paging.Traits) bool { return !t.Chat })}
	for _, sql := range []string{sqlHuntAgain, sqlRingSealed} {
		if _, err := c.tx.Exec(c.ctx, sql, args); err != nil {
			return err
		}
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
