package write

import (
	"strings"
	"unicode/utf8"
)

// clean is what somebody wrote without what would act on a screen: control characters,
// IRC's colours and styles, and marks that turn the direction of writing. Bytes that
// are no letters become U+FFFD. The ends of lines stay, and nothing else that is not
// seen. Every writer of ours passes through here whatever it did not write itself.
func clean(text string) string {
	if isClean(text) && strings.IndexByte(text, '\t') < 0 {
		return text
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD")
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case r == '\x03':
			i += colour(text[i:])
		case r == '\t' || r == 0x2028 || r == 0x2029:
			b.WriteByte(' ')
		case r == '\n' || !acts(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// oneLine is the same in one line and without blanks around it.
func oneLine(text string) string {
	text = strings.TrimSpace(clean(text))
	if strings.IndexByte(text, '\n') < 0 {
		return text
	}
	return strings.ReplaceAll(text, "\n", " / ")
}

// colour measures the numbers after IRC's sign for a colour: "4", "04,12".
func colour(s string) int {
	n := digits(s)
	if n > 0 && n < len(s) && s[n] == ',' {
		if m := digits(s[n+1:]); m > 0 {
			n += 1 + m
		}
	}
	return n
}

// digits counts those at the beginning, two at most.
func digits(s string) int {
	n := 0
	for n < len(s) && n < 2 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
