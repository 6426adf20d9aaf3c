package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard/dial"
	"batsignal/oncall/unseal"
	pages "batsignal/web/switchboard"
)

// servePages shows the switchboard's own pages until ctx ends.
func (x *exchange) servePages(ctx context.Context) error {
	rows := pages.Rows{DB: x.db, Now: x.now}
	reveal := x.newReveal()
	if err := reveal.Load(); err != nil {
		return err
	}
	handler, err := pages.New(pages.Options{
		Authority: x.authority, Bot: x.bot, Links: rows, Ledger: rows, LedgerKeys: x.ledgerKeys,
		Owners:  owners{Rows: rows, Own: &dial.Own{Board: x.board, Release: x.bot.Release}, x: x},
		Reveals: reveals{reveal, x}, Seeds: newSeedBox(x.c),
		Keys: func(ctx context.Context) (escrow.Keys, error) {
			keyring, err := x.home.follow(ctx, x.db)
			return keyring.Keys(), err
		},
		Clean: contact.Clean, Kinds: x.kinds(), Pin: string(x.identity.Pin()), Typed: x.typed,
		PublicURL: x.c.Switchboard.Run.PagesURL, Version: currentBuild().Version, Now: x.now, Log: x.log,
	})
	if err != nil {
		return err
	}
	at, err := (&net.ListenConfig{}).Listen(ctx, "tcp", x.c.Switchboard.Run.Pages)
	if err != nil {
		return fmt.Errorf("switchboard.run.pages: %w", err)
	}
	return serveHTTP(ctx, at, handler, x.log)
}

// kinds are those that can be sealed here: there is a route for each.
func (x *exchange) kinds() []string {
	return slices.DeleteFunc(contact.Kinds(), func(kind string) bool { return x.board.Routes[kind] == nil })
}

// typed writes commands as they are typed at the bot.
func (x *exchange) typed(text string) string {
	return strings.ReplaceAll(text, "!", x.c.Commands.Prefix)
}

// ledgerKeys are the public keys of the ledger, the one of now first: our own, and those of
// keyrings that are trusted here. Where none is, our own alone.
func (x *exchange) ledgerKeys(ctx context.Context) ([]string, error) {
	return x.home.ledgerKeys(ctx, x.db, x.vkey)
}

// owners is what people see and do with their own addresses.
type owners struct {
	pages.Rows
	*dial.Own
	x *exchange
}

func (o owners) Statement(ctx context.Context, person int64) (string, error) {
	return o.x.ledger.MakeStatement(ctx, o.x.db, o.x.now(), person)
}

// Prove hands a code to the bot, as if it had been written to it.
func (o owners) Prove(ctx context.Context, _ int64, code string) (string, error) {
	said, err := o.x.bot.Reply(ctx, paging.Reply{Route: "switchboard", Event: "page/" + rand.Text(), Text: code})
	if err == nil && !said.Done {
		err = fault.New(fault.Invalid, "That is no code that still holds. Have a new one sent.")
	}
	return o.x.typed(said.Say), err
}

// newReveal is what shows an address to somebody whom the custodians allowed it.
func (x *exchange) newReveal() *dial.Reveals {
	return &dial.Reveals{
		Board: x.board, Path: filepath.Join(x.home.dir, "reveals.json"), Now: x.now, Log: x.log,
		Second: x.authority.Prove,
		Needed: func(ctx context.Context) (int, error) {
			keyring, err := x.home.follow(ctx, x.db)
			return keyring.K, err
		},
		Verify: func(ctx context.Context, text, signature string) (int, string, error) {
			keyring, err := x.home.follow(ctx, x.db)
			if err != nil {
				return 0, "", err
			}
			s, err := custody.ParseSignature(signature)
			if err != nil {
				return 0, "", err
			}
			who, err := keyring.VerifySignature(s, custody.PurposeApprove, text)
			return who.N, who.Name, err
		},
		Release: func(ctx context.Context, q dial.RevealRequest) (paging.Sealed, error) {
			var signed []string
			for _, a := range q.Approved {
				signed = append(signed, a.Signature)
			}
			return x.bot.Release(ctx, unseal.Release{
				Record: q.Record, Lane: unseal.LaneReveal, Key: q.Key(), Text: q.Text, Signed: strings.Join(signed, " "),
			})
		},
	}
}

// reveals is that, as the page has it.
type reveals struct {
	reveal *dial.Reveals
	x      *exchange
}

func (r reveals) Ask(ctx context.Context, a pages.RevealAsk) (pages.Showing, error) {
	if err := r.x.authority.Prove(ctx, a.Handle, a.Digits, "asks to see an address"); err != nil {
		return pages.Showing{}, err
	}
	return r.shown(ctx)(r.reveal.Ask(ctx, a.Handle, a.Whose, a.Kind, a.Incident, a.Why))
}

func (r reveals) Find(ctx context.Context, code string) (pages.Showing, error) {
	for _, q := range r.reveal.Requests() {
		if q.Code == code {
			return r.shown(ctx)(q, nil)
		}
	}
	return pages.Showing{}, fault.New(fault.NotFound, "There is no such request under way.")
}

func (r reveals) Approve(ctx context.Context, code, signature string) (pages.Showing, error) {
	return r.shown(ctx)(r.reveal.Approve(ctx, code, signature))
}

func (r reveals) Show(ctx context.Context, code, handle, digits string) (secret.Text, error) {
	return r.reveal.Show(ctx, code, handle, digits)
}

// shown draws a request for the page.
func (r reveals) shown(ctx context.Context) func(dial.RevealRequest, error) (pages.Showing, error) {
	return func(q dial.RevealRequest, err error) (pages.Showing, error) {
		if err != nil {
			return pages.Showing{}, err
		}
		keyring, err := r.x.home.follow(ctx, r.x.db)
		if err != nil {
			return pages.Showing{}, err
		}
		out := pages.Showing{
			Code: q.Code, Text: q.Text, Asker: q.Asker, Whose: q.Owner, Kind: q.Kind, Incident: q.Incident, Why: q.Why,
			AskedAt: q.AskedAt, Until: q.Until(), Need: q.Needed, Of: keyring.N, ShownAt: q.ShownAt,
		}
		for _, a := range q.Approved {
			out.Approved = append(out.Approved, a.Name)
		}
		return out, nil
	}
}
