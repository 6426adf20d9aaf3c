package incidents_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

func (s *scene) call(from oncall.Actor, to, why string) (string, error) {
	return s.svc.Page(ctx, from, incidents.Call{To: to, Why: why})
}

func TestPageByName(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	say, err := s.call(s.as("ada"), "bea", "the signing server is down")
	if err != nil || say != "I ring bea: the signing server is down. The answer is announced here." {
		t.Errorf("%q, %v", say, err)
	}
	s.settle()
	if sent := s.wire.sent[0]; sent.Person != "bea" || sent.Ref != "" || sent.Role != "" || sent.Severity != 2 || sent.Rooms[0] != home {
		t.Errorf("%+v", sent)
	}
	_, err = s.call(s.as("ada"), "bea", "again")
	s.refused(err, fault.Conflict)
	ans, err := s.svc.Ack(ctx, s.as("bea"), 0)
	if err != nil || ans.Say != "Thank you. You were called because: the signing server is down." {
		t.Errorf("%+v, %v", ans, err)
	}
	if said := s.said(); len(said) != 1 || said[0] != "#ops Page: bea answers the page: the signing server is down." {
		t.Error(text(said))
	}
	_, err = s.call(s.as("ada"), "bea", "something else")
	s.must(err)
}

func TestNobodyIsPagedWithoutConsent(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea")
	_, err := s.call(s.as("ada"), "bea", "please")
	s.refused(err, fault.Forbidden)
	_, err = s.call(s.as("ada"), "fix", "please")
	s.refused(err, fault.Conflict)
	_, err = s.call(s.as("ada"), "nobody", "please")
	s.refused(err, fault.NotFound)
	for _, why := range []string{"", strings.Repeat("x", 301), "see \x1b[SK7QX now", "two\nlines"} {
		_, err = s.call(s.as("ada"), "ada", why)
		s.refused(err, fault.Invalid)
	}
	if rows := s.rowsOf(); !strings.Contains(rows, "escalation=0") || !strings.Contains(rows, "page=0") {
		t.Error(rows)
	}
	// Consent to one role that was taken back is no consent.
	s.person("cem", fix)
	_, err = s.desk.Remove(ctx, s.as("cem"), "cem", "")
	s.must(err)
	_, err = s.call(s.as("ada"), "cem", "please")
	s.refused(err, fault.Forbidden)
}

func TestANamedPageStops(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	_, err := s.call(s.as("ada"), "bea", "please")
	s.must(err)
	s.advance(5 * time.Hour)
	if sent := s.wire.take(); sent != "bea bea bea" {
		t.Errorf("rung: %q", sent)
	}
	said := s.said()
	if last := said[len(said)-1]; last != "#ops Page: Nobody has taken the page to bea. Asked: bea. I stop ringing." {
		t.Error(text(said))
	}
	next, err := s.pager.Step(ctx)
	if err != nil || !next.IsZero() {
		t.Errorf("still something to do at %v, %v", next, err)
	}
	// A new incident's page is what "!ack" means then, not the old one.
	inc := s.light("ada", "bea", fire())
	ans, err := s.svc.Ack(ctx, s.as("bea"), 0)
	if err != nil || ans.Incident.ID != inc.ID {
		t.Errorf("%+v, %v", ans, err)
	}
}

func TestADeclinedNamedPageStopsAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	_, err := s.call(s.as("ada"), "bea", "please")
	s.must(err)
	ans, err := s.svc.Decline(ctx, s.as("bea"), 0)
	if err != nil || strings.Contains(ans.Say, "next one") {
		t.Errorf("%+v, %v", ans, err)
	}
	s.settle()
	if said := s.said(); !one(said, "#ops Page: bea declines the page.") || !one(said, "I stop ringing.") {
		t.Error(text(said))
	}
}

