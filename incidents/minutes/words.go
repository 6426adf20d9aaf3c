package minutes

import "strings"

// wrapWords cuts a text into pieces of at most most letters, between words where it
// can.
func wrapWords(text string, most int) (pieces []string) {
	letters := []rune(text)
	for len(letters) > most {
		cut := most
		for i := most; i > most/2; i-- {
			if letters[i] == ' ' {
				cut = i
				break
			}
		}
		pieces = append(pieces, string(letters[:cut]))
		letters = []rune(strings.TrimLeft(string(letters[cut:]), " "))
	}
	return append(pieces, string(letters))
}
