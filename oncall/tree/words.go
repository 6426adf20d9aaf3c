package tree

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/policy"
	"batsignal/oncall/schedule"
)

// writeWait writes a time like "5m" or "1h30m"; none is "".
func writeWait(d time.Duration) string {
	if d == 0 {
		return ""
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func parseWait(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("write a time like 90s, 5m or 1h30m, not %q", oncall.Clip(text, 40))
	}
	return d, nil
}

// parseEvery reads the lengths of turns.
func parseEvery(every []string) (unit schedule.Unit, turns []int, err error) {
	for _, text := range every {
		words := strings.Fields(strings.ToLower(text))
		n := 1
		if len(words) == 2 {
			if n, err = strconv.Atoi(words[0]); err != nil {
				n = 0
			}
			words = words[1:]
		}
		u := schedule.Unit("")
		if len(words) == 1 {
			u = schedule.Unit(strings.TrimSuffix(words[0], "s"))
		}
		switch {
		case n < 1 || !slices.Contains([]schedule.Unit{schedule.Hour, schedule.Day, schedule.Week, schedule.Month}, u):
			return "", nil, fmt.Errorf("write a turn like 1 week, 12 hours or [4 days, 3 days], not %q", oncall.Clip(text, 40))
		case unit != "" && u != unit:
			return "", nil, fmt.Errorf("the turns of a layer are all in the same unit, and here are %ss and %ss", unit, u)
		}
		unit, turns = u, append(turns, n)
	}
	if len(turns) == 0 {
		return "", nil, fmt.Errorf("say how long a turn is: every: 1 week")
	}
	return unit, turns, nil
}

func writeEvery(unit schedule.Unit, turns []int) []string {
	out := make([]string, len(turns))
	for i, n := range turns {
		out[i] = oncall.Plural(n, string(unit), string(unit)+"s")
	}
	return out
}

// parseOnly reads a window like "mon-fri 09:00-17:00" or "22:00-06:00".
func parseOnly(text string) (w schedule.Window, err error) {
	words := strings.Fields(text)
	wrong := fmt.Errorf("write when it is on like mon-fri 09:00-17:00 or 22:00-06:00, not %q", oncall.Clip(text, 40))
	if len(words) == 2 {
		days, err := oncall.ParseDays(words[0])
		if err != nil {
			return w, wrong
		}
		w.Days = schedule.Days(days)
		words = words[1:]
	}
	if len(words) != 1 {
		return w, wrong
	}
	from, until, ok := strings.Cut(words[0], "-")
	var okFrom, okUntil bool
	w.From, okFrom = minuteOf(from)
	w.Until, okUntil = minuteOf(until)
	if !ok || !okFrom || !okUntil || w.From == 24*60 {
		return w, wrong
	}
	return w, nil
}

func writeOnly(w schedule.Window) string {
	hours := oncall.Minutes(w.From) + "-" + oncall.Minutes(w.Until)
	if w.Days == 0 {
		return hours
	}
	return oncall.WriteDays(int(w.Days)) + " " + hours
}

// minuteOf reads a time of day, 24:00 included.
func minuteOf(text string) (int, bool) {
	if text == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err == nil
}

// parseTarget reads whom a step rings, like "schedule weekly".
func parseTarget(text string) (policy.Target, error) {
	kind, name, _ := strings.Cut(strings.TrimSpace(text), " ")
	t := policy.Target{Kind: policy.Kind(kind), Name: strings.TrimSpace(name)}
	if !slices.Contains(policy.Kinds(), t.Kind) || t.Name == "" {
		return t, fmt.Errorf("write whom it rings like schedule weekly, role press, person maria or room libera/#ops, not %q", oncall.Clip(text, 60))
	}
	return t, nil
}

// parseWork reads working hours like "mon-fri 09:00-17:00".
func parseWork(text string) (days, from, until int, err error) {
	w, err := parseOnly(text)
	if err != nil || w.Until == 24*60 {
		return 0, 0, 0, fmt.Errorf("write working hours like mon-fri 09:00-17:00, not %q", oncall.Clip(text, 40))
	}
	if w.Days == 0 {
		w.Days = 31
	}
	return int(w.Days), w.From, w.Until, nil
}
