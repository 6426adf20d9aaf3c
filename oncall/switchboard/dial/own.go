package dial

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Own shows people their own sealed addresses, and deletes them (lane F). That it is they
// who look, a code tells that went to the very address: one of the switchboard's own making,
// which the bot does not know.
type Own struct {
	Board *Board
	// Release asks the bot for its half, as [unseal.Bot] has it.
	Release func(ctx context.Context, r unseal.Release) (paging.Sealed, error)

	mu    sync.Mutex
	codes map[int64]ownCode // by contact; a restart means a new code
}

// ownCode is a code on its way to an address.
type ownCode struct {
	code    secret.Text
	record  string
	until   time.Time
	guesses int
}

const (
	ownHolds   = 15 * time.Minute
	ownGuesses = 5
)

const (
	sqlOwnRecord = `
		select s.record_id::text, s.kind from sealed_contact s join contact c on c.id = s.contact_id
		where s.contact_id = @contact and s.owner_id = @person`
	sqlDeleteOwn = `delete from contact where id = @contact and person_id = @person and sealed`
)

// SendCode opens an address of a person's to send a code there, and says where to look.
func (w *Own) SendCode(ctx context.Context, person, contact int64) (say string, err error) {
	b := w.Board
	record, kind, err := w.recordOf(ctx, person, contact)
	if err != nil {
		return "", err
	}
	route, ok := b.Routes[kind]
	if !ok {
		return "", fault.New(fault.Unready, "The switchboard has no way to send a code there now.")
	}
	key := "own-" + rand.Text()
	address, err := w.open(ctx, record, key, "a code for its owner")
	if err != nil {
		return "", err
	}
	// Not to a stranger's, and not too often: as with any code.
	if err := b.mayProve(ctx, row{Record: escrow.Record{ID: record, Owner: person, Kind: kind}}, key, address); err != nil {
		return "", err
	}
	if address, err = b.Address(kind, address); err != nil {
		return "", err
	}
	made := ownCode{code: secret.New(oncall.Code(5)), record: record, until: b.Now().Add(ownHolds)}
	w.mu.Lock()
	if w.codes == nil {
		w.codes = map[int64]ownCode{}
	}
	w.codes[contact] = made
	w.mu.Unlock()
	if _, err := route.Send(ctx, paging.Message{
		Kind: paging.KindTest, Key: key, Attempt: 1, Address: address, Code: made.code.Reveal(), Keys: paging.KeysOf(0),
	}); err != nil {
		b.Log.Warn("a code for the owner of a sealed address could not be sent", "route", kind, "why", without(address, err.Error(), longestWords))
		return "", fault.New(fault.Unready, "The code could not be sent: the provider did not take it. Try again in a minute.")
	}
	return fmt.Sprintf("A code is on its way to it. It is good for %d minutes, on this page only.", ownHolds/time.Minute), nil
}

// Show opens an address for its owner, who typed the code that went there. A wrong one is
// fault.Invalid, and after five of them a new code is needed.
func (w *Own) Show(ctx context.Context, person, contact int64, code string) (secret.Text, error) {
	record, _, err := w.recordOf(ctx, person, contact)
	if err != nil {
		return secret.Text{}, err
	}
	if err := w.take(contact, record, code); err != nil {
		return secret.Text{}, err
	}
	return w.open(ctx, record, "own-"+rand.Text(), "shown to its owner")
}

// take uses a code up.
func (w *Own) take(contact int64, record, code string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent, ok := w.codes[contact]
	if !ok || sent.record != record || !w.Board.Now().Before(sent.until) || sent.guesses >= ownGuesses {
		delete(w.codes, contact)
		return fault.New(fault.Invalid, "No code is on its way to this address any more. Have a new one sent.")
	}
	if subtle.ConstantTimeCompare([]byte(sent.code.Reveal()), []byte(code)) != 1 {
		sent.guesses++
		w.codes[contact] = sent
		return fault.New(fault.Invalid, "That is not the code that went there.")
	}
	delete(w.codes, contact)
	return nil
}

// Delete removes an address of a person's, with everything that opens it.
func (w *Own) Delete(ctx context.Context, person, contact int64) error {
	tag, err := w.Board.DB.Exec(ctx, sqlDeleteOwn, pgx.NamedArgs{"contact": contact, "person": person})
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.NotFound, "This contact was removed already.")
	}
	return err
}

func (w *Own) recordOf(ctx context.Context, person, contact int64) (record, kind string, err error) {
	err = w.Board.DB.QueryRow(ctx, sqlOwnRecord, pgx.NamedArgs{"contact": contact, "person": person}).Scan(&record, &kind)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && w.Board.Journal.Has(record) {
		err = fault.New(fault.NotFound, "This contact was removed.")
	}
	return record, kind, err
}

func (w *Own) open(ctx context.Context, record, key, note string) (secret.Text, error) {
	address, _, err := w.Board.Show(ctx, ToShow{
		Record: record, Lane: unseal.LaneOwner, Key: key, Note: note,
		Release: func(ctx context.Context) (paging.Sealed, error) {
			return w.Release(ctx, unseal.Release{Record: record, Lane: unseal.LaneOwner, Key: key})
		},
	})
	return address, err
}
