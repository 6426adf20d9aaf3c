package escrow_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"batsignal/oncall/escrow"
	"batsignal/oncall/secret"
)

// refuses fails the test unless a changed record opens by neither way: not as something
// else, and not as what it was.
func (w world) refuses(t *testing.T, what string, s escrow.Sealed) {
	t.Helper()
	for name, open := range map[string]func(escrow.Sealed) (secret.Text, error){"both sides": w.open, "the custodians": w.recover} {
		if value, err := open(s); !errors.Is(err, escrow.ErrRefused) || !value.Empty() {
			t.Errorf("%s: %s open it (%v)", what, name, err)
		}
	}
}

// Every bit of the record, and of what stands with each wrap, is flipped: each is refused.
func TestI03EveryChangedBitOfARecordIsRefused(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	flips := 0
	flip := func(what string, bits int, change func(s *escrow.Sealed, bit int)) {
		for bit := range bits {
			changed := clone(s)
			change(&changed, bit)
			w.refuses(t, fmt.Sprintf("%s, bit %d", what, bit), changed)
			flips++
		}
	}
	text := func(what string, field func(s *escrow.Sealed) *string) {
		flip(what, 8*len(*field(&s)), func(s *escrow.Sealed, bit int) {
			b := []byte(*field(s))
			b[bit/8] ^= 1 << (bit % 8)
			*field(s) = string(b)
		})
	}
	bytes := func(what string, field func(s *escrow.Sealed) []byte) {
		flip(what, 8*len(field(&s)), func(s *escrow.Sealed, bit int) { field(s)[bit/8] ^= 1 << (bit % 8) })
	}
	text("id", func(s *escrow.Sealed) *string { return &s.Record.ID })
	text("kind", func(s *escrow.Sealed) *string { return &s.Record.Kind })
	text("policy", func(s *escrow.Sealed) *string { return &s.Record.Policy })
	flip("owner", 64, func(s *escrow.Sealed, bit int) { s.Record.Owner ^= 1 << bit })
	flip("epoch of the content", 32, func(s *escrow.Sealed, bit int) { s.Record.ContentEpoch ^= 1 << bit })
	bytes("nonce", func(s *escrow.Sealed) []byte { return s.Record.Nonce })
	bytes("content", func(s *escrow.Sealed) []byte { return s.Record.Content })
	bytes("commitment", func(s *escrow.Sealed) []byte { return s.Record.Commitment })
	bytes("commitment to the bot's half", func(s *escrow.Sealed) []byte { return s.Record.CommitBot })
	bytes("commitment to the switchboard's half", func(s *escrow.Sealed) []byte { return s.Record.CommitSwitchboard })
	if want := 8*(36+3+len(s.Record.Policy)+24+272+3*32) + 64 + 32; flips != want {
		t.Errorf("%d bits were flipped, of %d", flips, want)
	}
	if _, err := w.open(s); err != nil {
		t.Error("what was not changed is refused as well:", err)
	}
}

// In each byte of each wrap a bit is flipped, another one in each run; and all bits of what
// stands beside it, and the last bit of the key agreement, which X25519 alone overlooks.
func TestI03EveryChangedByteOfAWrapIsRefused(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	seed := rand.Uint64()
	t.Log("seed", seed)
	draw := rand.New(rand.NewPCG(seed, 0))
	keys := map[escrow.Slot]escrow.PrivateKey{escrow.SlotBot: w.bot, escrow.SlotSwitchboard: w.switchboard, escrow.SlotCustodyBot: w.custody, escrow.SlotCustodySwitchboard: w.custody}
	refused := func(what string, r escrow.Record, wrap escrow.Wrap, key escrow.PrivateKey) {
		t.Helper()
		if half, err := escrow.Unwrap(key, r, wrap); !errors.Is(err, escrow.ErrRefused) || half.Len() != 0 {
			t.Errorf("%s of %s: opens (%v)", what, wrap.Slot, err)
		}
	}
	for i, slot := range escrow.Slots() {
		for at := range escrow.WrapSize {
			wrap := clone(s).Wraps[i]
			wrap.Wrapped[at] ^= 1 << draw.IntN(8)
			refused(fmt.Sprint("byte ", at), s.Record, wrap, keys[slot])
		}
		last := clone(s).Wraps[i]
		last.Wrapped[1119] ^= 0x80
		refused("the highest bit of X25519", s.Record, last, keys[slot])
		for bit := range 32 {
			wrap := s.Wraps[i]
			wrap.Epoch ^= 1 << bit
			refused(fmt.Sprint("bit of the epoch ", bit), s.Record, wrap, keys[slot])
		}
		for at := range s.Record.ID {
			wrap := s.Wraps[i]
			id := []byte(wrap.Record)
			id[at] ^= 1
			wrap.Record = string(id)
			refused(fmt.Sprint("letter of the record ", at), s.Record, wrap, keys[slot])
		}
		for _, size := range []int{0, 1, 48, 1120, escrow.WrapSize - 1} {
			wrap := s.Wraps[i]
			wrap.Wrapped = wrap.Wrapped[:size]
			refused(fmt.Sprint("cut to ", size), s.Record, wrap, keys[slot])
		}
		long := s.Wraps[i]
		long.Wrapped = append(clone(s).Wraps[i].Wrapped, 0)
		refused("one byte more", s.Record, long, keys[slot])
		for _, other := range append(escrow.Slots(), "", "content", "Bot") {
			if other != slot {
				wrap := s.Wraps[i]
				wrap.Slot = other
				refused("called "+string(other), s.Record, wrap, keys[slot])
			}
		}
	}
}

