package meeting_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes/write"
)

// shelf is an archive that remembers, and refuses what has a word in its title.
type shelf struct {
	refuses string
	put     []string
}

func (s *shelf) Put(_ context.Context, d write.Doc) error {
	if s.refuses != "" && strings.Contains(d.Title(), s.refuses) {
		return errors.New("no room on the shelf")
	}
	s.put = append(s.put, d.Title())
	return nil
}

// TestOneBadMeetingHoldsUpNoOther: what cannot be written now is written later, and
// everything else at once.
func TestOneBadMeetingHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	archive := &shelf{refuses: "first"}
	keeper := meeting.NewKeeper(s.Service, archive)
	for _, title := range []string{"first", "second"} {
		s.says(ops, "anna", "#startmeeting "+title)
		s.says(ops, "anna", "#endmeeting")
	}
	if err := keeper.Look(ctx); err == nil || !strings.Contains(err.Error(), "no room on the shelf") {
		t.Errorf("it says %v", err)
	}
	archive.refuses = ""
	s.must(keeper.Look(ctx))
	s.must(keeper.Look(ctx)) // and nothing is left to do
	if got := strings.Join(archive.put, ", "); got != "#ops: second, #ops: first" {
		t.Errorf("written were %s", got)
	}
}

// TestAForgottenMeeting is warned once, lives on if somebody speaks, and ends in the
// end; what the bot itself says is no sign of life.
func TestAForgottenMeeting(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	keeper := meeting.NewKeeper(s.Service)
	s.says(ops, "anna", "#startmeeting")
	s.said()
	quiet := func(d time.Duration) string {
		s.advance(d)
		s.must(keeper.Look(ctx))
		s.must(keeper.Look(ctx))
		return strings.Join(s.said(), "\n")
	}
	if said := quiet(49 * time.Minute); said != "" {
		t.Errorf("too early: %s", said)
	}
	if said := quiet(time.Minute); strings.Count(said, "Nobody has said anything for 50 minutes.") != 1 {
		t.Errorf("no warning, or two: %q", said)
	}
	s.says(ops, "bert", "wait, I am here")
	if said := quiet(49 * time.Minute); said != "" {
		t.Errorf("bert spoke: %q", said)
	}
	quiet(time.Minute)
	if next, err := keeper.Next(ctx); err != nil || !next.Equal(s.Clock().Add(10*time.Minute)) {
		t.Errorf("it is to end at %s, %v", next, err)
	}
	if said := quiet(10 * time.Minute); !strings.Contains(said, "Meeting ended") {
		t.Errorf("it did not end: %q", said)
	}
	d, err := s.Doc(ctx, s.meetingIDs()[0])
	s.must(err)
	if d.Why != "nobody had said anything for 60 minutes" {
		t.Errorf("it ended because %q", d.Why)
	}
}
