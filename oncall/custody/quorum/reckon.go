package quorum

import (
	"math/bits"
	"slices"
)

// Result is what a plan comes to.
type Result struct {
	Open int        // the fewest people who can open together; 0: nobody can
	Who  []string   // such people
	How  string     // the way that they take
	Ways []WayCount // the same for each way alone

	Lose   int      // the fewest losses after which nobody can open; 0: nobody can now
	Losses []string // such losses: "the place …", "the person …"
	More   bool     // it takes more than Lose losses: the plan is too tangled to say how many
}

// WayCount is the fewest people of one way.
type WayCount struct {
	Way  string
	Open int // 0: nobody can
	Who  []string
}

// Reckon finds the fewest people who can open, and the fewest losses that lose it. Both are
// exact, within the bounds of a plan. A place that is lost is lost with its copies; when all
// who could read a place are gone, nobody gets into it any more.
func (p Plan) Reckon() (Result, error) {
	if err := p.Check(); err != nil {
		return Result{}, err
	}
	m := newModel(p)
	var r Result
	for i, w := range p.Ways {
		c := WayCount{Way: w.Name}
		if set, ok := m.fewest(m.ways[i : i+1]); ok {
			c.Who = m.names(set)
			c.Open = len(c.Who)
		}
		r.Ways = append(r.Ways, c)
		if c.Open > 0 && (r.Open == 0 || c.Open < r.Open) {
			r.Open, r.Who, r.How = c.Open, c.Who, c.Way
		}
	}
	m.losses(&r)
	return r, nil
}

// model is a plan in bits.
type model struct {
	people []string
	places []string
	read   []uint32 // by place: who can read it
	at     []uint64 // by item: the places of its copies
	ways   [][]wanted
}

type wanted struct {
	k  int
	of []int // items
}

func newModel(p Plan) model {
	m := model{people: p.People()}
	for _, place := range p.Places {
		m.places = append(m.places, place.Name)
		var who uint32
		for _, r := range place.Readers {
			who |= 1 << slices.Index(m.people, r)
		}
		m.read = append(m.read, who)
	}
	item := map[string]int{}
	for i, it := range p.Items {
		item[it.Name] = i
		var at uint64
		for _, name := range it.Places {
			at |= 1 << slices.Index(m.places, name)
		}
		m.at = append(m.at, at)
	}
	for _, w := range p.Ways {
		var way []wanted
		for _, n := range w.Needs {
			one := wanted{k: n.K}
			for _, name := range n.Of {
				one.of = append(one.of, item[name])
			}
			way = append(way, one)
		}
		m.ways = append(m.ways, way)
	}
	return m
}

// readers are who can get at an item.
func (m model) readers(item int) (who uint32) {
	for at := m.at[item]; at != 0; at &= at - 1 {
		who |= m.read[bits.TrailingZeros64(at)]
	}
	return who
}

// fewest finds the smallest set of people that can take one of some ways: all sets of one,
// then all of two, and so on.
func (m model) fewest(ways [][]wanted) (uint32, bool) {
	readers := make([]uint32, len(m.at))
	for i := range readers {
		readers[i] = m.readers(i)
	}
	can := func(set uint32) bool {
		return slices.ContainsFunc(ways, func(w []wanted) bool {
			return !slices.ContainsFunc(w, func(n wanted) bool {
				have := 0
				for _, i := range n.of {
					if readers[i]&set != 0 {
						have++
					}
				}
				return have < n.k
			})
		})
	}
	all := uint32(1)<<len(m.people) - 1
	if !can(all) {
		return 0, false
	}
	for size := 1; ; size++ {
		// Gosper: the next higher number with as many bits.
		for set := uint32(1)<<size - 1; set <= all; {
			if can(set) {
				return set, true
			}
			low := set & -set
			next := set + low
			set = (set^next)>>2/low | next
		}
	}
}

func (m model) names(set uint32) []string {
	var list []string
	for ; set != 0; set &= set - 1 {
		list = append(list, m.people[bits.TrailingZeros32(set)])
	}
	return list
}
