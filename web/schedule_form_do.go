package web

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
)

// fieldOf is the name of the field that a refusal is about; "" is the form as a whole.
// Members that were left empty are not counted by whoever refused.
func (f *scheduleForm) fieldOf(err error) string {
	var e *schedule.FieldError
	if !errors.As(err, &e) {
		return ""
	}
	if e.Layer < 0 {
		return e.Field
	}
	l := layerForm{Place: e.Layer}
	switch {
	case e.Field == "windows" && e.Item >= 0 && strings.Contains(fault.Say(err), "ends"):
		return l.Item("w", e.Item) + "-until"
	case e.Field == "windows" && e.Item >= 0:
		return l.Item("w", e.Item) + "-from"
	}
	return l.Field(e.Field)
}

// do presses a button that changes the form and stores nothing: "layer-add", "layer-up-1",
// "member-down-0-2", "window-remove-0-1". known is false for a
// button that is none.
func (f *scheduleForm) do(button string, now time.Time) (known bool) {
	kind, what, at, ok := readButton(button)
	if !ok {
		return false
	}
	defer f.number()
	if kind == "layer" {
		return f.doLayer(what, at, now)
	}
	if len(at) == 0 || at[0] < 0 || at[0] >= len(f.Layers) {
		return false
	}
	l := &f.Layers[at[0]]
	switch kind {
	case "member":
		return arrange(&l.Members, what, at[1:], "", mostFormMembers)
	case "window":
		return arrange(&l.Windows, what, at[1:], windowForm{From: "09:00", Until: "17:00"}, mostFormWindows)
	}
	return false
}

// readButton reads which button was pressed: what is done to which kind of thing, and at
// which place.
func readButton(text string) (kind, what string, at []int, ok bool) {
	parts := strings.Split(text, "-")
	if len(parts) < 2 {
		return "", "", nil, false
	}
	for _, place := range parts[2:] {
		n, err := strconv.Atoi(place)
		if err != nil {
			return "", "", nil, false
		}
		at = append(at, n)
	}
	return parts[0], parts[1], at, true
}

func (f *scheduleForm) doLayer(what string, at []int, now time.Time) bool {
	name := "first"
	taken := func(l layerForm) bool { return l.Name == name }
	for n := 2; slices.ContainsFunc(f.Layers, taken); n++ {
		name = "layer-" + strconv.Itoa(n)
	}
	return arrange(&f.Layers, what, at, newLayer(name, now), mostFormLayers)
}

// newLayer is what a layer begins as: a week from the next Monday on.
func newLayer(name string, now time.Time) layerForm {
	day := civil.Of(now, time.UTC).Midnight().AddDays(1)
	for day.Weekday() != time.Monday {
		day = day.AddDays(1)
	}
	return layerForm{Name: name, Starts: day.AddMinutes(9 * 60).String(), Unit: schedule.Week, Turns: "1", Members: []string{"", ""}}
}

// arrange adds to a list at its end, or moves or removes the one at a place.
func arrange[T any](list *[]T, what string, at []int, fresh T, most int) bool {
	if what == "add" {
		if len(*list) < most {
			*list = append(*list, fresh)
		}
		return true
	}
	if len(at) != 1 || at[0] < 0 || at[0] >= len(*list) {
		return false
	}
	i := at[0]
	switch what {
	case "remove":
		*list = slices.Delete(slices.Clone(*list), i, i+1)
	case "up", "down":
		other := i - 1
		if what == "down" {
			other = i + 1
		}
		if other >= 0 && other < len(*list) {
			(*list)[i], (*list)[other] = (*list)[other], (*list)[i]
		}
	default:
		return false
	}
	return true
}

// written is the form in lines, one for each thing that can be told apart, to compare
// two of them.
func (f scheduleForm) written() []formLine {
	lines := []formLine{{"Name", f.Name}, {"Title", f.Title}, {"Role", f.Role}, {"Zone", f.Zone}}
	for i, l := range f.Layers {
		in := fmt.Sprintf("Layer %d ", i+1)
		lines = append(lines, formLine{in + "name", l.Name}, formLine{in + "zone", l.Zone}, formLine{in + "starts", l.Starts}, formLine{in + "ends", l.Ends},
			formLine{in + "turns", strings.TrimSpace(l.Turns + " " + string(l.Unit))}, formLine{in + "shadow", map[bool]string{true: "looks on"}[l.Shadow]},
			formLine{in + "members", strings.Join(filled(l.Members), ", ")}, formLine{in + "windows", windowsWritten(l.Windows)})
	}
	return lines
}

// formLine is one thing that a form says.
type formLine struct{ Where, Text string }

// filled are the texts that are not empty.
func filled(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(t string) bool { return t == "" })
}

func windowsWritten(windows []windowForm) string {
	out := make([]string, 0, len(windows))
	for _, w := range windows {
		days := ""
		for day, on := range w.Days {
			if on {
				days += w.DayNames()[day] + " "
			}
		}
		out = append(out, days+w.From+"–"+w.Until)
	}
	return strings.Join(out, ", ")
}

// difference is one thing that two forms say differently.
type difference struct{ Where, Was, Theirs, Mine string }

// differences compare what was, what somebody else saved and what is typed.
func differences(was, theirs, mine []formLine) []difference {
	text := func(lines []formLine, where string) string {
		for _, l := range lines {
			if l.Where == where {
				return l.Text
			}
		}
		return ""
	}
	var out []difference
	seen := map[string]bool{}
	for _, l := range slices.Concat(theirs, mine, was) {
		if seen[l.Where] {
			continue
		}
		seen[l.Where] = true
		d := difference{l.Where, text(was, l.Where), text(theirs, l.Where), text(mine, l.Where)}
		if d.Theirs != d.Mine || d.Was != d.Theirs {
			out = append(out, d)
		}
	}
	return out
}
