package escrow_test

import (
	"crypto/sha256"
	"slices"
	"testing"

	"batsignal/oncall/escrow"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// canary is a number that must come out of nothing but an opened record.
const canary = "+14155550137"

const owner = 42

// world is a keyring with everything that is kept apart in earnest.
type world struct {
	bot, switchboard, custody escrow.PrivateKey
	keys                      escrow.Keys
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{bot: keyOf(t, "bot"), switchboard: keyOf(t, "switchboard"), custody: keyOf(t, "custody")}
	w.keys = escrow.Keys{Epoch: 1, Bot: w.bot.Public(), Switchboard: w.switchboard.Public(), Custody: w.custody.Public()}
	return w
}

// keyOf is the same key for the same name, so that a failure can be repeated.
func keyOf(t testing.TB, name string) escrow.PrivateKey {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := escrow.KeyFromSeed(secret.NewBytes(seed[:]))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func policy() escrow.Policy {
	return escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial, unseal.LaneReveal}, PerQuarter: 6, Quiet: "22:00-07:00 Europe/Berlin"}
}

func (w world) seal(t testing.TB, value string) escrow.Sealed {
	t.Helper()
	s, err := escrow.Seal(w.keys, owner, "sms", policy(), secret.New(value))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a record as it is opened in earnest: each side its half, then both together.
func (w world) open(s escrow.Sealed) (secret.Text, error) {
	return openBy(s, w.bot, escrow.SlotBot, w.switchboard, escrow.SlotSwitchboard)
}

// recover opens a record as custodians do.
func (w world) recover(s escrow.Sealed) (secret.Text, error) {
	return openBy(s, w.custody, escrow.SlotCustodyBot, w.custody, escrow.SlotCustodySwitchboard)
}

func openBy(s escrow.Sealed, bot escrow.PrivateKey, botSlot escrow.Slot, switchboard escrow.PrivateKey, switchboardSlot escrow.Slot) (secret.Text, error) {
	first, _ := s.Wrap(botSlot)
	second, _ := s.Wrap(switchboardSlot)
	x1, err := escrow.Unwrap(bot, s.Record, first)
	if err != nil {
		return secret.Text{}, err
	}
	defer x1.Wipe()
	x2, err := escrow.Unwrap(switchboard, s.Record, second)
	if err != nil {
		return secret.Text{}, err
	}
	defer x2.Wipe()
	return escrow.Open(s.Record, x1, x2)
}

// clone is a copy that shares no bytes.
func clone(s escrow.Sealed) escrow.Sealed {
	r := &s.Record
	for _, field := range []*[]byte{&r.Nonce, &r.Content, &r.Commitment, &r.CommitBot, &r.CommitSwitchboard} {
		*field = slices.Clone(*field)
	}
	s.Wraps = slices.Clone(s.Wraps)
	for i := range s.Wraps {
		s.Wraps[i].Wrapped = slices.Clone(s.Wraps[i].Wrapped)
	}
	return s
}

// opens is everything that whoever has a record and these keys can open of it: each key is
// tried on each wrap, each half that comes of it with each other, with itself, and with
// nothing.
func opens(s escrow.Sealed, keys ...escrow.PrivateKey) []string {
	halves := []secret.Bytes{secret.NewBytes(make([]byte, escrow.HalfSize))}
	for _, k := range keys {
		for _, w := range s.Wraps {
			if half, err := escrow.Unwrap(k, s.Record, w); err == nil {
				halves = append(halves, half)
			}
		}
	}
	var found []string
	for _, a := range halves {
		for _, b := range halves {
			if value, err := escrow.Open(s.Record, a, b); err == nil {
				found = append(found, value.Reveal())
			}
		}
	}
	return found
}
