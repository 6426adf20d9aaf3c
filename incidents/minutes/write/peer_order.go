package write

import (
	"slices"

	"batsignal/incidents/minutes"
)

// byLinesHashed are the people present, who said most first. Those who said as much are
// in the order in which a dictionary of Python 2 holds their names, since that is the
// order of every archive that the original and OpenStack's fork have written.
func byLinesHashed(people []*minutes.Person) []*minutes.Person {
	list := dictionaryOrder(people)
	slices.SortStableFunc(list, func(a, b *minutes.Person) int { return b.Lines - a.Lines })
	return list
}

// byLinesSeen are the same, with the first seen first among those who said as much.
func byLinesSeen(people []*minutes.Person) []*minutes.Person {
	list := slices.Clone(people)
	slices.SortStableFunc(list, func(a, b *minutes.Person) int { return b.Lines - a.Lines })
	return list
}

// dictionaryOrder puts people into a table in the order given, and takes them out in the
// order of its places. The table begins with 8 places and grows fourfold, to a power of
// two, whenever two thirds are taken.
func dictionaryOrder(people []*minutes.Person) []*minutes.Person {
	places := make([]*minutes.Person, 8)
	for n, one := range people {
		place(places, one)
		if taken := n + 1; taken*3 >= len(places)*2 {
			size := 8
			for size <= taken*4 {
				size *= 2
			}
			larger := make([]*minutes.Person, size)
			for _, other := range places {
				if other != nil {
					place(larger, other)
				}
			}
			places = larger
		}
	}
	return slices.DeleteFunc(places, func(one *minutes.Person) bool { return one == nil })
}

// place puts somebody where their name's hash says, or at the first free place of those
// that are tried next.
func place(places []*minutes.Person, one *minutes.Person) {
	mask := uint64(len(places) - 1)
	hash := nameHash(one.Nick)
	for i, stir := hash, hash; ; i, stir = 5*i+stir+1, stir>>5 {
		if at := &places[i&mask]; *at == nil {
			*at = one
			return
		}
	}
}

// nameHash is the hash that Python 2 gives a name, on a machine of 64 bits.
func nameHash(name string) uint64 {
	letters := []rune(name)
	if len(letters) == 0 {
		return 0
	}
	hash := uint64(letters[0]) << 7
	for _, r := range letters {
		hash = hash*1000003 ^ uint64(r)
	}
	return hash ^ uint64(len(letters))
}
