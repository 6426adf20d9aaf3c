package meeting_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
)

// message has bert say and change messages of a network that numbers them.
func (s *scene) message(at incidents.Room, kind minutes.EventKind, id, text string) meeting.Heard {
	return meeting.Heard{Room: at, Look: meeting.Look{Self: "batsignal"}, Event: minutes.Event{
		At: s.Clock(), Kind: kind, ID: id, Text: text, Who: minutes.Who{Nick: "bert"},
	}}
}

// record are the texts of the log of a meeting.
func (s *scene) record(id int64) (texts []string) {
	s.Helper()
	d, err := s.Doc(ctx, id)
	s.must(err)
	for _, l := range d.Lines {
		texts = append(texts, l.Text)
	}
	return texts
}

// TestWhatIsTakenBackIsNotAdopted changes lines before a meeting, in the same breath,
// and between its start and the moment they are taken in.
func TestWhatIsTakenBackIsNotAdopted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Policy = meeting.Policy{Rooms: []meeting.RoomPolicy{{Network: "libera", Room: "#Ops", Recent: 15 * time.Minute}}}
	other := incidents.Room{Network: "libera", Room: "#other"}
	said, edited, deleted := minutes.Said, minutes.Edited, minutes.Deleted
	for _, h := range []meeting.Heard{
		s.message(ops, said, "1", "my password is hunter2"), s.message(ops, said, "2", "the mirors lag"),
		s.message(ops, said, "3", "this goes off the record"), s.message(ops, said, "4", "stays as it is"),
		s.message(ops, said, "5", "#info one"), s.message(ops, said, "5/2", "#info two"), s.message(ops, said, "5/3", "#info three"),
		s.message(ops, deleted, "1", ""), s.message(ops, edited, "2", "the mirrors lag"), s.message(ops, edited, "3", "[off] hush"),
		s.message(ops, edited, "5", "#info uno\n#info dos"), s.message(ops, deleted, "99", ""), s.message(other, deleted, "4", ""),
	} {
		s.hears(h)
	}
	_, err := s.Hear(ctx, s.message(ops, said, "6", "in one"), s.message(ops, deleted, "6", ""), s.message(ops, said, "7", "last"),
		s.message(ops, said, "8", "gone soon"), s.message(ops, said, "9", "typo son"))
	s.must(err)
	if n := get[int](t, s.db, `select count(*) from room_line where event ->> 'Text' ~ 'hunter2|mirors|record|three|in one'`); n != 0 {
		t.Errorf("%d lines are kept that were taken back", n)
	}
	s.advance(time.Minute)
	s.says(ops, "anna", "#startmeeting")
	s.hears(s.message(ops, deleted, "8", ""))
	_, err = s.Hear(ctx, s.message(ops, edited, "9", "typo soon"),
		meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), Text: "#adopt", Who: minutes.Who{Nick: "anna"}}})
	s.must(err)
	want := []string{"#startmeeting", "#adopt", "the mirrors lag", "stays as it is", "#info uno", "#info dos", "last", "typo soon"}
	if got := s.record(s.meetingIDs()[0]); !slices.Equal(got, want) {
		t.Errorf("on record is %q", got)
	}
	if said := s.said(); !has(said, "say #ops Taken into the minutes: 6 lines from before the meeting.") {
		t.Errorf("%q", said)
	}
	s.says(ops, "anna", "#adopt")
	if said := s.said(); !has(said, "say #ops Taken into the minutes: 0 lines from before the meeting.") {
		t.Errorf("%q", said)
	}
}

// TestTheLastLinesAreAdopted has more of them than are taken in.
func TestTheLastLinesAreAdopted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Policy = meeting.Policy{Rooms: []meeting.RoomPolicy{{Network: "libera", Room: "#ops", Recent: 15 * time.Minute}}}
	var heard []meeting.Heard
	for i := range 2010 {
		heard = append(heard, s.message(ops, minutes.Said, fmt.Sprint("m", i), fmt.Sprint("line ", i)))
	}
	_, err := s.Hear(ctx, heard...)
	s.must(err)
	s.advance(time.Minute)
	s.says(ops, "anna", "#startmeeting")
	s.says(ops, "anna", "#adopt")
	got := s.record(s.meetingIDs()[0])
	if len(got) != 2002 || got[2] != "line 10" || got[2001] != "line 2009" {
		t.Errorf("%d lines, from %q to %q", len(got), got[2], got[len(got)-1])
	}
}

// TestWhatIsKeptOfARoomIsForgotten looks at rooms in which nobody says anything any
// more, and at one that keeps nothing any more.
func TestWhatIsKeptOfARoomIsForgotten(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	quiet, short, former := incidents.Room{Network: "libera", Room: "#Quiet"}, incidents.Room{Network: "libera", Room: "#short"}, incidents.Room{Network: "acme", Room: "#quiet"}
	s.Policy = meeting.Policy{Rooms: []meeting.RoomPolicy{
		{Network: "libera", Room: "#quiet", Recent: 15 * time.Minute}, {Network: "libera", Room: "#short", Recent: time.Minute},
		{Network: "acme", Room: "#quiet", Recent: time.Hour},
	}}
	for _, at := range []incidents.Room{quiet, short, former} {
		s.says(at, "bert", "in "+at.Room+" on "+at.Network)
	}
	left := func(want int) {
		t.Helper()
		s.must(s.ForgetRecent(ctx))
		if n := get[int](t, s.db, `select count(*) from room_line`); n != want {
			t.Errorf("%d lines are left, want %d", n, want)
		}
	}
	left(3)
	s.advance(2 * time.Minute)
	left(2)
	s.Policy.Rooms = s.Policy.Rooms[:2]
	left(1)
	s.advance(14 * time.Minute)
	left(0)
}
