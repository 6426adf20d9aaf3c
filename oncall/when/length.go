package when

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

// length is how long something lasts: days are counted on the calendar, the rest on
// the clock, so that "2 days" over a change of clocks ends at the same time of day.
type length struct {
	days  int
	clock time.Duration
}

// longestDays is how long a stretch may be.
const longestDays = 400

var units = map[string]length{
	"m": {clock: time.Minute}, "min": {clock: time.Minute}, "mins": {clock: time.Minute}, "minute": {clock: time.Minute}, "minutes": {clock: time.Minute},
	"h": {clock: time.Hour}, "hr": {clock: time.Hour}, "hrs": {clock: time.Hour}, "hour": {clock: time.Hour}, "hours": {clock: time.Hour},
	"d": {days: 1}, "day": {days: 1}, "days": {days: 1},
	"w": {days: 7}, "wk": {days: 7}, "week": {days: 7}, "weeks": {days: 7},
}

var (
	amounts   = regexp.MustCompile(`^(\d{1,6}(?:\.\d{1,2})?[a-z]+)+$`)
	oneAmount = regexp.MustCompile(`(\d{1,6}(?:\.\d{1,2})?)([a-z]+)`)
	number    = regexp.MustCompile(`^\d{1,6}(?:\.\d{1,2})?$`)
)

// takeLength reads a length at the beginning of words and gives the words behind it.
// Without one it gives all of them.
func takeLength(words []string) (length, []string, error) {
	var sum length
	rest := words
	for len(rest) > 0 {
		word := rest[0]
		switch {
		case word == "and" && len(rest) < len(words) && len(rest) > 1 && begins(rest[1:]):
			rest = rest[1:]
		case len(rest) > 1 && number.MatchString(word) && isUnit(rest[1]):
			if err := sum.add(word, rest[1]); err != nil {
				return sum, words, err
			}
			rest = rest[2:]
		case (word == "a" || word == "an" || word == "one") && len(rest) > 1 && isUnit(rest[1]):
			if err := sum.add("1", rest[1]); err != nil {
				return sum, words, err
			}
			rest = rest[2:]
		case amounts.MatchString(word) && allUnits(word):
			for _, m := range oneAmount.FindAllStringSubmatch(word, -1) {
				if err := sum.add(m[1], m[2]); err != nil {
					return sum, words, err
				}
			}
			rest = rest[1:]
		default:
			return sum.checked(words, rest)
		}
	}
	return sum.checked(words, rest)
}

// begins tells whether a length stands at the beginning of words.
func begins(words []string) bool {
	if len(words) == 0 {
		return false
	}
	if amounts.MatchString(words[0]) && allUnits(words[0]) {
		return true
	}
	return len(words) > 1 && isUnit(words[1]) && (number.MatchString(words[0]) || words[0] == "a" || words[0] == "an" || words[0] == "one")
}

func (l *length) checked(words, rest []string) (length, []string, error) {
	if len(rest) == len(words) {
		return length{}, words, nil
	}
	if l.days == 0 && l.clock == 0 {
		return length{}, words, fault.New(fault.Invalid, "That lasts no time at all. Write how long like 4h, 90m or 2 days.")
	}
	if time.Duration(l.days)*24*time.Hour+l.clock > longestDays*24*time.Hour {
		return length{}, words, tooLong()
	}
	return *l, rest, nil
}

func tooLong() error {
	return fault.New(fault.Invalid, "That is longer than %d days. Write a shorter time, like 2 weeks.", longestDays)
}

// add counts an amount of a unit in. Parts of hours are minutes; half a day is said in
// hours.
func (l *length) add(amount, unit string) error {
	u, known := units[unit]
	if !known {
		return fault.New(fault.Invalid, "A month and a year have no certain length. Write days or weeks, like 30 days.")
	}
	if whole, err := strconv.Atoi(amount); err == nil {
		if whole > longestDays*24*60 {
			return tooLong()
		}
		l.days += whole * u.days
		l.clock += time.Duration(whole) * u.clock
		if l.days > longestDays || l.clock > longestDays*24*time.Hour {
			return tooLong()
		}
		return nil
	}
	f, err := strconv.ParseFloat(amount, 64)
	if err != nil || u.clock != time.Hour || f > longestDays*24 {
		return fault.New(fault.Invalid, "Only hours can be written with a point, like 1.5h. Write %s in smaller units.", quoted(amount+" "+unit))
	}
	l.clock += time.Duration(f*60+0.5) * time.Minute
	return nil
}

// vague are units that are recognised in order to be refused.
var vague = map[string]bool{"month": true, "months": true, "mo": true, "year": true, "years": true, "y": true, "yr": true, "yrs": true}

func isUnit(word string) bool {
	_, known := units[word]
	return known || vague[word]
}

func allUnits(word string) bool {
	for _, m := range oneAmount.FindAllStringSubmatch(word, -1) {
		if !isUnit(m[2]) {
			return false
		}
	}
	return strings.ContainsAny(word, "0123456789")
}
