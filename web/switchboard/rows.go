package switchboard

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
)

const (
	sqlLookLink = `
		select p.id, p.handle, p.zone from sealed_link l join person p on p.id = l.person_id
		where l.token_hash = @hash and l.purpose = @purpose and l.expires_at > @now and l.used_at is null`
	sqlUseLink = `
		with used as (
			update sealed_link set used_at = @now
			where token_hash = @hash and purpose = @purpose and expires_at > @now and used_at is null
			returning person_id
		)
		select p.id, p.handle, p.zone from used join person p on p.id = used.person_id`
)

var errNoLink = fault.New(fault.Forbidden, "This link was used, or is too old: it holds for 15 minutes, and once. In chat, !contact seal and !contact mine give you another one.")

// Rows is what these pages read of the database, with the switchboard's login: it is
// [Links], [Ledger] and the reading half of [Owners].
type Rows struct {
	DB  pg.DB
	Now func() time.Time
}

// Look implements [Links].
func (d Rows) Look(ctx context.Context, token secret.Text, purpose contact.LinkPurpose) (Person, error) {
	return d.link(ctx, sqlLookLink, token, purpose)
}

// Use implements [Links].
func (d Rows) Use(ctx context.Context, token secret.Text, purpose contact.LinkPurpose) (Person, error) {
	return d.link(ctx, sqlUseLink, token, purpose)
}

func (d Rows) link(ctx context.Context, sql string, token secret.Text, purpose contact.LinkPurpose) (Person, error) {
	hash := sha256.Sum256([]byte(token.Reveal()))
	rows, err := d.DB.Query(ctx, sql, pgx.NamedArgs{"hash": hash[:], "purpose": string(purpose), "now": d.Now()})
	if err != nil {
		return Person{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Person])
	if errors.Is(err, pgx.ErrNoRows) {
		return Person{}, errNoLink
	}
	return p, err
}

// Contacts is that of [Owners].
func (d Rows) Contacts(ctx context.Context, person int64) ([]Contact, error) {
	all, err := contact.Of(ctx, d.DB, person)
	if err != nil {
		return nil, err
	}
	agreed, err := contact.AgreedOf(ctx, d.DB, person)
	if err != nil {
		return nil, err
	}
	var list []Contact
	for _, c := range all {
		if a, ok := agreed[c.ID]; ok && c.Sealed {
			list = append(list, Contact{ID: c.ID, Kind: c.Kind, Standing: c.Standing(), Record: a.Record, Policy: a.Text, SealedAt: a.SealedAt})
		}
	}
	return list, nil
}

// Openings is that of [Owners].
func (d Rows) Openings(ctx context.Context, person int64, most int) ([]ledger.Opening, error) {
	return ledger.OpeningsOf(ctx, d.DB, person, most)
}

// Overview implements [Ledger].
func (d Rows) Overview(ctx context.Context, most int) (ledger.View, error) {
	return ledger.Overview(ctx, d.DB, most)
}

// Judge implements [Ledger].
func (d Rows) Judge(ctx context.Context, pasted string, keys []string) (good, bad []string, err error) {
	return ledger.Judge(ctx, d.DB, pasted, keys)
}
