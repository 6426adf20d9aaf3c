package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
)

// scheduleForm is a schedule as it is typed. Nothing of it need make sense yet.
type scheduleForm struct {
	ID                      int64
	Version                 int // what the change is based on
	Name, Title, Role, Zone string
	Layers                  []layerForm
	Wrong                   map[string]string // by the name of the field
}

// layerForm is a layer as it is typed.
type layerForm struct {
	Place                           int
	Name, Zone, Starts, Ends, Turns string
	Unit                            schedule.Unit
	Shadow                          bool
	Members                         []string // handles
	Windows                         []windowForm
	First, Last                     bool
}

// windowForm is a window as it is typed.
type windowForm struct {
	Place       int
	Days        [7]bool // from Monday; none is every day
	From, Until string
}

// Limits of a form, so that nobody makes a page without end by typing numbers.
const (
	mostFormLayers  = 20
	mostFormMembers = 500
	mostFormWindows = 50
)

// Field is the name of a field of a layer: "l0-name".
func (l layerForm) Field(name string) string { return "l" + strconv.Itoa(l.Place) + "-" + name }

// Item is the name of a field of a member or a window: "l0-m2".
func (l layerForm) Item(kind string, place int) string {
	return l.Field(kind + strconv.Itoa(place))
}

// Units are what turns are counted in.
func (layerForm) Units() []schedule.Unit {
	return []schedule.Unit{schedule.Hour, schedule.Day, schedule.Week, schedule.Month}
}

// DayNames are the days of a window.
func (windowForm) DayNames() []string {
	return []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
}

// New tells whether the schedule is not there yet.
func (f scheduleForm) New() bool { return f.ID == 0 }

// Others are the sentences about no field that is there.
func (f scheduleForm) Others() []string {
	if say := f.Wrong[""]; say != "" {
		return []string{say}
	}
	return nil
}

// formOf writes a schedule into a form.
func formOf(s schedule.Schedule, people cast) scheduleForm {
	f := scheduleForm{ID: s.ID, Version: s.Version, Name: s.Name, Title: s.Title, Role: s.Role, Zone: s.Zone}
	for _, l := range s.Layers {
		lf := layerForm{Name: l.Name, Zone: l.Zone, Starts: l.Starts.String(), Ends: l.Ends.String(), Unit: l.Unit, Shadow: l.Shadow}
		var turns []string
		for _, n := range l.Turns {
			turns = append(turns, strconv.Itoa(n))
		}
		lf.Turns = strings.Join(turns, " ")
		for _, m := range l.Members {
			lf.Members = append(lf.Members, people.Handle(m))
		}
		for _, w := range l.Windows {
			wf := windowForm{From: oncall.Minutes(w.From), Until: oncall.Minutes(w.Until)}
			for day := range wf.Days {
				wf.Days[day] = w.Days&(1<<day) != 0
			}
			lf.Windows = append(lf.Windows, wf)
		}
		f.Layers = append(f.Layers, lf)
	}
	f.number()
	return f
}

// number notes where each layer and window stands.
func (f *scheduleForm) number() {
	for i := range f.Layers {
		l := &f.Layers[i]
		l.Place, l.First, l.Last = i, i == 0, i == len(f.Layers)-1
		for k := range l.Windows {
			l.Windows[k].Place = k
		}
	}
}

// readScheduleForm reads what was typed, as it was typed.
func readScheduleForm(v url.Values) scheduleForm {
	text := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	count := func(name string, most int) int {
		n, _ := strconv.Atoi(v.Get(name)) // no number is none
		return max(0, min(n, most))
	}
	f := scheduleForm{Name: text("name"), Title: text("title"), Role: text("role"), Zone: text("zone"), Wrong: map[string]string{}}
	f.ID, _ = strconv.ParseInt(v.Get("id"), 10, 64)
	f.Version, _ = strconv.Atoi(v.Get("version"))
	for i := range count("layers", mostFormLayers) {
		l := layerForm{Place: i}
		l.Name, l.Zone, l.Starts, l.Ends = text(l.Field("name")), text(l.Field("zone")), text(l.Field("starts")), text(l.Field("ends"))
		l.Turns, l.Unit, l.Shadow = text(l.Field("turns")), schedule.Unit(text(l.Field("unit"))), v.Get(l.Field("shadow")) != ""
		for k := range count(l.Field("members"), mostFormMembers) {
			l.Members = append(l.Members, text(l.Item("m", k)))
		}
		for k := range count(l.Field("windows"), mostFormWindows) {
			w := windowForm{From: text(l.Item("w", k) + "-from"), Until: text(l.Item("w", k) + "-until")}
			for _, day := range v[l.Item("w", k)+"-day"] {
				if n, err := strconv.Atoi(day); err == nil && n >= 0 && n < len(w.Days) {
					w.Days[n] = true
				}
			}
			l.Windows = append(l.Windows, w)
		}
		f.Layers = append(f.Layers, l)
	}
	f.number()
	return f
}

