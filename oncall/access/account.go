package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// ProviderPrefix begins the network of an account at an identity provider: no chat
// network can have such a name.
const ProviderPrefix = "oidc:"

const sqlDeleteAccount = `delete from account where network = @network and name = @name and person_id = @person`

// ProviderAccount names somebody at an identity provider as an account. Subjects that
// differ in anything, capitals included, are different accounts: a capital letter is
// written as its small one after ^.
func ProviderAccount(provider, subject string) oncall.Account {
	var b strings.Builder
	for _, r := range subject {
		switch {
		case r == '^':
			b.WriteString("^^")
		case 'A' <= r && r <= 'Z':
			b.WriteByte('^')
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteRune(r)
		}
	}
	name := b.String()
	if len(name) > 128 || strings.ToValidUTF8(subject, "") != subject || strings.ContainsRune(subject, 0) {
		sum := sha256.Sum256([]byte(subject))
		name = "^#" + hex.EncodeToString(sum[:])
	}
	return oncall.Account{Network: ProviderPrefix + provider, Name: name}
}

// AddAccount lets the actor sign in by an account at an identity provider. One that is
// somebody's already is a Conflict.
func (s *Service) AddAccount(ctx context.Context, a oncall.Actor, account oncall.Account) error {
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		p, found, err := oncall.PersonByAccount(ctx, tx, account.Network, account.Name)
		switch {
		case err != nil:
			return err
		case found && p.ID == a.PersonID:
			return nil
		case found:
			return fault.New(fault.Conflict, "That account signs somebody else in. Use another one, or remove it there first.")
		}
		if err := oncall.BindAccount(ctx, tx, s.Now(), a.PersonID, account); err != nil {
			return err
		}
		return s.record(ctx, tx, a, a.PersonID, "account", account.Network, "added a way to sign in")
	})
}

// RemoveAccount removes such a way to sign in, and ends the sessions that began by
// identity providers, but for the one from which it is done.
func (s *Service) RemoveAccount(ctx context.Context, a oncall.Actor, account oncall.Account, session int64) error {
	if !strings.HasPrefix(account.Network, ProviderPrefix) {
		return fault.New(fault.Invalid, "Accounts of chat networks are not removed here.")
	}
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlDeleteAccount, pgx.NamedArgs{"network": account.Network, "name": account.Name, "person": a.PersonID})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "That way to sign in is removed already.")
		}
		if err := s.record(ctx, tx, a, a.PersonID, "account", account.Network, "removed a way to sign in"); err != nil {
			return err
		}
		_, err = s.endSessions(ctx, tx, a, session, ByOIDC)
		return err
	})
}
