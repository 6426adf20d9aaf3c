package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// zoned is the zone that a page shows its times in.
type zoned struct {
	Name    string
	In      *time.Location
	Typed   string // what was asked for, where that is no zone
	Problem string // why it is none; "" is no problem
	Near    []zoneChoice
}

// zoneChoice is a zone that is likely to be wanted.
type zoneChoice struct {
	Name, Whose string
}

// zoneOf reads which zone a reader wants: the one they chose, else their own, else UTC.
// other is the zone of what is looked at.
func (s *site) zoneOf(r *http.Request, other string) zoned {
	return zoneNamed(r.URL.Query().Get("zone"), s.visitor(r).Zone, other)
}

// zoneNamed is zoneOf without a request.
func zoneNamed(wanted, own, other string) zoned {
	z := zoned{Name: "UTC", In: time.UTC, Near: []zoneChoice{{"UTC", ""}}}
	for _, near := range []zoneChoice{{own, "yours"}, {other, "the schedule's"}} {
		same := func(c zoneChoice) bool { return c.Name == near.Name }
		if near.Name != "" && !slices.ContainsFunc(z.Near, same) {
			z.Near = append(z.Near, near)
		}
	}
	wanted = cmp.Or(strings.TrimSpace(wanted), own, "UTC")
	in, err := civil.Zone(wanted)
	if err != nil {
		z.Typed, z.Problem = wanted, fault.Say(err)
		return z
	}
	z.Name, z.In = wanted, in
	return z
}

// Value is what the field holds.
func (z zoned) Value() string { return cmp.Or(z.Typed, z.Name) }

// UTC tells whether there is nothing to show beside UTC.
func (z zoned) UTC() bool { return z.Name == "UTC" || z.Name == "Etc/UTC" }

// midnight is the beginning of the day that an instant is in.
func (z zoned) midnight(at time.Time) time.Time {
	return civil.Of(at, z.In).Midnight().In(z.In, civil.Start)
}

// addDays is the beginning of a day so many days after that of an instant.
func (z zoned) addDays(at time.Time, days int) time.Time {
	return civil.Of(at, z.In).Midnight().AddDays(days).In(z.In, civil.Start)
}
