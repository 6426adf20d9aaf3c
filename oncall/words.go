package oncall

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// JoinNames writes names as a sentence does: "maria, jan and li"; "nobody" for none.
func JoinNames(names []string) string { return join(names, " and ") }

// JoinOr is [JoinNames] where one of them is meant: "maria, jan or li".
func JoinOr(names []string) string { return join(names, " or ") }

func join(names []string, last string) string {
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + last + names[len(names)-1]
}

// Clip shortens a text to so many letters; the last of them tells that it did.
func Clip(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// UpperFirst has a text begin with a capital letter.
func UpperFirst(text string) string {
	r, width := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[width:]
}

// Plural writes a number with its noun.
func Plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(int64(n), 10) + " " + many
}

// Times writes how often something was: "not once", "once", "twice", "3 times".
func Times[N int | int64](n N) string {
	switch n {
	case 0:
		return "not once"
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Plural(n, "time", "times")
}

// Lasting writes a time that somebody chose to wait, and rounds nothing: "90 seconds",
// "5 minutes", "2 hours".
func Lasting(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return Plural(int(d/time.Hour), "hour", "hours")
	case d%time.Minute == 0:
		return Plural(int(d/time.Minute), "minute", "minutes")
	}
	return Plural(int(d/time.Second), "second", "seconds")
}

// oneLine is a text that may have been typed in a form: space at its ends goes, and line
// ends become a space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// isLine tells whether a text is letters alone, at most so many of them: nothing that
// moves a cursor, and nothing that the database refuses.
func isLine(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}
