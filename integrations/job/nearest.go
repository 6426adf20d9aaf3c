package job

import (
	"slices"

	"batsignal/oncall/fault"
)

// Definition finds a job by its name. An unknown name is answered with the nearest one.
func (s *Service) Definition(name string) (Definition, error) {
	names := make([]string, 0, len(s.Definitions))
	for _, d := range s.Definitions {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	if near := nearest(name, names); near != "" {
		return Definition{}, fault.New(fault.NotFound, "There is no job %s. Did you mean %s?", quoted(name), near)
	}
	return Definition{}, fault.New(fault.NotFound, "There is no job %s. !job list shows those there are.", quoted(name))
}

// nearest is the name that somebody may have meant: by few letters that are wrong, or by how
// it begins; "" is none.
func nearest(word string, names []string) string {
	best, least := "", min(len(word)/3+2, 6)
	for _, name := range names {
		d := distance(word, name)
		if len(word) >= 3 && len(name) > len(word) && name[:len(word)] == word {
			d = 1
		}
		if d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is how many letters must be changed, put in or left out to make one word of
// another.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 { // no job is called so
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			swap := above[j]
			if a[i] != b[j] {
				swap++
			}
			row[j+1] = min(swap, above[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
