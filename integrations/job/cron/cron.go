// Package cron owns rules such as "30 2 * * *" on the clock of a zone: which are understood,
// and at which instants they come.
//
// It starts nothing and keeps nothing: package clockwork does. The library reads the fields,
// and no more than that: where clocks are changed it leaves runs out or doubles them, and it
// panics at some texts, so these never reach it.
package cron

import (
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"time"

	robfig "github.com/robfig/cron/v3"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// Rule is a rule on the clock of a zone. The zero Rule never comes.
type Rule struct {
	text string
	zone *time.Location

	minute, hour, day, month, weekday uint64 // a bit for each value that is meant

	// either: a day of the month or one of the week will do, as crontabs have it where
	// both are named.
	either bool
	// flows: it comes as time passes, not as the dial shows: what is done every hour is
	// done in each, also where an hour of the dial comes twice.
	flows bool
}

// longest is how long the text of a rule may be.
const longest = 100

var (
	// names are what may stand for five fields.
	names = map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
	}
	// field is what a field may look like. The library takes more, such as "*-5" or ","
	// or "?", and nobody knows what is meant by it.
	field = regexp.MustCompile(`^(\*(/[0-9]{1,2})?|[0-9a-zA-Z]{1,3}(-[0-9a-zA-Z]{1,3}(/[0-9]{1,2})?)?)(,(\*(/[0-9]{1,2})?|[0-9a-zA-Z]{1,3}(-[0-9a-zA-Z]{1,3}(/[0-9]{1,2})?)?))*$`)
)

// Parse reads a rule of five fields (minute, hour, day of the month, month, day of the week),
// or one of @hourly, @daily, @weekly and @monthly, on the clock of an IANA zone. Whatever is
// wrong with it is a fault.Invalid, also that it would never come.
func Parse(text, zone string) (Rule, error) {
	place, err := civil.Zone(zone)
	if err != nil {
		return Rule{}, err
	}
	r := Rule{text: strings.Join(strings.Fields(text), " "), zone: place}
	five, err := r.five()
	if err != nil {
		return Rule{}, err
	}
	fields := strings.Fields(five)
	spec, err := parse(five)
	if err != nil {
		return Rule{}, fault.Wrap(fault.Invalid, err, "I cannot read the rule %q. Its fields go from 0 to 59, 0 to 23, 1 to 31, 1 to 12 and 0 (Sunday) to 6.", r.text)
	}
	const star = 1 << 63 // the library's mark of a field that leaves all open
	r.minute, r.hour, r.day = spec.Minute&^star, spec.Hour&^star, spec.Dom&^star
	r.month, r.weekday = spec.Month&^star, spec.Dow&^star
	r.either = spec.Dom&star == 0 && spec.Dow&star == 0
	if r.either && (strings.Contains(fields[2], "*") || strings.Contains(fields[4], "*")) {
		return Rule{}, fault.New(fault.Invalid, "The rule %q names days of the month and days of the week, one of them with *, and programs differ in what that means. Write the days as numbers.", r.text)
	}
	r.flows = r.hour == everyHour || strings.ContainsAny(fields[1], "*/") && bits.OnesCount64(r.hour) > 1
	if !r.comes() {
		return Rule{}, fault.New(fault.Invalid, "The rule %q never comes: no such month has such a day.", r.text)
	}
	return r, nil
}

// five is the rule as five fields that the library can be given.
func (r Rule) five() (string, error) {
	switch long, named := names[strings.ToLower(r.text)]; {
	case named:
		return long, nil
	case len(r.text) > longest:
		return "", fault.New(fault.Invalid, "The rule %q is too long.", oncall.Clip(r.text, 40))
	case strings.Contains(strings.ToUpper(r.text), "TZ="):
		return "", fault.New(fault.Invalid, "The rule %q names a time zone. Leave it out there, and write it as the zone of the schedule.", r.text)
	}
	fields := strings.Fields(r.text)
	unclear := func(f string) bool { return !field.MatchString(f) }
	if len(fields) != 5 || slices.ContainsFunc(fields, unclear) {
		return "", fault.New(fault.Invalid, "I cannot read the rule %q. Write five fields, as in \"30 2 * * *\" for 02:30 every day, or one of @hourly, @daily, @weekly and @monthly.", r.text)
	}
	return r.text, nil
}

// parse has the library read five fields. What it is given was looked at, and still: it has
// panicked before.
func parse(five string) (spec *robfig.SpecSchedule, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Invalid, "the library cannot read it: %v", p)
		}
	}()
	found, err := robfig.NewParser(robfig.Minute | robfig.Hour | robfig.Dom | robfig.Month | robfig.Dow).Parse(five)
	if err != nil {
		return nil, err
	}
	spec, ok := found.(*robfig.SpecSchedule)
	if !ok {
		return nil, fault.New(fault.Invalid, "the library answers %T", found)
	}
	return spec, nil
}

// comes tells whether there is any day that the rule means.
func (r Rule) comes() bool {
	if r.minute == 0 || r.hour == 0 || r.month == 0 || r.weekday == 0 {
		return false
	}
	if r.either {
		return true
	}
	for month := time.January; month <= time.December; month++ {
		const leap = 2024
		last := time.Date(leap, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
		if has(r.month, int(month)) && r.day&(1<<(last+1)-1) != 0 {
			return true
		}
	}
	return false
}

// Text is the rule as it was written.
func (r Rule) Text() string { return r.text }

// Zone is on whose clock it goes, as an IANA name.
func (r Rule) Zone() string {
	if r.zone == nil {
		return ""
	}
	return r.zone.String()
}

func has(set uint64, n int) bool { return set&(1<<n) != 0 }

// values are the members of a set, the least first.
func values(set uint64) (all []int) {
	for ; set != 0; set &= set - 1 {
		all = append(all, bits.TrailingZeros64(set))
	}
	return all
}
