package custody

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Recovered is what was opened from a backup, for whoever sits at the laptop.
type Recovered struct {
	Contacts []Opened
	Notes    []string // sentences: wrong shares, records that do not open
}

// Opened is one address.
type Opened struct {
	Handle  string
	Kind    string
	Address secret.Text
}

// Recover opens the sealed addresses of people from a backup, without any host of ours; no
// handles means everybody. A wrong share is named in the notes and the rest is used.
func Recover(b Backup, shares []Share, handles []string) (Recovered, error) {
	keys, notes, err := b.combine(shares)
	if err != nil {
		return Recovered{}, err
	}
	wanted, err := b.wanted(handles)
	if err != nil {
		return Recovered{}, err
	}
	out := Recovered{Notes: notes}
	for _, r := range b.Records {
		handle := b.Handles[r.Owner]
		if len(wanted) > 0 && !wanted[handle] {
			continue
		}
		if handle == "" {
			handle = fmt.Sprintf("person %d", r.Owner)
		}
		address, err := r.open(keys)
		if err != nil {
			out.Notes = append(out.Notes, fmt.Sprintf("The %s address of %s (%s) does not open: %s", r.Kind, handle, r.ID, fault.Say(err)))
			continue
		}
		out.Contacts = append(out.Contacts, Opened{handle, r.Kind, address})
	}
	return out, nil
}

// Lacking says why [Recover] would open nothing, such as which shares are missing; nil if it
// would not fail. It opens nothing.
func Lacking(b Backup, shares []Share, handles []string) error {
	_, _, err := b.combine(shares)
	if err == nil {
		_, err = b.wanted(handles)
	}
	return err
}

// wanted are the people whose handles these are; each of them must be in the backup.
func (b Backup) wanted(handles []string) (map[string]bool, error) {
	wanted := map[string]bool{}
	for _, h := range handles {
		h = strings.ToLower(strings.TrimPrefix(h, "@"))
		if wanted[h] = true; !slices.Contains(slices.Collect(maps.Values(b.Handles)), h) {
			return nil, fault.New(fault.NotFound, "The backup knows nobody called %q who has a sealed address.", h)
		}
	}
	return wanted, nil
}

// combine makes a custody key of each keyring that shares were brought for. It is an error
// only if there is none.
func (b Backup) combine(shares []Share) (map[int]escrow.PrivateKey, []string, error) {
	if len(shares) == 0 {
		return nil, nil, fault.New(fault.Invalid, "No share was given.")
	}
	byEpoch := map[int][]Share{}
	for _, s := range shares {
		byEpoch[s.Epoch] = append(byEpoch[s.Epoch], s)
	}
	keys := map[int]escrow.PrivateKey{}
	var notes []string
	var last error
	for _, epoch := range slices.Sorted(maps.Keys(byEpoch)) {
		k, err := b.Keyring(epoch)
		if err == nil {
			var c Combined
			if c, err = k.Combine(byEpoch[epoch]); err == nil {
				keys[epoch] = c.Key
				for _, wrong := range c.Wrong {
					notes = append(notes, fault.Say(wrong))
				}
				continue
			}
		}
		last = err
		notes = append(notes, fault.Say(err))
	}
	if len(keys) == 0 {
		return nil, nil, last
	}
	return keys, notes, nil
}

// open opens a record by the custodians' wraps of both halves.
func (b Backed) open(keys map[int]escrow.PrivateKey) (secret.Text, error) {
	bot, err := b.half(keys, escrow.SlotCustodyBot)
	if err != nil {
		return secret.Text{}, err
	}
	defer bot.Wipe()
	switchboard, err := b.half(keys, escrow.SlotCustodySwitchboard)
	if err != nil {
		return secret.Text{}, err
	}
	defer switchboard.Wipe()
	return escrow.Open(b.Record, bot, switchboard)
}

// half opens one half by any epoch that there is a key of, the newest first.
func (b Backed) half(keys map[int]escrow.PrivateKey, slot escrow.Slot) (secret.Bytes, error) {
	err := error(fault.New(fault.Conflict, "the backup has no wrap of it for the keyring of these shares; it was sealed to another one."))
	for _, epoch := range slices.Backward(slices.Sorted(maps.Keys(keys))) {
		w, ok := b.wrap(epoch, slot)
		if !ok {
			continue
		}
		half, e := escrow.Unwrap(keys[epoch], b.Record, w)
		if e == nil {
			return half, nil
		}
		err = e
	}
	return secret.Bytes{}, err
}
