package custody

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/shamir"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Invited is somebody who will keep a share.
type Invited struct {
	Name      string
	Place     string // where they will keep it, in words
	Recipient string // their age recipient, or "sheet"
}

// Params are what a ceremony begins with.
type Params struct {
	Bot         Host
	Switchboard Host
	K           int // how many shares open; 3 by default
	Custodians  []Invited
	Now         time.Time
	Terminal    Terminal // for plugins
}

// Handout is what one custodian takes home.
type Handout struct {
	Custodian Custodian
	File      string      // its name
	Text      secret.Text // an age file as text, or the sheet to be printed
	Paper     bool        // it is to be printed and not stored
}

// Outcome is what a ceremony leaves: the keyring is public, the handouts go to their
// custodians, and nothing else is left.
type Outcome struct {
	Keyring  Keyring
	Handouts []Handout
}

// Init makes the first keyring, signed by all of its custodians.
func Init(p Params) (Outcome, error) {
	o, shares, err := ceremony(p, Keyring{})
	if err != nil {
		return Outcome{}, err
	}
	defer wipe(shares)
	for _, s := range shares {
		sig, err := s.SignKeyring(o.Keyring)
		if err != nil {
			return Outcome{}, err
		}
		o.Keyring = o.Keyring.with(sig)
	}
	return o, o.Keyring.Verify(Keyring{})
}

// Next makes the keyring after another one, with a custody key of its own. Nobody has signed
// it yet: as many custodians of the one before as it takes must ([Share.SignKeyring]).
//
// That the same custody key is split again is not offered: whoever leaves would keep a share
// that still counts.
func Next(previous Keyring, p Params) (Outcome, error) {
	o, shares, err := ceremony(p, previous)
	wipe(shares)
	return o, err
}

// ceremony makes key, shares, keyring and handouts. The seed is gone when it returns.
func ceremony(p Params, previous Keyring) (Outcome, []Share, error) {
	if p.K == 0 {
		p.K = 3
	}
	if n := len(p.Custodians); n < p.K || n > MaxCustodians {
		return Outcome{}, nil, fault.New(fault.Invalid, "%s given, and %d must be able to open together. Between %d and %d custodians are possible.",
			oncall.Plural(n, "custodian was", "custodians were"), p.K, max(p.K, 2), MaxCustodians)
	}
	if err := apart(p.Custodians); err != nil {
		return Outcome{}, nil, err
	}
	seed := make([]byte, 32)
	_, _ = rand.Read(seed) // never fails, see crypto/rand
	whole := secret.NewBytes(seed)
	defer whole.Wipe()
	key, err := escrow.KeyFromSeed(whole)
	if err != nil {
		return Outcome{}, nil, err
	}
	values, err := shamir.Split(whole, p.K, len(p.Custodians))
	if err != nil {
		return Outcome{}, nil, err
	}
	m := Manifest{
		Kind: keyringKind, Epoch: previous.Epoch + 1, Made: p.Now.UTC().Format(time.DateOnly), K: p.K, N: len(p.Custodians),
		Bot: p.Bot.Key, Switchboard: p.Switchboard.Key, Custody: key.Public(), Ledger: p.Switchboard.Ledger,
		TLS: Pins{Bot: p.Bot.TLS, Switchboard: p.Switchboard.TLS},
	}
	if previous.Epoch > 0 {
		m.Previous = previous.Fingerprint()
	}
	shares := make([]Share, len(values))
	for i, v := range values {
		shares[i] = Share{Epoch: m.Epoch, Custodian: i + 1, Value: v}
	}
	o, err := handOut(m, shares, p)
	if err != nil {
		wipe(shares)
		return Outcome{}, nil, err
	}
	return o, shares, nil
}

// apart refuses two shares at one place: whoever reads that has both.
func apart(all []Invited) error {
	at := map[string]string{}
	for _, who := range all {
		place := strings.ToLower(who.Place)
		if other, taken := at[place]; taken {
			return fault.New(fault.Invalid, "%s and %s would keep their shares at the same place (%s), which makes one share of two. Name two places.", other, who.Name, who.Place)
		}
		at[place] = who.Name
	}
	return nil
}

func handOut(m Manifest, shares []Share, p Params) (Outcome, error) {
	lockers := make([]func(secret.Text) (secret.Text, error), len(shares))
	for i, who := range p.Custodians {
		c := Custodian{N: i + 1, Name: who.Name, Place: who.Place, Recipient: onPaper, Commitment: shares[i].commitment()}
		if who.Recipient != onPaper {
			to, kind, err := recipientOf(who.Recipient, p.Terminal)
			if err != nil {
				return Outcome{}, err
			}
			c.Recipient = kind
			lockers[i] = func(sheet secret.Text) (secret.Text, error) {
				text, err := lock(sheet, to)
				return secret.New(text), err
			}
		}
		var err error
		if c.Verify, err = shares[i].verifyKey(); err != nil {
			return Outcome{}, err
		}
		m.Custodians = append(m.Custodians, c)
	}
	k, err := newKeyring(m)
	if err != nil {
		return Outcome{}, err
	}
	// Proved before anybody goes home: these shares make this key.
	if _, err := k.Combine(shares[len(shares)-m.K:]); err != nil {
		return Outcome{}, fmt.Errorf("ceremony: %w", err)
	}
	o := Outcome{Keyring: k}
	for i, s := range shares {
		sheet, err := k.Sheet(s)
		if err != nil {
			return Outcome{}, err
		}
		h := Handout{Custodian: k.Custodians[i], File: fmt.Sprintf("share-%d-%d.txt", k.Epoch, i+1), Text: sheet, Paper: true}
		if lockers[i] != nil {
			h.File, h.Paper = fmt.Sprintf("share-%d-%d.age", k.Epoch, i+1), false
			if h.Text, err = lockers[i](sheet); err != nil {
				return Outcome{}, err
			}
		}
		o.Handouts = append(o.Handouts, h)
	}
	return o, nil
}

func wipe(shares []Share) {
	for _, s := range shares {
		s.Wipe()
	}
}
