package oncall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// A yes is good for a year. Before it is over, people are asked twice.
const (
	yesLasts   = 365 * 24 * time.Hour
	askBefore  = 30 * 24 * time.Hour // the first time
	askAgain   = 7 * 24 * time.Hour  // the second time
	mostAtOnce = 100                 // people who are looked after at once; the others an hour later
	mostAloud  = 3                   // people of whom the rooms are told one by one
)

const (
	// People are locked and not their memberships: whoever runs this at the same time
	// leaves a person alone as a whole, and nobody is asked twice.
	sqlRenewWhom = `
		select p.id from person p
		where exists (
			select from membership m join role r on r.name = m.role and r.retired_at is null
			where m.person_id = p.id and m.agreed_at is not null and m.approved_at is not null and m.lapsed_at is null
				and (m.renew_asks = 0 and coalesce(m.confirmed_at, m.agreed_at) <= @first
					or m.renew_asks = 1 and coalesce(m.confirmed_at, m.agreed_at) <= @second and m.renew_asked_at <= @week
					or m.renew_asks = 2 and coalesce(m.confirmed_at, m.agreed_at) <= @over and m.renew_asked_at <= @week))
		order by p.id limit @most for no key update skip locked`
	sqlRenewals = `
		select m.person_id, p.handle, m.role, r.title, coalesce(m.confirmed_at, m.agreed_at) as last_yes, m.renew_asks, m.renew_asked_at
		from membership m join role r on r.name = m.role and r.retired_at is null join person p on p.id = m.person_id
		where m.person_id = any (@people) and m.agreed_at is not null and m.approved_at is not null and m.lapsed_at is null
		order by m.person_id, r.place`
	sqlRenewAsked = `
		update membership set renew_asks = renew_asks + 1, renew_asked_at = @now where person_id = @person and role = any (@roles)`
	sqlLapse = `
		update membership set lapsed_at = @now where person_id = @person and role = any (@roles)`
	sqlRenewYes = `
		update membership m set confirmed_at = @now, lapsed_at = null, renew_asks = 0, renew_asked_at = null
		from role r
		where r.name = m.role and r.retired_at is null and m.person_id = @person and m.agreed_at is not null
		returning m.role, m.approved_at is not null`
)

// yes is a yes that may have to be said again.
type yes struct {
	PersonID     int64
	Handle       string
	Role         string
	Title        string
	LastYes      time.Time
	RenewAsks    int
	RenewAskedAt *time.Time
}

// duty is what is to be done about a yes.
type duty int

const (
	nothing duty = iota
	ask          // whether it still stands
	lapse        // it was not said again
)

// due says what is to be done about a yes now. However late somebody is asked, they
// have a week to answer each time: no yes lapses unasked because the bot was away.
func (y yes) due(now time.Time) duty {
	over := y.LastYes.Add(yesLasts)
	waited := y.RenewAskedAt != nil && !now.Before(y.RenewAskedAt.Add(askAgain))
	switch {
	case y.RenewAsks == 0 && !now.Before(over.Add(-askBefore)), y.RenewAsks == 1 && !now.Before(over.Add(-askAgain)) && waited:
		return ask
	case y.RenewAsks >= 2 && !now.Before(over) && waited:
		return lapse
	}
	return nothing
}

// ends is when a yes lapses at the earliest, if it is asked about now.
func (y yes) ends(now time.Time) time.Time {
	over, wait := y.LastYes.Add(yesLasts), now.Add(askAgain)
	if y.RenewAsks == 0 {
		wait = wait.Add(askAgain)
	}
	if over.Before(wait) {
		return wait
	}
	return over
}

// RenewDue asks people whose yes is almost a year old whether it still stands, and ends
// what nobody said again: visibly, to them and in the home rooms. It is a chore: it may
// run in any process, and in several at once. A network lets one line a second or so
// pass, so that no more than a hundred people are looked after in one go.
func (d *Desk) RenewDue(ctx context.Context) error {
	now := d.Now()
	return pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlRenewWhom, pgx.NamedArgs{
			"first": now.Add(askBefore - yesLasts), "second": now.Add(askAgain - yesLasts), "over": now.Add(-yesLasts),
			"week": now.Add(-askAgain), "most": mostAtOnce,
		})
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(ids) == 0 {
			return err
		}
		// Read after the lock: what was said meanwhile is in it.
		if rows, err = tx.Query(ctx, sqlRenewals, pgx.NamedArgs{"people": ids}); err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByName[yes])
		if err != nil {
			return err
		}
		var lapsed [][]yes
		for _, id := range ids {
			theirs, err := d.renewOne(ctx, tx, now, id, all)
			if err != nil {
				return err
			}
			if len(theirs) > 0 {
				lapsed = append(lapsed, theirs)
			}
		}
		return d.announceLapsed(ctx, tx, now, lapsed)
	})
}

