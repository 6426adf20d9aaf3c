package when_test

import (
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

// Whatever is typed: nothing breaks, the same text means the same, what is understood is
// near, and what is not is refused with a sentence.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"tomorrow 18:00 Berlin for 4h", "sunday 03:00 to monday 09:00", "from 24-26 dec", "for 1h30m", "tonight 22:00-06:00", "next weekend",
		"2026-12-24T18:00+01:00/2026-12-26", "29 feb 18:00 utc+2", "in 1.5h", "until 31 oct 2027 02:30 new york", "3 days ago to midnight", "\xff–→",
	} {
		f.Add(seed, int64(1795874400), "Europe/Berlin")
	}
	const farthest = 2*366*24*time.Hour + 24*time.Hour
	f.Fuzz(func(t *testing.T, text string, unix int64, zone string) {
		now := time.Unix(unix%(1<<33), 0)
		r := when.Reader{Now: now, Zone: zone}
		near := func(at time.Time) {
			if away := at.Sub(now); away > farthest || away < -farthest {
				t.Errorf("%q is read as %s, said at %s", text, at, now)
			}
		}
		m, err := r.Instant(text)
		if again, bad := r.Instant(text); (err == nil) != (bad == nil) || !again.At.Equal(m.At) {
			t.Errorf("%q is read as %s and as %s", text, m, again)
		}
		if err == nil {
			near(m.At)
			_ = m.String()
		} else if fault.KindOf(err) != fault.Invalid || fault.Say(err) == "" {
			t.Errorf("%q: %v", text, err)
		}
		s, err := r.Span(text)
		if again, bad := r.Span(text); (err == nil) != (bad == nil) || !again.From.Equal(s.From) || !again.Until.Equal(s.Until) {
			t.Errorf("%q is read as %s and as %s", text, s, again)
		}
		if err == nil {
			near(s.From)
			near(s.Until)
			if !s.Until.After(s.From) || s.Until.Sub(s.From) > 400*24*time.Hour {
				t.Errorf("%q is read as %s", text, s)
			}
			_ = s.String()
		} else if fault.KindOf(err) != fault.Invalid || fault.Say(err) == "" {
			t.Errorf("%q: %v", text, err)
		}
		if d, err := r.Duration(text); err == nil && (d <= 0 || d > 400*24*time.Hour) {
			t.Errorf("%q is %s", text, d)
		}
	})
}
