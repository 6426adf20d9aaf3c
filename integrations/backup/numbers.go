package backup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"batsignal/oncall/fault"
)

// span is a run of numbers, both ends included.
type span struct{ from, to int64 }

// spans are numbers of snapshots as people agree to them: "3-8,12".
type spans []span

// readSpans reads them. It takes what [spans.String] writes, in any order.
func readSpans(text string) (spans, error) {
	var all spans
	for part := range strings.SplitSeq(text, ",") {
		first, last, isSpan := strings.Cut(strings.TrimSpace(part), "-")
		if !isSpan {
			last = first
		}
		from, err := number(first)
		to, terr := number(last)
		if err != nil || terr != nil || to < from {
			return nil, fault.New(fault.Invalid, "%q are no numbers of snapshots. They are written like 3-8,12.", text)
		}
		all = append(all, span{from, to})
	}
	return all, nil
}

func number(text string) (int64, error) {
	if len(text) == 0 || strings.TrimLeft(text, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(text, 10, 64)
}

// has tells whether a number is one of them.
func (s spans) has(id int64) bool {
	return slices.ContainsFunc(s, func(one span) bool { return one.from <= id && id <= one.to })
}

// String writes them.
func (s spans) String() string {
	words := make([]string, len(s))
	for i, one := range s {
		if words[i] = strconv.FormatInt(one.from, 10); one.to != one.from {
			words[i] = fmt.Sprintf("%d-%d", one.from, one.to)
		}
	}
	return strings.Join(words, ",")
}

// mostSpans is how long they may be, as the value of a run and in a sentence, in letters.
const mostSpans = 160

// spansOf writes some of all numbers such that none of the others is among them: those are on no
// span. Both are in order. What would be too long to say is cut off at its end; whole is false
// then.
func spansOf(some, all []int64) (s spans, whole bool) {
	last := -1 // the position of the last one in all
	for _, id := range some {
		at, _ := slices.BinarySearch(all, id)
		if len(s) > 0 && at == last+1 {
			s[len(s)-1].to = id
		} else {
			s = append(s, span{id, id})
		}
		last = at
	}
	whole = true
	for len(s.String()) > mostSpans {
		s, whole = s[:len(s)-1], false
	}
	return s, whole
}
