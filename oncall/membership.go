package oncall

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// A yes that is said again is as good as new: it starts another year.
const sqlUpsertMembership = `
	insert into membership (role, person_id, place, asked_by, asked_at, agreed_at, approved_by, approved_at)
	values (@role, @person_id,
		(select coalesce(max(place), 0) + 1 from membership where role = @role),
		@by, @now, @agreed_at, @approved_by, @approved_at)
	on conflict (role, person_id) do update set
		agreed_at = coalesce(membership.agreed_at, excluded.agreed_at),
		confirmed_at = coalesce(excluded.agreed_at, membership.confirmed_at),
		lapsed_at = case when excluded.agreed_at is null then membership.lapsed_at end,
		renew_asks = case when excluded.agreed_at is null then membership.renew_asks else 0 end,
		renew_asked_at = case when excluded.agreed_at is null then membership.renew_asked_at end,
		approved_by = coalesce(membership.approved_by, excluded.approved_by),
		approved_at = coalesce(membership.approved_at, excluded.approved_at)
	returning agreed_at, approved_at, confirmed_at, lapsed_at`

// Join is a person's own yes to a role, in their own words if they gave some. A
// stranger with a proven account becomes a person by it. The returned member tells
// whether an admin must still let them in.
func (d *Desk) Join(ctx context.Context, a Actor, role string, h Hours, words ...string) (m Member, err error) {
	now := d.Now()
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		r, err := FindRole(ctx, tx, role)
		if err != nil {
			return err
		}
		p, err := joiner(ctx, tx, now, a)
		if err != nil {
			return err
		}
		a.PersonID, a.Handle = p.ID, p.Handle // a stranger has become a person
		if err := lockPerson(ctx, tx, p.ID); err != nil {
			return err
		}
		if p, err = setHours(ctx, tx, now, a, p, h); err != nil {
			return err
		}
		m = Member{Role: r.Name, Person: p}
		if err := d.upsert(ctx, tx, now, &m, pgx.NamedArgs{"by": p.ID, "agreed_at": now, "approved_by": nil, "approved_at": orNow(d.OpenDoor, now)}); err != nil {
			return err
		}
		if err := inOwnWords(ctx, tx, now, a, cmp.Or(words...)); err != nil {
			return err
		}
		if err := recordRoster(ctx, tx, now, a, r.Name, "said yes to being rung for "+r.Title, p.ID); err != nil {
			return err
		}
		return recordConsent(ctx, tx, now, p.ID, r.Name, "agreed", a)
	})
	return m, err
}

// joiner is whoever says yes: the person of an account, or one who is signed in on the
// web or has a token, where no account is needed to know them.
func joiner(ctx context.Context, tx pgx.Tx, now time.Time, a Actor) (Person, error) {
	if a.Account == "" && a.proven() {
		return PersonByID(ctx, tx, a.PersonID)
	}
	return personFor(ctx, tx, now, a, a)
}

// Add lets a person into a role on an admin's word. Unless they said yes before,
// they are only asked: nobody is paged who did not agree. A name that is no handle
// is taken for an account on the admin's own network.
func (d *Desk) Add(ctx context.Context, a Actor, handle, role string) (m Member, err error) {
	now := d.Now()
	var stranger Actor // whom the name means if it is no handle
	if _, err := PersonByHandle(ctx, d.DB, handle); fault.KindOf(err) == fault.NotFound && a.Account != "" {
		if stranger, err = d.named(ctx, a.Network, handle); err != nil {
			return m, err
		}
	}
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		r, err := FindRole(ctx, tx, role)
		if err != nil {
			return err
		}
		p, err := PersonByHandle(ctx, tx, handle)
		if fault.KindOf(err) == fault.NotFound && stranger.Account != "" {
			p, err = personFor(ctx, tx, now, stranger, a)
		}
		if err != nil {
			return err
		}
		if err := lockPerson(ctx, tx, p.ID); err != nil {
			return err
		}
		m = Member{Role: r.Name, Person: p}
		by := pg.NullID(a.PersonID)
		if err := d.upsert(ctx, tx, now, &m, pgx.NamedArgs{"by": by, "agreed_at": nil, "approved_by": by, "approved_at": now}); err != nil {
			return err
		}
		act, says := "approved", fmt.Sprintf("let %s into %s", p.Handle, r.Title)
		if !m.Active() {
			act, says = "asked", fmt.Sprintf("asked %s to be rung for %s", p.Handle, r.Title)
			if err := d.ask(ctx, tx, now, a, p, r); err != nil {
				return err
			}
		}
		if err := recordRoster(ctx, tx, now, a, r.Name, says, p.ID); err != nil {
			return err
		}
		return recordConsent(ctx, tx, now, p.ID, r.Name, act, a)
	})
	return m, err
}

// upsert stores a membership as far as it is given, and reads how it stands now.
// Whoever can be rung by it is looked at by hunts that are on.
func (d *Desk) upsert(ctx context.Context, tx pgx.Tx, now time.Time, m *Member, args pgx.NamedArgs) error {
	args["role"], args["person_id"], args["now"] = m.Role, m.Person.ID, now
	err := tx.QueryRow(ctx, sqlUpsertMembership, args).Scan(&m.AgreedAt, &m.ApprovedAt, &m.ConfirmedAt, &m.LapsedAt)
	if err != nil || !m.Active() {
		return err
	}
	return paging.HurryRole(ctx, tx, now, m.Role)
}

// ask carries an admin's question to the person it concerns.
func (d *Desk) ask(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person, r Role) error {
	text := fmt.Sprintf("Roster: %s asks whether you can be rung for %s when the bat-signal is lit. Yes: !roster join %s. No: !roster leave %s.",
		a.Who(), r.Title, r.Name, r.Name)
	return d.tell(ctx, tx, now, p.ID, text,
		notice.Action{Label: "Yes, ring me", Command: "roster join " + r.Name}, notice.Action{Label: "No", Command: "roster leave " + r.Name})
}

// orNow is an instant where something holds, and none where not.
func orNow(holds bool, now time.Time) *time.Time {
	if !holds {
		return nil
	}
	return &now
}
