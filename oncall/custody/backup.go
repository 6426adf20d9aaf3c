package custody

import (
	"slices"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// Bounds of a backup that is read, so that a hostile file does not fill the laptop.
const (
	longestBackupLine = 1 << 20
	mostRecords       = 1_000_000
)

// Backup is what the offline paths need of the database: nothing in it opens by itself.
type Backup struct {
	Keyrings []Keyring        // the oldest first, not verified; see [Backup.Keyring]
	Handles  map[int64]string // by person
	Records  []Backed
}

// Backed is a record of a backup.
type Backed struct {
	escrow.Record
	Epoch int // whose wraps open it, as the database had it
	Wraps []escrow.Wrap
}

func (b Backed) wrap(epoch int, slot escrow.Slot) (escrow.Wrap, bool) {
	for _, w := range b.Wraps {
		if w.Epoch == epoch && w.Slot == slot {
			return w, true
		}
	}
	return escrow.Wrap{}, false
}

// Keyring finds the keyring of an epoch.
func (b Backup) Keyring(epoch int) (Keyring, error) {
	for _, k := range b.Keyrings {
		if k.Epoch == epoch {
			return k, nil
		}
	}
	return Keyring{}, fault.New(fault.NotFound, "The backup does not hold keyring %d. Is it a newer share than the backup?", epoch)
}

// With gives the backup a keyring that it lacks, as from paper or from a repository.
func (b Backup) With(k Keyring) Backup {
	b.Keyrings = append(slices.DeleteFunc(slices.Clone(b.Keyrings), func(old Keyring) bool { return old.Epoch == k.Epoch }), k)
	slices.SortFunc(b.Keyrings, func(a, b Keyring) int { return a.Epoch - b.Epoch })
	return b
}

// assembly puts rows together that come in any order.
type assembly struct {
	keyrings map[int]Keyring
	handles  map[int64]string
	records  map[string]*Backed
	order    []string
	wraps    []escrow.Wrap
}

func newAssembly() *assembly {
	return &assembly{keyrings: map[int]Keyring{}, handles: map[int64]string{}, records: map[string]*Backed{}}
}

func (a *assembly) keyring(text string) error {
	k, err := ParseKeyring(text)
	if err != nil {
		return err
	}
	a.keyrings[k.Epoch] = k
	return nil
}

func (a *assembly) record(r escrow.Record, epoch int) error {
	if _, twice := a.records[r.ID]; twice {
		return fault.New(fault.Invalid, "The backup holds a sealed address twice. It was put together of two; take one.")
	}
	if len(a.records) >= mostRecords {
		return fault.New(fault.Limited, "The backup holds more than %d sealed addresses.", mostRecords)
	}
	a.records[r.ID] = &Backed{Record: r, Epoch: epoch}
	a.order = append(a.order, r.ID)
	return nil
}

func (a *assembly) wrap(w escrow.Wrap) error {
	if len(a.wraps) >= 16*mostRecords {
		return fault.New(fault.Limited, "The backup holds too many wraps.")
	}
	a.wraps = append(a.wraps, w)
	return nil
}

func (a *assembly) backup() Backup {
	b := Backup{Handles: a.handles}
	for _, w := range a.wraps {
		if r := a.records[w.Record]; r != nil {
			r.Wraps = append(r.Wraps, w)
		}
	}
	for _, id := range a.order {
		b.Records = append(b.Records, *a.records[id])
	}
	for _, k := range a.keyrings {
		b.Keyrings = append(b.Keyrings, k)
	}
	slices.SortFunc(b.Keyrings, func(x, y Keyring) int { return x.Epoch - y.Epoch })
	slices.SortStableFunc(b.Records, func(x, y Backed) int {
		return strings.Compare(a.handles[x.Owner], a.handles[y.Owner])
	})
	return b
}
