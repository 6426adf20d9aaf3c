// Package contact is the one narrow seam behind which private addresses live.
//
// It owns the rows that hold an address, and nobody else reads or writes them:
// what is public is only that a person has a contact of some kind. Addresses
// travel as secret.Text and are opened for one delivery at a time. It also owns
// what shows that an address is its owner's: a code that goes there and is said
// back. It does not send anything and does not decide whom to ring.
package contact

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Contact is what may be shown of one private address: that it exists, and whether it
// works.
type Contact struct {
	ID          int64
	PersonID    int64          // 0 is the operator's own, for the daily synthetic page
	Kind        string         // one of [Kinds], which is the name of its route too
	Sealed      bool           // only the switchboard opens its address, in an emergency that was confirmed
	Delay       *time.Duration // how long after the ring it is used; nil: as its route says
	ProvenAt    *time.Time     // when its owner showed that they read or hear it; nil: it is never paged
	TestedAt    *time.Time     // when its owner last answered on it
	SuspendedAt *time.Time     // since when it is paused; nil: it is in use
	Fault       string         // why the provider says that it cannot work; "" is no fault
	FaultAt     *time.Time
}

// Usable tells whether pages may go there.
func (c Contact) Usable() bool { return c.ProvenAt != nil && c.SuspendedAt == nil && c.Fault == "" }

// Standing says in a few words how a contact stands: "proven", "paused".
func (c Contact) Standing() string {
	switch {
	case c.Fault != "":
		return "does not work: " + c.Fault
	case c.SuspendedAt != nil:
		return "paused"
	case c.ProvenAt == nil:
		return "not proven"
	}
	return "proven"
}

const (
	contactColumns = `
		c.id, coalesce(c.person_id, 0) as person_id, c.kind, c.sealed, c.delay, c.proven_at, c.tested_at, c.suspended_at, c.fault, c.fault_at`
	sqlContactsOf = `
		select ` + contactColumns + ` from contact c where c.person_id = any (@people) order by c.person_id, c.place, c.id`
	sqlContact     = `select ` + contactColumns + ` from contact c where c.id = @id`
	sqlHoldPerson  = `select 1 from person where id = @person_id for no key update`
	sqlCountOfKind = `select count(*) from contact where person_id = @person_id and kind = @kind`
	sqlSameAddress = `
		select c.id from contact c join contact_address a on a.contact_id = c.id
		where c.person_id = @person_id and c.kind = @kind and a.address = @address limit 1`
	sqlInsertContact = `
		insert into contact (person_id, kind, sealed, place, created_at)
		values (@person_id, @kind, @sealed, (select coalesce(max(place), 0) + 1 from contact where person_id = @person_id), @now)
		returning id`
	sqlInsertAddress = `insert into contact_address (contact_id, address) values (@id, @address)`
	sqlStand         = `
		update contact set proven_at = @proven, tested_at = null, fault = '', fault_at = null where id = @id`
	// A sealed contact has no address here.
	sqlOpenAddress = `
		select a.address from contact c left join contact_address a on a.contact_id = c.id
		where c.id = @id and (c.sealed or a.contact_id is not null)`
	sqlDeleteContact = `delete from contact where id = any (@ids)`
)

const (
	// longest is in letters. The database has the same limit, but its refusal quotes
	// the row in its log.
	longest = 2048
	// mostOfKind is how many addresses of one kind somebody may give.
	mostOfKind = 3
	// mostAdded is how many addresses somebody may give a day: each gets a code, which
	// costs money, and may go to a stranger.
	mostAdded = 10
)

// Option says more about a change.
type Option func(*how)

// how is what the options say.
type how struct {
	by      audit.By // zero is the owner, on that very way
	vouched bool
	halves  *Halves // with which a sealed one must open; nil tries none
}

// By says who makes a change, for the record of changes. Without it, it is the owner.
func By(by audit.By) Option { return func(h *how) { h.by = by } }

// Vouched takes the caller's word for it that an address is its owner's: it is proven as
// it is added. The operator answers for a whole roster so.
func Vouched() Option { return func(h *how) { h.vouched = true } }

func saying(options []Option) (h how) {
	for _, o := range options {
		o(&h)
	}
	return h
}

// Of lists which contacts these people have, in their order.
func Of(ctx context.Context, db pg.DB, people ...int64) ([]Contact, error) {
	rows, err := db.Query(ctx, sqlContactsOf, pgx.NamedArgs{"people": people})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Contact])
}

// Get finds a contact. One that was removed is NotFound.
func Get(ctx context.Context, db pg.DB, id int64) (Contact, error) {
	rows, err := db.Query(ctx, sqlContact, pgx.NamedArgs{"id": id})
	if err != nil {
		return Contact{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Contact])
	if errors.Is(err, pgx.ErrNoRows) {
		return c, errRemoved()
	}
	return c, err
}

