package incidents

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/paging"
)

const sqlAdminHandles = `
	select distinct p.handle from account a join person p on p.id = a.person_id
	where a.network || '/' || lower(a.name) = any (@admins) order by p.handle`

// adminHandles are the people behind the admins of the configuration: they are rung when
// nobody else answers.
func (c *change) adminHandles() ([]string, error) {
	if len(c.Admins) == 0 || c.admins != nil {
		return c.admins, nil
	}
	rows, err := c.tx.Query(c.ctx, sqlAdminHandles, pgx.NamedArgs{"admins": c.Admins})
	if err != nil {
		return nil, err
	}
	c.admins, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return c.admins, err
}

// fits tells whether somebody who acknowledges a page, their own or another's, fills the role: they said yes to it, or
// the policy rings them for it. Who left it since they were rung, or is an admin whom
// nobody else's silence woke, helps, and the role stays open.
func (c *change) fits(p paging.Page, person int64, inc Incident, r oncall.Role) (bool, error) {
	roles, err := oncall.ActiveRoles(c.ctx, c.tx, person)
	if err != nil || slices.Contains(roles, r.Name) {
		return err == nil, err
	}
	if p.Helper && p.PersonID == person {
		return false, nil
	}
	ranking, err := c.rank(paging.Escalation{
		ID: p.EscalationID, Cause: p.Cause, Slot: p.Slot, Why: p.Why, Severity: p.Severity, Everyone: inc.Everyone,
	}, inc)
	return slices.ContainsFunc(ranking.People, func(one duty.Ranked) bool {
		return one.Person.ID == person && !one.Helper
	}), err
}

// helps records somebody who answered and does not fill the role.
func (c *change) helps(ans *Answered, r oncall.Role, a oncall.Actor) error {
	ans.Say = fmt.Sprintf("Thank you. You are noted as a helper in %s; %s is still looked for. If you can do it: !role take %s.",
		ans.Incident.Ref(), r.Title, r.Name)
	c.boardChanged(ans.Incident.ID)
	return c.announce(ans.Incident, "ack", a, fmt.Sprintf("%s answers P%d and helps. %s is still looked for.",
		cmp.Or(a.Handle, ans.Page.Handle), ans.Page.ID, oncall.UpperFirst(r.Title)))
}

// oneOfSome counts an answer to a hunt that wants several, and ends it with the last one.
// It returns how many are missing.
func (c *change) oneOfSome(inc Incident, e paging.Escalation, r oncall.Role, person int64, a oncall.Actor) (missing int, err error) {
	open, err := paging.OpenOf(c.ctx, c.tx, e.ID)
	if err != nil {
		return 0, err
	}
	for _, p := range open {
		if p.PersonID == person {
			if _, err := c.answer(p, paging.PageAcked, a.Network); err != nil {
				return 0, err
			}
		}
	}
	working, err := respondersOf(c.ctx, c.tx, inc.ID)
	if err != nil {
		return 0, err
	}
	missing = e.Needs
	for _, one := range working {
		if one.Role == r.Name {
			missing--
		}
	}
	if missing > 0 {
		return missing, nil
	}
	_, err = paging.Fill(c.ctx, c.tx, c.now, e.ID)
	return 0, err
}

func countWord(n int) string {
	if n == 1 {
		return "One"
	}
	return fmt.Sprint(n)
}
