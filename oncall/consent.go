package oncall

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

// Consent is one version of what somebody agreed to. The newest is in force; the zero
// Consent is that of somebody who set no terms: by any way, at any hour, any number of
// times.
type Consent struct {
	PersonID int64
	Version  int // 1 is the first; 0: they set no terms
	At       time.Time
	Terms
	Network string // where it was said, and by which account
	Account string
}

// Terms are what somebody agrees to.
type Terms struct {
	Words      string   // their own; "" is none
	Routes     []string // kinds of way by which they may be rung, of [RouteKinds]; none is any
	QuietFrom  *int     // minutes after local midnight; nil: no quiet hours
	QuietUntil *int     // minutes after local midnight; before QuietFrom means the next day
	QuietSev1  bool     // severity 1 rings them in quiet hours too
	Calls      *int     `db:"calls_per_quarter"` // how many calls a quarter at most; nil is no limit
}

// Chat is the kind of way that every chat network is.
const Chat = "chat"

// RouteKinds are the kinds of way by which people can be rung: chat, and the kinds of
// contact that there are.
func RouteKinds() []string {
	return []string{Chat, "mail", "webhook", "sms", "voice", "ntfy", "pagerduty"}
}

// In letters, and in calls a quarter; the columns have the same limits.
const (
	longestWords = 500
	mostCalls    = 1000
)

// Allows tells whether somebody may be rung now: in their own zone, at a severity, by a
// kind of way ("" is: by any at all), after so many calls in this quarter. why says in
// words what is against it, to stand after their name.
func (c Consent) Allows(now time.Time, zone string, severity int, route string, callsThisQuarter int) (ok bool, why string) {
	switch {
	case c.Quiet(now, zone, severity):
		return false, fmt.Sprintf("has quiet hours until %s %s", Minutes(*c.QuietUntil), zone)
	case c.Calls != nil && callsThisQuarter >= *c.Calls:
		return false, fmt.Sprintf("was rung %s this quarter, and agreed to no more than %d", Times(callsThisQuarter), *c.Calls)
	case route != "" && len(c.Routes) > 0 && !slices.Contains(c.Routes, route):
		return false, "did not agree to be rung by " + route
	}
	return true, ""
}

// Quiet tells whether the clock on somebody's wall is inside their quiet hours, and an
// incident of a severity does not ring them all the same.
func (t Terms) Quiet(now time.Time, zone string, severity int) bool {
	if t.QuietFrom == nil || t.QuietUntil == nil || severity == 1 && t.QuietSev1 {
		return false
	}
	local := now.In(Location(zone))
	return within(local.Hour()*60+local.Minute(), *t.QuietFrom, *t.QuietUntil)
}

// within tells whether a minute of the day is in [from, until), which may go past
// midnight. The same time twice is the whole day.
func within(minute, from, until int) bool {
	if from < until {
		return from <= minute && minute < until
	}
	return minute >= from || minute < until
}

// Quarter is the calendar quarter of an instant, in UTC: [from, until).
func Quarter(now time.Time) (from, until time.Time) {
	now = now.UTC()
	first := (now.Month()-1)/3*3 + 1
	from = time.Date(now.Year(), first, 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 3, 0)
}

// Says writes terms for people: "by chat and mail, except 23:00-07:00 Europe/Berlin,
// at most 6 calls a quarter".
func (t Terms) Says(zone string) string {
	parts := []string{"by any way"}
	if len(t.Routes) > 0 {
		parts[0] = "by " + JoinNames(t.Routes)
	}
	if t.QuietFrom == nil || t.QuietUntil == nil {
		parts = append(parts, "at any hour")
	} else {
		quiet := fmt.Sprintf("except %s-%s %s", Minutes(*t.QuietFrom), Minutes(*t.QuietUntil), zone)
		if t.QuietSev1 {
			quiet += " (severity 1 rings then too)"
		}
		parts = append(parts, quiet)
	}
	if t.Calls == nil {
		return strings.Join(append(parts, "without a limit"), ", ")
	}
	return strings.Join(append(parts, "at most "+Plural(*t.Calls, "call", "calls")+" a quarter"), ", ")
}

var validRoute = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// Check says what is wrong with terms, with the field that it is wrong in: "words",
// "routes", "quiet" or "calls". The error joins a [FieldError] for each.
func (t Terms) Check() error {
	var all fieldErrors
	all.unless(isLine(t.Words, longestWords), "words", "Your own words are letters, at most %d of them. Say it shorter.", longestWords)
	for _, route := range t.Routes {
		all.unless(validRoute.MatchString(route) && slices.Contains(RouteKinds(), route), "routes",
			"Nobody can be rung by %q. The ways are %s.", Clip(route, 32), JoinNames(RouteKinds()))
	}
	switch {
	case (t.QuietFrom == nil) != (t.QuietUntil == nil) || !minuteOrNil(t.QuietFrom) || !minuteOrNil(t.QuietUntil):
		all.add("quiet", "Write quiet hours like 23:00-07:00, in your own time.")
	case t.QuietFrom != nil && *t.QuietFrom == *t.QuietUntil:
		all.add("quiet", "Quiet hours around the clock would mean that you are never rung. To be rung no more, leave the roster.")
	}
	all.unless(t.Calls == nil || *t.Calls >= 1 && *t.Calls <= mostCalls, "calls",
		"Calls a quarter are a number from 1 to %d. To be rung no more, leave the roster.", mostCalls)
	return all.err()
}

func minuteOrNil(m *int) bool { return m == nil || *m >= 0 && *m < 24*60 }

// Same tells whether two terms are the same, words included.
func (t Terms) Same(o Terms) bool {
	return t.Words == o.Words && slices.Equal(t.Routes, o.Routes) && t.QuietSev1 == o.QuietSev1 &&
		sameInt(t.QuietFrom, o.QuietFrom) && sameInt(t.QuietUntil, o.QuietUntil) && sameInt(t.Calls, o.Calls)
}

func sameInt(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

// ParseQuiet reads quiet hours like "23:00-07:00"; "none" is none.
func ParseQuiet(text string) (from, until *int, err error) {
	if strings.EqualFold(text, "none") {
		return nil, nil, nil
	}
	f, u, err := ParseHours(text)
	if err != nil {
		return nil, nil, newFieldError("quiet", fault.Invalid, "Write quiet hours like 23:00-07:00, in your own time, or none.")
	}
	return &f, &u, nil
}

// ParseRoutes reads kinds of way like "chat,mail"; "any" is any.
func ParseRoutes(text string) []string {
	routes := []string{}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' }) {
		if word == "any" {
			return []string{}
		}
		if !slices.Contains(routes, word) {
			routes = append(routes, word)
		}
	}
	return routes
}
