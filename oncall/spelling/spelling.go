// Package spelling owns how near two words are, for guessing what was mistyped.
// What is made of a guess is for whoever asks.
package spelling

// Distance counts the slips between two words: a character too many, missing,
// wrong, or two neighbours swapped (Damerau and Levenshtein, each place edited
// once). Words much longer than any name are simply far away.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > 3 || d < -3 {
		return len(x) + len(y)
	}
	// Three rows are enough: a swap looks back two.
	before, above, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			wrong := 1
			if x[i-1] == y[j-1] {
				wrong = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+wrong)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(y)]
}
