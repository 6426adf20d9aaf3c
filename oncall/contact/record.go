package contact

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// auditKind is what the record of changes calls what is changed here.
const auditKind = "contact"

const (
	sqlOwner = `select handle from person where id = @person_id`
	sqlSaid  = `
		select count(*) from audit_entry e join person p on p.handle = e.subject
		where p.id = @person_id and e.kind = 'contact' and e.at > @since and starts_with(e.says, @says)`
)

// record writes a change down: the kind and never the address.
func record(ctx context.Context, tx pgx.Tx, now time.Time, h how, c Contact, says string) error {
	if c.PersonID == 0 {
		return nil // the operator's own, as the configuration has it
	}
	var owner string
	err := tx.QueryRow(ctx, sqlOwner, pgx.NamedArgs{"person_id": c.PersonID}).Scan(&owner)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // they left this moment
	}
	if err != nil {
		return err
	}
	if h.by == (audit.By{}) {
		h.by = audit.By{PersonID: c.PersonID, Handle: owner, Network: c.Kind}
	}
	return audit.Record(ctx, tx, now, h.by, audit.Change{Kind: auditKind, Subject: owner, Says: says, Concerns: []int64{c.PersonID}})
}

// said counts what the record says of somebody's contacts since an instant. What was
// removed meanwhile counts too, which rows of contacts would forget.
func said(ctx context.Context, tx pgx.Tx, person int64, since time.Time, says string) (n int, err error) {
	err = tx.QueryRow(ctx, sqlSaid, pgx.NamedArgs{"person_id": person, "since": since, "says": says}).Scan(&n)
	return n, err
}

// checkAdded refuses who gives too many addresses.
func checkAdded(ctx context.Context, tx pgx.Tx, now time.Time, args pgx.NamedArgs) error {
	person, _ := args["person_id"].(int64)
	n, err := said(ctx, tx, person, now.Add(-24*time.Hour), "added")
	if err == nil && n >= mostAdded {
		err = fault.New(fault.Limited, "%d addresses were given within a day. Try again tomorrow.", n)
	}
	return err
}
