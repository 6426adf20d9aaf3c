package escrow_test

import (
	"errors"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Whatever is sealed comes out again, by both ways, and looks like everything else.
func TestWhatIsSealedOpens(t *testing.T) {
	w := newWorld(t)
	v4 := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.StringN(1, -1, escrow.MostBytes).Filter(func(s string) bool { return s != "" }).Draw(rt, "value")
		s, err := escrow.Seal(w.keys, owner, rapid.SampledFrom(escrow.Kinds()).Draw(rt, "kind"), policy(), secret.New(value))
		if err != nil {
			rt.Fatal(err)
		}
		if got, err := w.open(s); err != nil || got.Reveal() != value {
			rt.Fatalf("%q came out as %q: %v", value, got.Reveal(), err)
		}
		if got, err := w.recover(s); err != nil || got.Reveal() != value {
			rt.Fatalf("custodians get %q of %q: %v", got.Reveal(), value, err)
		}
		r := s.Record
		if !v4.MatchString(r.ID) || len(r.Nonce) != escrow.NonceSize || len(r.Content) != escrow.ContentSize ||
			len(r.Commitment) != escrow.CommitmentSize || len(r.CommitBot) != escrow.CommitmentSize || len(r.CommitSwitchboard) != escrow.CommitmentSize {
			rt.Fatalf("%+v", r)
		}
		for i, slot := range escrow.Slots() {
			if wrap := s.Wraps[i]; wrap.Slot != slot || wrap.Epoch != 1 || wrap.Record != r.ID || len(wrap.Wrapped) != escrow.WrapSize {
				rt.Fatalf("%+v", wrap)
			}
		}
	})
}

// What was sealed by this version opens with every later one: these lines are years old
// one day. The keys are SHA-256 of their names.
func TestWhatWasSealedLongAgoOpens(t *testing.T) {
	text, err := os.ReadFile("testdata/sealed-v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	s, err := escrow.ParseSealed(string(text))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for name, open := range map[string]func(escrow.Sealed) (secret.Text, error){"both sides": w.open, "the custodians": w.recover} {
		if value, err := open(s); err != nil || value.Reveal() != canary {
			t.Errorf("%s get %q: %v", name, value.Reveal(), err)
		}
	}
}

func TestWhatCannotBeSealed(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("9", escrow.MostBytes+1)
	twice := w.keys
	twice.Switchboard = twice.Bot
	lacks := w.keys
	lacks.Custody = escrow.PublicKey{}
	unnumbered := w.keys
	unnumbered.Epoch = 0
	nobody := policy()
	nobody.Lanes = nil
	for name, seal := range map[string]func() (escrow.Sealed, error){
		"nothing":                      func() (escrow.Sealed, error) { return escrow.Seal(w.keys, owner, "sms", policy(), secret.Text{}) },
		"an address that is too long":  func() (escrow.Sealed, error) { return escrow.Seal(w.keys, owner, "sms", policy(), secret.New(long)) },
		"for nobody":                   func() (escrow.Sealed, error) { return escrow.Seal(w.keys, 0, "sms", policy(), secret.New(canary)) },
		"an unknown kind":              func() (escrow.Sealed, error) { return escrow.Seal(w.keys, owner, "fax", policy(), secret.New(canary)) },
		"a policy that allows nothing": func() (escrow.Sealed, error) { return escrow.Seal(w.keys, owner, "sms", nobody, secret.New(canary)) },
		"one key for both halves":      func() (escrow.Sealed, error) { return escrow.Seal(twice, owner, "sms", policy(), secret.New(canary)) },
		"without custodians":           func() (escrow.Sealed, error) { return escrow.Seal(lacks, owner, "sms", policy(), secret.New(canary)) },
		"a keyring without a number": func() (escrow.Sealed, error) {
			return escrow.Seal(unnumbered, owner, "sms", policy(), secret.New(canary))
		},
	} {
		s, err := seal()
		if fault.KindOf(err) != fault.Invalid || s.Wraps != nil {
			t.Errorf("%s: %v, %d wraps", name, err, len(s.Wraps))
		}
		if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), long)) {
			t.Errorf("%s: the refusal repeats the address: %v", name, err)
		}
	}
	longest := long[1:]
	if value, err := w.open(w.seal(t, longest)); err != nil || value.Reveal() != longest {
		t.Error("the longest address:", err)
	}
}