// Whoever writes to the database moves what is genuine to where it is not: parts of one
// record to another, of another owner, another kind, another policy, another time.
func TestI03WhatWasMovedIsRefused(t *testing.T) {
	w := newWorld(t)
	seal := func(keys escrow.Keys, owner int64, kind string, p escrow.Policy, value string) escrow.Sealed {
		s, err := escrow.Seal(keys, owner, kind, p, secret.New(value))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := w.seal(t, canary)
	generous, later := policy(), w.keys
	generous.PerQuarter, generous.Quiet = 100, ""
	later.Epoch = 2
	for whose, other := range map[string]escrow.Sealed{
		"the same owner":     w.seal(t, "+10000000001"),
		"another owner":      seal(w.keys, owner+1, "sms", policy(), "+10000000002"),
		"another kind":       seal(w.keys, owner, "voice", policy(), "+10000000003"),
		"another policy":     seal(w.keys, owner, "sms", generous, "+10000000004"),
		"another epoch":      seal(later, owner, "sms", policy(), "+10000000005"),
		"a foreign keyring":  newWorldOf(t, "thief").seal(t, "+10000000006"),
		"the same in itself": w.seal(t, canary),
	} {
		for part, move := range map[string]func(to *escrow.Sealed){
			"wraps": func(to *escrow.Sealed) { to.Wraps = clone(other).Wraps },
			"wraps with the id changed": func(to *escrow.Sealed) {
				to.Wraps = clone(other).Wraps
				for i := range to.Wraps {
					to.Wraps[i].Record = to.Record.ID
				}
			},
			"the bot's wraps": func(to *escrow.Sealed) {
				for i := range to.Wraps {
					if to.Wraps[i].Slot.OfBot() {
						to.Wraps[i].Wrapped = other.Wraps[i].Wrapped
					}
				}
			},
			"the bot's wraps and commitment": func(to *escrow.Sealed) {
				to.Record.CommitBot = other.Record.CommitBot
				for i := range to.Wraps {
					if to.Wraps[i].Slot.OfBot() {
						to.Wraps[i].Wrapped, to.Wraps[i].Epoch = other.Wraps[i].Wrapped, other.Wraps[i].Epoch
					}
				}
			},
			"the content":             func(to *escrow.Sealed) { to.Record.Nonce, to.Record.Content = other.Record.Nonce, other.Record.Content },
			"content and commitments": func(to *escrow.Sealed) { takeContent(to, other) },
			"everything but id, owner, kind, policy": func(to *escrow.Sealed) {
				takeContent(to, other)
				to.Wraps = clone(other).Wraps
				for i := range to.Wraps {
					to.Wraps[i].Record = to.Record.ID
				}
			},
			"the id": func(to *escrow.Sealed) {
				to.Record.ID = other.Record.ID
				for i := range to.Wraps {
					to.Wraps[i].Record = to.Record.ID
				}
			},
		} {
			changed := clone(s)
			move(&changed)
			w.refuses(t, part+" of "+whose, changed)
		}
	}
	for what, change := range map[string]func(to *escrow.Sealed){
		"owner":                func(to *escrow.Sealed) { to.Record.Owner++ },
		"kind":                 func(to *escrow.Sealed) { to.Record.Kind = "voice" },
		"policy":               func(to *escrow.Sealed) { to.Record.Policy = generous.Text() },
		"policy with a space":  func(to *escrow.Sealed) { to.Record.Policy += " " },
		"epoch of the content": func(to *escrow.Sealed) { to.Record.ContentEpoch = 2 },
		"epoch of the wraps": func(to *escrow.Sealed) {
			for i := range to.Wraps {
				to.Wraps[i].Epoch = 2
			}
		},
		"the id in capitals": func(to *escrow.Sealed) { capitals(to) },
		"halves in each other's": func(to *escrow.Sealed) {
			for i, j := range []int{1, 0, 3, 2} {
				to.Wraps[i].Wrapped = s.Wraps[j].Wrapped
			}
		},
		"wraps and commitments exchanged": func(to *escrow.Sealed) {
			to.Record.CommitBot, to.Record.CommitSwitchboard = s.Record.CommitSwitchboard, s.Record.CommitBot
			for i, j := range []int{1, 0, 3, 2} {
				to.Wraps[i].Wrapped = s.Wraps[j].Wrapped
			}
		},
		"the custodians' for each side": func(to *escrow.Sealed) {
			for i, j := range []int{2, 3, 0, 1} {
				to.Wraps[i].Wrapped = s.Wraps[j].Wrapped
			}
		},
	} {
		changed := clone(s)
		change(&changed)
		w.refuses(t, what, changed)
	}
}

func takeContent(to *escrow.Sealed, from escrow.Sealed) {
	r, f := &to.Record, clone(from).Record
	r.Nonce, r.Content, r.ContentEpoch = f.Nonce, f.Content, f.ContentEpoch
	r.Commitment, r.CommitBot, r.CommitSwitchboard = f.Commitment, f.CommitBot, f.CommitSwitchboard
}

func capitals(to *escrow.Sealed) {
	to.Record.ID = strings.ToUpper(to.Record.ID)
	for i := range to.Wraps {
		to.Wraps[i].Record = to.Record.ID
	}
}

// Genuine halves of two records, each with its own, never make a value together; nor does
// one in the other's place.
func TestI03HalvesOfTwoRecordsOpenNeither(t *testing.T) {
	w := newWorld(t)
	a, b := w.seal(t, canary), w.seal(t, "+10000000001")
	half := func(s escrow.Sealed, k escrow.PrivateKey, slot escrow.Slot) secret.Bytes {
		wrap, _ := s.Wrap(slot)
		h, err := escrow.Unwrap(k, s.Record, wrap)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	bots := []secret.Bytes{half(a, w.bot, escrow.SlotBot), half(b, w.bot, escrow.SlotBot)}
	switchboards := []secret.Bytes{half(a, w.switchboard, escrow.SlotSwitchboard), half(b, w.switchboard, escrow.SlotSwitchboard)}
	for i, x1 := range bots {
		for j, x2 := range switchboards {
			for n, s := range []escrow.Sealed{a, b} {
				value, err := escrow.Open(s.Record, x1, x2)
				if right := i == n && j == n; right != (err == nil) || !right && !value.Empty() {
					t.Errorf("record %d by halves of %d and %d: %v", n, i, j, err)
				}
				if _, err := escrow.Open(s.Record, x2, x1); !errors.Is(err, escrow.ErrRefused) {
					t.Errorf("record %d by exchanged halves: %v", n, err)
				}
			}
		}
	}
}

// Halves that come from elsewhere are looked at as well: two wrong ones that make the right
// key together are wrong, and so is a record whose commitment to either was changed since.
func TestI03HalvesThatOnlyTogetherAreRightAreRefused(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	x1, err := escrow.Unwrap(w.bot, s.Record, s.Wraps[0])
	if err != nil {
		t.Fatal(err)
	}
	x2, err := escrow.Unwrap(w.switchboard, s.Record, s.Wraps[1])
	if err != nil {
		t.Fatal(err)
	}
	shifted := func(half secret.Bytes) secret.Bytes {
		other := slices.Clone(half.RevealBytes())
		other[7] ^= 0x10
		return secret.NewBytes(other)
	}
	if value, err := escrow.Open(s.Record, shifted(x1), shifted(x2)); !errors.Is(err, escrow.ErrRefused) || !value.Empty() {
		t.Error("two wrong halves that make the right key:", err)
	}
	for what, change := range map[string]func(r *escrow.Record){
		"the bot's":         func(r *escrow.Record) { r.CommitBot[3] ^= 1 },
		"the switchboard's": func(r *escrow.Record) { r.CommitSwitchboard[3] ^= 1 },
	} {
		changed := clone(s).Record
		change(&changed)
		if _, err := escrow.Open(changed, x1, x2); !errors.Is(err, escrow.ErrRefused) {
			t.Errorf("%s commitment was changed: %v", what, err)
		}
	}
	if value, err := escrow.Open(s.Record, x1, x2); err != nil || value.Reveal() != canary || x1.Len() != escrow.HalfSize || x2.Len() != escrow.HalfSize {
		t.Error("opening spoiled its arguments:", err)
	}
}

// A genuine wrap of something that is not the record's half, as a bad sealer makes it, is
// known to be wrong by each side alone.
func TestI03AWrapOfAnotherHalfIsKnownToBeWrong(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	x1, err := escrow.Unwrap(w.bot, s.Record, s.Wraps[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := clone(s).Record
	changed.CommitBot = slices.Clone(s.Record.CommitSwitchboard) // opens, but is not what was committed to
	if half, err := escrow.Unwrap(w.bot, changed, s.Wraps[0]); !errors.Is(err, escrow.ErrRefused) || half.Len() != 0 {
		t.Error("a half that was not committed to:", err)
	}
	if _, err := escrow.Rewrap(x1, changed, 2, escrow.SlotBot, w.keys.Bot); !errors.Is(err, escrow.ErrRefused) {
		t.Error("a half that was not committed to is spread:", err)
	}
}