// Whoever pages in private hears the answer in private.
func TestAPageThatWasAskedForInPrivate(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	private := s.as("ada")
	private.Room = ""
	_, err := s.call(private, "bea", "please")
	s.must(err)
	s.settle()
	if sent := s.wire.sent[0]; len(sent.Rooms) != 0 {
		t.Errorf("calls to %v", sent.Rooms)
	}
	_, err = s.svc.Ack(ctx, s.as("bea"), 0)
	s.must(err)
	if said := s.said(); len(said) != 1 || said[0] != "@ada Page: bea answers the page: please." {
		t.Error(text(said))
	}
	// From a place to which nothing can be said, nothing is left unsaid for ever.
	_, err = s.call(oncall.Actor{Handle: "root", Network: "do", Account: "root"}, "bea", "please")
	s.must(err)
	_, err = s.svc.Ack(ctx, s.as("bea"), 0)
	s.must(err)
	if n := get[int](t, s.db, `select count(*) from notice where state = 'waiting'`); n != 0 {
		t.Errorf("%d announcements wait for nobody", n)
	}
}

func TestAPageOfARoleWithoutAnIncident(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	_, err := s.call(s.as("ada"), "fixing", "please")
	s.must(err)
	s.advance(patient)
	if sent := s.wire.take(); sent != "bea cem" {
		t.Errorf("rung: %q", sent)
	}
	s.said()
	_, err = s.svc.Ack(ctx, s.as("bea"), 0)
	s.must(err)
	if said := s.said(); !one(said, "#ops Page: bea answers the page: please.") || !one(said, "@cem Page P2 is closed, you are not needed for it any more: bea answers") {
		t.Error(text(said))
	}
	s.advance(time.Hour)
	if sent := s.wire.take(); sent != "" {
		t.Errorf("rung on: %q", sent)
	}
}