// Keys are exchanged without opening anything, and what is not the record's half is not
// spread.
func TestHalvesAreSealedAnewForAnotherEpoch(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	next := world{bot: keyOf(t, "bot 2"), switchboard: keyOf(t, "switchboard 2"), custody: keyOf(t, "custody 2")}
	next.keys = escrow.Keys{Epoch: 2, Bot: next.bot.Public(), Switchboard: next.switchboard.Public(), Custody: next.custody.Public()}
	anew := escrow.Sealed{Record: s.Record}
	for _, slot := range escrow.Slots() {
		from, key := escrow.SlotSwitchboard, w.switchboard
		if slot.OfBot() {
			from, key = escrow.SlotBot, w.bot
		}
		old, _ := s.Wrap(from)
		half, err := escrow.Unwrap(key, s.Record, old)
		if err != nil {
			t.Fatal(err)
		}
		wrap, err := escrow.Rewrap(half, s.Record, 2, slot, next.keys.To(slot))
		if err != nil {
			t.Fatal(err)
		}
		anew.Wraps = append(anew.Wraps, wrap)

		for name, rewrap := range map[string]func() (escrow.Wrap, error){
			"half of another record": func() (escrow.Wrap, error) {
				return escrow.Rewrap(half, w.seal(t, canary).Record, 2, slot, next.keys.To(slot))
			},
			"no half": func() (escrow.Wrap, error) {
				return escrow.Rewrap(secret.Bytes{}, s.Record, 2, slot, next.keys.To(slot))
			},
			"an unknown slot": func() (escrow.Wrap, error) { return escrow.Rewrap(half, s.Record, 2, "owner", next.keys.To(slot)) },
			"the other side's slot": func() (escrow.Wrap, error) {
				other := escrow.SlotBot
				if slot.OfBot() {
					other = escrow.SlotSwitchboard
				}
				return escrow.Rewrap(half, s.Record, 2, other, next.keys.To(slot))
			},
		} {
			if _, err := rewrap(); !errors.Is(err, escrow.ErrRefused) {
				t.Errorf("%s for %s: %v", name, slot, err)
			}
		}
		if _, err := escrow.Rewrap(half, s.Record, 0, slot, next.keys.To(slot)); fault.KindOf(err) != fault.Invalid {
			t.Error("epoch 0:", err)
		}
		if _, err := escrow.Rewrap(half, s.Record, 2, slot, escrow.PublicKey{}); fault.KindOf(err) != fault.Invalid {
			t.Error("no key:", err)
		}
		half.Wipe()
	}
	for name, open := range map[string]func(escrow.Sealed) (secret.Text, error){"both sides": next.open, "the custodians": next.recover} {
		if value, err := open(anew); err != nil || value.Reveal() != canary {
			t.Errorf("%s get %q of the next epoch: %v", name, value.Reveal(), err)
		}
	}
	if _, err := w.open(s); err != nil {
		t.Error("the epoch before does not open any more:", err)
	}
	if found := opens(anew, w.bot, w.switchboard, w.custody); len(found) != 0 {
		t.Error("the keys of the epoch before open the next one")
	}
}

// Sealed twice, nothing is alike: nobody sees that two records hold the same number.
func TestTheSameAddressIsNeverSealedAlike(t *testing.T) {
	w := newWorld(t)
	a, b := w.seal(t, canary), w.seal(t, canary)
	r, q := a.Record, b.Record
	if r.ID == q.ID || string(r.Nonce) == string(q.Nonce) || string(r.Content) == string(q.Content) || string(r.Commitment) == string(q.Commitment) ||
		string(r.CommitBot) == string(q.CommitBot) || string(r.CommitSwitchboard) == string(q.CommitSwitchboard) {
		t.Errorf("%+v and %+v have something in common", r, q)
	}
	for i := range a.Wraps {
		if string(a.Wraps[i].Wrapped) == string(b.Wraps[i].Wrapped) {
			t.Error(a.Wraps[i].Slot, "has the same wrap")
		}
	}
}

// Half-made records and keys are refused; they stop nothing.
func TestEmptyThingsAreRefused(t *testing.T) {
	w := newWorld(t)
	s := w.seal(t, canary)
	wrap, _ := s.Wrap(escrow.SlotBot)
	for name, try := range map[string]func() error{
		"no key":    func() error { _, err := escrow.Unwrap(escrow.PrivateKey{}, s.Record, wrap); return err },
		"no record": func() error { _, err := escrow.Unwrap(w.bot, escrow.Record{}, wrap); return err },
		"no wrap":   func() error { _, err := escrow.Unwrap(w.bot, s.Record, escrow.Wrap{}); return err },
		"no halves": func() error { _, err := escrow.Open(s.Record, secret.Bytes{}, secret.Bytes{}); return err },
		"nothing":   func() error { _, err := escrow.Open(escrow.Record{}, secret.Bytes{}, secret.Bytes{}); return err },
	} {
		if err := try(); !errors.Is(err, escrow.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, found := (escrow.Sealed{}).Wrap(escrow.SlotBot); found {
		t.Error("there is a wrap in nothing")
	}
	if !(escrow.Keys{}).To("owner").Empty() || escrow.Slot("owner").Known() {
		t.Error("there is a slot of the owner's")
	}
}

// Kinds stand here a second time, since contacts stand on this package.
func TestKindsAreThoseOfContacts(t *testing.T) {
	if got, want := strings.Join(escrow.Kinds(), " "), strings.Join(contact.Kinds(), " "); got != want {
		t.Errorf("%s can be sealed; contacts are %s", got, want)
	}
}

// The sentence that people read says nothing of what was wrong, and what can be done.
func TestRefusalsAreForPeople(t *testing.T) {
	if fault.KindOf(escrow.ErrRefused) != fault.Conflict || !strings.Contains(fault.Say(escrow.ErrRefused), "seal it again") {
		t.Error(escrow.ErrRefused)
	}
	if unseal.LaneOwner != "F" || math.MaxUint8 != escrow.MostBytes {
		t.Error("the length of an address no longer fits into its byte")
	}
}
