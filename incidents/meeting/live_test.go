package meeting_test

import (
	"reflect"
	"strings"
	"testing"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/replay"
)

// TestAMeetingOnIRC is what MeetBot's users know, from start to end.
func TestAMeetingOnIRC(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.says(ops, "anna", "nobody is listening yet")
	s.says(ops, "anna", "#startmeeting Weekly ops")
	s.says(ops, "bert", "hello")
	s.says(ops, "anna", "#topic Backups")
	s.says(ops, "bert", "#agreed not by me")
	s.says(ops, "anna", "#agreed we test the restore")
	s.says(ops, "anna", "#action bert tests the restore by 2026-12-04")
	if told := s.says(ops, "bert", "#endmeting"); len(told) != 1 || !strings.Contains(told[0], "#endmeeting") {
		t.Errorf("who mistypes is told %q", told)
	}
	s.says(ops, "anna", "#endmeeting")
	s.says(ops, "anna", "after it")

	said := s.said()
	for _, want := range []string{
		"topic #ops (Meeting topic: Weekly ops)", "topic #ops Backups (Meeting topic: Weekly ops)", "topic #ops old topic",
		"say #ops Meeting ended 2026-11-28 20:00 UTC: 1 decision, 1 action, 8 lines.",
	} {
		if !has(said, want) {
			t.Errorf("nothing said %q, but:\n%s", want, strings.Join(said, "\n"))
		}
	}
	d, err := s.Doc(ctx, s.meetingIDs()[0])
	s.must(err)
	if len(d.Lines) != 8 || len(d.Items) != 3 || !d.Over {
		t.Errorf("%d lines, %d items, over %v", len(d.Lines), len(d.Items), d.Over)
	}
	owner := get[string](t, s.db, `select o.name || ' ' || a.due from action_item a join action_owner o on o.action_id = a.id`)
	if owner != "bert 2026-12-04" {
		t.Errorf("the action is %s's", owner)
	}
}

// hear feeds a log to the live service, a batch of some lines at a time.
func hear(s *scene, m corpustest.Meeting, dialect string, batch int, between func()) {
	s.Helper()
	lines := chatlog.Parse(m.Log(s.TB), chatlog.Options{Date: m.Date(s.TB)})
	s.Policy = meeting.Policy{Dialect: dialect}
	at := incidents.Room{Network: "libera", Room: m.Room}
	for len(lines) > 0 {
		n := min(batch, len(lines))
		var heard []meeting.Heard
		for _, line := range lines[:n] {
			heard = append(heard, meeting.Heard{Room: at, Event: line.Event, Look: meeting.Look{Topic: replay.OldTopic}})
		}
		_, err := s.Hear(ctx, heard...)
		s.must(err)
		lines = lines[n:]
		between()
	}
}

// TestLiveIsReplay holds what the live service makes of each log of the corpus against
// the replay of the same log, with the process lost and another one going on at every
// batch.
func TestLiveIsReplay(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, d := range minutes.Dialects() {
		for i, m := range corpustest.All(t) {
			t.Run(d.Name+"/"+m.Name, func(t *testing.T) {
				s.TB = t
				before := len(s.meetingIDs())
				hear(s, m, d.Name, 1+i%7*5, func() {
					if i%3 == 0 {
						s.Service = s.process() // killed: what it knew is gone
						s.Policy = meeting.Policy{Dialect: d.Name}
					}
				})
				setting := minutes.Setting{Dialect: d, Room: m.Room}
				want := replay.Run(setting, chatlog.Parse(m.Log(t), chatlog.Options{Date: m.Date(t)}))
				ids := s.meetingIDs()[before:]
				if len(ids) != len(want) {
					t.Fatalf("%d meetings, want %d", len(ids), len(want))
				}
				for i, id := range ids {
					got, err := s.Doc(ctx, id)
					s.must(err)
					same(t, got.Meeting, want[i].Meeting)
					if len(got.Lines) != len(want[i].Log.Lines) {
						t.Errorf("%d lines in the log, want %d", len(got.Lines), len(want[i].Log.Lines))
					}
				}
				_, err := s.db.Exec(ctx, `update meeting set ended_at = heard_at where ended_at is null`)
				s.must(err)
				s.Refresh()
			})
		}
	}
}

// same compares what two runs of a meeting came to. The live one's lines have numbers
// of the network, which a log has not.
func same(t *testing.T, got, want *minutes.Meeting) {
	t.Helper()
	if len(got.Items) != len(want.Items) {
		t.Fatalf("%d items, want %d", len(got.Items), len(want.Items))
	}
	for i, g := range got.Items {
		w := want.Items[i]
		if g.Kind != w.Kind || g.Text != w.Text || g.By != w.By || !g.At.Equal(w.At) || g.Line != w.Line || !reflect.DeepEqual(g.Owners, w.Owners) {
			t.Errorf("item %d is %+v, want %+v", i, g, w)
		}
	}
	if got.Topic != want.Topic || got.Name != want.Name || got.Lines != want.Lines || !got.End().Equal(want.End()) {
		t.Errorf("%q %q %d %s, want %q %q %d %s", got.Topic, got.Name, got.Lines, got.End(), want.Topic, want.Name, want.Lines, want.End())
	}
	for i, one := range got.ByLines() {
		if w := want.ByLines()[i]; one.Nick != w.Nick || one.Lines != w.Lines || one.Chair != w.Chair {
			t.Errorf("%s %d, want %s %d", one.Nick, one.Lines, w.Nick, w.Lines)
		}
	}
}
