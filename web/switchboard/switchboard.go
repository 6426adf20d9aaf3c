// Package switchboard owns the pages that people see of the switchboard: where they seal an
// address, look after their own sealed ones, give codes of their authenticator, and check
// the ledger. The switchboard's process serves them; the bot never does, and never hears
// what is typed in them.
//
// It decides nothing and keeps nothing but sessions of a quarter of an hour: who may do
// what, the authority, the bot and the custodians say (see [Options]). An address is in two
// answers only: its owner's own, as a page or a download, and the one that custodians
// allowed. No log has anything that was typed; web addresses have the tokens of links and
// the codes of requests, and neither addresses nor digits of an authenticator. Every page
// is complete without a script, and none may run one.
package switchboard

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
	"batsignal/web"
)

// Authority decides on whose word sealed addresses are opened: switchboard.Authority.
type Authority interface {
	Shown(code string) (unseal.Challenge, error)
	Confirm(ctx context.Context, code, handle, digits string) (unseal.Grant, error)
}

// Bot is what is asked of the bot here, as [unseal.Bot] has it.
type Bot interface {
	Enrol(ctx context.Context, token secret.Text, sealed string) error
}

// Person is whom a link was made for.
type Person struct {
	ID     int64
	Handle string
	Zone   string // IANA name
}

// Links are links by which people come here from chat ([Rows] implements it). One that does
// not hold is fault.Forbidden.
type Links interface {
	// Look says whose link it is, and leaves it as it is: programs that preview links look too.
	Look(ctx context.Context, token secret.Text, purpose contact.LinkPurpose) (Person, error)
	// Use does the same, once.
	Use(ctx context.Context, token secret.Text, purpose contact.LinkPurpose) (Person, error)
}

// Contact is a sealed address as its owner sees it without opening it.
type Contact struct {
	ID       int64
	Kind     string
	Standing string // in a few words: "proven"
	Record   string
	Policy   string // as [escrow.Policy.Text] writes it
	SealedAt time.Time
}

// Owners is what people do with their own sealed addresses. That a contact is the person's
// was checked before, and must be checked again.
type Owners interface {
	Contacts(ctx context.Context, person int64) ([]Contact, error)
	// Openings are those of a person, the latest first, at most so many.
	Openings(ctx context.Context, person int64, most int) ([]ledger.Opening, error)
	// SendCode has a code sent to a sealed address (lane F), and says where to look for it. The
	// bot must not know this code: else whoever is root there could have an address shown.
	SendCode(ctx context.Context, person, contact int64) (say string, err error)
	// Show opens an address for its owner, who typed the code of SendCode (lane F). A wrong
	// code is fault.Invalid.
	Show(ctx context.Context, person, contact int64, code string) (secret.Text, error)
	// Prove takes a code back by which an address is proven, as "!contact prove CODE" does, and
	// says what came of it.
	Prove(ctx context.Context, person int64, code string) (say string, err error)
	Delete(ctx context.Context, person, contact int64) error
	// Statement is what the ledger states for a person, signed, as text.
	Statement(ctx context.Context, person int64) (string, error)
}

// RevealAsk is somebody's wish to see an address (lane D).
type RevealAsk struct {
	Handle, Digits string // who asks
	Whose, Kind    string
	Incident       int64
	Why            string
}

// Showing is such a wish, and how far it came.
type Showing struct {
	Code        string // by which it is found again
	Text        string // what custodians sign: batsignal custody approve
	Asker       string
	Whose, Kind string
	Incident    int64
	Why         string
	AskedAt     time.Time
	Until       time.Time // when it is over; once enough approved, until when it can be seen
	Approved    []string  // custodians, by name
	Need, Of    int       // how many must approve, and how many custodians there are
	ShownAt     time.Time // zero: it was not shown yet
}

// Ready tells whether enough custodians approved.
func (r Showing) Ready() bool { return r.Need > 0 && len(r.Approved) >= r.Need }

// Reveals decides who sees an address of somebody else's (lane D).
type Reveals interface {
	Ask(ctx context.Context, a RevealAsk) (Showing, error)
	Find(ctx context.Context, code string) (Showing, error)
	// Approve takes what a custodian signed. The same one once more changes nothing.
	Approve(ctx context.Context, code, signature string) (Showing, error)
	// Show opens the address, once, for whoever asked, within five minutes. Who comes too late,
	// or second, is fault.Conflict.
	Show(ctx context.Context, code, handle, digits string) (secret.Text, error)
}

// Seed is a new authenticator, to be typed or opened on a telephone.
type Seed struct {
	Handle string
	Typed  secret.Text // base32 in groups: totp.Typed
	URI    secret.Text // otpauth://…: totp.URI
}

// Seeds are authenticators that the command line made, and nobody has seen yet.
type Seeds interface {
	// Look says whose it is, and leaves it as it is.
	Look(ctx context.Context, token secret.Text) (handle string, err error)
	// Take gives it, once.
	Take(ctx context.Context, token secret.Text) (Seed, error)
}

// Ledger is the record of what was opened, for everybody ([Rows] implements it).
type Ledger interface {
	Overview(ctx context.Context, most int) (ledger.View, error)
	// Judge says what a pasted text proves against the whole of it: [ledger.Judge].
	Judge(ctx context.Context, pasted string, keys []string) (good, bad []string, err error)
}

// Options are what the pages are made of.
type Options struct {
	Authority Authority
	Bot       Bot
	Links     Links
	Owners    Owners
	Reveals   Reveals
	Seeds     Seeds
	Ledger    Ledger
	// LedgerKeys are the public keys of the ledger, the one of now first (note's vkey form).
	LedgerKeys func(ctx context.Context) ([]string, error)
	// Keys are those of the current keyring; who signed it was checked.
	Keys func(ctx context.Context) (escrow.Keys, error)
	// Clean writes an address as it is used, or refuses it in a sentence without it; as
	// contact.Clean does.
	Clean func(kind string, address secret.Text) (secret.Text, error)
	Kinds []string // that can be sealed here: those that the switchboard has a route for
	Pin   string   // of the switchboard's certificate
	// Typed writes commands, which have "!" in our texts, as they are typed here; nil leaves
	// them.
	Typed func(text string) string
	// PublicURL is how people reach these pages. With https, the cookie is for that only, and a
	// proxy of ours is in front: the last address in X-Forwarded-For is who asks.
	PublicURL string
	Version   string
	Now       func() time.Time
	Log       *slog.Logger
}

// site is what the handlers share.
type site struct {
	Options
	pages    *template.Template
	files    map[string]asset
	sessions sessions
	meter    meter
	whole    *web.Alone // who has the whole ledger in memory
}

// New makes the handler of every page. It belongs at the root of a listener.
func New(o Options) (http.Handler, error) {
	switch {
	case o.Authority == nil || o.Bot == nil || o.Links == nil || o.Owners == nil || o.Ledger == nil || o.Reveals == nil || o.Seeds == nil:
		return nil, errors.New("the switchboard's pages need an authority, the bot, links, owners, a ledger, reveals and seeds")
	case o.LedgerKeys == nil || o.Keys == nil || o.Clean == nil || len(o.Kinds) == 0:
		return nil, errors.New("the switchboard's pages need keys to seal to and to check with, and kinds of address")
	case o.Now == nil || o.Log == nil:
		return nil, errors.New("the switchboard's pages need a clock and a log")
	}
	if o.Typed == nil {
		o.Typed = func(text string) string { return text }
	}
	s := &site{Options: o, whole: web.NewAlone()}
	var err error
	if s.files, err = readAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = s.parsePages(); err != nil {
		return nil, err
	}
	return s.routes(), nil
}
