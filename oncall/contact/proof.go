package contact

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Purpose is what a code is for.
type Purpose string

// The purposes.
const (
	PurposeProof  Purpose = "proof"  // is this address its owner's
	PurposeTest   Purpose = "test"   // does it still work
	PurposeCanary Purpose = "canary" // to ourselves, each day: does the route work
)

// The states of a code. The last one is whoever's who said it back.
const (
	ProofWaiting   = "waiting"
	ProofSent      = "sent"
	ProofDelivered = "delivered"
	ProofFailed    = "failed"
	ProofDone      = "done"
)

// Proof is a code on its way to an address, to be said back by whoever reads or hears it.
type Proof struct {
	ID        int64
	ContactID int64
	PersonID  int64  // whose contact it is; 0 is the operator's
	Kind      string // of the contact
	Purpose   Purpose
	Code      string // five letters
	Digits    int    // to key on a phone, as paging.KeysOf reads them
	AskedBy   *int64
	CreatedAt time.Time
	ExpiresAt time.Time
	State     string
	Ref       string // what the provider calls the message; "" if it has no name there
	Detail    string // how the last try went; no address
	DoneAt    *time.Time
}

// Live tells whether it can still be said back.
func (p Proof) Live(now time.Time) bool { return p.DoneAt == nil && now.Before(p.ExpiresAt) }

const (
	proofHolds  = time.Hour
	testHolds   = 24 * time.Hour
	mostPerHour = 3 // codes to one address
	mostPerDay  = 8
	mostDigits  = 27000
)

const (
	proofColumns = `
		p.id, p.contact_id, coalesce(c.person_id, 0) as person_id, c.kind, p.purpose, p.code, p.digits, p.asked_by,
		p.created_at, p.expires_at, p.state, p.ref, p.detail, p.done_at`
	sqlProof     = `select ` + proofColumns + ` from contact_proof p join contact c on c.id = p.contact_id where p.id = @id`
	sqlHoldProof = sqlProof + ` for no key update`
	// One that can be said back comes first: letters come again after years.
	sqlFindProof = `
		select ` + proofColumns + ` from contact_proof p join contact c on c.id = p.contact_id
		where p.code = @code and p.done_at is null order by p.expires_at desc, p.id desc limit 1`
	sqlHoldContact = sqlContact + ` for no key update`
	// Of a sealed one we do not know who else has it: the switchboard counts those once more.
	sqlProofsSince = `
		with same as (
			select @contact::bigint as id
			union
			select c.id from contact mine join contact_address own on own.contact_id = mine.id
				join contact_address a on a.address = own.address join contact c on c.id = a.contact_id and c.kind = mine.kind
			where mine.id = @contact
		)
		select p.created_at from same join contact_proof p on p.contact_id = same.id
		where p.purpose <> 'canary' and p.created_at > @since order by p.created_at desc`
	sqlInsertProof = `
		insert into contact_proof (contact_id, purpose, code, digits, asked_by, created_at, expires_at)
		select @contact, @purpose, @code, @digits, @asked_by, @now, @expires
		where not exists (select from contact_proof o where o.code = @code and o.done_at is null and o.expires_at > @now)
		returning id`
	sqlProofDone = `
		update contact_proof set state = 'done', done_at = @now where id = @id and done_at is null`
	sqlProve = `
		update contact c set proven_at = case when @purpose = 'test' and c.proven_at is not null then c.proven_at else @now end,
			tested_at = greatest(c.tested_at, @now), fault = '', fault_at = null
		where c.id = @contact` + returningContact
	// News that is behind what is known changes nothing but words.
	sqlProofState = `
		update contact_proof set detail = @detail, ref = case when @ref = '' then ref else @ref end,
			state = case when state = 'done' or state = 'delivered' and @state = 'sent' then state else @state end
		where id = @id`
)

// Begin makes a code for an address. It is sent by whoever calls, after commit. Too many
// codes, and codes to what is paused, are refused; 0 asked is nobody.
func Begin(ctx context.Context, tx pgx.Tx, now time.Time, contactID int64, purpose Purpose, askedBy int64) (Proof, error) {
	c, err := hold(ctx, tx, contactID)
	if err != nil {
		return Proof{}, err
	}
	holds := testHolds
	if purpose == PurposeProof {
		holds = proofHolds
	}
	if purpose != PurposeCanary {
		if err := mayAsk(ctx, tx, now, c, purpose); err != nil {
			return Proof{}, err
		}
	}
	args := pgx.NamedArgs{
		"contact": contactID, "purpose": purpose, "asked_by": pg.NullID(askedBy), "now": now, "expires": now.Add(holds),
	}
	var id int64
	for { // the same letters may be on their way already, once in a million times
		args["code"], args["digits"] = oncall.Code(5), newDigits()
		err := tx.QueryRow(ctx, sqlInsertProof, args).Scan(&id)
		if noRow(err) {
			continue
		}
		if err != nil {
			return Proof{}, err
		}
		p, _, err := GetProof(ctx, tx, id)
		return p, err
	}
}

