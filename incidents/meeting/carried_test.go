package meeting_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
)

// infos are what a meeting has as information, by its rows and by its minutes.
func (s *scene) infos(id int64) []string {
	s.Helper()
	d, err := s.Doc(ctx, id)
	s.must(err)
	var drawn []string
	for _, it := range d.Items {
		if it.Kind == minutes.Info {
			drawn = append(drawn, it.Text)
		}
	}
	rows := get[[]string](s.TB, s.db, `
		select coalesce(array_agg(text order by id), '{}') from meeting_item where meeting_id = $1 and kind = 'INFO'`, id)
	if !slices.Equal(rows, drawn) {
		s.Errorf("the rows of meeting %d have %q, its minutes %q", id, rows, drawn)
	}
	return drawn
}

// last is the meeting that began last.
func (s *scene) last() int64 {
	s.Helper()
	ids := s.meetingIDs()
	return ids[len(ids)-1]
}

// TestActionsAreCarriedInTheirRoom has a meeting called like that of another room begin
// without what that one left to do.
func TestActionsAreCarriedInTheirRoom(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, line := range []string{"#startmeeting Weekly", "#action bert tests the restore", "#endmeeting"} {
		s.says(ops, "anna", line)
	}
	for _, c := range []struct {
		at   incidents.Room
		line string
		want []string
	}{
		{incidents.Room{Network: "acme", Room: "#ops"}, "#startmeeting Weekly", nil},
		{incidents.Room{Network: "libera", Room: "#elsewhere"}, "#startmeeting weekly", nil},
		{ops, "#startmeeting", nil}, {ops, "#startmeeting Monthly", nil},
		{incidents.Room{Network: "libera", Room: "#Ops"}, "#startmeeting weekly", []string{"A1: bert tests the restore"}},
	} {
		s.says(c.at, "anna", c.line)
		if got := s.infos(s.last()); !slices.Equal(got, c.want) {
			t.Errorf("%s in %s on %s begins with %q", c.line, c.at.Room, c.at.Network, got)
		}
		s.says(c.at, "anna", "#endmeeting")
	}
}

// TestWordsThatAreErasedAreCarriedNoMore erases the line of an action that two later
// meetings began with: one is over and its files are written, one goes on and is read.
func TestWordsThatAreErasedAreCarriedNoMore(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	say := func(id, text string) {
		s.hears(meeting.Heard{Room: ops, Look: meeting.Look{Self: "batsignal"},
			Event: minutes.Event{At: s.Clock(), ID: id, Text: text, Who: minutes.Who{Nick: "anna"}}})
	}
	say("1", "#startmeeting weekly")
	say("2", "#action bert calls 5550199")
	say("3", "#action cleo buys a cake")
	say("4", "#endmeeting")
	first := s.last()
	s.advance(time.Hour)
	say("5", "#startmeeting weekly")
	say("6", "#info A1: somebody else's words")
	say("7", "#endmeeting")
	second := s.last()
	s.must(meeting.NewKeeper(s.Service).Look(ctx))
	s.advance(time.Hour)
	say("8", "#startmeeting weekly")
	third := s.last()
	if got := s.infos(third); len(got) != 2 || !strings.Contains(got[0], "5550199") {
		t.Fatalf("%q", got)
	}
	other := s.process() // has read it, too
	_, err := other.Hear(ctx, meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), ID: "9", Text: "hello", Who: minutes.Who{Nick: "anna"}}})
	s.must(err)
	events := get[int](t, s.db, `select events from meeting where id = $1`, second)

	s.hears(meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), Kind: minutes.Deleted, ID: "2"}})
	if got := get[string](t, s.db, `select text from action_item where meeting_id = $1 order by id limit 1`, first); got != "(taken back)" {
		t.Errorf("the action says %q", got)
	}
	want := []string{"A1: (taken back)", "A2: cleo buys a cake", "A1: somebody else's words"}
	if got := s.infos(second); !slices.Equal(got, want) {
		t.Errorf("the second has %q", got)
	}
	if got := s.infos(third); !slices.Equal(got, want[:2]) {
		t.Errorf("the third has %q", got)
	}
	if !get[bool](t, s.db, `select write_due and events = $2 from meeting where id = $1`, second, events+1) {
		t.Error("the files of the second are not written again")
	}
	if get[bool](t, s.db, `select write_due from meeting where id = $1`, third) {
		t.Error("the third has no files yet")
	}
	if n := get[int](t, s.db, `
		select count(*) from meeting m where m.setting::text like '%5550199%' or exists (
			select from meeting_item i where i.meeting_id = m.id and i.text || coalesce(i.search::text, '') like '%5550199%')`); n != 0 {
		t.Errorf("%d meetings still say it", n)
	}
	// Who had read the third says nothing of it either.
	s.said()
	_, err = other.Hear(ctx, meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), ID: "10", Text: "#undo #3", Who: minutes.Who{Nick: "anna"}}})
	s.must(err)
	if said := strings.Join(s.said(), "\n"); strings.Contains(said, "5550199") {
		t.Errorf("the room hears %s", said)
	}
	if got := s.infos(third); !slices.Equal(got, want[:1]) {
		t.Errorf("the third has %q", got)
	}
	s.hears(meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), Kind: minutes.Deleted, ID: "2"}})
	if got := get[int](t, s.db, `select events from meeting where id = $1`, second); got != events+1 {
		t.Error("twice erased is once carried out")
	}
}
