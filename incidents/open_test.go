package incidents_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestOpening(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan")
	asked, err := s.svc.Ask(ctx, s.as("dan"), fire())
	s.must(err)
	if asked.Rings() != 2 || asked.Plan[0].First != "ada" || asked.Plan[1].First != "bea" || asked.Plan[1].Members != 2 {
		t.Errorf("%+v", asked.Plan)
	}
	if n := get[int](t, s.db, `select count(*) from page`); n != 0 {
		t.Fatal("asking rang somebody")
	}
	opened, err := s.svc.Confirm(ctx, s.as("cem"), asked.Code)
	s.must(err)
	inc := opened.Incident
	if inc.Ref() != "INC-1" || !slices.Equal(opened.Rung, []string{"ada", "bea"}) || opened.Rooms[0].Room != "#inc-1-fire" {
		t.Errorf("%+v", opened)
	}
	s.settle()
	if sent := s.wire.take(); sent != "ada bea" {
		t.Errorf("rung: %s", sent)
	}
	want := []string{
		"signal: confirmed dan's bat-signal: openssl is on fire",
		"opened: severity 1: openssl is on fire",
		"page: Paging ada for the lead.",
		"page: Paging bea for fixing.",
	}
	if lines := s.timeline(inc.ID); !slices.Equal(lines, want) {
		t.Error(text(lines))
	}
	if s.holder(inc.ID) != "" {
		t.Error("somebody holds the baton without having said a word")
	}
}

// Every line that goes to a room or a person begins with our own words.
func TestNoLineBeginsWithSomebodysText(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sig := incidents.Signal{What: "!quit", Severity: 1, Separate: true}
	inc := s.light("ada", "bea", sig)
	s.must(s.svc.Rename(ctx, s.as("ada"), inc.ID, "!quit again"))
	_, err := s.svc.Page(ctx, s.as("ada"), incidents.Call{To: "cem", Why: "!quit"})
	s.must(err)
	_, err = s.svc.Ack(ctx, s.as("cem"), 0)
	s.must(err)
	room := s.as("ada")
	room.Room = "#elsewhere"
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "!quit", false, true))
	_, err = s.svc.Page(ctx, room, incidents.Call{To: fix, Why: "!quit"})
	s.must(err)
	s.advance(20 * time.Minute)
	_, err = s.svc.Ack(ctx, s.as("cem"), 0)
	s.must(err)
	_, err = s.svc.Ask(ctx, s.as("ada"), sig)
	s.must(err)
	s.advance(20 * time.Minute)
	for _, line := range s.said() {
		_, words, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(words, "[INC-1] ") && !strings.HasPrefix(words, "Page") && !strings.HasPrefix(words, "Bat-signal: ") && !strings.HasPrefix(words, "The bat-signal ") {
			t.Errorf("%q", line)
		}
	}
}

// Opening is one transaction: if its announcement cannot be queued, nothing has
// happened, and it can be confirmed again.
func TestOpeningIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	before := s.rowsOf()
	broken := *s.svc
	broken.Queue = brokenQueue{Queue: s.svc.Queue, err: errBroken}
	if _, err := broken.Confirm(ctx, s.as("bea"), asked.Code); err == nil {
		t.Fatal("no error")
	}
	if after := s.rowsOf(); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	_, err = s.svc.Confirm(ctx, s.as("bea"), asked.Code)
	s.must(err)
}

// The same holds for whatever else announces.
func TestEveryChangeIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "bea", fire())
	s.settle()
	_, err := s.svc.Ack(ctx, s.as("ada"), 0)
	s.must(err)
	s.hears("ada")
	before := s.rowsOf() + s.filled(inc.ID) + s.holder(inc.ID) + s.pageState(s.page("bea"))
	broken := *s.svc
	broken.Queue = brokenQueue{Queue: s.svc.Queue, err: errBroken}
	for name, do := range map[string]func() error{
		"ack":       func() error { _, err := broken.Ack(ctx, s.as("bea"), 0); return err },
		"decline":   func() error { _, err := broken.Decline(ctx, s.as("bea"), 0); return err },
		"take":      func() error { _, err := broken.TakeRole(ctx, s.as("cem"), inc.ID, fix); return err },
		"leave":     func() error { _, err := broken.LeaveRole(ctx, s.as("ada"), inc.ID, lead); return err },
		"assign":    func() error { _, err := broken.AssignRole(ctx, s.as("cem"), inc.ID, "ada", fix); return err },
		"claim":     func() error { _, err := broken.Take(ctx, s.as("cem"), inc.ID); return err },
		"pass":      func() error { _, err := broken.Pass(ctx, s.as("ada"), inc.ID, "cem"); return err },
		"drop":      func() error { _, err := broken.Drop(ctx, s.as("ada"), inc.ID); return err },
		"severity":  func() error { return broken.SetSeverity(ctx, s.as("ada"), inc.ID, 3) },
		"rename":    func() error { return broken.Rename(ctx, s.as("ada"), inc.ID, "x") },
		"resolve":   func() error { return broken.Resolve(ctx, s.as("ada"), inc.ID, "", false, false) },
		"page":      func() error { _, err := broken.Page(ctx, s.as("ada"), incidents.Call{To: "cem", Why: "x"}); return err },
		"elsewhere": func() error { return broken.EnterRooms(ctx) },
	} {
		if err := do(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if after := s.rowsOf() + s.filled(inc.ID) + s.holder(inc.ID) + s.pageState(s.page("bea")); after != before {
			t.Errorf("%s: before %s\nafter  %s", name, before, after)
		}
	}
}

