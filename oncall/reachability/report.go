package reachability

import (
	"encoding/json"
	"fmt"
	"time"
)

// Report is what came of a game.
type Report struct {
	Model      Model     `json:"model"`
	Seed       uint64    `json:"seed"`
	From       time.Time `json:"from"`
	Hours      int       `json:"hours"`
	Runs       int       `json:"runs_per_hour"`
	Within     Took      `json:"played_for"`
	Severity   int       `json:"severity"`
	ModelCrowd bool      `json:"model_roster"`
	Incidents  int       `json:"incidents"`

	All      Figures      `json:"all_roles"`
	Roles    []RoleReport `json:"roles"`
	Rings    float64      `json:"rings_per_incident"`
	People   float64      `json:"people_rung_per_incident"`
	Sleepers float64      `json:"sleepers_woken_per_incident"`
	Weak     []Weak       `json:"weak_hours"` // the weakest first
	Compared []Compared   `json:"compared,omitempty"`
}

// Figures are how long it took.
type Figures struct {
	Median Took    `json:"median"`
	P95    Took    `json:"p95"`
	Mean   Took    `json:"mean"`        // of those in which it did
	Never  int     `json:"never"`       // in how many incidents it did not happen
	Share  float64 `json:"never_share"` // of all incidents, from 0 to 1
}

// RoleReport is how one role fared.
type RoleReport struct {
	Role   string `json:"role"`
	Policy string `json:"policy"` // that it follows; "" is the built-in one
	Figures
	People   float64     `json:"people_rung_per_incident"`
	Sleepers float64     `json:"sleepers_woken_per_incident"`
	Worst    []Hour      `json:"worst_hours"`
	Empty    []time.Time `json:"first_never,omitempty"` // the first incidents in which it was not filled
}

// Hour is an hour of the week, and how long it took then.
type Hour struct {
	At WeekHour `json:"hour"`
	Figures
}

// Weak is an hour of the week at which all roles are filled late, and with whom it hangs.
type Weak struct {
	Hour
	Sleepers float64 `json:"sleepers_woken_per_incident"`
	Role     string  `json:"slowest_role"`
	OfRole   Figures `json:"slowest_role_figures"`
	Able     float64 `json:"can_be_rung"` // how many, on average, when the incident begins
	Awake    float64 `json:"awake"`       // how many of those
	By       []Share `json:"filled_by,omitempty"`
}

// Share is how often somebody fills a role.
type Share struct {
	Handle string  `json:"handle"`
	Share  float64 `json:"share"` // of the incidents of that hour, from 0 to 1
}

// WeekHour is an hour of the week, from Monday 00:00 UTC on.
type WeekHour int

// HourOfWeek is the one that an instant is in.
func HourOfWeek(t time.Time) WeekHour {
	t = t.UTC()
	return WeekHour((int(t.Weekday())+6)%7*24 + t.Hour())
}

// String writes it like "Sun 03:00".
func (h WeekHour) String() string {
	return fmt.Sprintf("%s %02d:00", time.Weekday((int(h)/24 + 1) % 7).String()[:3], h%24)
}

// MarshalText writes it like "Sun 03:00 UTC".
func (h WeekHour) MarshalText() ([]byte, error) { return []byte(h.String() + " UTC"), nil }

// Took is a time until something happened; [Never] is one.
type Took time.Duration

// String writes it as minutes and seconds, "4:09".
func (t Took) String() string {
	if time.Duration(t) == Never {
		return "never"
	}
	s := int(time.Duration(t).Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// MarshalJSON writes seconds; null is never.
func (t Took) MarshalJSON() ([]byte, error) {
	if time.Duration(t) == Never {
		return []byte("null"), nil
	}
	return json.Marshal(time.Duration(t).Round(100 * time.Millisecond).Seconds())
}
