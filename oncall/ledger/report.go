package ledger

import (
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Report is what became of a check.
type Report struct {
	Name     string // of the ledger
	Leaves   int64
	Heads    int64
	Records  int64 // how many the leaves are about
	Openings map[unseal.Lane]int64
	Seen     int      // heads from elsewhere that are in this ledger
	Last     Head     // the last signed head; zero in an empty ledger
	Findings []string // what is wrong, in sentences; none is a sound ledger
	// Remarks are what else people should know: openings that rows of the database have
	// forgotten, as after a backup was restored ([Log.Refill]).
	Remarks []string

	tree     *tree
	classes  []finding
	unlisted map[string]int
}

// mostAlike is how many findings of one sort are told: after a missing leaf nothing is
// right any more, and the first ones say it.
const mostAlike = 3

// sort of a finding, by what it is about.
type finding struct{ sort, says string }

func (r *Report) find(sort, format string, args ...any) {
	alike := 0
	for _, f := range r.classes {
		if f.sort == sort {
			alike++
		}
	}
	if alike >= mostAlike {
		r.unlisted[sort]++
		return
	}
	r.classes = append(r.classes, finding{sort, fmt.Sprintf(format, args...)})
}

// finish puts the findings together.
func (r *Report) finish() {
	listed := map[string]int{}
	for _, f := range r.classes {
		listed[f.sort]++
		says := f.says
		if more := r.unlisted[f.sort]; more > 0 && listed[f.sort] == mostAlike {
			says += fmt.Sprintf(" So it is with %d more.", more)
		}
		r.Findings = append(r.Findings, says)
	}
	r.classes, r.unlisted = nil, map[string]int{}
}

// Err is nil if nothing was found; else it says what, and its cause is [ErrDiscontinued].
func (r Report) Err() error {
	if len(r.Findings) == 0 {
		return nil
	}
	if len(r.Findings) == 1 {
		return fault.Wrap(fault.Conflict, ErrDiscontinued, "The ledger is not sound: %s", r.Findings[0])
	}
	return fault.Wrap(fault.Conflict, ErrDiscontinued, "The ledger is not sound: %s There are %d findings in all.", r.Findings[0], len(r.Findings))
}

// Says is the result in a sentence.
func (r Report) Says() string {
	if len(r.Findings) > 0 {
		return fmt.Sprintf("The ledger %s is not sound: %s in %s.", r.Name,
			oncall.Plural(len(r.Findings), "finding", "findings"), oncall.Plural(r.Leaves, "entry", "entries"))
	}
	if r.Leaves == 0 {
		return "The ledger is empty: nothing was ever sealed or opened."
	}
	return fmt.Sprintf("The ledger %s is sound: %s, %s, %s to dial, %d to show, %s from elsewhere found in it. Its head is: %s.",
		r.Name, oncall.Plural(r.Leaves, "entry", "entries"), oncall.Plural(r.Heads, "signed head", "signed heads"),
		oncall.Plural(r.Openings[unseal.LaneDial], "opening", "openings"), r.Openings[unseal.LaneReveal],
		oncall.Plural(r.Seen, "head", "heads"), r.Last.Line())
}
