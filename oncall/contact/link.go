package contact

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// LinkPurpose is what a link to the switchboard's own pages is for.
type LinkPurpose string

// The purposes. The page of one is below its word at the switchboard: /enrol/TOKEN.
const (
	LinkEnrol LinkPurpose = "enrol" // to seal an address there
	LinkMine  LinkPurpose = "mine"  // to see, change and delete one's own
)

const (
	linkHolds = 15 * time.Minute
	linkEvery = 10 * time.Minute
	mostLinks = 5 // within linkEvery, to one person
	// ownHolds is how long somebody may be at their own page, from when they asked for the
	// link to it: the link holds a while, and so does their visit.
	ownHolds = 45 * time.Minute
)

const (
	sqlForgetSealedLinks = `delete from sealed_link where expires_at < @old`
	sqlCountSealedLinks  = `select count(*) from sealed_link where person_id = @person_id and made_at > @since`
	sqlInsertSealedLink  = `
		insert into sealed_link (token_hash, person_id, purpose, made_at, expires_at) values (@hash, @person_id, @purpose, @now, @expires)`
	sqlAskedForOwn = `
		select exists (select from sealed_link l join sealed_contact s on s.owner_id = l.person_id
			where s.record_id::text = @record and l.purpose = 'mine' and l.made_at > @since and l.made_at <= @now)`
	// That the switchboard noted its use does not matter here: it does so when it shows the
	// form, before there is anything to take.
	sqlTakeSealedLink = `delete from sealed_link where token_hash = @hash and purpose = 'enrol' and expires_at > @now and made_at <= @now returning person_id`
)

// NewLink makes the token of a link by which a person comes to the switchboard's own pages,
// once and within a quarter of an hour. Whoever has it is that person there: it is told to
// them in private only. Only a hash of it is stored.
func NewLink(ctx context.Context, db pg.DB, now time.Time, person int64, purpose LinkPurpose) (token secret.Text, expires time.Time, err error) {
	token, expires = secret.New(rand.Text()), now.Add(linkHolds)
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{
			"person_id": person, "purpose": string(purpose), "hash": hashOf(token), "now": now, "expires": expires,
			"old": now.Add(-ownHolds), "since": now.Add(-linkEvery),
		}
		if _, err := tx.Exec(ctx, sqlHoldPerson, args); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, sqlCountSealedLinks, args).Scan(&n); err != nil {
			return err
		}
		if n >= mostLinks {
			return fault.New(fault.Limited, "You asked for %d links within ten minutes. Use the last one, or wait a little.", n)
		}
		if _, err := tx.Exec(ctx, sqlForgetSealedLinks, args); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlInsertSealedLink, args)
		return err
	})
	return token, expires, err
}

// LinkTo makes links to the pages of a switchboard, by the address of those.
func LinkTo(db pg.DB, now func() time.Time, pages string) func(ctx context.Context, person int64, purpose LinkPurpose) (secret.Text, error) {
	return func(ctx context.Context, person int64, purpose LinkPurpose) (secret.Text, error) {
		token, _, err := NewLink(ctx, db, now(), person, purpose)
		if err != nil {
			return secret.Text{}, err
		}
		return secret.New(strings.TrimRight(pages, "/") + "/" + string(purpose) + "/" + token.Reveal()), nil
	}
}

// AskedForOwn tells whether the owner of a record has just asked for the link to their own
// page, which only the bot makes: they may be there.
func AskedForOwn(ctx context.Context, db pg.DB, now time.Time, record string) (asked bool, err error) {
	err = db.QueryRow(ctx, sqlAskedForOwn, pgx.NamedArgs{"record": record, "now": now, "since": now.Add(-ownHolds)}).Scan(&asked)
	return asked, err
}

// redeemLink says whose link it is by which a record came from the switchboard, and ends
// it. One that was used, is too old or never was is Forbidden.
func redeemLink(ctx context.Context, tx pgx.Tx, now time.Time, token secret.Text) (person int64, err error) {
	err = tx.QueryRow(ctx, sqlTakeSealedLink, pgx.NamedArgs{"hash": hashOf(token), "now": now}).Scan(&person)
	if noRow(err) {
		err = fault.New(fault.Forbidden, "This link was used, or is too old: it holds for %d minutes. !contact seal gives another one.", linkHolds/time.Minute)
	}
	return person, err
}

// Enrol takes a record, as text, that its owner sealed on the switchboard's page, for
// whoever came by this link. A record that is refused leaves the link as it was.
func Enrol(ctx context.Context, tx pgx.Tx, now time.Time, token secret.Text, text string, options ...Option) (c Contact, err error) {
	err = pg.InTx(ctx, tx, func(tx pgx.Tx) error {
		person, err := redeemLink(ctx, tx, now, token)
		if err != nil {
			return err
		}
		s, err := escrow.ParseSealed(text)
		if err != nil {
			return err
		}
		c, err = AddSealed(ctx, tx, now, person, s, options...)
		return err
	})
	return c, err
}

func hashOf(token secret.Text) []byte {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return sum[:]
}
