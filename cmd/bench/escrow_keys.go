package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
)

// fiveCustodians keep sheets of paper, three of which are needed.
func fiveCustodians() (all []custody.Invited) {
	for i := range 5 {
		all = append(all, custody.Invited{Name: fmt.Sprintf("custodian %d", i+1), Place: fmt.Sprintf("safe %d", i+1), Recipient: "sheet"})
	}
	return all
}

// ring is a keyring with the private keys of both sides, which only a bench has together.
type ring struct {
	keyring          custody.Keyring
	handouts         []custody.Handout
	bot, switchboard escrow.PrivateKey
	signs            secret.Text // the ledger's key
	ledger           string      // and its public one
}

// newRing makes keys for both sides and has five custodians sign them. before is the one
// that it follows; nil: it is the first.
func newRing(now time.Time, before *ring) (r ring, err error) {
	if r.bot, err = escrow.GenerateKey(); err != nil {
		return r, err
	}
	if r.switchboard, err = escrow.GenerateKey(); err != nil {
		return r, err
	}
	if before != nil {
		r.signs, r.ledger = before.signs, before.ledger
	} else if r.signs, r.ledger, err = ledger.NewKey("bench.test"); err != nil {
		return r, err
	}
	p := custody.Params{
		Bot:         custody.Host{Side: custody.SideBot, Key: r.bot.Public()},
		Switchboard: custody.Host{Side: custody.SideSwitchboard, Key: r.switchboard.Public(), Ledger: r.ledger},
		K:           3, Now: now, Custodians: fiveCustodians(),
	}
	if before == nil {
		made, err := custody.Init(p)
		r.keyring, r.handouts = made.Keyring, made.Handouts
		return r, err
	}
	made, err := custody.Next(before.keyring, p)
	if err != nil {
		return r, err
	}
	r.keyring, r.handouts = made.Keyring, made.Handouts
	return r, before.sign(&r.keyring)
}

// sign has three of its custodians sign the next keyring, from their sheets.
func (r ring) sign(next *custody.Keyring) error {
	for _, h := range r.handouts[:3] {
		share, err := custody.ParseSheet(h.Text)
		if err != nil {
			return err
		}
		signature, err := share.SignKeyring(*next)
		share.Wipe()
		if err != nil {
			return err
		}
		if *next, err = next.SignedBy(signature, r.keyring); err != nil {
			return err
		}
	}
	return nil
}

// vault is a database of its own with sealed addresses in it, as both processes see it.
type vault struct {
	owner, bot, board *pgxpool.Pool // logins
	ring              ring
	v                 volunteers
}

// newVault makes one.
func (b *bench) newVault(ctx context.Context, name string, v volunteers) (*vault, error) {
	server, err := b.sealedDatabase(ctx, name)
	if err != nil {
		return nil, err
	}
	t := &vault{v: v}
	for role, pool := range map[string]**pgxpool.Pool{pglocal.OwnerRole: &t.owner, pglocal.BotRole: &t.bot, pglocal.SwitchboardRole: &t.board} {
		if *pool, err = pg.Open(ctx, server.DSN(role, name), pg.Options{}); err != nil {
			return nil, err
		}
		b.later(func() error { (*pool).Close(); return nil })
	}
	now := time.Now()
	if t.ring, err = newRing(now, nil); err != nil {
		return nil, err
	}
	if _, err := custody.Store(ctx, t.bot, now, t.ring.keyring); err != nil {
		return nil, err
	}
	b.say("sealing %d addresses", v.records())
	if err := v.fill(ctx, t.bot, t.ring.keyring.Keys(), now); err != nil {
		return nil, err
	}
	_, err = t.owner.Exec(ctx, `vacuum analyze`) // as autovacuum has done where it grew over years
	return t, err
}

// sealedDatabase makes a database with its tables and both logins.
func (b *bench) sealedDatabase(ctx context.Context, name string) (*pglocal.Server, error) {
	server, err := b.postgres(ctx)
	if err != nil {
		return nil, err
	}
	if err := createDatabase(ctx, server, name); err != nil {
		return nil, err
	}
	owner := server.DSN(pglocal.OwnerRole, name)
	if _, err := migrations.Up(ctx, owner, pglocal.BotRole, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	pool, err := pg.Open(ctx, owner, pg.Options{MaxConns: 1})
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return server, migrations.EnsureSwitchboardRole(ctx, pool, pglocal.SwitchboardRole)
}
