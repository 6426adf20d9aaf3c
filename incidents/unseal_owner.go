package incidents

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/letter"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

const (
	// The oldest ones first, a few at a time: each is a line of its own.
	sqlOwnersToTell = `
		select n.leaf, n.person_id, o.kind, o.lane, o.role, o.incident_id, o.opened_at, coalesce(i.unsealed_by, '') as allowed
		from owner_notice n left join sealed_opening o on o.intent = n.leaf
			left join incident i on i.id = o.incident_id
		where n.told_at is null order by n.leaf limit 20 for update of n skip locked`
	sqlOwnerTold = `update owner_notice set told_at = @now where leaf = @leaf and person_id = @person`
)

// ownerToTell is one opening of which its owner was not told yet. What is not of an opening
// has no kind.
type ownerToTell struct {
	Leaf     int64
	PersonID int64
	Kind     *string
	Lane     *unseal.Lane
	Role     *string
	Incident *int64 `db:"incident_id"`
	OpenedAt *time.Time
	Allowed  string
}

// says is what they are told: who, when, why, and where it stands.
func (o ownerToTell) says() string {
	if o.Kind == nil || o.Lane == nil || o.OpenedAt == nil {
		return fmt.Sprintf("Something was written into the ledger about a sealed address of yours: leaf %d. !ledger mine shows it.", o.Leaf)
	}
	what, at := contact.Noun(*o.Kind), oncall.Clock(*o.OpenedAt, "")
	where := fmt.Sprintf("It is leaf %d of the ledger; !ledger mine shows every opening.", o.Leaf)
	of := ""
	if o.Incident != nil {
		of = " for " + Ref(*o.Incident)
	}
	switch *o.Lane {
	case unseal.LaneOwner:
		return fmt.Sprintf("Your sealed %s was opened for you at %s: a code was sent there, or it was shown on your page. If you asked for neither, tell an admin. %s", what, at, where)
	case unseal.LaneReveal:
		return fmt.Sprintf("Your sealed %s was shown to a person at %s%s, because enough custodians allowed it. Change it if you would rather not have it known. %s", what, at, of, where)
	}
	why := ""
	if o.Role != nil && *o.Role != "" {
		if role, ok := paging.Slot(*o.Role).Role(); ok {
			why = " (" + role + ")"
		}
	}
	by := ""
	if o.Allowed != "" {
		by = " " + o.Allowed + " allowed it."
	}
	return fmt.Sprintf("Your sealed %s was opened at %s to be dialled%s%s.%s Nobody has seen it. %s", what, at, of, why, by, where)
}

// TellOwners tells people that an address of theirs was opened: who allowed it, when, why,
// and where in the ledger it stands. The switchboard has queued it in the transaction that
// wrote the intent, so that no opening stays untold.
func (s *Service) TellOwners(ctx context.Context) error {
	for more := true; more; {
		if err := s.change(ctx, func(c *change) (err error) {
			more, err = c.tellOwners()
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) tellOwners() (more bool, err error) {
	rows, err := c.tx.Query(c.ctx, sqlOwnersToTell)
	if err != nil {
		return false, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[ownerToTell])
	if err != nil {
		return false, err
	}
	people := make([]int64, len(list))
	for i, one := range list {
		people[i] = one.PersonID
	}
	reached, err := letter.Reaches(c.ctx, c.tx, people)
	if err != nil {
		return false, err
	}
	for _, one := range list {
		if err := c.tell(one.PersonID, 0, one.says()); err != nil {
			return false, err
		}
		if reached[one.PersonID] {
			if err := letter.Post(c.ctx, c.tx, c.Queue, letter.Args{
				Person: one.PersonID, Subject: "A sealed address of yours was opened", Body: one.says(),
			}); err != nil {
				return false, err
			}
		}
		if _, err := c.tx.Exec(c.ctx, sqlOwnerTold, pgx.NamedArgs{"now": c.now, "leaf": one.Leaf, "person": one.PersonID}); err != nil {
			return false, err
		}
	}
	return len(list) > 0, nil
}
