package contact

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/escrow"
	"batsignal/oncall/unseal"
)

const sqlAgreedOf = `
	select s.contact_id, s.record_id::text as record, s.policy as text, s.sealed_at, count(o.intent) as openings, max(o.opened_at) as opened_at
	from sealed_contact s left join sealed_opening o on o.record_id = s.record_id and o.lane <> 'F'
	where s.owner_id = @person group by s.record_id order by s.contact_id`

// Agreed is what the owner of a sealed contact agreed to when they sealed it, and what
// became of it.
type Agreed struct {
	ContactID int64
	Record    string
	Text      string // of the policy, as it is bound to the record
	SealedAt  time.Time
	Openings  int        // by anybody but its owner
	OpenedAt  *time.Time // the last of those
}

// AgreedOf lists what somebody agreed to for their sealed contacts, by the contact.
func AgreedOf(ctx context.Context, db pg.DB, person int64) (map[int64]Agreed, error) {
	rows, err := db.Query(ctx, sqlAgreedOf, pgx.NamedArgs{"person": person})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Agreed])
	of := map[int64]Agreed{}
	for _, a := range list {
		of[a.ContactID] = a
	}
	return of, err
}

// Says is what was agreed to, in words: "rung only in an emergency that two people
// confirmed, at most 6 times a quarter".
func (a Agreed) Says() string {
	p, err := escrow.ParsePolicy(a.Text)
	if err != nil {
		return "what was agreed to cannot be read, so it is not opened"
	}
	return PolicySays(p)
}

// PolicySays is a policy in words.
func PolicySays(p escrow.Policy) string {
	var says []string
	if slices.Contains(p.Lanes, unseal.LaneDial) {
		dial := "rung only in an emergency that two people confirmed"
		if p.PerQuarter > 0 {
			dial += fmt.Sprintf(", at most %s a quarter", oncall.Times(p.PerQuarter))
		}
		if p.Quiet != "" {
			dial += ", never " + p.Quiet
		}
		says = append(says, dial)
	}
	if slices.Contains(p.Lanes, unseal.LaneReveal) {
		says = append(says, "shown to one person only if enough custodians allow it")
	}
	if len(says) == 0 {
		return "opened for yourself alone"
	}
	return strings.Join(says, "; ")
}

// Counted is how often it was opened, in words: "never opened".
func (a Agreed) Counted() string {
	if a.Openings == 0 || a.OpenedAt == nil {
		return "never opened"
	}
	return fmt.Sprintf("opened %s, the last time on %s UTC", oncall.Times(a.Openings), a.OpenedAt.UTC().Format("2006-01-02 15:04"))
}
