package schedule_test

import (
	"errors"
	"strings"
	"testing"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
)

func TestCheck(t *testing.T) {
	valid := func() schedule.Schedule {
		s := weekly(t, "Europe/Berlin", ann, bob)
		s.Layers = append(s.Layers, s.Layers[0])
		s.Layers[1].Name, s.Layers[1].Zone = "second", "America/Chicago"
		s.Layers[1].Windows = []schedule.Window{{Days: 127, From: 0, Until: 1440}, {From: 1439, Until: 0}}
		s.Layers[1].Ends = wall(t, "2030-01-01")
		return s
	}
	if err := valid().Check(); err != nil {
		t.Fatal(err)
	}
	empty := schedule.Schedule{Name: "a", Title: "A", Zone: "UTC"}
	if err := empty.Check(); err != nil {
		t.Errorf("a schedule without layers is one: %v", err)
	}
	for name, c := range map[string]struct {
		change func(s *schedule.Schedule, second *schedule.Layer)
		says   string
	}{
		"no name":            {func(s *schedule.Schedule, _ *schedule.Layer) { s.Name = "" }, "name"},
		"name with capitals": {func(s *schedule.Schedule, _ *schedule.Layer) { s.Name = "Web" }, `"Web"`},
		"long name":          {func(s *schedule.Schedule, _ *schedule.Layer) { s.Name = strings.Repeat("a", 49) }, "at most 48"},
		"no title":           {func(s *schedule.Schedule, _ *schedule.Layer) { s.Title = "" }, "title"},
		"long title":         {func(s *schedule.Schedule, _ *schedule.Layer) { s.Title = strings.Repeat("ä", 81) }, "81"},
		"no zone":            {func(s *schedule.Schedule, _ *schedule.Layer) { s.Zone = "" }, "Europe/Berlin"},
		"zone Local":         {func(s *schedule.Schedule, _ *schedule.Layer) { s.Zone = "Local" }, "Local"},
		"many layers":        {func(s *schedule.Schedule, _ *schedule.Layer) { s.Layers = make([]schedule.Layer, 21) }, "at most 20 layers"},
		"two of a name":      {func(_ *schedule.Schedule, l *schedule.Layer) { l.Name = "first" }, "called first"},
		"layer name":         {func(_ *schedule.Schedule, l *schedule.Layer) { l.Name = "-" }, `"-"`},
		"layer zone":         {func(_ *schedule.Schedule, l *schedule.Layer) { l.Zone = "Mars" }, `layer second the time zone is wrong. There is no time zone called "Mars"`},
		"no start":           {func(_ *schedule.Schedule, l *schedule.Layer) { l.Starts = civil.DateTime{} }, "layer second the start is missing"},
		"unreal start":       {func(_ *schedule.Schedule, l *schedule.Layer) { l.Starts.Day = 32 }, "layer second the start 2024-01-32 09:00"},
		"unreal end":         {func(_ *schedule.Schedule, l *schedule.Layer) { l.Ends.Hour = 24 }, "layer second the end"},
		"end before start":   {func(_ *schedule.Schedule, l *schedule.Layer) { l.Ends = l.Starts }, "layer second the end"},
		"unit":               {func(_ *schedule.Schedule, l *schedule.Layer) { l.Unit = "fortnight" }, `layer second turns are counted in hour, day, week or month, not in "fortnight"`},
		"no turns":           {func(_ *schedule.Schedule, l *schedule.Layer) { l.Turns = nil }, "layer second the turns are missing"},
		"many turns":         {func(_ *schedule.Schedule, l *schedule.Layer) { l.Turns = make([]int, 65) }, "layer second there are 65"},
		"turn of nothing":    {func(_ *schedule.Schedule, l *schedule.Layer) { l.Turns = []int{1, 0} }, "layer second a turn lasts from 1 to 1000 units, not 0"},
		"long turn":          {func(_ *schedule.Schedule, l *schedule.Layer) { l.Turns = []int{1001} }, "layer second a turn lasts"},
		"many members":       {func(_ *schedule.Schedule, l *schedule.Layer) { l.Members = make([]int64, 500) }, "layer second there are 500 members"},
		"member 0":           {func(_ *schedule.Schedule, l *schedule.Layer) { l.Members = []int64{ann, 0} }, "layer second a member"},
		"many windows":       {func(_ *schedule.Schedule, l *schedule.Layer) { l.Windows = make([]schedule.Window, 51) }, "layer second there are 51 windows"},
		"window's days":      {func(_ *schedule.Schedule, l *schedule.Layer) { l.Windows[1].Days = 128 }, "layer second window 2 is on a day"},
		"window from 24:00":  {func(_ *schedule.Schedule, l *schedule.Layer) { l.Windows[0].From = 1440 }, "layer second window 1 begins outside"},
		"window until 24:01": {func(_ *schedule.Schedule, l *schedule.Layer) { l.Windows[0].Until = 1441 }, "layer second window 1 ends outside"},
		"window before 0":    {func(_ *schedule.Schedule, l *schedule.Layer) { l.Windows[1].From = -1 }, "layer second window 2 begins outside"},
	} {
		t.Run(name, func(t *testing.T) {
			s := valid()
			c.change(&s, &s.Layers[1])
			err := s.Check()
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), c.says) {
				t.Errorf("error %v, want one that is invalid and says %q", err, c.says)
			}
			field := (*schedule.FieldError)(nil)
			if !errors.As(err, &field) {
				t.Fatal("a form cannot tell where to say it")
			}
			if inLayer := strings.Contains(c.says, "layer second"); inLayer && field.Layer != 1 {
				t.Errorf("it would be said at layer %d", field.Layer)
			}
		})
	}
}
