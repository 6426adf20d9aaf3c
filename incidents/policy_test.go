package incidents_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
)

// follows has the role of whoever fixes follow a policy, at every severity.
func (s *scene) follows(repeats int, steps ...policy.Step) {
	s.Helper()
	policies := policy.Service{DB: s.db, Now: s.Now}
	p, err := policies.Save(ctx, s.as("ada"), policy.Policy{Name: "p", Title: "p", Repeats: repeats, Steps: steps})
	s.must(err)
	s.must(policies.Assign(ctx, s.as("ada"), policy.Use{Role: fix, Policy: p.Name}))
}

func target(kind policy.Kind, name string) policy.Target {
	return policy.Target{Kind: kind, Name: name}
}

const sqlAway = `insert into absence (person_id, starts_at, ends_at, created_at) values ($1, $2, $3, $2)`

// away has somebody be away for a while.
func (s *scene) away(handle string, d time.Duration) {
	s.Helper()
	_, err := s.db.Exec(ctx, sqlAway, s.ids[handle], s.Now(), s.Now().Add(d))
	s.must(err)
}

// rungLater lets time pass and tells who was paged at its end, and nobody before.
func (s *scene) rungLater(d time.Duration, who string) {
	s.Helper()
	s.advance(d - time.Second)
	if got := s.wire.take(); got != "" {
		s.Errorf("%s was rung too early, at %s", got, s.Now().Format("15:04:05"))
	}
	s.advance(time.Second)
	if got := s.wire.take(); got != who {
		s.Errorf("at %s %q was rung, not %q", s.Now().Format("15:04:05"), got, who)
	}
}

func TestAHuntFollowsItsPolicy(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:lead")
	s.follows(2,
		policy.Step{Targets: []policy.Target{target(policy.Person, "dan"), target(policy.Room, "#dev")}, Wait: 20 * time.Second},
		policy.Step{Targets: []policy.Target{target(policy.Role, fix), target(policy.Room, network+"/#all"), target(policy.Room, "elsewhere/#all")}, Wait: 3 * time.Hour, All: true},
	)
	said, err := s.call(s.as("ada"), fix, "the signing server is down")
	if err != nil || !strings.HasPrefix(said, "I ring dan") {
		t.Fatal(said, err)
	}
	s.settle()
	if got := s.wire.take(); got != "dan" {
		t.Errorf("%s was rung", got)
	}
	s.rungLater(20*time.Second, "bea cem")
	// A wait of hours is no mistake of a clock.
	s.rungLater(3*time.Hour, "dan")
	s.rungLater(20*time.Second, "bea cem")
	s.rungLater(3*time.Hour, "")
	lines := s.said()
	if countOf(lines, "#dev Somebody is needed for fixing: the signing server is down.") != 2 || countOf(lines, "#all Somebody is needed") != 2 {
		t.Errorf("each room hears once in a round that its step begins: %s", text(lines))
	}
	if !one(lines, "The policy says how often, so I stop ringing. To ring again: !page fix.") {
		t.Errorf("it ends in silence: %s", text(lines))
	}
	s.advance(24 * time.Hour)
	if got := s.wire.take(); got != "" {
		t.Errorf("%s was rung after the end", got)
	}
}

func TestAPromiseIsKeptAndSaid(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.away("bea", time.Hour)
	calls := 1
	_, err := s.desk.Agree(ctx, s.as("cem"), s.consent("cem"), oncall.Terms{Calls: &calls})
	s.must(err)

	inc := s.light("ada", "bea", fire())
	s.settle()
	if got := s.wire.take(); got != "ada cem" {
		t.Errorf("%s was rung", got)
	}
	// A call that goes on is no further one.
	s.advance(urgent)
	if got := s.wire.take(); got != "ada cem" {
		t.Errorf("%s was rung", got)
	}
	if lines := s.said(); !one(lines, home+" [INC-1] Nobody has taken fixing. Asked: cem. Not asked: bea (away). Going around again, round 2.") {
		t.Error(text(lines))
	}
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "done", false, true))
	s.said()

	inc = s.light("ada", "bea", fire())
	s.settle()
	if got := s.wire.take(); got != "ada" {
		t.Errorf("%s was rung", got)
	}
	want := home + " [INC-2] Nobody can be rung for fixing: bea (away) and cem (has had as many calls as agreed). Whoever can do it: !role take fix."
	if lines := s.said(); !one(lines, want) {
		t.Error(text(lines))
	}
	// It goes on looking: bea is rung when she is back.
	s.advance(time.Hour)
	if got := s.wire.take(); !strings.Contains(got, "bea") || strings.Contains(got, "cem") {
		t.Errorf("%s was rung", got)
	}
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "done", false, true))

	_, err = s.call(s.as("ada"), "cem", "please")
	s.refused(err, fault.Conflict)
	if err == nil || !strings.Contains(fault.Say(err), "cem (has had as many calls as agreed)") {
		t.Error(err)
	}
}

func (s *scene) consent(handle string) int {
	s.Helper()
	of, err := oncall.ConsentsOf(ctx, s.db, s.ids[handle])
	s.must(err)
	return of[s.ids[handle]].Version
}

func TestWhoOwnsItIsRungFirst(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	for _, sql := range []string{
		`insert into component (name, created_at) values ('openssl', now())`,
		`insert into component_owner (component_id, person_id, rank, since) select c.id, p.id, 'owner', now() from component c, person p where p.handle = 'cem'`,
		`insert into role_preference (role, place, labels) values ('fix', 0, '{owner}')`,
	} {
		_, err := s.db.Exec(ctx, sql)
		s.must(err)
	}
	s.light("ada", "bea", fire())
	s.settle()
	if got := s.wire.take(); got != "ada cem" {
		t.Errorf("%s was rung", got)
	}
}
