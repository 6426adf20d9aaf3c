package paging

import (
	"context"
	"strconv"
	"strings"
)

// Helpline is whoever is on call for a role at another paging service. That service knows
// them and rings them by its own rules; we need not know them. One that is called helps
// the hunt for the role: who answers there and is somebody here fills it.
type Helpline struct {
	Role   string // which it stands for
	Route  string // the route by which it is called
	Title  string // that service, for people: "PagerDuty"
	Place  string // what is called there, by its name there: see [IsPlace]
	Policy string // whom it calls there, by its name there; "" is whomever it usually does
	AtOnce int    // the mildest severity at which it is called beside our own people; at milder ones it is called when none of them is left
}

// HelpCaller is a route by which helplines are called.
type HelpCaller interface {
	// CallHelp has whoever is on call there called. The same key calls nobody twice.
	CallHelp(ctx context.Context, h HelpCall) (HelpCalled, error)
	// EndHelp tells the other side that nobody is needed any more. It must not fail for
	// what is over there too, or was never called.
	EndHelp(ctx context.Context, h HelpEnd) error
}

// HelpCall is a call to a helpline.
type HelpCall struct {
	Key      string // see [HelpKey]
	Attempt  int    // 1 on the first try
	Place    string
	Policy   string
	Ref      string // what it belongs to: "INC-7"
	Severity int
	Role     string // in words
	Why      string
	Rooms    []string
}

// HelpCalled is what the other side said of a call.
type HelpCalled struct {
	Name string // what people there call it: "31"
	Link string // where they look at it; http or https, or ""
}

// HelpEnd is the end of a call to a helpline.
type HelpEnd struct {
	Key   string
	Place string
	Why   string // in a sentence
}

// longestPlace is in letters.
const longestPlace = 40

// IsPlace tells whether a text can be the name of a place at another service: it is part
// of keys and of addresses, so only letters and digits may stand in it.
func IsPlace(s string) bool {
	return s != "" && len(s) <= longestPlace && strings.IndexFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) < 0
}

const helpKey = "help-"

// HelpKey is the key of a call for one hunt to one place, the same for each of its tries.
func HelpKey(escalation int64, place string) string {
	return helpKey + strconv.FormatInt(escalation, 10) + "-" + place
}

// ParseHelpKey reads a [HelpKey] back.
func ParseHelpKey(key string) (escalation int64, place string, ok bool) {
	rest, ok := strings.CutPrefix(key, helpKey)
	if !ok {
		return 0, "", false
	}
	digits, place, _ := strings.Cut(rest, "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || !IsPlace(place) || HelpKey(n, place) != key {
		return 0, "", false
	}
	return n, place, true
}
