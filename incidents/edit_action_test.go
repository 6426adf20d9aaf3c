package incidents_test

import (
	"context"
	"strings"
	"testing"

	"batsignal/incidents/action"
	"batsignal/oncall/fault"
)

// What an incident leaves to do is a line of its timeline and an action, or neither.
func TestAnIncidentLeavesActions(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "cem", fire())
	it, err := s.svc.Action(ctx, s.as("ada"), inc.ID, "bea and I rotate the key by 2026-03-06")
	s.must(err)
	if it.Incident != inc.ID || it.State != action.Open || it.Whose() != "bea" || it.Due.Format("2006-01-02") != "2026-03-06" || it.Room != home || it.CreatedBy != "ada" {
		t.Errorf("%+v", it)
	}
	if lines := s.timeline(inc.ID); !one(lines, "action: bea and I rotate the key by 2026-03-06") {
		t.Error(text(lines))
	}
	before := len(s.timeline(inc.ID))
	for _, bad := range []string{"", strings.Repeat("ü", 1001)} {
		_, err = s.svc.Action(ctx, s.as("ada"), inc.ID, bad)
		s.refused(err, fault.Invalid)
	}
	_, err = s.svc.Action(ctx, s.as("ada"), 99, "x")
	s.refused(err, fault.NotFound)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.svc.Action(stopped, s.as("ada"), inc.ID, "x"); err == nil {
		t.Error("no error")
	}
	all, err := (&action.Service{DB: s.db, Now: s.Now}).List(ctx, action.Filter{Incident: inc.ID})
	s.must(err)
	if len(all) != 1 || len(s.timeline(inc.ID)) != before {
		t.Errorf("%d actions, %d lines", len(all), len(s.timeline(inc.ID)))
	}
}
