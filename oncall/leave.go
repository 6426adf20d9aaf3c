package oncall

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

const (
	sqlDeleteMembership = `
		delete from membership where person_id = @person_id and (role = @role or @role = '') returning role`
	sqlIsMember = `select exists (select from membership where person_id = @person)`
)

// leftAhead is how far ahead somebody who leaves is told of the shifts that they had.
const leftAhead = 28 * 24 * time.Hour

// Left tells what ended when somebody left.
type Left struct {
	Roles     []string
	Schedules []string // in which they stand no more
	Shifts    []Shift  // what they would have been on for in the next weeks
}

// Remove ends a person's membership of a role, or of every role when role is "".
// Leaving is the same thing done by oneself. It returns the roles that ended.
func (d *Desk) Remove(ctx context.Context, a Actor, handle, role string) (ended []string, err error) {
	left, err := d.Leave(ctx, a, handle, role)
	return left.Roles, err
}

// Leave is [Desk.Remove] with all that came of it. Nothing is left of a membership that
// ended: no page on its way, no turn in a rotation that serves the role, no promise to
// come later. Where they were to replace somebody, nobody comes: coverage shows the gap.
// Their turns in a rotation are the others'.
func (d *Desk) Leave(ctx context.Context, a Actor, handle, role string) (left Left, err error) {
	now := d.Now()
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		left = Left{}
		if role != "" {
			r, err := FindRole(ctx, tx, role)
			if err != nil {
				return err
			}
			role = r.Name
		}
		p, err := PersonByHandle(ctx, tx, handle)
		if err != nil {
			return err
		}
		if err := lockPerson(ctx, tx, p.ID); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlDeleteMembership, pgx.NamedArgs{"person_id": p.ID, "role": role})
		if err != nil {
			return err
		}
		if left.Roles, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		if len(left.Roles) == 0 {
			return fault.New(fault.NotFound, "%s is in no such role. !roster show lists who is.", p.Handle)
		}
		for _, role := range left.Roles {
			if err := recordLeft(ctx, tx, now, a, p, role); err != nil {
				return err
			}
		}
		if err := withdrawLast(ctx, tx, now, p.ID); err != nil {
			return err
		}
		return d.leaveSchedules(ctx, tx, now, a, p, &left)
	})
	return left, err
}

func recordLeft(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person, role string) error {
	act, says := "left", "left the roster of "+role
	if p.ID != a.PersonID {
		act, says = "removed", "took "+p.Handle+" off the roster of "+role
	}
	if err := recordConsent(ctx, tx, now, p.ID, role, act, a); err != nil {
		return err
	}
	if err := recordRoster(ctx, tx, now, a, role, says, p.ID); err != nil {
		return err
	}
	return paging.Withdraw(ctx, tx, now, role, p.ID)
}

// withdrawLast withdraws everything from somebody who has no yes left: besides the roles
// that they said it to, they can be rung by name, and by policies of other roles.
func withdrawLast(ctx context.Context, tx pgx.Tx, now time.Time, person int64) error {
	roles, err := ActiveRoles(ctx, tx, person)
	if err != nil || len(roles) > 0 {
		return err
	}
	return paging.WithdrawAll(ctx, tx, now, person)
}

// leaveSchedules takes a person out of every schedule that serves a role they left,
// and, when it was their last one, out of every schedule.
func (d *Desk) leaveSchedules(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person, left *Left) error {
	var stays bool
	if err := tx.QueryRow(ctx, sqlIsMember, pgx.NamedArgs{"person": p.ID}).Scan(&stays); err != nil {
		return err
	}
	touched, err := standsIn(ctx, tx, now, p.ID, left.Roles, !stays)
	if err != nil {
		return err
	}
	if d.Calendar != nil && len(touched) > 0 {
		shifts, err := d.Calendar.Shifts(ctx, tx, p.ID, now, now.Add(leftAhead))
		if err != nil {
			return err
		}
		for _, s := range shifts {
			if slices.ContainsFunc(touched, func(t standing) bool { return t.Name == s.Schedule }) {
				left.Shifts = append(left.Shifts, s)
			}
		}
	}
	for _, s := range touched {
		if err := s.leave(ctx, tx, now, a, p); err != nil {
			return err
		}
		left.Schedules = append(left.Schedules, s.Name)
	}
	return nil
}
