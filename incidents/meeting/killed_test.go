package meeting_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/minutestest"
	"batsignal/migrations/childtest"
)

// TestKilledAtEveryLine holds a meeting of 1,000 lines in which the process is lost
// after each of them, against the same meeting held in one go.
func TestKilledAtEveryLine(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	events := minutestest.Events(rand.New(rand.NewPCG(1, 1)), childtest.Times(250, 1000), false)
	for _, e := range events {
		s.Service = s.process()
		s.hears(meeting.Heard{Room: ops, Event: e, Look: meeting.Look{Topic: "before"}})
	}
	got, err := s.Doc(ctx, s.meetingIDs()[0])
	s.must(err)
	same(t, got.Meeting, together(events))
}

// TestRandomMeetings holds random meetings in batches of any size against the machine.
func TestRandomMeetings(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for seed := range uint64(childtest.Times(60, 300)) {
		r := rand.New(rand.NewPCG(seed, 2))
		events := minutestest.Events(r, r.IntN(40), false)
		for i := range events { // what networks number is unique on them
			if events[i].ID != "" {
				events[i].ID += "/" + string(rune('a'+seed%26)) + string(rune('a'+seed/26))
			}
		}
		events[0].Text = fmt.Sprintf("#startmeeting number %d", seed) // nothing is left over from one of that name
		at := incidents.Room{Network: "libera", Room: "#r" + string(rune('a'+seed%26)) + string(rune('a'+seed/26))}
		for rest := events; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			var heard []meeting.Heard
			for _, e := range rest[:n] {
				heard = append(heard, meeting.Heard{Room: at, Event: e, Look: meeting.Look{Topic: "before"}})
			}
			_, err := s.Hear(ctx, heard...)
			s.must(err)
			rest = rest[n:]
		}
		ids := s.meetingIDs()
		got, err := s.Doc(ctx, ids[len(ids)-1])
		s.must(err)
		same(t, got.Meeting, together(events))
	}
}

// together is a meeting that nothing disturbed.
func together(events []minutes.Event) *minutes.Meeting {
	m, _ := minutes.Start(minutes.Setting{Dialect: minutes.Batsignal(), Room: "#ops", RoomTopic: "before"}, events[0])
	for _, e := range events[1:] {
		m.Hear(e)
	}
	return m
}
