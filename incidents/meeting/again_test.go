package meeting_test

import (
	"fmt"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
)

// line is somebody's line with a number of the network.
func (s *scene) line(at incidents.Room, nick, id, text string) meeting.Heard {
	return meeting.Heard{Room: at, Event: minutes.Event{At: s.Clock(), Who: minutes.Who{Nick: nick}, ID: id, Text: text}}
}

// TestWhatIsToldAgain: a network may deliver anything again, at any time, even what
// began a meeting that is over; and a batch of which the end failed is told again.
func TestWhatIsToldAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	batch := []meeting.Heard{
		s.line(ops, "anna", "1", "#startmeeting"), s.line(ops, "anna", "2", "#info once"), s.line(ops, "anna", "3", "#endmeeting"),
	}
	for range 3 {
		s.Service = s.process()
		if n, _, err := s.Take(ctx, batch); n != 3 || err != nil {
			t.Fatalf("%d taken, %v", n, err)
		}
	}
	s.hears(s.line(ops, "anna", "4", "#startmeeting another"))
	if n := len(s.meetingIDs()); n != 2 {
		t.Errorf("%d meetings", n)
	}
	bad := s.line(ops, "anna", fmt.Sprintf("%0300d", 7), "too long a number")
	n, _, err := s.Take(ctx, []meeting.Heard{
		s.line(ops, "bert", "5", "hello"), s.line(incidents.Room{Network: "libera", Room: "#other"}, "bert", "6", "no meeting"), bad, s.line(ops, "bert", "8", "after it"),
	})
	if n != 2 || err == nil {
		t.Errorf("%d taken, %v", n, err)
	}
	if lines := get[int](t, s.db, `select count(*)::int from meeting_event where line is not null`); lines != 5 {
		t.Errorf("%d lines", lines)
	}
}

// TestTakenBackLater: what is deleted when its meeting is over, and another goes on
// there, is gone from where it was said.
func TestTakenBackLater(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.says(ops, "anna", "#startmeeting first")
	s.hears(s.line(ops, "bert", "b1", "#info the password is hunter2"))
	s.says(ops, "anna", "#endmeeting")
	s.says(ops, "anna", "#startmeeting second")
	s.hears(meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), Kind: minutes.Deleted, ID: "b1", Who: minutes.Who{Nick: "bert"}}})
	for _, id := range s.meetingIDs() {
		d, err := s.Doc(ctx, id)
		s.must(err)
		for _, l := range d.Lines {
			if l.Text == "#info the password is hunter2" {
				t.Errorf("meeting %d still has it", id)
			}
		}
	}
	if due := get[bool](t, s.db, `select write_due from meeting where title like '%first'`); !due {
		t.Error("its files are not written again")
	}
}

// TestAPastedBlock: each command in a message of several lines counts, and an edit of
// the message changes each of them.
func TestAPastedBlock(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	paste := func(text string) {
		for i, part := range meeting.Parts(text) {
			s.hears(s.line(ops, "anna", meeting.PartID("m", i+1), part))
		}
	}
	s.says(ops, "anna", "#startmeeting")
	paste("please note:\n#topic Backups\n\n#action bert tests them\n#agreed once a month")
	items := func() string {
		return get[string](t, s.db, `select string_agg(kind || ' ' || text || case when gone then '-' else '' end, ', ' order by id) from meeting_item`)
	}
	if got, want := items(), "TOPIC Backups, ACTION bert tests them, AGREED once a month"; got != want {
		t.Errorf("noted are %q, want %q", got, want)
	}
	s.hears(meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), Kind: minutes.Edited, ID: "m", Who: minutes.Who{Nick: "anna"},
		Text: "please note:\n#topic Backups\n#action cleo tests them"}})
	if got, want := items(), "TOPIC Backups, ACTION cleo tests them, AGREED -"; got != want {
		t.Errorf("after the edit there are %q, want %q", got, want)
	}
	if parts := meeting.Parts("two lines\nof talk"); len(parts) != 1 {
		t.Errorf("talk is taken apart: %q", parts)
	}
}

// TestComingAndGoingIsNoTalk: a meeting in which people only come and go ends as well.
func TestComingAndGoingIsNoTalk(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	keeper := meeting.NewKeeper(s.Service)
	s.says(ops, "anna", "#startmeeting")
	for range 15 {
		s.advance(5 * time.Minute)
		s.hears(meeting.Heard{Room: ops, Event: minutes.Event{At: s.Clock(), Kind: minutes.Joined, Who: minutes.Who{Nick: "bert"}}})
		s.must(keeper.Look(ctx))
	}
	if n := get[int](t, s.db, `select count(*)::int from meeting where ended_at is null`); n != 0 {
		t.Error("it still goes on")
	}
}
