package irc

import (
	"slices"
	"strings"

	"github.com/lrstanley/girc"
)

// batch is a group of lines that the server keeps together.
type batch struct {
	ours  *outgoing // it is the answer to this line of ours; nil else
	label string
	kind  string
}

// present are the kinds of batches in which things happen now: answers to us, and
// those whom a split takes away or brings back.
var present = [...]string{"labeled-response", "netsplit", "netjoin"}

// live tells whether what is said in the batch is said now. Everything that we do
// not know is history: obeying an old line is worse than missing a new one.
func (b *batch) live() bool {
	return b != nil && (b.ours != nil || slices.Contains(present[:], b.kind))
}

const mostBatches = 1000

// opening returns the reference of a batch that a line opens.
func opening(ev *girc.Event) (ref string, ok bool) {
	if ev.Command != "BATCH" {
		return "", false
	}
	return strings.CutPrefix(param(ev, 0), "+")
}

// batched follows the opening and closing of batches. It runs with the session locked.
func (s *session) batched(ev *girc.Event) {
	if ref, ok := opening(ev); ok {
		if s.batches[ref] == nil && len(s.batches) < mostBatches {
			s.batches[ref] = &batch{kind: param(ev, 1)}
		}
		return
	}
	ref, ok := strings.CutPrefix(param(ev, 0), "-")
	if !ok {
		return
	}
	if b := s.batches[ref]; b != nil && b.ours != nil {
		delete(s.labels, b.label)
		b.ours.finish(b.ours.refused)
	}
	delete(s.batches, ref)
}