// Two people answer one call at the same moment. Their transactions take the same
// rows; neither waits for the other for ever, and one of them was first.
func TestTwoAnswersToOneCall(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	for round := range 15 {
		_, err := s.call(s.as("ada"), "fix", "please")
		s.must(err)
		s.advance(patient)
		var answers [2]incidents.Answered
		pages := []int64{s.page("bea"), s.page("cem")}
		errs := together(
			func() (err error) { answers[0], err = s.svc.Ack(ctx, s.as("bea"), pages[0]); return err },
			func() (err error) { answers[1], err = s.svc.Ack(ctx, s.as("cem"), pages[1]); return err },
		)
		s.must(errors.Join(errs...))
		if answers[0].Changed == answers[1].Changed {
			t.Fatalf("round %d: %+v", round, answers)
		}
	}
	if n := get[int64](t, s.db, `select deadlocks from pg_stat_database where datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}

func TestAPageOfAnIncident(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "bea", fire())
	_, err := s.svc.Ack(ctx, s.as("bea"), 0)
	s.must(err)
	room := s.as("ada")
	room.Room = "#inc-1-fire"
	_, err = s.call(room, "cem", "we need your key")
	s.must(err)
	s.settle()
	m := s.wire.sent[slices.IndexFunc(s.wire.sent, func(m paging.Message) bool { return m.Person == "cem" })]
	if m.Ref != "INC-1" || m.Severity != 1 || m.Rooms[0] != "#inc-1-fire" {
		t.Errorf("%+v", m)
	}
	ans, err := s.svc.Ack(ctx, s.as("cem"), 0)
	if err != nil || ans.Say != "Thank you. You were called for INC-1: we need your key." {
		t.Errorf("%+v, %v", ans, err)
	}
	lines := s.timeline(inc.ID)
	if !one(lines, "page: ada pages cem: we need your key") || !one(lines, "page: Paging cem.") || !one(lines, "ack: cem answers the page: we need your key.") || s.filled(inc.ID) != "lead= fix=bea" {
		t.Error(text(lines))
	}
	s.must(s.svc.Resolve(ctx, s.as("bea"), inc.ID, "", false, false))
	_, err = s.call(room, "cem", "still there?")
	s.refused(err, fault.Conflict)
}

func TestNoWayLeadsToThem(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:fix")
	s.unreachable("bea")
	s.unreachable("cem")
	_, err := s.call(s.as("ada"), "bea", "please")
	s.refused(err, fault.Conflict)
	inc := s.light("ada", "dan", fire())
	s.settle()
	if sent := s.wire.take(); sent != "ada dan" {
		t.Errorf("rung: %q", sent)
	}
	// In the second round nobody is waited for who cannot hear.
	s.advance(urgent)
	if sent := s.wire.take(); sent != "ada dan" {
		t.Errorf("rung: %q", sent)
	}
	// When nobody can be reached at all, it is said, and time passes.
	s.unreachable("dan")
	s.advance(time.Hour)
	lines := s.timeline(inc.ID)
	if countOf(lines, "Paging dan, to whom no way leads") == 0 || countOf(lines, "exhausted: Nobody has taken fixing.") < 5 || len(lines) > 200 {
		t.Error(text(lines))
	}
}

// The last way to somebody fails for good: the next one is rung at once.
func TestADeadWayHurries(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.wire.fail = func(m paging.Message) error {
		if m.Person == "bea" {
			return fmt.Errorf("%w: no such account", paging.ErrPermanent)
		}
		return nil
	}
	s.light("ada", "cem", fire())
	s.settle()
	if sent := s.wire.take(); sent != "ada cem" {
		t.Errorf("rung: %q", sent)
	}
}

func TestATemporaryFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea")
	var tries []string
	s.wire.fail = func(m paging.Message) error {
		tries = append(tries, fmt.Sprintf("%d %v %s %v", m.Attempt, s.Now().Sub(start), m.Key, m.Repeat))
		if m.Attempt < 4 {
			return errors.New("come again")
		}
		return nil
	}
	s.light("ada", "bea", fire())
	s.advance(time.Minute)
	if got := strings.Join(tries, ", "); got != "1 0s page-1 false, 2 1s page-1 true, 3 3s page-1 true, 4 7s page-1 true" {
		t.Error(got)
	}
	if got := get[string](t, s.db, `select string_agg(n || outcome, ' ' order by n) from attempt`); got != "1temporary 2temporary 3temporary 4accepted" {
		t.Error(got)
	}
}

// One hunt that cannot go on does not hold up the others, nor anything else that
// is due.
func TestOneHuntThatCannotGoOn(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	_, err := s.db.Exec(ctx, `
		insert into escalation (cause, slot, why, severity, patience, started_at, due_at)
		values ('call:net/#ops', 'person:ghost', 'nobody has this handle', 1, '1 minute', $1, $1)`, start)
	s.must(err)
	s.light("ada", "bea", fire())
	for i := range 10 {
		if i == 5 {
			s.setNow(start.Add(urgent))
		}
		_, err := s.pager.Step(ctx)
		s.must(err)
		s.pager.Settle()
	}
	if sent := s.wire.take(); sent != "ada ada bea bea" {
		t.Errorf("rung: %q", sent)
	}
	next, err := s.pager.Step(ctx)
	if err != nil || !next.After(s.Now()) {
		t.Errorf("next at %v, %v: it is tried again without a rest", next, err)
	}
}

// Clocks jump. No page is lost by it, and none is held back by an hour.
func TestTheClockJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		s := newScene(t, "ada:lead bea:fix cem:fix")
		s.wire.fail = func(m paging.Message) error {
			if m.Attempt == 1 {
				return errors.New("come again")
			}
			return nil
		}
		inc := s.light("ada", "cem", fire())
		s.settle() // every first try has failed
		s.setNow(s.Now().Add(jump))
		s.advance(2 * time.Second)
		if sent := s.wire.take(); !strings.Contains(sent, "ada") || !strings.Contains(sent, "bea") {
			t.Errorf("%v: rung %q", jump, sent)
		}
		s.setNow(s.Now().Add(jump))
		s.advance(urgent + 2*time.Second)
		if sent := s.wire.take(); !strings.Contains(sent, "cem") {
			t.Errorf("%v: rung %q", jump, sent)
		}
		_, err := s.svc.Ack(ctx, s.as("cem"), 0)
		s.must(err)
		if !strings.Contains(s.filled(inc.ID), "fix=cem") {
			t.Errorf("%v: %s", jump, s.filled(inc.ID))
		}
	}
}