// announceLapsed tells the rooms who is not rung any more; of many at once in one line.
func (d *Desk) announceLapsed(ctx context.Context, tx pgx.Tx, now time.Time, lapsed [][]yes) error {
	if len(lapsed) > mostAloud {
		const most = 20 // names in a line
		var names []string
		for _, theirs := range lapsed[:min(len(lapsed), most)] {
			names = append(names, theirs[0].Handle)
		}
		if left := len(lapsed) - most; left > 0 {
			names = append(names, Plural(left, "other", "others"))
		}
		return d.announce(ctx, tx, now, fmt.Sprintf(
			"Roster: %s are not rung any more for what they said yes to more than a year ago. !roster renew, said by themselves, brings them back.", JoinNames(names)))
	}
	for _, theirs := range lapsed {
		handle := theirs[0].Handle
		if err := d.announce(ctx, tx, now, fmt.Sprintf(
			"Roster: %s is not rung for %s any more: the yes is more than a year old. !roster renew, said by %s, brings them back.",
			handle, JoinNames(titlesIn(theirs)), handle)); err != nil {
			return err
		}
	}
	return nil
}

// renewOne does what is due for one person: one question for all their roles. It returns
// what lapsed.
func (d *Desk) renewOne(ctx context.Context, tx pgx.Tx, now time.Time, person int64, all []yes) (lapsed []yes, err error) {
	var asked []yes
	for _, y := range all {
		switch what := y.due(now); {
		case y.PersonID != person:
		case what == ask:
			asked = append(asked, y)
		case what == lapse:
			lapsed = append(lapsed, y)
		}
	}
	if len(lapsed) > 0 {
		if err := d.lapse(ctx, tx, now, person, lapsed); err != nil {
			return lapsed, err
		}
	}
	if len(asked) == 0 {
		return lapsed, nil
	}
	if _, err := tx.Exec(ctx, sqlRenewAsked, pgx.NamedArgs{"person": person, "roles": rolesIn(asked), "now": now}); err != nil {
		return lapsed, err
	}
	first := slices.MinFunc(asked, func(a, b yes) int { return a.ends(now).Compare(b.ends(now)) })
	return lapsed, d.tell(ctx, tx, now, person, fmt.Sprintf(
		"Roster: on %s you said yes to being rung for %s. Does that still stand? Yes: !roster renew. No: !leave. Without an answer you are not rung any more from %s on.",
		day(first.LastYes), JoinNames(titlesIn(asked)), day(first.ends(now))),
		notice.Action{Label: "Yes, still", Command: "roster renew"}, notice.Action{Label: "No", Command: "leave"})
}

// lapse ends what was not said again.
func (d *Desk) lapse(ctx context.Context, tx pgx.Tx, now time.Time, person int64, lapsed []yes) error {
	if _, err := tx.Exec(ctx, sqlLapse, pgx.NamedArgs{"person": person, "roles": rolesIn(lapsed), "now": now}); err != nil {
		return err
	}
	titles := JoinNames(titlesIn(lapsed))
	for _, y := range lapsed {
		if err := recordConsent(ctx, tx, now, person, y.Role, "lapsed", Actor{}); err != nil {
			return err
		}
		says := fmt.Sprintf("ended what %s said yes to on %s and did not say again", y.Handle, day(y.LastYes))
		if err := recordRoster(ctx, tx, now, Actor{}, y.Role, says, person); err != nil {
			return err
		}
		if err := paging.Withdraw(ctx, tx, now, y.Role, person); err != nil {
			return err
		}
	}
	if err := withdrawLast(ctx, tx, now, person); err != nil {
		return err
	}
	return d.tell(ctx, tx, now, person, fmt.Sprintf(
		"Roster: you are not rung for %s any more, since you said yes more than a year ago and not again. !roster renew brings you back.", titles),
		notice.Action{Label: "Ring me again", Command: "roster renew"})
}

// Renew says yes again to everything that the actor said yes to, lapsed or not, for
// another year. It returns the roles.
func (d *Desk) Renew(ctx context.Context, a Actor) (roles []string, err error) {
	now := d.Now()
	if a.PersonID != 0 && !a.proven() {
		return nil, errNotOneself
	}
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		roles = nil
		if err := lockPerson(ctx, tx, a.PersonID); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlRenewYes, pgx.NamedArgs{"person": a.PersonID, "now": now})
		if err != nil {
			return err
		}
		var role string
		var approved bool
		hurry := []string{}
		if _, err := pgx.ForEachRow(rows, []any{&role, &approved}, func() error {
			roles = append(roles, role)
			if approved {
				hurry = append(hurry, role)
			}
			return nil
		}); err != nil {
			return err
		}
		if len(roles) == 0 {
			return fault.New(fault.NotFound, "You said yes to no role yet. !roster join <role> does.")
		}
		slices.Sort(roles)
		for _, role := range roles {
			if err := recordConsent(ctx, tx, now, a.PersonID, role, "renewed", a); err != nil {
				return err
			}
			if err := recordRoster(ctx, tx, now, a, role, "said yes for another year", a.PersonID); err != nil {
				return err
			}
		}
		for _, role := range hurry {
			if err := paging.HurryRole(ctx, tx, now, role); err != nil {
				return err
			}
		}
		return nil
	})
	return roles, err
}

func rolesIn(all []yes) []string {
	names := make([]string, len(all))
	for i, y := range all {
		names[i] = y.Role
	}
	return names
}

func titlesIn(all []yes) []string {
	names := make([]string, len(all))
	for i, y := range all {
		names[i] = y.Title
	}
	return names
}

// day writes the day of an instant, in UTC.
func day(t time.Time) string { return t.UTC().Format("2006-01-02") }
