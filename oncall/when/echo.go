package when

import (
	"slices"
	"strings"
	"time"

	"batsignal/oncall/civil"
)

// Echo writes an instant for people, in UTC and in each zone (IANA names): "Sun 29 Nov
// 18:00 UTC, 19:00 in Europe/Berlin", with the date there when it is another one. UTC is
// not said twice, and a zone that does not load is left out.
func Echo(t time.Time, zones ...string) string { return echo(t, t, zones) }

// EchoSpan writes a stretch of time for people, in UTC and in each zone: "Sun 29 Nov 18:00
// to 22:00 UTC, 19:00 to 23:00 in Europe/Berlin". An end at midnight is 24:00 of the day
// before, as people say it.
func EchoSpan(from, until time.Time, zones ...string) string {
	return echoSpan(from, until, from, zones)
}

// echo names the year where it is not the one of now.
func echo(t, now time.Time, zones []string) string {
	utc := t.UTC()
	dates := dater(now, utc)
	parts := []string{dates(utc) + " " + utc.Format("15:04") + " UTC"}
	for _, z := range others(zones) {
		local := t.In(z)
		clock := local.Format("15:04")
		if !sameDay(local, utc) {
			clock = dates(local) + " " + clock
		}
		parts = append(parts, clock+" in "+z.String())
	}
	return strings.Join(parts, ", ")
}

func echoSpan(from, until, now time.Time, zones []string) string {
	dates := dater(now, from, until)
	utc := from.UTC()
	parts := []string{dates(utc) + " " + stretch(utc, until.UTC(), dates) + " UTC"}
	for _, z := range others(zones) {
		local := from.In(z)
		clocks := stretch(local, until.In(z), dates)
		if !sameDay(local, utc) {
			clocks = dates(local) + " " + clocks
		}
		parts = append(parts, clocks+" in "+z.String())
	}
	return strings.Join(parts, ", ")
}

// stretch writes two clocks, and the date of the second when it is another day.
func stretch(from, until time.Time, dates func(time.Time) string) string {
	clock, day := until.Format("15:04"), until
	if clock == "00:00" && until.After(from) {
		clock, day = "24:00", until.AddDate(0, 0, -1)
	}
	if !sameDay(from, day) {
		clock = dates(day) + " " + clock
	}
	return from.Format("15:04") + " to " + clock
}

// dater gives how dates are written: with the year when one of them is in another than now.
func dater(now time.Time, times ...time.Time) func(time.Time) string {
	layout := "Mon 2 Jan"
	if slices.ContainsFunc(times, func(t time.Time) bool { return t.UTC().Year() != now.UTC().Year() }) {
		layout = "Mon 2 Jan 2006"
	}
	return func(t time.Time) string { return t.Format(layout) }
}

// others are the zones to be shown beside UTC, each once.
func others(names []string) []*time.Location {
	var zones []*time.Location
	for i, name := range names {
		if name == "" || name == "UTC" || name == "Etc/UTC" || slices.Contains(names[:i], name) {
			continue
		}
		if z, err := civil.Zone(name); err == nil {
			zones = append(zones, z)
		}
	}
	return zones
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

func withNotes(echo string, notes []string) string {
	if len(notes) == 0 {
		return echo
	}
	return echo + ". " + strings.Join(notes, " ")
}
