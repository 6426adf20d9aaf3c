// Package contact is the one narrow seam behind which private addresses live.
//
// It owns the rows that hold an address, and nobody else reads or writes them:
// what is public is only that a person has a contact of some kind. Addresses
// travel as secret.Text and are opened for one delivery at a time. It does not
// send anything and decides nothing.
package contact

import (
	"context"
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Contact is what may be shown of one private address: that it exists.
type Contact struct {
	ID       int64
	PersonID int64
	Kind     string // "mail" or "webhook"
}

const (
	sqlContactsOf = `
		select id, person_id, kind from contact where person_id = any (@people) order by person_id, place, id`
	sqlInsertContact = `
		insert into contact (person_id, kind, place, created_at)
		values (@person_id, @kind, (select coalesce(max(place), 0) + 1 from contact where person_id = @person_id), @now)
		returning id`
	sqlInsertAddress = `insert into contact_address (contact_id, address) values (@id, @address)`
	sqlOpenAddress   = `select address from contact_address where contact_id = @id`
	sqlDeleteContact = `delete from contact where person_id = @person_id and kind = @kind`
)

// longest is in letters. The database has the same limit, but its refusal quotes
// the row in its log.
const longest = 2048

// Of lists which contacts these people have, in their order.
func Of(ctx context.Context, db pg.DB, people ...int64) ([]Contact, error) {
	rows, err := db.Query(ctx, sqlContactsOf, pgx.NamedArgs{"people": people})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Contact])
}

// Add stores a private address of a person.
func Add(ctx context.Context, db pg.DB, now time.Time, person int64, kind string, address secret.Text) (Contact, error) {
	c := Contact{PersonID: person, Kind: kind}
	clean, err := check(kind, strings.TrimSpace(address.Reveal()))
	if err != nil {
		return c, err
	}
	if utf8.RuneCountInString(clean) > longest {
		return c, fault.New(fault.Invalid, "That address is longer than %d letters.", longest)
	}
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlInsertContact, pgx.NamedArgs{"person_id": person, "kind": kind, "now": now}).Scan(&c.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlInsertAddress, pgx.NamedArgs{"id": c.ID, "address": clean})
		return err
	})
	return c, err
}

// Remove deletes a person's contacts of a kind and says how many there were.
func Remove(ctx context.Context, db pg.DB, person int64, kind string) (int64, error) {
	tag, err := db.Exec(ctx, sqlDeleteContact, pgx.NamedArgs{"person_id": person, "kind": kind})
	return tag.RowsAffected(), err
}

// Open reads the address behind a contact, for one delivery. A contact that was
// removed meanwhile is NotFound.
func Open(ctx context.Context, db pg.DB, id int64) (secret.Text, error) {
	var address string
	err := db.QueryRow(ctx, sqlOpenAddress, pgx.NamedArgs{"id": id}).Scan(&address)
	if errors.Is(err, pgx.ErrNoRows) {
		return secret.Text{}, fault.New(fault.NotFound, "This contact was removed.")
	}
	return secret.New(address), err
}

// check refuses what cannot be an address of its kind. The refusal never repeats
// the address: it may be shown in a room.
func check(kind, address string) (string, error) {
	switch kind {
	case "mail":
		a, err := mail.ParseAddress(address)
		if err != nil || strings.ContainsAny(a.Address, "\r\n\x00") {
			return "", fault.New(fault.Invalid, "That is not a mail address. Write it like name@example.org.")
		}
		return a.Address, nil
	case "webhook":
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
			return "", fault.New(fault.Invalid, "That is not a webhook address. Write it like https://example.org/hook, without a user name in it.")
		}
		return u.String(), nil
	}
	return "", fault.New(fault.Invalid, "A contact is of the kind mail or webhook.")
}