// hold locks a contact, so that what is asked of it is asked once.
func hold(ctx context.Context, tx pgx.Tx, id int64) (Contact, error) {
	rows, err := tx.Query(ctx, sqlHoldContact, pgx.NamedArgs{"id": id})
	if err != nil {
		return Contact{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Contact])
	if noRow(err) {
		return Contact{}, errRemoved()
	}
	return c, err
}

// mayAsk refuses a code that is one too many, or that would go where none may.
func mayAsk(ctx context.Context, tx pgx.Tx, now time.Time, c Contact, purpose Purpose) error {
	switch {
	case c.SuspendedAt != nil:
		return fault.New(fault.Conflict, "This way is paused: %s. !contact resume %s uses it again.", c.Kind, c.Kind)
	case purpose == PurposeTest && c.ProvenAt == nil:
		return fault.New(fault.Conflict, "This way is not proven yet: %s. !contact code %s sends its owner a code.", c.Kind, c.Kind)
	}
	rows, err := tx.Query(ctx, sqlProofsSince, pgx.NamedArgs{"contact": c.ID, "since": now.Add(-24 * time.Hour)})
	if err != nil {
		return err
	}
	sent, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return err
	}
	if len(sent) >= mostPerDay {
		return fault.New(fault.Limited, "%d codes went there within a day, and that is enough. Is the address right? !contact remove %s deletes it; else try tomorrow.", len(sent), c.Kind)
	}
	if len(sent) >= mostPerHour && now.Sub(sent[mostPerHour-1]) < time.Hour {
		wait := time.Hour - now.Sub(sent[mostPerHour-1])
		return fault.New(fault.Limited, "%d codes went there within the hour. Look for the newest one, or ask again in %s.", mostPerHour, minutesOf(wait))
	}
	return nil
}

func minutesOf(d time.Duration) string {
	n := int((d + time.Minute - 1) / time.Minute)
	if n == 1 {
		return "1 minute"
	}
	return big.NewInt(int64(n)).String() + " minutes"
}

// GetProof finds a code by its number.
func GetProof(ctx context.Context, db pg.DB, id int64) (p Proof, found bool, err error) {
	return oneProof(ctx, db, sqlProof, pgx.NamedArgs{"id": id})
}

// FindProof finds a code that was not said back yet, by its letters. It may have
// expired: see [Proof.Live].
func FindProof(ctx context.Context, db pg.DB, code string) (p Proof, found bool, err error) {
	return oneProof(ctx, db, sqlFindProof, pgx.NamedArgs{"code": strings.ToUpper(strings.TrimSpace(code))})
}

func oneProof(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (p Proof, found bool, err error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return p, false, err
	}
	p, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Proof])
	if noRow(err) {
		return p, false, nil
	}
	return p, err == nil, err
}

// Redeem takes a code that was said back: the address is its owner's, and works. Whoever
// calls has seen to it that nobody guesses. changed is false when it was said back
// before, or too late.
func Redeem(ctx context.Context, tx pgx.Tx, now time.Time, proofID int64, options ...Option) (c Contact, purpose Purpose, changed bool, err error) {
	p, found, err := oneProof(ctx, tx, sqlHoldProof, pgx.NamedArgs{"id": proofID})
	if err != nil {
		return c, "", false, err
	}
	if !found {
		return c, "", false, errRemoved()
	}
	if !p.Live(now) {
		c, err = Get(ctx, tx, p.ContactID)
		return c, p.Purpose, false, err
	}
	if _, err := tx.Exec(ctx, sqlProofDone, pgx.NamedArgs{"id": p.ID, "now": now}); err != nil {
		return c, p.Purpose, false, err
	}
	rows, err := tx.Query(ctx, sqlProve, pgx.NamedArgs{"contact": p.ContactID, "now": now, "purpose": p.Purpose})
	if err != nil {
		return c, p.Purpose, false, err
	}
	if c, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Contact]); err != nil {
		return c, p.Purpose, false, err
	}
	says := "proved a contact: "
	if p.Purpose == PurposeTest {
		says = "answered a test: "
	}
	return c, p.Purpose, true, record(ctx, tx, now, saying(options), c, says+c.Kind)
}

// SetProofState notes how a code fares on its way. States only go forward.
func SetProofState(ctx context.Context, tx pgx.Tx, id int64, state, ref, detail string) error {
	_, err := tx.Exec(ctx, sqlProofState, pgx.NamedArgs{"id": id, "state": state, "ref": clip(ref, 200), "detail": clip(detail, 400)})
	return err
}

// newDigits returns what the numbers to key on a phone are made of.
func newDigits() int {
	n, err := rand.Int(rand.Reader, big.NewInt(mostDigits))
	if err != nil {
		return 0 // never: see crypto/rand
	}
	return int(n.Int64())
}
