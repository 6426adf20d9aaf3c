package custody

import (
	"encoding/json"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// Host is what one of the two processes shows to a ceremony: public keys, on one line.
type Host struct {
	Side   Side             `json:"side"`
	Key    escrow.PublicKey `json:"key"`
	TLS    string           `json:"tls"`    // pin of its certificate: hex of SHA-256; "" is not pinned
	Ledger string           `json:"ledger"` // verifier key; of the switchboard only
}

// Side is one of the two processes, each of which holds one half.
type Side string

// The sides.
const (
	SideBot         Side = "bot"
	SideSwitchboard Side = "switchboard"
)

// own is the slot that the process itself opens, and custody the one of the custodians.
func (s Side) slots() (own, custody escrow.Slot, err error) {
	switch s {
	case SideBot:
		return escrow.SlotBot, escrow.SlotCustodyBot, nil
	case SideSwitchboard:
		return escrow.SlotSwitchboard, escrow.SlotCustodySwitchboard, nil
	}
	return "", "", fault.New(fault.Invalid, "There are two halves: %q and %q.", SideBot, SideSwitchboard)
}

// key is what a keyring says of a side.
func (s Side) key(k Keyring) escrow.PublicKey {
	if s == SideBot {
		return k.Bot
	}
	return k.Switchboard
}

const longestHost = 4096 // bytes

// Text is one line.
func (h Host) Text() string {
	b, err := json.Marshal(h)
	if err != nil {
		return ""
	}
	return string(b) + "\n"
}

// ParseHost reads the line, and refuses the other side's.
func ParseHost(text string, side Side) (Host, error) {
	var h Host
	if len(text) > longestHost || strict([]byte(text), &h) != nil || h.Text() != strings.TrimSpace(text)+"\n" || h.Key.Empty() {
		return Host{}, fault.New(fault.Invalid, "That does not say who the %s is. Take the line that \"batsignal escrow keys\" prints there.", side)
	}
	if h.Side != side {
		return Host{}, fault.New(fault.Invalid, "That is the line of the %s, and the one of the %s is needed.", h.Side, side)
	}
	return h, nil
}
