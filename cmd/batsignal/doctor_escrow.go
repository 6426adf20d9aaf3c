package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	switchwire "batsignal/integrations/switchboard"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// escrow tells whether sealed addresses can be opened when they are needed: the switchboard
// and what it says of itself, the keyring, and the custodians.
func (d *doctor) escrow(ctx context.Context) {
	if d.c.Switchboard.URL == "" {
		return
	}
	home := botKeys(d.c)
	if d.ownKeys(home) {
		d.board(ctx, home)
	}
	if d.db != nil {
		d.keyring(ctx, d.db.Pool, home, time.Now())
	}
}

// ownKeys looks for our keys without making any: a doctor that runs as somebody else would
// leave them where the bot cannot read them.
func (d *doctor) ownKeys(home keyHome) bool {
	const part, advice = "our keys for the switchboard", "batsignal escrow keys makes them, as the user that the bot runs as."
	for _, pattern := range []string{"tls.key", "unwrap*.key"} {
		found, err := filepath.Glob(filepath.Join(home.dir, pattern))
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("%s is not there", filepath.Join(home.dir, pattern))
		}
		for _, name := range found {
			_, errRead := os.ReadFile(name) // #nosec G304 -- the operator's own state directory
			err = errors.Join(err, errRead)
		}
		if err != nil {
			if errors.Is(err, fs.ErrPermission) {
				d.tell(part, fmt.Errorf("%s cannot be read", home.dir), "Run this as the user that the bot runs as.")
			} else {
				d.tell(part, err, advice)
			}
			return false
		}
	}
	d.tell(part, nil, "")
	return true
}

// board asks the switchboard how it is.
func (d *doctor) board(ctx context.Context, home keyHome) {
	const advice = "On its host: journalctl -u batsignal-switchboard. Its switchboard.run.listen must be reachable from here, and each side must have the other's pin."
	ctx, cancel := context.WithTimeout(ctx, checkBudget)
	defer cancel()
	is, err := d.askBoard(ctx, home)
	if err != nil {
		d.tell("switchboard", err, advice)
		return
	}
	d.tell("switchboard", nil, "")
	for _, trouble := range is.Trouble {
		d.tell("switchboard, as it finds", errors.New(strings.TrimRight(trouble, ".")), "")
	}
	for _, network := range slices.Sorted(maps.Keys(is.Ears)) {
		if says := is.Ears[network]; says != "connected" {
			d.tell("switchboard's ear on "+network, errors.New(says), "Until it hears the rooms there, two people must confirm with codes.")
		} else {
			d.tell("switchboard's ear on "+network, nil, "")
		}
	}
	if len(is.Ears) == 0 {
		d.note("switchboard's ear", "it listens on no network, so two people must confirm with codes, on its page. See irc in its configuration.")
	}
	var routes []string
	for _, t := range is.Routes {
		routes = append(routes, t.Name)
	}
	if len(routes) == 0 {
		d.tell("switchboard's routes", errors.New("it has none, so nothing sealed can be dialled"), "See twilio, mail, ntfy, webhook and pagerduty in its configuration.")
	} else {
		d.tell("switchboard's routes: "+oncall.JoinNames(routes), nil, "")
		if !slices.ContainsFunc(is.Routes, func(t paging.Traits) bool { return t.Loud }) {
			d.note("phones", "nothing rings a phone, so nobody is woken. See twilio in the switchboard's configuration, or pagerduty.")
		}
	}
	if is.Confirmers < 2 {
		d.note("confirmers", fmt.Sprintf("%s can confirm with a code, and it takes two. On its host: batsignal switchboard confirmer add", oncall.Plural(is.Confirmers, "person", "people")))
	}
}

func (d *doctor) askBoard(ctx context.Context, home keyHome) (unseal.Status, error) {
	identity, err := home.identity()
	if err != nil {
		return unseal.Status{}, err
	}
	peer, err := switchwire.ParsePin(d.c.Switchboard.Peer)
	if err != nil {
		return unseal.Status{}, err
	}
	client, err := switchwire.NewClient(d.c.Switchboard.URL, identity, peer)
	if err != nil {
		return unseal.Status{}, err
	}
	defer client.Close()
	return client.Status(ctx)
}

// keyring tells whether what people seal to is what the custodians signed and this host
// trusts, whether our key is the one in it, and whether the shares are there.
func (d *doctor) keyring(ctx context.Context, db pg.DB, home keyHome, now time.Time) {
	k, err := home.trusted(ctx, db)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		d.note("keyring", fault.Say(err))
		return
	case err != nil:
		d.tell("keyring", err, "")
		return
	}
	d.tell(fmt.Sprintf("keyring %d, %s", k.Epoch, k.Short()), d.isOurs(k, home), "See batsignal custody restore-half --help if this host was made anew.")
	h, err := custody.Stand(ctx, db, now)
	if err != nil {
		d.tell("custody", err, "")
		return
	}
	switch h.Level {
	case custody.LevelOK:
		d.tell("custody: "+strings.TrimRight(h.Sentence, "."), nil, "")
	case custody.LevelWarn:
		d.note("custody", h.Sentence)
	default:
		d.tell("custody", errors.New(h.Sentence), "In chat: !custody says who keeps what.")
	}
}

// isOurs tells whether a keyring names the key that this host opens with, and the
// certificates that the two processes show each other.
func (d *doctor) isOurs(k custody.Keyring, home keyHome) error {
	found, err := filepath.Glob(filepath.Join(home.dir, "unwrap*.key"))
	if err != nil || len(found) == 0 {
		return err // told already
	}
	keys, err := home.unwrapKeys()
	if err != nil {
		return err
	}
	if _, err := custody.KeyOf(custody.SideBot, keys, k); err != nil {
		return errors.New("it names another key of the bot than this host has, so nothing sealed can be opened")
	}
	if peer := strings.TrimPrefix(d.c.Switchboard.Peer, "sha256:"); k.TLS.Switchboard != "" && peer != k.TLS.Switchboard {
		return errors.New("it names another certificate of the switchboard than switchboard.peer")
	}
	return nil
}
