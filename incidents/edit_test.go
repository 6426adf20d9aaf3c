package incidents_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
)

func TestSeverityRetimesTheHunts(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sig := fire()
	sig.Severity = 3
	inc := s.light("ada", "cem", sig)
	s.advance(time.Minute)
	s.wire.take()
	s.must(s.svc.SetSeverity(ctx, s.as("ada"), inc.ID, 1))
	// Worse news: who sleeps now is waited for 90 seconds from here, not five minutes.
	s.advance(urgent - time.Second)
	if sent := s.wire.take(); sent != "" {
		t.Errorf("rung too early: %q", sent)
	}
	s.advance(time.Second)
	if sent := s.wire.take(); !strings.Contains(sent, "cem") {
		t.Errorf("rung: %q", sent)
	}
	// Better news: the next one is waited for longer.
	s.must(s.svc.SetSeverity(ctx, s.as("ada"), inc.ID, 4))
	s.advance(urgent) // the wait that was begun
	s.wire.take()
	s.advance(patient - time.Second)
	if sent := s.wire.take(); sent != "" {
		t.Errorf("rung too early: %q", sent)
	}
	s.refused(s.svc.SetSeverity(ctx, s.as("ada"), inc.ID, 4), fault.Conflict)
	for _, bad := range []int{-1, 0, 5} {
		s.refused(s.svc.SetSeverity(ctx, s.as("ada"), inc.ID, bad), fault.Invalid)
	}
	if lines := s.timeline(inc.ID); !one(lines, "severity: ada changes the severity from 3 to 1.") || !one(lines, "from 1 to 4.") {
		t.Error(text(lines))
	}
}

func TestResolveStopsEverything(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan")
	inc := s.light("ada", "cem", fire())
	_, err := s.svc.Ack(ctx, s.as("ada"), 0)
	s.must(err)
	s.advance(urgent)
	_, err = s.svc.Pass(ctx, s.as("ada"), inc.ID, "dan")
	s.must(err)
	s.said()
	s.wire.take()

	s.refused(s.svc.Resolve(ctx, s.as("dan"), inc.ID, "", false, false), fault.Forbidden)
	s.refused(s.svc.Resolve(ctx, s.as("ada"), inc.ID, strings.Repeat("x", 1001), false, false), fault.Invalid)
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "fixed upstream", false, false))
	s.refused(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", false, false), fault.Conflict)
	said := s.said()
	for _, who := range []string{"bea", "cem"} {
		if !one(said, "@"+who+" [INC-1] ada resolves the incident. fixed upstream. You may sleep. Page P") {
			t.Errorf("%s may not sleep%s", who, text(said))
		}
	}
	if !one(said, "#ops [INC-1] ada resolves the incident. fixed upstream.") || s.holder(inc.ID) != "" {
		t.Error(text(said))
	}
	s.advance(3 * time.Hour)
	if sent := s.wire.take(); sent != "" || len(s.said()) != 0 {
		t.Errorf("still ringing: %q", sent)
	}
	open := get[int](t, s.db, `
		select (select count(*) from escalation where state = 'hunting') + (select count(*) from page where state = 'open')
			+ (select count(*) from delivery where state in ('queued', 'leased')) + (select count(*) from baton_move where state = 'open')`)
	if open != 0 {
		t.Errorf("%d things are still open", open)
	}
}

func TestFalseAlarmsArePublic(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	inc := s.light("ada", "bea", fire())
	s.must(s.svc.Resolve(ctx, s.as("bea"), inc.ID, "", true, true))
	if uses := s.uses(); !slices.Contains(uses, "false-alarm bea: openssl is on fire") {
		t.Error(text(uses))
	}
	if got, err := s.svc.Get(ctx, inc.ID); err != nil || !got.FalseAlarm || got.Open() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReopenHuntsForWhatIsEmpty(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "cem", fire())
	_, err := s.svc.Ack(ctx, s.as("bea"), 0)
	s.must(err)
	s.refused(s.svc.Reopen(ctx, s.as("ada"), inc.ID), fault.Conflict)
	s.must(s.svc.Resolve(ctx, s.as("bea"), inc.ID, "", true, false))
	s.settle()
	s.wire.take()
	s.must(s.svc.Reopen(ctx, s.as("ada"), inc.ID))
	s.settle()
	if sent := s.wire.take(); sent != "ada" {
		t.Errorf("rung: %q", sent)
	}
	got, err := s.svc.Get(ctx, inc.ID)
	if err != nil || !got.Open() || got.FalseAlarm || got.ResolvedAt != nil || s.holder(inc.ID) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if !one(s.timeline(inc.ID), "reopened: ada opens the incident again.") {
		t.Error(text(s.timeline(inc.ID)))
	}
}

func TestNotesAndNames(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	inc := s.light("ada", "bea", fire())
	s.must(s.svc.Note(ctx, s.as("ada"), inc.ID, strings.Repeat("ü", 1000)))
	for _, bad := range []string{"", strings.Repeat("ü", 1001)} {
		s.refused(s.svc.Note(ctx, s.as("ada"), inc.ID, bad), fault.Invalid)
	}
	s.must(s.svc.Rename(ctx, s.as("ada"), inc.ID, strings.Repeat("ü", 300)))
	for _, bad := range []string{"", strings.Repeat("ü", 301)} {
		s.refused(s.svc.Rename(ctx, s.as("ada"), inc.ID, bad), fault.Invalid)
	}
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", false, true))
	s.must(s.svc.Note(ctx, s.as("ada"), inc.ID, "an afterthought"))
	s.refused(s.svc.Note(ctx, s.as("ada"), 99, "x"), fault.NotFound)
	s.refused(s.svc.Reopen(ctx, s.as("ada"), 99), fault.NotFound)
	entries, err := s.svc.Timeline(ctx, inc.ID, 0)
	s.must(err)
	last := entries[len(entries)-1]
	if last.Kind != "note" || last.Who != "ada" || last.Network != network || last.Room != home || last.Text != "an afterthought" || !last.At.Equal(start) {
		t.Errorf("%+v", last)
	}
	if rest, err := s.svc.Timeline(ctx, inc.ID, entries[len(entries)-2].ID); err != nil || len(rest) != 1 {
		t.Errorf("%v, %v", rest, err)
	}
}