// Whoever cannot be reached is not said to be rung, and the next one is at once.
func TestOpeningPassesOverWhoCannotBeReached(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.unreachable("bea")
	asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	opened, err := s.svc.Confirm(ctx, s.as("cem"), asked.Code)
	s.must(err)
	if !slices.Equal(opened.Rung, []string{"ada", "cem"}) || len(opened.Empty) != 0 {
		t.Errorf("%+v", opened)
	}
	lines := s.timeline(opened.Incident.ID)
	if !one(lines, "Paging bea, to whom no way leads, for fixing.") || !one(lines, "Paging cem for fixing.") {
		t.Error(text(lines))
	}
}

func (s *scene) unreachable(handle string) {
	s.Helper()
	_, err := s.db.Exec(ctx, `delete from account where person_id = $1`, s.ids[handle])
	s.must(err)
}

func TestEmptyRolesAreNamed(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	opened, err := s.svc.Confirm(ctx, s.as("bea"), asked.Code)
	s.must(err)
	if !slices.Equal(opened.Empty, []string{"fixing"}) {
		t.Errorf("%+v", opened)
	}
	if said := s.said(); !one(said, "Nobody can be rung for fixing.") {
		t.Error(text(said))
	}
	// Never silent: it is said again as long as it lasts.
	s.advance(25 * time.Minute)
	if n := countOf(s.said(), "#ops [INC-1] Nobody can be rung for fixing: nobody has said yes to it."); n < 2 {
		t.Errorf("said %d times in 25 minutes", n)
	}
	// Somebody who joins is rung at once.
	s.wire.take()
	s.person("cem", fix)
	s.settle()
	if sent := s.wire.take(); sent != "cem" {
		t.Errorf("rung: %s", sent)
	}
}

// A roster of hundreds: every line still fits, and one word of consent is enough
// to stop it all.
func TestEverybodyOfALargeRoster(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	for i := range 150 {
		s.person(fmt.Sprintf("somebody-with-a-long-handle-%d", i), fix)
	}
	sig := fire()
	sig.Everyone = true
	inc := s.light("ada", "bea", sig)
	s.pager.Parallel = 64
	s.settle()
	if n := len(strings.Fields(s.wire.take())); n != 152 {
		t.Errorf("%d people were rung", n)
	}
	s.advance(20 * time.Minute)
	said := s.said()
	if !one(said, "#ops [INC-1] Nobody has taken fixing. Asked: 150 people. Going around again, round 2.") {
		t.Error(text(said[max(0, len(said)-6):]))
	}
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "over", false, true))
	if n := countOf(s.said(), "You may sleep."); n != 152 {
		t.Errorf("%d people were told that they may sleep", n)
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	pick := func(room string, number int64) (int64, error) {
		a := s.as("ada")
		a.Room = room
		inc, err := s.svc.Pick(ctx, a, number)
		return inc.ID, err
	}
	_, err := pick(home, 0)
	s.refused(err, fault.NotFound)
	first := s.light("ada", "bea", fire())
	if id, err := pick(home, 0); err != nil || id != first.ID {
		t.Errorf("%d, %v", id, err)
	}
	second := s.light("ada", "bea", fire())
	_, err = pick(home, 0)
	s.refused(err, fault.Invalid)
	_, err = pick("", 0)
	s.refused(err, fault.Invalid)
	if id, err := pick("#inc-2-fire", 0); err != nil || id != second.ID {
		t.Errorf("%d, %v", id, err)
	}
	if id, err := pick("#inc-2-fire", 1); err != nil || id != first.ID {
		t.Errorf("%d, %v", id, err)
	}
	_, err = pick(home, 99)
	s.refused(err, fault.NotFound)
	s.must(s.svc.Exists(ctx, first.ID))
	s.refused(s.svc.Exists(ctx, 99), fault.NotFound)
}

// EnterRooms asks for the rooms of open incidents only, with their topic of now.
func TestEnterRooms(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead")
	s.light("ada", "bea", fire())
	done := s.light("ada", "bea", fire())
	s.must(s.svc.Resolve(ctx, s.as("ada"), done.ID, "", false, true))
	s.said()
	s.must(s.svc.EnterRooms(ctx))
	got := get[string](t, s.db, `select string_agg(kind || ' ' || room || ' ' || text, '/') from notice where state = 'waiting'`)
	if got != "open #inc-1-fire INC-1 severity 1: openssl is on fire. Baton: nobody. Roles: !role list" {
		t.Error(got)
	}
}

// A retired role is not hunted for; its name in old incidents stands.
func TestARetiredRoleIsNotHuntedFor(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.must(oncall.SyncRoles(ctx, s.db, start, twoRoles()[:1]))
	inc := s.light("ada", "bea", fire())
	s.settle()
	if sent := s.wire.take(); sent != "ada" {
		t.Errorf("rung: %s", sent)
	}
	if got := s.filled(inc.ID); got != "lead=" {
		t.Error(got)
	}
}
