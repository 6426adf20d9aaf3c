package quorum

import "math/bits"

// budget is how many states of loss are looked at; small plans need a few thousand.
const budget = 400_000

// gone is what was lost.
type gone struct {
	people uint32
	places uint64
}

func (g gone) count() int { return bits.OnesCount32(g.people) + bits.OnesCount64(g.places) }

// losses finds the smallest set of losses after which no way is open. What still opens names
// the copies that it uses, each at a place and by a reader; whatever loses everything must
// take one of these, so only they are tried.
func (m model) losses(r *Result) {
	left := budget
	for most := 0; ; most++ {
		seen := map[gone]bool{}
		lost, ok := m.lose(gone{}, most, seen, &left)
		switch {
		case ok:
			r.Lose = lost.count()
			r.Losses = m.say(lost)
			return
		case left <= 0:
			r.Lose, r.More = most, true // fewer were all tried
			return
		}
	}
}

// lose tries to lose everything with at most so many losses more.
func (m model) lose(g gone, most int, seen map[gone]bool, left *int) (gone, bool) {
	if *left--; *left <= 0 {
		return g, false
	}
	places, people, open := m.used(g)
	if !open {
		return g, true
	}
	if most == 0 || seen[g] {
		return g, false
	}
	seen[g] = true
	for ; places != 0; places &= places - 1 {
		next := g
		next.places |= places & -places
		if lost, ok := m.lose(next, most-1, seen, left); ok {
			return lost, true
		}
	}
	for ; people != 0; people &= people - 1 {
		next := g
		next.people |= people & -people
		if lost, ok := m.lose(next, most-1, seen, left); ok {
			return lost, true
		}
	}
	return g, false
}

// used finds a way that is still open, and one copy and one reader of each item that it takes.
func (m model) used(g gone) (places uint64, people uint32, open bool) {
	for _, way := range m.ways {
		if places, people, open = m.take(way, g); open {
			return places, people, true
		}
	}
	return 0, 0, false
}

func (m model) take(way []wanted, g gone) (places uint64, people uint32, open bool) {
	for _, n := range way {
		have := 0
		for _, i := range n.of {
			if have == n.k {
				break
			}
			for at := m.at[i] &^ g.places; at != 0; at &= at - 1 {
				if who := m.read[bits.TrailingZeros64(at)] &^ g.people; who != 0 {
					places |= at & -at
					people |= who & -who
					have++
					break
				}
			}
		}
		if have < n.k {
			return 0, 0, false
		}
	}
	return places, people, true
}

func (m model) say(g gone) []string {
	var list []string
	for at := g.places; at != 0; at &= at - 1 {
		list = append(list, "the place "+m.places[bits.TrailingZeros64(at)])
	}
	for who := g.people; who != 0; who &= who - 1 {
		list = append(list, "the person "+m.people[bits.TrailingZeros32(who)])
	}
	return list
}
