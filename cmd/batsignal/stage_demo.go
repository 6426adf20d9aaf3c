package main

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/unseal"
)

// demo is what is invented for a first run: custodians, telephone numbers, and the
// authenticators of the people of the example roster, whose codes it can tell. In a real
// installation nobody has all of that in one directory.
type demo struct{ seeds map[string]secret.Bytes }

// makeDemo makes what is missing of it.
func makeDemo(ctx context.Context, c, child Config, db *database, now time.Time) (demo, error) {
	if err := oncall.SeedRoles(ctx, db.Pool, now, rolesOf(c)); err != nil {
		return demo{}, err
	}
	if err := seedRoster(ctx, db, now); err != nil {
		return demo{}, err
	}
	keyring, err := custody.Current(ctx, db.Pool)
	if fault.KindOf(err) == fault.NotFound {
		keyring, err = demoCeremony(ctx, c, child, db, now)
	}
	if err != nil {
		return demo{}, err
	}
	for _, home := range []keyHome{botKeys(c), switchboardKeys(child)} {
		if err := home.keepPin(custody.PinOf(keyring)); err != nil {
			return demo{}, err
		}
	}
	people, err := oncall.People(ctx, db.Pool)
	if err != nil {
		return demo{}, err
	}
	var sealed []escrow.Sealed
	for n, one := range people {
		if sealed, err = demoPhone(ctx, db, now, keyring, one, n, sealed); err != nil {
			return demo{}, err
		}
	}
	if err := noteProven(ctx, switchboardKeys(child), ledgerName(child), db.Local.SwitchboardDSN(), now, sealed...); err != nil {
		return demo{}, err
	}
	return demoAuthenticators(child, people, now)
}

// demoCeremony has five custodians whose shares are sheets in one directory: that keeps
// nothing safe, and says so.
func demoCeremony(ctx context.Context, c, child Config, db *database, now time.Time) (custody.Keyring, error) {
	bot, err := botKeys(c).host("")
	if err != nil {
		return custody.Keyring{}, err
	}
	theirs, err := switchboardKeys(child).host(ledgerName(child))
	if err != nil {
		return custody.Keyring{}, err
	}
	p := custody.Params{Bot: bot, Switchboard: theirs, K: 3, Now: now}
	for n, name := range []string{"maria", "kevin", "li", "tunde", "aiko"} {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: fmt.Sprintf("sheet %d in the directory of the demonstration", n+1), Recipient: "sheet"})
	}
	made, err := custody.Init(p)
	if err != nil {
		return custody.Keyring{}, err
	}
	dir := filepath.Join(c.StateDir, "custody-demonstration")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return custody.Keyring{}, err
	}
	for _, h := range made.Handouts {
		if err := os.WriteFile(filepath.Join(dir, h.File), []byte(h.Text.Reveal()), 0o600); err != nil {
			return custody.Keyring{}, err
		}
	}
	_, err = custody.Store(ctx, db.Pool, now, made.Keyring)
	return made.Keyring, err
}

// demoPhone seals an invented number for somebody who has none, of those that are kept for
// films.
func demoPhone(ctx context.Context, db *database, now time.Time, keyring custody.Keyring, one oncall.Person, n int, all []escrow.Sealed) ([]escrow.Sealed, error) {
	has, err := contact.Of(ctx, db.Pool, one.ID)
	if err != nil || slices.ContainsFunc(has, func(c contact.Contact) bool { return c.Sealed }) {
		return all, err
	}
	sealed, err := escrow.Seal(keyring.Keys(), one.ID, "voice", escrow.DefaultPolicy(), secret.New(fmt.Sprintf("+1212555%04d", 100+n)))
	if err != nil {
		return all, err
	}
	return append(all, sealed), storeProven(ctx, db.Pool, now, one.ID, sealed)
}

// storeProven stores an address as if its owner had said back a code that went there.
func storeProven(ctx context.Context, db pg.DB, now time.Time, person int64, sealed escrow.Sealed) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		added, err := contact.AddSealed(ctx, tx, now, person, sealed)
		if err != nil {
			return err
		}
		proof, err := contact.Begin(ctx, tx, now, added.ID, contact.PurposeProof, person)
		if err != nil {
			return err
		}
		_, _, _, err = contact.Redeem(ctx, tx, now, proof.ID)
		return err
	})
}

// noteProven writes into the ledger, with the switchboard's own key, that codes went to
// addresses: as they would have if people had sealed and proven them one by one.
func noteProven(ctx context.Context, home keyHome, name, dsn string, now time.Time, sealed ...escrow.Sealed) error {
	if len(sealed) == 0 {
		return nil
	}
	private, _, err := home.ledgerKey(name)
	if err != nil {
		return err
	}
	log, err := ledger.NewLog(private, home.guard())
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, dsn, pg.Options{MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	leaves := make([]ledger.Leaf, len(sealed))
	for i, s := range sealed {
		leaves[i] = ledger.Leaf{Type: ledger.TypeProof, Record: s.Record.ID, Lane: unseal.LaneOwner, Hash: hex.EncodeToString(s.Record.Commitment)}
	}
	_, err = log.Write(ctx, db, now, leaves...)
	return err
}

// demoAuthenticators registers everybody, and keeps the seeds so that their codes can be
// told.
func demoAuthenticators(child Config, people []oncall.Person, now time.Time) (demo, error) {
	path := filepath.Join(child.StateDir, "demonstration-seeds.json")
	kept := map[string]string{}
	text, err := os.ReadFile(path) // #nosec G304 -- a name of ours in the operator's own state directory
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return demo{}, err
	}
	d := demo{map[string]secret.Bytes{}}
	known := switchboard.OpenConfirmers(child.StateDir)
	for _, one := range people {
		seed, err := base32.StdEncoding.DecodeString(kept[one.Handle])
		if err != nil {
			return demo{}, err
		}
		if len(seed) == 0 {
			made, err := known.Add(now, one.Handle, []string{consoleNetwork + "/" + one.Handle}, true)
			if fault.KindOf(err) == fault.Conflict {
				continue // registered, and nobody can tell their codes any more
			}
			if err != nil {
				return demo{}, err
			}
			seed = made.RevealBytes()
			kept[one.Handle] = base32.StdEncoding.EncodeToString(seed)
		}
		d.seeds[one.Handle] = secret.NewBytes(seed)
	}
	text, err = json.Marshal(kept)
	if err != nil {
		return demo{}, err
	}
	return d, os.WriteFile(path, text, 0o600)
}

// codes tells the codes of now, of a few people who may confirm.
func (d demo) codes(now time.Time) string {
	handles := slices.Sorted(maps.Keys(d.seeds))
	var words []string
	for _, handle := range handles[:min(3, len(handles))] {
		words = append(words, handle+" "+totp.Code(d.seeds[handle], now).Reveal())
	}
	return "(Their authenticators show now: " + strings.Join(words, ", ") + ". Each code is good once.)"
}
