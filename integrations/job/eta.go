package job

import (
	"fmt"
	"strconv"
	"time"

	"batsignal/oncall"
)

// Percent is how much is done, from 0 to 100; ok is false if it is not known of how much.
// It is 100 only when all is done.
func Percent(done, total int64) (percent int, ok bool) {
	switch {
	case total <= 0 || done < 0:
		return 0, false
	case done >= total:
		return 100, true
	}
	return int(float64(done) / float64(total) * 100), true
}

// ETA is how long the rest takes if it goes on as it went: done of total took so long. ok is
// false where nothing can be said, as in the first two seconds.
func ETA(done, total int64, took time.Duration) (left time.Duration, ok bool) {
	if done <= 0 || total < done || took < 2*time.Second {
		return 0, false
	}
	if done == total {
		return 0, true
	}
	seconds := took.Seconds() / float64(done) * float64(total-done)
	if seconds > (365 * 24 * time.Hour).Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second), true
}

// Bytes writes a size for people: "812 B", "3.1 GB". A kB is 1,000 bytes.
func Bytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value := float64(n)
	units := [...]string{"kB", "MB", "GB", "TB", "PB", "EB"}
	at := -1
	for value >= 999.5 && at+1 < len(units) {
		value /= 1000
		at++
	}
	at = max(at, 0)
	if value < 9.95 {
		return fmt.Sprintf("%.1f %s", value, units[at])
	}
	return fmt.Sprintf("%.0f %s", value, units[at])
}

// Spell writes how long something took or takes, in two units at most: "41 s", "3 min 5 s",
// "2 h 10 min", "3 days".
func Spell(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Second:
		return "less than a second"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return two(int(d/time.Minute), "min", int(d%time.Minute/time.Second), "s")
	case d < 48*time.Hour:
		return two(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "min")
	}
	return oncall.Plural(int(d/(24*time.Hour)), "day", "days")
}

func two(a int, of string, b int, ofLess string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, of)
	}
	return fmt.Sprintf("%d %s %d %s", a, of, b, ofLess)
}

// UnitBytes is the unit of progress that is written as a size.
const UnitBytes = "bytes"

// Progress is how far a run is, for people: "1.2 GB of 3.1 GB (38 %), about 4 min left"; ""
// if it told nothing.
func (r Row) Progress() string {
	if r.ProgressAt == nil || r.Done == 0 && r.Total == 0 {
		return ""
	}
	amount := func(n int64) string {
		if r.Unit == UnitBytes {
			return Bytes(n)
		}
		return strconv.FormatInt(n, 10)
	}
	text := amount(r.Done)
	percent, known := Percent(r.Done, r.Total)
	if known {
		text += " of " + amount(r.Total)
	}
	if r.Unit != UnitBytes && r.Unit != "" {
		text += " " + r.Unit
	}
	if known {
		text += fmt.Sprintf(" (%d %%)", percent)
	}
	if left, ok := r.Left(); ok && left > 0 {
		text += ", about " + Spell(left) + " left"
	}
	return text
}

// Left is how long the rest takes, if it goes on as it went.
func (r Row) Left() (left time.Duration, ok bool) {
	if r.State != Running || r.ProgressFrom == nil || r.ProgressAt == nil {
		return 0, false
	}
	return ETA(r.Done, r.Total, r.ProgressAt.Sub(*r.ProgressFrom))
}