// say notes what is wrong with a field; the first thing counts.
func (f *scheduleForm) say(name, sentence string) {
	if _, there := f.Wrong[name]; !there {
		f.Wrong[name] = sentence
	}
}

// schedule makes a schedule of what was typed. What cannot be read is noted beside its
// field; known finds a person by handle.
func (f *scheduleForm) schedule(known func(handle string) (int64, error)) (schedule.Schedule, bool) {
	s := schedule.Schedule{ID: f.ID, Version: f.Version, Name: strings.ToLower(f.Name), Title: f.Title, Role: f.Role, Zone: f.Zone}
	for i := range f.Layers {
		s.Layers = append(s.Layers, f.layer(f.Layers[i], known))
	}
	if f.New() && (s.Name == "new") {
		f.say("name", "That name is taken by this page. Choose another.")
	}
	if err := s.Check(); err != nil {
		name, sentence := f.fieldOf(err), fault.Say(err)
		f.say(name, sentence)
	}
	return s, len(f.Wrong) == 0
}

func (f *scheduleForm) layer(l layerForm, known func(handle string) (int64, error)) schedule.Layer {
	out := schedule.Layer{Name: strings.ToLower(l.Name), Zone: l.Zone, Unit: l.Unit, Shadow: l.Shadow}
	for field, into := range map[string]*civil.DateTime{"starts": &out.Starts, "ends": &out.Ends} {
		text := l.Starts
		if field == "ends" {
			text = l.Ends
		}
		if text == "" {
			continue
		}
		at, err := civil.Parse(text)
		if err != nil {
			f.say(l.Field(field), fault.Say(err))
			at = civil.DateTime{Year: 2000, Month: 1, Day: 1} // so that Check finds what else there is
		}
		*into = at
	}
	for _, word := range strings.FieldsFunc(l.Turns, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			f.say(l.Field("turns"), fmt.Sprintf("%q is no number. Write how long turns last, like 1, or like 4 3 for four and three in turn.", oncall.Clip(word, 60)))
			n = 1
		}
		out.Turns = append(out.Turns, n)
	}
	for k, handle := range l.Members {
		if handle == "" { // an empty place is none
			continue
		}
		id, err := known(handle)
		if err != nil {
			f.say(l.Item("m", k), fault.Say(err))
			continue
		}
		out.Members = append(out.Members, id)
	}
	for k, w := range l.Windows {
		out.Windows = append(out.Windows, f.window(l, k, w))
	}
	return out
}

func (f *scheduleForm) window(l layerForm, place int, w windowForm) (out schedule.Window) {
	for day, on := range w.Days {
		if on {
			out.Days |= 1 << day
		}
	}
	for field, into := range map[string]*int{"from": &out.From, "until": &out.Until} {
		text := w.From
		if field == "until" {
			text = w.Until
		}
		minutes, ok := readClock(text)
		if !ok {
			f.say(l.Item("w", place)+"-"+field, "Write a time of day like 09:00.")
		}
		*into = minutes
	}
	return out
}

// readClock reads minutes after midnight; 24:00 is the end of the day.
func readClock(text string) (minutes int, ok bool) {
	h, m, found := strings.Cut(text, ":")
	hours, err := strconv.Atoi(h)
	past, err2 := strconv.Atoi(m)
	minutes = hours*60 + past
	return minutes, found && err == nil && err2 == nil && len(m) == 2 && hours >= 0 && past >= 0 && past < 60 && minutes <= 24*60
}
