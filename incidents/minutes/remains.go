package minutes

import "strings"

// erasedLink stands for an address that was erased.
const erasedLink = "https://erased.invalid/"

// Remains is what has to be left of a line whose words are erased, so that the meeting
// comes to the same numbers and votes when it is read again with Blank set. A command that
// the minutes rest on may not be erased.
func (d *Dialect) Remains(text string) (left string, may bool) {
	if d.StrictStart && strings.HasPrefix(d.bare(text), StartWord) {
		return "", false // it is no line
	}
	text = d.bare(text)
	if d.OffRecord(text) {
		return offMark, true
	}
	word, rest, is := d.split(text)
	switch kind := kinds[word]; {
	case is && !d.Has(word):
		return "", true // it came to nothing
	case is && kind == "":
		return "", false
	case is && kind == Help && d.Explain && strings.TrimSpace(rest) == "":
		return "", true // it asked the bot
	case is:
		return "#" + word, true
	case startsWithURL(text):
		return erasedLink, true
	}
	return answerIn(text), true
}
