package when

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"batsignal/oncall/fault"
)

// longest is how much text a time may be, in bytes.
const longest = 200

var dashes = strings.NewReplacer("–", "-", "—", "-", "−", "-", "\u2011", "-", "→", " - ", "a.m.", "am", "p.m.", "pm")

// split gives the words of a text in small letters, without the commas and stops that
// people put behind them, and with a dash of its own between two times.
func split(text string) ([]string, error) {
	if len(text) > longest {
		return nil, fault.New(fault.Invalid, "That is too long for a time. %s", examples)
	}
	var words []string
	for _, word := range strings.Fields(dashes.Replace(strings.ToLower(strings.ToValidUTF8(text, "?")))) {
		if trimmed := strings.TrimRight(word, ",;.!?"); trimmed != "" {
			words = append(words, parted(trimmed)...)
		}
	}
	return words, nil
}

// parted takes apart "22:00-06:00", "mon-fri", "18:00z", 2026-12-24T18:00 and
// "2026-12-24/2026-12-26", which are written without blanks. What else has such signs in
// it is a date, an instant or a zone.
func parted(word string) []string {
	if m := isoWall.FindStringSubmatch(word); m != nil {
		return m[1:]
	}
	if m := clockZone.FindStringSubmatch(word); m != nil {
		return []string{m[1], strings.ReplaceAll(m[2], "z", "utc")}
	}
	if a, b, ok := strings.Cut(word, "/"); ok && isoDate.MatchString(a) && isoDate.MatchString(b) {
		return append(append(parted(a), "-"), parted(b)...)
	}
	if a, b, ok := strings.Cut(word, "-"); ok {
		_, clockA := parseClock(a)
		_, clockB := parseClock(b)
		_, dayA := weekdays[a]
		_, dayB := weekdays[b]
		if clockA && clockB || dayA && dayB {
			return []string{a, "-", b}
		}
	}
	return []string{word}
}

var (
	isoDate   = regexp.MustCompile(`^\d{4}-\d\d-\d\d`)
	isoWall   = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)t(\d\d:\d\d)(?::00)?$`)
	clockZone = regexp.MustCompile(`^(\d{1,2}:\d\d)(z|utc|gmt|\+\d\d:?\d\d)$`)
)

// quoted is what somebody wrote, short and harmless, for a sentence about it.
func quoted(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if r := []rune(text); len(r) > 40 {
		text = string(r[:39]) + "…"
	}
	return strconv.Quote(text)
}
