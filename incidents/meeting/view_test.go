package meeting_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/oncall/fault"
)

// met tells a whole meeting at a time, a line a minute.
func (s *scene) met(at incidents.Room, began time.Time, lines ...string) {
	s.Helper()
	for i, line := range lines {
		nick, text, _ := strings.Cut(line, ": ")
		s.hears(meeting.Heard{Room: at, Event: minutes.Event{At: began.Add(time.Duration(i) * time.Minute), Who: minutes.Who{Nick: nick}, Text: text}})
	}
}

// ids are the meetings that a filter finds, in their order.
func (s *scene) ids(f meeting.Filter) (ids []int64) {
	s.Helper()
	if f.Most == 0 {
		f.Most = 50
	}
	list, err := s.Meetings(ctx, f)
	s.must(err)
	for _, m := range list {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestMeetingsAreFoundByWhatTheyAre(t *testing.T) {
	s := newScene(t)
	dev := incidents.Room{Network: "acme", Room: "#Dev"}
	// The first that is told is not the first that was.
	s.met(ops, start, "anna: #startmeeting weekly", "bert: #info x", "anna: #agreed y", "bert: #action z", "bert: #undo", "bert: #action bert does it", "anna: #endmeeting")
	s.met(dev, start.AddDate(0, -1, 0), "anna: #startmeeting release", "anna: #endmeeting")
	s.met(ops, start.AddDate(0, 0, -7), "anna: #startmeeting weekly", "anna: #endmeeting")
	s.met(ops, start.AddDate(0, 0, 1), "anna: #startmeeting staff", "anna: #restrictlogs", "anna: #endmeeting")
	s.met(dev, start.AddDate(0, 0, 2), "anna: #startmeeting release")
	for what, c := range map[string]struct {
		f    meeting.Filter
		want []int64
	}{
		"all":            {meeting.Filter{}, []int64{5, 1, 3, 2}},
		"room":           {meeting.Filter{Room: ops}, []int64{1, 3}},
		"room, bare":     {meeting.Filter{Room: incidents.Room{Network: "libera", Room: "ops"}}, []int64{1, 3}},
		"room, cased":    {meeting.Filter{Room: incidents.Room{Network: "acme", Room: "#dEV"}}, []int64{5, 2}},
		"other network":  {meeting.Filter{Room: incidents.Room{Network: "acme", Room: "#ops"}}, nil},
		"name":           {meeting.Filter{Name: "weekly"}, []int64{1, 3}},
		"restricted":     {meeting.Filter{Name: "staff"}, nil},
		"days":           {meeting.Filter{From: start.AddDate(0, 0, -7), To: start}, []int64{3}},
		"going on":       {meeting.Filter{State: meeting.GoingOn}, []int64{5}},
		"ended":          {meeting.Filter{State: meeting.Ended}, []int64{1, 3, 2}},
		"before":         {meeting.Filter{Before: 1}, []int64{3, 2}},
		"before, nobody": {meeting.Filter{Before: 99}, nil},
		"most":           {meeting.Filter{Most: 2}, []int64{5, 1}},
		"incident":       {meeting.Filter{Incident: 7}, nil},
	} {
		if got := s.ids(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
	m, err := s.Summary(ctx, meeting.Reader{}, 1)
	s.must(err)
	if m.Decisions != 1 || m.Actions != 1 || m.Lines != 7 || m.GoesOn() || m.Title != "#ops: weekly" || m.Name != "weekly" || m.Dialect != "batsignal" {
		t.Errorf("%+v", m)
	}
	if _, err := s.Summary(ctx, meeting.Reader{}, 4); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a restricted meeting: %v", err)
	}
	if _, err := s.Progress(ctx, meeting.Reader{}, 4); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a restricted meeting: %v", err)
	}
	if p, err := s.Progress(ctx, meeting.Reader{}, 5); err != nil || p != (meeting.Progress{Events: 1, GoesOn: true}) {
		t.Error(p, err)
	}
	hidden, err := s.Restricted(ctx, []int64{1, 4, 9})
	s.must(err)
	if len(hidden) != 1 || !hidden[4] {
		t.Errorf("%v", hidden)
	}
	last, err := s.LastEnded(ctx, meeting.Filter{Most: 2})
	s.must(err)
	if len(last) != 2 || last[0].ID != 1 || last[1].ID != 3 {
		t.Errorf("%+v", last)
	}
}

func TestShelves(t *testing.T) {
	s := newScene(t)
	s.met(ops, start, "anna: #startmeeting weekly", "anna: #endmeeting")
	s.met(ops, start.AddDate(0, 0, 7), "anna: #startmeeting weekly", "anna: #endmeeting")
	s.met(ops, start.AddDate(0, -1, 0), "anna: #startmeeting", "anna: #endmeeting")
	s.met(incidents.Room{Network: "libera", Room: "#staff"}, start, "anna: #startmeeting secret", "anna: #restrictlogs", "anna: #endmeeting")
	rooms, err := s.Rooms(ctx, meeting.Reader{}, 10)
	s.must(err)
	names, err := s.Names(ctx, meeting.Reader{}, 10)
	s.must(err)
	months, err := s.Months(ctx, meeting.Reader{}, 10)
	s.must(err)
	if got := fmt.Sprintln(rooms[0].Network, rooms[0].Room, rooms[0].Meetings, len(rooms), names[0].Name, names[0].Meetings, len(names)); got != "libera #ops 3 1 weekly 2 1\n" {
		t.Error(got)
	}
	var got []string
	for _, m := range months {
		got = append(got, fmt.Sprint(m.Month.UTC().Format("2006-01"), " ", m.Meetings))
	}
	if strings.Join(got, ", ") != "2026-12 1, 2026-11 1, 2026-10 1" {
		t.Error(got)
	}
}

func TestPathsAndSources(t *testing.T) {
	s := newScene(t)
	s.Policy.URLPrefix = "https://bat.example/minutes/"
	other := incidents.Room{Network: "acme", Room: "#ops"}
	s.met(other, start, "anna: #startmeeting first to begin", "anna: #info x")
	s.met(ops, start, "anna: #startmeeting first to end", "anna: #info x", "anna: #action bert does it", "anna: #endmeeting")
	const path = "ops/2026/ops.2026-11-28-20.00"
	if m, found, err := s.AtPath(ctx, meeting.Reader{}, path); err != nil || !found || m.ID != 2 {
		t.Error(m.ID, found, err)
	}
	s.met(other, start.Add(2*time.Minute), "anna: #endmeeting")
	if m, found, err := s.AtPath(ctx, meeting.Reader{}, path); err != nil || !found || m.ID != 2 {
		t.Error(m.ID, found, err)
	}
	if m, found, err := s.AtPath(ctx, meeting.Reader{}, path+"-2"); err != nil || !found || m.ID != 1 {
		t.Error(m.ID, found, err)
	}
	if _, found, err := s.AtPath(ctx, meeting.Reader{}, "ops"); err != nil || found {
		t.Error(found, err)
	}
	if got := s.Source(ctx, action.Item{Meeting: 2, Number: 2}); got != "https://bat.example/minutes/"+path+".log.html#l-3" {
		t.Error(got)
	}
	if got := s.Source(ctx, action.Item{ID: 3}); got != "" {
		t.Error(got)
	}
	of, err := s.Outcomes(ctx, []int64{1, 2})
	s.must(err)
	if len(of[1]) != 0 || len(of[2]) != 1 || of[2][0].Text != "bert does it" || of[2][0].Kind != minutes.Action {
		t.Errorf("%+v", of)
	}
}
