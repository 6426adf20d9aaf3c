package when

import (
	"regexp"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

// dayKind is how a day was named.
type dayKind int

const (
	noDay     dayKind = iota
	counted           // today, tomorrow: so many days from today
	ahead             // in 3 days, at the time of day that it is now
	tonight           // the evening of today and what is dark of tomorrow
	weekday           // friday
	dated             // 24 dec
	wholeWeek         // next week
	weekend           // the weekend
)

// point is what somebody wrote about one end of a stretch, before it is known which
// instant that is.
type point struct {
	at    time.Time // an instant by itself, like now; else zero
	kind  dayKind
	days  int           // for counted and ahead
	plus  time.Duration // for ahead
	week  time.Weekday  // for weekday
	named bool          // for dated: the weekday was written too
	next  bool          // "next friday", "next week"
	date  date

	clock    int // minutes after midnight
	hasClock bool
	midnight bool // the word, which may be either end of a day
	// clockFirst is whether the time of day stood before the day: "18:00 to 20:00 tomorrow"
	// is all of tomorrow, "18:00 until tomorrow 20:00" is not.
	clockFirst bool

	zone zone // none when zone.in is nil
}

// point reads words that name one instant.
func (r Reader) point(words []string) (point, error) {
	var p point
	var unknown []string
	ended := false // a word that is understood ends the name of a zone
	for len(words) > 0 {
		used, err := p.take(words, r.Now, len(unknown) == 0 || ended)
		if err != nil {
			return p, err
		}
		if used == 0 {
			if ended {
				return p, r.unknown(words[0])
			}
			unknown, words = append(unknown, words[0]), words[1:]
			continue
		}
		ended = len(unknown) > 0
		words = words[used:]
	}
	if len(unknown) > 0 {
		if bareNumber.MatchString(unknown[0]) {
			return p, fault.New(fault.Invalid, "What is meant by %s: a time of day, or a day? Write it like 18:00, 6pm or 24 dec.", quoted(unknown[0]))
		}
		if len(unknown) > mostWords+1 {
			return p, r.unknown(strings.Join(unknown, " "))
		}
		z, err := r.zoneOf(unknown)
		if err != nil {
			return p, err
		}
		p.zone = z
	}
	return p, p.check()
}

var bareNumber = regexp.MustCompile(`^\d+(?:st|nd|rd|th)?$`)

func (r Reader) unknown(text string) error {
	return fault.New(fault.Invalid, "I do not understand %s in that time. %s", quoted(text), examples)
}

// take reads what stands at the beginning of words and gives how many it understood.
// filler says whether small words may be passed over: in the name of a zone they may not.
func (p *point) take(words []string, now time.Time, filler bool) (int, error) {
	word := words[0]
	switch word {
	case "at", "on", "the":
		if filler {
			return 1, nil
		}
	case "now":
		return 1, p.setInstant(now)
	case "today":
		return 1, p.setDay(point{kind: counted})
	case "tomorrow":
		return 1, p.setDay(point{kind: counted, days: 1})
	case "yesterday":
		return 1, p.setDay(point{kind: counted, days: -1})
	case "tonight":
		return 1, p.setDay(point{kind: tonight})
	case "weekend":
		return 1, p.setDay(point{kind: weekend})
	case "midnight":
		p.midnight = true
		return 1, p.setClock(0)
	case "day":
		if len(words) > 2 && words[1] == "after" && words[2] == "tomorrow" {
			return 3, p.setDay(point{kind: counted, days: 2})
		}
	case "next", "this":
		return p.takeNext(words)
	}
	if t, ok := parseInstant(word); ok {
		return 1, p.setInstant(t)
	}
	if day, ok := weekdays[word]; ok {
		return 1, p.setDay(point{kind: weekday, week: day})
	}
	if d, used := takeDate(words); used > 0 {
		return used, p.setDay(point{kind: dated, date: d})
	}
	if slashed.MatchString(word) {
		return 0, fault.New(fault.Invalid, "I cannot tell day and month apart in %s. Write 24 dec or 2026-12-24.", quoted(word))
	}
	if m, used := takeClock(words); used > 0 {
		return used, p.setClock(m)
	}
	return p.takeAhead(words, filler)
}

// takeNext reads "next friday", "this weekend", "next week".
func (p *point) takeNext(words []string) (int, error) {
	if len(words) < 2 {
		return 0, nil
	}
	next := words[0] == "next"
	if day, ok := weekdays[words[1]]; ok {
		return 2, p.setDay(point{kind: weekday, week: day, next: next})
	}
	switch words[1] {
	case "week":
		return 2, p.setDay(point{kind: wholeWeek, next: next})
	case "weekend":
		return 2, p.setDay(point{kind: weekend, next: next})
	}
	return 0, nil
}

// takeAhead reads "in 2h", "2h ago" and "3 days from now"; "in" before a zone is passed over.
func (p *point) takeAhead(words []string, filler bool) (int, error) {
	in := words[0] == "in"
	text := words
	if in {
		text = words[1:]
	}
	l, rest, err := takeLength(text)
	if err != nil {
		return 0, err
	}
	used := len(words) - len(rest)
	sign := 1
	switch {
	case len(rest) == len(text):
		if in && filler {
			return 1, nil
		}
		return 0, nil
	case in:
	case len(rest) > 0 && rest[0] == "ago":
		sign, used = -1, used+1
	case len(rest) > 1 && rest[0] == "from" && rest[1] == "now":
		used += 2
	default:
		return 0, fault.New(fault.Invalid, "I do not understand %s as an instant. Write it like in 2h; how long something lasts is written like for 2h.", quoted(strings.Join(words, " ")))
	}
	return used, p.setDay(point{kind: ahead, days: sign * l.days, plus: time.Duration(sign) * l.clock})
}

func (p *point) setInstant(t time.Time) error {
	if !p.at.IsZero() || p.kind != noDay || p.hasClock {
		return twice()
	}
	p.at = t
	return nil
}

// setDay notes which day is meant. A weekday may stand beside a date.
func (p *point) setDay(d point) error {
	switch {
	case !p.at.IsZero():
		return twice()
	case p.kind == noDay:
		p.kind, p.days, p.plus, p.week, p.next, p.date = d.kind, d.days, d.plus, d.week, d.next, d.date
	case p.kind == weekday && d.kind == dated && !p.next:
		p.kind, p.date, p.named = dated, d.date, true
	case p.kind == dated && d.kind == weekday && !d.next && !p.named:
		p.week, p.named = d.week, true
	default:
		return twice()
	}
	if d.kind == dated && !d.date.exists() {
		return fault.New(fault.Invalid, "No calendar has that day. Write a day like 24 dec or 2026-12-24.")
	}
	p.clockFirst = p.clockFirst || p.hasClock
	return nil
}

func (p *point) setClock(minutes int) error {
	if p.hasClock || !p.at.IsZero() {
		return twice()
	}
	p.clock, p.hasClock = minutes, true
	return nil
}

func twice() error {
	return fault.New(fault.Invalid, "That names more than one time. A stretch is written like monday 18:00 to tuesday 09:00, one instant like tomorrow 18:00.")
}

// check refuses what does not go together, once everything is read.
func (p *point) check() error {
	switch {
	case p.at.IsZero() && p.kind == noDay && !p.hasClock:
		return fault.New(fault.Invalid, "A time is missing. %s", examples)
	case p.midnight && p.kind != noDay && p.kind != tonight:
		return fault.New(fault.Invalid, "Midnight might be where that day begins or where it ends. Write 00:00 for its beginning or 24:00 for its end.")
	case p.hasClock && p.kind == ahead && (p.plus != 0 || p.days == 0):
		return fault.New(fault.Invalid, "That names more than one time. Write it like in 2h, or in 3 days 18:00.")
	case p.hasClock && (p.kind == wholeWeek || p.kind == weekend):
		return fault.New(fault.Invalid, "On which day at that time? Write the day, like monday 18:00.")
	}
	return nil
}