func errRemoved() error { return fault.New(fault.NotFound, "This contact was removed.") }

// Add stores a private address of a person. It is not paged before it is proven, unless
// somebody vouches for it. An address that is there already must be proven again.
func Add(ctx context.Context, db pg.DB, now time.Time, person int64, kind string, address secret.Text, options ...Option) (c Contact, err error) {
	clean, err := check(kind, address.Reveal())
	if err != nil {
		return c, err
	}
	if utf8.RuneCountInString(clean) > longest {
		return c, fault.New(fault.Invalid, "That address is longer than %d letters.", longest)
	}
	h := saying(options)
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"person_id": person, "kind": kind, "address": clean, "now": now, "proven": nil, "sealed": false}
		if h.vouched {
			args["proven"] = now
		}
		if _, err := tx.Exec(ctx, sqlHoldPerson, args); err != nil {
			return err
		}
		says := "added a contact: " + kind
		id, err := sameAddress(ctx, tx, args)
		switch {
		case err != nil:
			return err
		case id != 0:
			says = "added a contact again: " + kind
		default:
			if id, err = insert(ctx, tx, now, h, args); err != nil {
				return err
			}
		}
		args["id"] = id
		if _, err := tx.Exec(ctx, sqlStand, args); err != nil {
			return err
		}
		if c, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if h.vouched {
			says += ", vouched for"
		}
		return record(ctx, tx, now, h, c, says)
	})
	return c, err
}

// AddProven is [Add] for an address that the caller answers for.
func AddProven(ctx context.Context, db pg.DB, now time.Time, person int64, kind string, address secret.Text, options ...Option) (Contact, error) {
	return Add(ctx, db, now, person, kind, address, append(options, Vouched())...)
}

func sameAddress(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) (id int64, err error) {
	err = tx.QueryRow(ctx, sqlSameAddress, args).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

func insert(ctx context.Context, tx pgx.Tx, now time.Time, h how, args pgx.NamedArgs) (id int64, err error) {
	if id, err = insertContact(ctx, tx, now, h, args); err != nil {
		return 0, err
	}
	args["id"] = id
	_, err = tx.Exec(ctx, sqlInsertAddress, args)
	return id, err
}

// insertContact makes a contact without an address, unless there are too many.
func insertContact(ctx context.Context, tx pgx.Tx, now time.Time, h how, args pgx.NamedArgs) (id int64, err error) {
	var n int
	if err := tx.QueryRow(ctx, sqlCountOfKind, args).Scan(&n); err != nil {
		return 0, err
	}
	kind := fmt.Sprint(args["kind"])
	if n >= mostOfKind {
		return 0, fault.New(fault.Limited, "There are %d of the kind %s already. !contact remove %s deletes them.", n, kind, kind)
	}
	if !h.vouched {
		if err := checkAdded(ctx, tx, now, args); err != nil {
			return 0, err
		}
	}
	err = tx.QueryRow(ctx, sqlInsertContact, args).Scan(&id)
	return id, err
}

// Remove deletes a person's contacts of a kind and says how many there were.
func Remove(ctx context.Context, db pg.DB, now time.Time, person int64, kind string, options ...Option) (n int64, err error) {
	return remove(ctx, db, now, person, options, func(c Contact) bool { return c.Kind == kind })
}

// RemoveOne deletes one contact of a person. One that they do not have is NotFound.
func RemoveOne(ctx context.Context, db pg.DB, now time.Time, person, id int64, options ...Option) error {
	n, err := remove(ctx, db, now, person, options, func(c Contact) bool { return c.ID == id })
	if err == nil && n == 0 {
		err = errRemoved()
	}
	return err
}

func remove(ctx context.Context, db pg.DB, now time.Time, person int64, options []Option, which func(Contact) bool) (n int64, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		n = 0
		list, err := Of(ctx, tx, person)
		if err != nil {
			return err
		}
		for _, c := range list {
			if !which(c) {
				continue
			}
			tag, err := tx.Exec(ctx, sqlDeleteContact, pgx.NamedArgs{"ids": []int64{c.ID}})
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				continue // somebody else was quicker
			}
			n++
			if err := record(ctx, tx, now, saying(options), c, "removed a contact: "+c.Kind); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Open reads the address behind a contact, for one delivery. A contact that was
// removed meanwhile is NotFound, a sealed one is [ErrSealed].
func Open(ctx context.Context, db pg.DB, id int64) (secret.Text, error) {
	var address *string
	err := db.QueryRow(ctx, sqlOpenAddress, pgx.NamedArgs{"id": id}).Scan(&address)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return secret.Text{}, errRemoved()
	case err != nil:
		return secret.Text{}, err
	case address == nil:
		return secret.Text{}, ErrSealed
	}
	return secret.New(*address), nil
}
