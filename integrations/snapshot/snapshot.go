// Package snapshot owns the catalogue of backups: which there are, where their copies lie,
// what tests of them found, and whether a job's backups are what they should be: raptor
// proof, documented, duplicated.
//
// It does not take, store, test or delete backups (package backup does), and does not decide
// how long they are kept (package retention does).
package snapshot

import (
	"strconv"
	"time"

	"batsignal/integrations/snapshot/retention"
)

// State is where a snapshot is in its life.
type State string

// The states of a snapshot.
const (
	Taking   State = "taking"
	Kept     State = "kept"
	Broken   State = "broken"   // it was never finished
	Deleting State = "deleting" // for good: it is never kept again
	Deleted  State = "deleted"
)

// Outcome is what a test found. Only Successful counts.
type Outcome string

// The outcomes of a test.
const (
	Validating Outcome = "validating" // it is under way, or whoever tested died
	Successful Outcome = "successful"
	Failed     Outcome = "failed"    // it is proven not to be restorable
	TimedOut   Outcome = "timed_out" // the test came to no end, which says nothing about the snapshot
)

// VerifiedLevel is the level at which a snapshot is verified: the application answered.
const VerifiedLevel = 4

// Whole is the member of a snapshot that is a single stream.
const Whole = "whole"

// Snapshot is a backup: one or more members that only count together, each in several places.
type Snapshot struct {
	ID       int64
	Job      string
	RunID    int64     // 0: its run is not known any more
	TakenAt  time.Time // by our clock, when it was begun: what it holds is no older
	State    State
	Want     int         // how many members there must be
	Have     int         // how many there are
	Hold     string      // why it must not be deleted; "" is no hold
	HoldBy   string      // who holds it, in words
	Sentinel string      // SHA-256 of what must be found in what is restored, in hex; "" is none
	Facts    [][2]string // what its source told: "rows of person", "103"

	Checked    Outcome   // of the last test; "" was never tested. A failure stays until one succeeds
	Level      int       // how far the last successful test proved it
	VerifiedAt time.Time // when it was last proven at [VerifiedLevel]; zero if it is not
	DeletedAt  time.Time
	Copies     []Copy
}

// Complete says whether all members are there.
func (s Snapshot) Complete() bool { return s.Have >= s.Want }

// Verified says whether it counts: a restore of it was proven, and no later one failed.
func (s Snapshot) Verified() bool { return !s.VerifiedAt.IsZero() }

// Size is how many bytes its largest copy has, as stored.
func (s Snapshot) Size() int64 {
	most := map[string]int64{}
	for _, c := range s.Copies {
		most[c.Member] = max(most[c.Member], c.Size)
	}
	var sum int64
	for _, n := range most {
		sum += n
	}
	return sum
}

// Copy is one member of a snapshot in one place.
type Copy struct {
	Member     string // [Whole], or the name of a volume
	Place      string // by its name in the file of jobs
	OffSite    bool
	Key        string   // what it is called there
	Size       int64    // bytes, as stored
	SHA256     string   // of what is stored, in hex
	Recipients []string // whose keys open it, each alone: their public parts
	Documented bool     // how to open and restore it by hand stands beside it
	StoredAt   time.Time
	ReadAt     time.Time // when it was last read back whole and found to be what was stored
	Bad        string    // what is wrong with it; "" is nothing known
	GoneAt     time.Time // when it was deleted
}

// Intact says whether it is there and nothing is known to be wrong with it.
func (c Copy) Intact() bool { return c.Bad == "" && c.GoneAt.IsZero() }

// Check is one test of a snapshot.
type Check struct {
	ID         int64
	SnapshotID int64
	RunID      int64
	Place      string // whose copy was tested
	Recipient  string // whose key opened it
	Level      int    // how far it came
	Outcome    Outcome
	BegunAt    time.Time
	EndedAt    time.Time
	Took       time.Duration
	Detail     string
	Facts      [][2]string
}

// Items are snapshots as package retention judges them: those that are kept. IDs are theirs,
// as decimal numbers.
func Items(list []Snapshot) []retention.Item {
	var items []retention.Item
	for _, s := range list {
		if s.State == Kept {
			items = append(items, retention.Item{ID: strconv.FormatInt(s.ID, 10), At: s.TakenAt, Verified: s.Verified(), Have: s.Have, Want: s.Want, Hold: s.Hold != ""})
		}
	}
	return items
}
