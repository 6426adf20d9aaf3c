package oncall

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// linkFor is how long a link code can be used.
const linkFor = 10 * time.Minute

const (
	sqlInsertLinkCode = `
		insert into link_code (hash, person_id, created_at, expires_at) values (@hash, @person_id, @now, @expires_at)`
	sqlUseLinkCode = `
		update link_code set used_at = @now
		where hash = @hash and used_at is null and expires_at > @now
		returning person_id`
)

// LinkCode makes a code by which an account on another network can be bound to
// the same person. It can be used once, for ten minutes.
func (d *Desk) LinkCode(ctx context.Context, person int64) (code string, expires time.Time, err error) {
	now := d.Now()
	code = Code(8)
	hash := sha256.Sum256([]byte(code))
	_, err = d.DB.Exec(ctx, sqlInsertLinkCode, pgx.NamedArgs{
		"hash": hash[:], "person_id": person, "now": now, "expires_at": now.Add(linkFor),
	})
	return code, now.Add(linkFor), err
}

// Link binds the actor's account to the person who was given the code.
func (d *Desk) Link(ctx context.Context, a Actor, code string) (p Person, err error) {
	now := d.Now()
	if a.Account == "" {
		return p, fault.New(fault.Forbidden, "There is no account here to bind. Type !link <code> on the network whose account it is.")
	}
	hash := sha256.Sum256([]byte(code))
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, sqlUseLinkCode, pgx.NamedArgs{"hash": hash[:], "now": now}).Scan(&id)
		if noRow(err) {
			return fault.New(fault.NotFound, "That code is wrong, used or too old. Type !link where you are known already to get a new one.")
		}
		if err != nil {
			return err
		}
		if p, err = PersonByID(ctx, tx, id); err != nil {
			return err
		}
		if err := BindAccount(ctx, tx, now, id, Account{a.Network, a.Account}); err != nil {
			return err
		}
		by := a
		by.PersonID, by.Handle = p.ID, p.Handle
		return audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "account", Subject: p.Handle, Says: "bound an account on " + a.Network + " by a code", Concerns: []int64{id},
		})
	})
	return p, err
}
