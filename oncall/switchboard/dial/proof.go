package dial

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const (
	sqlProof = `
		select p.id, p.contact_id, p.purpose, p.code, p.digits, p.done_at is null and p.expires_at > @now as live, coalesce(h.handle, '') as handle
		from contact_proof p join contact c on c.id = p.contact_id left join person h on h.id = c.person_id where p.id = @id`
	sqlProofsOf = `
		select count(distinct split_part(key, '/', 1)) filter (where opened_at > @hour), count(distinct split_part(key, '/', 1))
		from sealed_opening where record_id = @record and lane = 'F' and opened_at > @day and split_part(key, '/', 1) <> @key`
)

// At most so many codes go to one record, and to one address however many records have it.
const (
	mostPerHour = 3
	mostPerDay  = 8
)

// proof is a code on its way, as the database has it.
type proof struct {
	ID        int64
	ContactID int64
	Purpose   string
	Code      string
	Digits    int
	Live      bool
	Handle    string
}

var errNoProof = fault.New(fault.NotFound, "There is no such code any more.")

func proofOf(key string) (int64, error) {
	_, id, ok := paging.ParseKey(key)
	if !ok || id == 0 {
		return 0, errNoProof
	}
	return id, nil
}

// mayAsk is everything that must be so before a code goes to a sealed address (lane F).
func (b *Board) mayAsk(ctx context.Context, tx pgx.Tx, now time.Time, o *opening) error {
	rows, err := tx.Query(ctx, sqlProof, pgx.NamedArgs{"id": o.proof.ID, "now": now})
	if err != nil {
		return err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[proof])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errNoProof
	case err != nil:
		return err
	case !p.Live:
		return errNoProof
	case p.ContactID != o.row.ContactID, p.Purpose != o.proof.Purpose, o.route != o.row.Kind:
		return errNotAsked
	case o.row.Paused:
		return fault.New(fault.Conflict, "This way is paused.")
	}
	o.proof = p
	var hour, day int
	if err := tx.QueryRow(ctx, sqlProofsOf, pgx.NamedArgs{
		"record": o.row.ID, "hour": now.Add(-time.Hour), "day": now.Add(-24 * time.Hour), "key": o.message,
	}).Scan(&hour, &day); err != nil {
		return err
	}
	return enough(hour, day)
}

func enough(hour, day int) error {
	switch {
	case day >= mostPerDay:
		return fault.New(fault.Limited, "%d codes went there within a day, and that is enough. Try again tomorrow.", day)
	case hour >= mostPerHour:
		return fault.New(fault.Limited, "%d codes went there within the hour. Look for the newest one, or ask again later.", hour)
	}
	return nil
}

// mayProve looks at an address that was opened to send it a code: is it one, is it nobody
// else's, and did not too many codes go there, whoever asked for them. Nothing is sent to a
// sealed address at its owner's word before this.
func (b *Board) mayProve(ctx context.Context, r row, message string, address secret.Text) error {
	clean, err := b.Address(r.Kind, address)
	if err != nil {
		return badRecord{without(address, fault.Say(err), longestWords)}
	}
	mac, now := b.Index.Of(r.Kind, clean), b.Now()
	proven, asked, err := b.claim(ctx, now, r, mac)
	switch {
	case err != nil:
		return err
	case proven:
		return badRecord{"somebody else has sealed this " + nounOf(r.Kind)}
	case asked:
		return fault.New(fault.Limited, "A code is on its way there for somebody else. Try again in an hour.")
	}
	// Before it is sent: whoever stops us in between has used up one.
	return b.Sent.Add(mac, message, now)
}

func nounOf(kind string) string {
	if kind == "sms" || kind == "voice" {
		return "number"
	}
	return "address"
}

// code is the message of a code: nothing in it but what the database has of the proof, so
// that nobody has other words sent to a stranger.
func (o opening) code(m paging.Message) paging.Message {
	return paging.Message{
		Kind: paging.Kind(o.proof.Purpose), Key: m.Key, Attempt: m.Attempt, Person: o.proof.Handle, Code: o.proof.Code,
		Keys: paging.KeysOf(o.proof.Digits), Repeat: m.Repeat,
	}
}
