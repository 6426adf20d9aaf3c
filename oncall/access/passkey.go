package access

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const mostPasskeys = 20 // of one person

const (
	sqlInsertPasskey = `
		insert into passkey (person_id, credential_id, credential, name, created_at)
		values (@person, @credential_id, @credential, @name, @now) on conflict (credential_id) do nothing returning id`
	sqlPasskeysOf = `
		select id, credential_id, credential, name, created_at, used_at from passkey where person_id = @person order by id`
	sqlUsePasskey = `
		update passkey set credential = @credential, used_at = @now where person_id = @person and credential_id = @credential_id`
	sqlDeletePasskey = `delete from passkey where id = @id and person_id = @person returning name`
)

// Passkey is a key in somebody's device by which they sign in.
type Passkey struct {
	ID           int64
	CredentialID []byte
	Credential   []byte // JSON of the whole credential, as the library of the protocol made it
	Name         string
	CreatedAt    time.Time
	UsedAt       *time.Time // nil is never
}

// AddPasskey keeps a new passkey of the actor's own.
func (s *Service) AddPasskey(ctx context.Context, a oncall.Actor, k Passkey) (Passkey, error) {
	var err error
	if k.Name, err = nameOf(k.Name, "the passkey"); err != nil {
		return k, err
	}
	k.CreatedAt = s.Now()
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		have, err := list[Passkey](ctx, tx, sqlPasskeysOf, pgx.NamedArgs{"person": a.PersonID})
		if err != nil {
			return err
		}
		if len(have) >= mostPasskeys {
			return fault.New(fault.Limited, "You have %d passkeys. Remove one that you do not use any more.", len(have))
		}
		err = tx.QueryRow(ctx, sqlInsertPasskey, pgx.NamedArgs{
			"person": a.PersonID, "credential_id": k.CredentialID, "credential": k.Credential, "name": k.Name, "now": k.CreatedAt,
		}).Scan(&k.ID)
		if noRow(err) {
			return fault.New(fault.Conflict, "That passkey is here already.")
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, a, a.PersonID, "passkey", k.Name, "added a passkey")
	})
	return k, err
}

// Passkeys lists the passkeys of a person.
func (s *Service) Passkeys(ctx context.Context, person int64) ([]Passkey, error) {
	return list[Passkey](ctx, s.DB, sqlPasskeysOf, pgx.NamedArgs{"person": person})
}

// UsePasskey keeps a credential as it is after the protocol has found it right: its
// counter has moved.
func (s *Service) UsePasskey(ctx context.Context, a oncall.Actor, id, credential []byte) error {
	tag, err := s.DB.Exec(ctx, sqlUsePasskey, pgx.NamedArgs{
		"person": a.PersonID, "credential_id": id, "credential": credential, "now": s.Now(),
	})
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.NotFound, "That passkey was removed.")
	}
	return err
}

// RemovePasskey removes a passkey of the actor's own, and ends the sessions that began by
// passkeys, but for the one from which it is done. It is NotFound if it is removed already.
func (s *Service) RemovePasskey(ctx context.Context, a oncall.Actor, id, session int64) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var name string
		err := tx.QueryRow(ctx, sqlDeletePasskey, pgx.NamedArgs{"id": id, "person": a.PersonID}).Scan(&name)
		if noRow(err) {
			return fault.New(fault.NotFound, "That passkey is removed already.")
		}
		if err != nil {
			return err
		}
		if err := s.record(ctx, tx, a, a.PersonID, "passkey", name, "removed a passkey"); err != nil {
			return err
		}
		_, err = s.endSessions(ctx, tx, a, session, ByPasskey)
		return err
	})
}
