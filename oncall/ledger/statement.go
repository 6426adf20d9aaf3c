package ledger

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"batsignal/oncall"
)

// Statement is what the ledger says to one person about their sealed addresses: how often
// each was opened, and the proof that the last entry about it is in the ledger.
type Statement struct {
	Ledger  string // its name
	Made    time.Time
	Person  int64
	Handle  string
	Records []RecordStatement
	Head    Head // that the proofs lead to; without a note: the statement is signed itself
}

// RecordStatement is about one sealed address, also one that is gone.
type RecordStatement struct {
	Record   string
	Entries  int64 // in the ledger; they are numbered from 0 (owner_seq)
	Openings int64 // of lanes B and D, the ones that others asked for
	Last     Leaf  // the last entry; the zero Leaf if there is none
	Proof    tlog.RecordProof
}

// Openings is how often any of the addresses was opened by others.
func (s Statement) Openings() (n int64) {
	for _, r := range s.Records {
		n += r.Openings
	}
	return n
}

// Says is what a checked statement proves, in words.
func (s Statement) Says() string {
	return fmt.Sprintf("On %s the ledger %s stated for %s: %s of %s. The last entry about each is in the ledger of %d entries that was signed then.",
		s.Made.Format("2006-01-02 15:04 UTC"), s.Ledger, s.Handle,
		oncall.Plural(s.Openings(), "opening", "openings"), oncall.Plural(len(s.Records), "sealed address", "sealed addresses"), s.Head.Size)
}

// check makes sure that a statement hangs together: each last entry is of its record, is
// the last by its number, and is in the tree.
func (s Statement) check() error {
	for _, r := range s.Records {
		if r.Entries == 0 {
			if r.Openings != 0 {
				return fmt.Errorf("%w: openings without entries", errStatement)
			}
			continue
		}
		if r.Last.Record != r.Record || r.Last.OwnerSeq != r.Entries-1 || r.Openings > r.Entries || r.Last.Seq >= s.Head.Size {
			return fmt.Errorf("%w: an entry is not the last one of its record", errStatement)
		}
		body, err := r.Last.Body()
		if err != nil {
			return err
		}
		if tlog.CheckRecord(r.Proof, s.Head.Size, s.Head.Hash, r.Last.Seq, tlog.RecordHash([]byte(body))) != nil {
			return fmt.Errorf("%w: an entry is not in the tree", errStatement)
		}
	}
	return nil
}

// Check checks a statement against a whole ledger, which it checks as well: the ledger
// contains the head that the statement is about, and no entry of one of its records was
// left out.
func (s Statement) Check(b Book, vkeys ...string) (Report, error) {
	keys, err := verifiers(vkeys)
	if err != nil {
		return Report{}, err
	}
	r, leaves, err := b.verify(nil, keys)
	if err != nil {
		return Report{}, err
	}
	if r.Name != "" && r.Name != s.Ledger {
		r.find("statement ledger", "The statement is of the ledger %s.", s.Ledger)
	}
	if s.Head.Size > r.Leaves {
		r.find("statement size", "The statement was made of %d entries, and this ledger has %d: its end was cut off, or there are two ledgers.", s.Head.Size, r.Leaves)
		r.finish()
		return *r, nil
	}
	root, err := r.tree.root(s.Head.Size)
	if err != nil {
		return Report{}, err
	}
	if root != s.Head.Hash {
		r.find("statement root", "The statement was made of another ledger: the first %d entries of this one are not those that it was made of.", s.Head.Size)
	}
	entries, openings := map[string]int64{}, map[string]int64{}
	for _, l := range leaves[:s.Head.Size] {
		entries[l.Record]++
		if l.Opening() {
			openings[l.Record]++
		}
	}
	for _, rec := range s.Records {
		if entries[rec.Record] != rec.Entries || openings[rec.Record] != rec.Openings {
			r.find("statement count", "The statement says %s and %s about record %s; the ledger has %s and %s.",
				oncall.Plural(rec.Entries, "entry", "entries"), oncall.Plural(rec.Openings, "opening", "openings"), rec.Record,
				oncall.Plural(entries[rec.Record], "entry", "entries"), oncall.Plural(openings[rec.Record], "opening", "openings"))
		}
	}
	r.finish()
	return *r, nil
}
