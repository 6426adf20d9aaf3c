// Package escrow owns the envelope of a sealed address: how it is closed, what opens it,
// and the forms in which it is stored and passed on.
//
// It holds no key and no row, asks nobody, and decides nothing: who may open what and when
// is decided where the halves are (oncall/switchboard, and the bot's release); the
// custodians' shares are oncall/custody's. What it promises: without both halves of a
// record's key nothing of the address can be read, not even its length, and a record that
// was changed in any bit, moved, or given another policy, is refused and never opens as
// something else.
//
// Each record has a random key. It is split by xor: one half is sealed to the bot, the
// other to the switchboard, and each half once more to the custodians. A half can be sealed
// anew where it lives, so keys are exchanged without any address being opened.
package escrow

import (
	"slices"

	"batsignal/oncall/fault"
)

// Slot is whom a half is sealed to.
type Slot string

// The slots. Each record has one wrap for each of them.
const (
	SlotBot                Slot = "bot"                 // the bot's half, for the bot
	SlotSwitchboard        Slot = "switchboard"         // the switchboard's half, for the switchboard
	SlotCustodyBot         Slot = "custody-bot"         // the bot's half, for the custodians
	SlotCustodySwitchboard Slot = "custody-switchboard" // the switchboard's half, for the custodians
)

// Slots are all slots, in the order in which wraps are written.
func Slots() []Slot {
	return []Slot{SlotBot, SlotSwitchboard, SlotCustodyBot, SlotCustodySwitchboard}
}

// Known tells whether there is such a slot.
func (s Slot) Known() bool { return slices.Contains(Slots(), s) }

// OfBot tells whether the half in a slot is the bot's; else it is the switchboard's.
func (s Slot) OfBot() bool { return s == SlotBot || s == SlotCustodyBot }

// Sizes in bytes of what is stored, the same for every address.
const (
	NonceSize      = 24
	ContentSize    = 272 // 256 padded, and 16 that authenticate them
	CommitmentSize = 32
	WrapSize       = 1168 // 1120 of the key agreement, 32 of the half, 16 that authenticate it
	HalfSize       = 32
)

// MostBytes is how long an address may be.
const MostBytes = paddedSize - 1

// Record is an address that is sealed. Everything in it may be seen by everybody.
type Record struct {
	ID           string // a random UUID, in small letters
	Owner        int64  // the person's id
	Kind         string // of the contact: "sms", "voice" …
	Policy       string // what the owner agreed to, as [Policy.Text] writes it
	ContentEpoch int    // the keyring of when it was sealed
	Nonce        []byte
	Content      []byte
	// By these a wrong key, or half of one, is known to be wrong before it is used.
	Commitment, CommitBot, CommitSwitchboard []byte
}

// Wrap is half of a record's key, sealed to the holder of a slot.
type Wrap struct {
	Record  string
	Epoch   int // the keyring whose key opens it
	Slot    Slot
	Wrapped []byte
}

// Sealed is a record with one wrap for each slot, as it leaves its owner's machine.
type Sealed struct {
	Record Record
	Wraps  []Wrap
}

// Wrap finds the wrap of a slot.
func (s Sealed) Wrap(slot Slot) (Wrap, bool) {
	i := slices.IndexFunc(s.Wraps, func(w Wrap) bool { return w.Slot == slot })
	if i < 0 {
		return Wrap{}, false
	}
	return s.Wraps[i], true
}

// Check refuses what is no sealed address by its form: sizes, ids, kinds, what its owner
// agreed to, and one wrap for each slot, in their order, all of one epoch. The error is
// fault.Invalid.
func (s Sealed) Check() error {
	slots := Slots()
	if !s.Record.wellFormed() || len(s.Wraps) != len(slots) {
		return errForm
	}
	epoch := s.Wraps[0].Epoch
	for i, w := range s.Wraps {
		if !w.wellFormed() || w.Record != s.Record.ID || w.Slot != slots[i] || w.Epoch != epoch || epoch < s.Record.ContentEpoch {
			return errForm
		}
	}
	_, err := ParsePolicy(s.Record.Policy)
	return err
}

// ErrRefused is the answer to every record, wrap or key that does not fit. Which of them it
// is cannot be told, on purpose: whoever tries keys or changes rows learns nothing by it.
var ErrRefused = fault.New(fault.Conflict,
	"This sealed address does not open: the record or what its owner agreed to was changed, or the key is another one. Its owner can seal it again, or it can come back from a backup.")

// Kinds are the kinds of contact that can be sealed, as oncall/contact calls them.
func Kinds() []string { return []string{"mail", "webhook", "sms", "voice", "ntfy", "pagerduty"} }

// wellFormed tells whether a record can be one. Whether it is genuine, only opening it tells.
func (r Record) wellFormed() bool {
	return isID(r.ID) && r.Owner > 0 && slices.Contains(Kinds(), r.Kind) && r.ContentEpoch >= 1 &&
		len(r.Nonce) == NonceSize && len(r.Content) == ContentSize &&
		len(r.Commitment) == CommitmentSize && len(r.CommitBot) == CommitmentSize && len(r.CommitSwitchboard) == CommitmentSize
}

func (w Wrap) wellFormed() bool {
	return isID(w.Record) && w.Epoch >= 1 && w.Slot.Known() && len(w.Wrapped) == WrapSize
}
