package civil

import (
	"fmt"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

// String writes "2026-03-29 02:30"; the zero DateTime is "".
func (d DateTime) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d %02d:%02d", d.Year, d.Month, d.Day, d.Hour, d.Minute)
}

// Parse reads "2026-03-29 02:30", the same with a T in the middle, or "2026-03-29" for
// its midnight. The error is fault.Invalid.
func Parse(text string) (DateTime, error) {
	trimmed := strings.TrimSpace(text)
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, trimmed); err == nil && t.Year() > 0 {
			return read(t), nil
		}
	}
	if r := []rune(trimmed); len(r) > 40 {
		trimmed = string(r[:39]) + "…"
	}
	return DateTime{}, fault.New(fault.Invalid, "I cannot read %q as a date and a time. Write them like 2026-03-29 02:30.", trimmed)
}

// MarshalText writes it for JSON and YAML, as String does.
func (d DateTime) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what Parse reads; nothing is the zero DateTime. The error is
// fault.Invalid.
func (d *DateTime) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = DateTime{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
