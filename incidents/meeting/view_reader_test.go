package meeting_test

import (
	"slices"
	"testing"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/oncall/fault"
)

// TestReaders asks for everything there is of a meeting that was restricted, for the world
// and for somebody who may read it.
func TestReaders(t *testing.T) {
	s := newScene(t)
	staff := incidents.Room{Network: "libera", Room: "#staff"}
	s.met(ops, start, "anna: #startmeeting weekly", "bert: a fan", "anna: #endmeeting")
	s.met(staff, start.AddDate(0, -1, 0), "anna: #startmeeting staff", "anna: #restrictlogs", "bert: a secret fan", "anna: #info secret note", "anna: #endmeeting")
	for _, c := range []struct {
		by   meeting.Reader
		want []int64
	}{
		{meeting.Reader{}, []int64{1}},
		{meeting.Reader{Restricted: true}, []int64{1, 2}},
	} {
		may := c.by.Restricted
		is := func(what string, got []int64) {
			t.Helper()
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("%+v, %s: %v, want %v", c.by, what, got, c.want)
			}
		}
		is("meetings", s.ids(meeting.Filter{For: c.by}))
		last, err := s.LastEnded(ctx, meeting.Filter{For: c.by, Most: 9})
		s.must(err)
		var ids []int64
		for _, m := range last {
			if ids = append(ids, m.ID); m.Restricted != (m.ID == 2) {
				t.Errorf("meeting %d: restricted %v", m.ID, m.Restricted)
			}
		}
		is("last", ids)
		ids = nil
		hits, _, err := s.Find(ctx, meeting.Search{Query: "fan or note", For: c.by, Most: 9})
		s.must(err)
		for _, h := range hits {
			if !slices.Contains(ids, h.Meeting) {
				ids = append(ids, h.Meeting)
			}
			if h.Restricted != (h.Meeting == 2) {
				t.Errorf("%+v", h)
			}
		}
		is("find", ids)
		rooms, err := s.Rooms(ctx, c.by, 9)
		s.must(err)
		names, err := s.Names(ctx, c.by, 9)
		s.must(err)
		months, err := s.Months(ctx, c.by, 9)
		s.must(err)
		if n := len(c.want); len(rooms) != n || len(names) != n || len(months) != n {
			t.Errorf("%+v: shelves %v %v %v", c.by, rooms, names, months)
		}
		m, err := s.Summary(ctx, c.by, 2)
		if may && (err != nil || !m.Restricted || m.Name != "staff") || !may && fault.KindOf(err) != fault.NotFound {
			t.Errorf("%+v, summary: %+v %v", c.by, m, err)
		}
		p, err := s.Progress(ctx, c.by, 2)
		if may && (err != nil || !p.Restricted || p.GoesOn) || !may && fault.KindOf(err) != fault.NotFound {
			t.Errorf("%+v, progress: %+v %v", c.by, p, err)
		}
		if _, found, err := s.AtPath(ctx, c.by, "staff/2026/staff.2026-10-28-20.00"); err != nil || found != may {
			t.Errorf("%+v, path: %v %v", c.by, found, err)
		}
		_, _, err = s.Find(ctx, meeting.Search{Query: "fan", Meeting: 2, Line: 1, Most: 5, For: c.by})
		if (err == nil) != may {
			t.Errorf("%+v, a search that goes on: %v", c.by, err)
		}
	}
}
