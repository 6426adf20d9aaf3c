package rota

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
)

const (
	sameDay  = "15:04"
	otherDay = "Mon 2 Jan 15:04"
)

// moment writes an instant for a reader: "Mon 30 Nov 18:00 UTC (19:00 your time)".
func moment(t time.Time, zone string) string {
	utc := t.UTC()
	out := utc.Format(otherDay) + " UTC"
	local := t.In(oncall.Location(zone))
	switch {
	case zone == "" || local.Format(otherDay) == utc.Format(otherDay):
		return out
	case local.YearDay() == utc.YearDay():
		return fmt.Sprintf("%s (%s your time)", out, local.Format(sameDay))
	}
	return fmt.Sprintf("%s (%s your time)", out, local.Format(otherDay))
}

// stretch writes a range for a reader: "from … until …".
func stretch(from, until time.Time, zone string) string {
	return "from " + moment(from, zone) + " until " + moment(until, zone)
}

// noted adds what somebody wrote to a sentence, at its end: never does a sentence
// begin with somebody else's text.
func noted(sentence, note string) string {
	if note == "" {
		return sentence
	}
	return sentence + " They say: " + note
}

// cleaned makes what somebody wrote fit for a line and for the database, which refuses
// letters that are none.
func cleaned(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "")))
}

func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
