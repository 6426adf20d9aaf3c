package linediff

import (
	"slices"
	"strings"
)

// Merge puts together what two people made of one text, if they changed it in different
// places. ok is false if they changed the same place to different things.
func Merge(base, mine, theirs string) (merged string, ok bool) {
	o, a, b := split(base), split(mine), split(theirs)
	inMine, inTheirs := partners(o, a), partners(o, b)
	var out []string
	i, j, k := 0, 0, 0 // in base, mine, theirs
	for n := 0; n <= len(o); n++ {
		// A line that all three have, or the end of all, closes what was changed before it.
		x, y := len(a), len(b)
		if n < len(o) {
			if x, y = inMine[n], inTheirs[n]; x < 0 || y < 0 {
				continue
			}
		}
		part, ok := choose(o[i:n], a[j:x], b[k:y])
		if !ok {
			return "", false
		}
		out = append(out, part...)
		if n < len(o) {
			out = append(out, o[n])
		}
		i, j, k = n+1, x+1, y+1
	}
	if len(out) == 0 {
		return "", true
	}
	return strings.Join(out, "\n") + "\n", true
}

// partners tells where each line of a text stands in another, -1 if nowhere.
func partners(from, to []string) []int {
	at := make([]int, len(from))
	for i := range at {
		at[i] = -1
	}
	for _, p := range pairs(from, to) {
		at[p.a] = p.b
	}
	return at
}

// choose takes the part that somebody changed.
func choose(base, mine, theirs []string) ([]string, bool) {
	switch {
	case slices.Equal(mine, theirs), slices.Equal(base, theirs):
		return mine, true
	case slices.Equal(base, mine):
		return theirs, true
	}
	return nil, false
}
