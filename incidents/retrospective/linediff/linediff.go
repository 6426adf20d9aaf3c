// Package linediff owns how two texts differ, line by line, and putting together what
// two people made of one text.
//
// Its work is bounded: of texts that have little in common it says that everything is
// another, rather than look for hours for the best answer.
package linediff

import (
	"slices"
	"strings"
)

// Op says what became of a line.
type Op uint8

// The ops.
const (
	Same Op = iota
	Removed
	Added
)

// Line is one line of either text.
type Line struct {
	Op   Op
	Text string
}

// mostSteps bounds how many lines may differ for the shortest answer to be looked for.
const mostSteps = 1_000

// Of tells what became of the lines of a text.
func Of(before, after string) []Line {
	a, b := split(before), split(after)
	return draw(a, b, pairs(a, b))
}

// split parts a text into its lines; the end of the last one begins no other.
func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// pair is a line that both texts have: where it stands in each.
type pair struct{ a, b int }

// pairs finds the lines that two texts have in common, in order.
func pairs(a, b []string) (found []pair) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		found = append(found, pair{head, head})
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for _, p := range shortest(a[head:len(a)-tail], b[head:len(b)-tail]) {
		found = append(found, pair{p.a + head, p.b + head})
	}
	for i := tail; i > 0; i-- {
		found = append(found, pair{len(a) - i, len(b) - i})
	}
	return found
}

// shortest is Myers' algorithm: it goes through ever more removed and added lines until
// both texts are at their end, and remembers how far each way came.
func shortest(a, b []string) []pair {
	n, m := len(a), len(b)
	if n == 0 || m == 0 {
		return nil
	}
	most := min(n+m, mostSteps)
	reach := make([]int, 2*most+2) // by diagonal: how far into a
	var trace [][]int
	for d := 0; d <= most; d++ {
		trace = append(trace, slices.Clone(reach[most-d:most+d+2]))
		for k := -d; k <= d; k += 2 {
			x := further(reach, most, k, d)
			y := x - k
			for x < n && y < m && a[x] == b[y] {
				x, y = x+1, y+1
			}
			reach[most+k] = x
			if x >= n && y >= m {
				return walkBack(trace, n, m, d)
			}
		}
	}
	return nil // too far apart
}

// further is where diagonal k begins after d steps: from its neighbour that came
// further.
func further(reach []int, middle, k, d int) int {
	if d == 0 {
		return 0
	}
	if k == -d || k != d && reach[middle+k-1] < reach[middle+k+1] {
		return reach[middle+k+1]
	}
	return reach[middle+k-1] + 1
}

func walkBack(trace [][]int, x, y, d int) (found []pair) {
	for ; d > 0; d-- {
		k := x - y
		reach := trace[d] // of the step before, from diagonal -d on
		at := func(k int) int { return reach[d+k] }
		from := k - 1
		if k == -d || k != d && at(k-1) < at(k+1) {
			from = k + 1
		}
		px := at(from)
		py := px - from
		startX, startY := px, py+1
		if from == k-1 {
			startX, startY = px+1, py
		}
		for x > startX && y > startY {
			x, y = x-1, y-1
			found = append(found, pair{x, y})
		}
		x, y = px, py
	}
	for x > 0 && y > 0 {
		x, y = x-1, y-1
		found = append(found, pair{x, y})
	}
	slices.Reverse(found)
	return found
}

// draw writes both texts as one: what was removed before what was added.
func draw(a, b []string, common []pair) (lines []Line) {
	i, j := 0, 0
	upTo := func(p pair) {
		for ; i < p.a; i++ {
			lines = append(lines, Line{Removed, a[i]})
		}
		for ; j < p.b; j++ {
			lines = append(lines, Line{Added, b[j]})
		}
	}
	for _, p := range common {
		upTo(p)
		lines = append(lines, Line{Same, a[i]})
		i, j = i+1, j+1
	}
	upTo(pair{len(a), len(b)})
	return lines
}
