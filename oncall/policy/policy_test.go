package policy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func target(kind policy.Kind, name string) policy.Target {
	return policy.Target{Kind: kind, Name: name}
}

// night is a policy that is right.
func night() policy.Policy {
	return policy.Policy{Name: "night", Title: "At night", Repeats: 3, Steps: []policy.Step{
		{Targets: []policy.Target{target(policy.Person, "maria"), target(policy.Room, "libera/#ops")}, Wait: 2 * time.Minute},
		{Targets: []policy.Target{target(policy.Role, "coordination")}, All: true},
	}}
}

func TestCheck(t *testing.T) {
	if err := night().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(p *policy.Policy)
		says   string
	}{
		{func(p *policy.Policy) { p.Name = "At Night" }, "cannot be a policy's name"},
		{func(p *policy.Policy) { p.Title = " " }, "needs a title"},
		{func(p *policy.Policy) { p.Title = strings.Repeat("ä", 81) }, "up to 80 letters"},
		{func(p *policy.Policy) { p.Repeats = -1 }, "1 to 100 times"},
		{func(p *policy.Policy) { p.Steps = nil }, "needs 1 to 20 steps, and has 0"},
		{func(p *policy.Policy) { p.Steps = make([]policy.Step, 21) }, "has 21"},
		{func(p *policy.Policy) { p.Steps[1].Targets = nil }, "Step 2 of the policy night needs 1 to 20 targets"},
		{func(p *policy.Policy) { p.Steps[0].Wait = 9 * time.Second }, "Step 1 of the policy night waits 9s"},
		{func(p *policy.Policy) { p.Steps[0].Wait = 25 * time.Hour }, "10 seconds to 24 hours"},
		{func(p *policy.Policy) { p.Steps[0].Wait = 10500 * time.Millisecond }, "whole seconds"},
		{func(p *policy.Policy) { p.Steps[1].Targets[0].Kind = "pigeon" }, "schedule, role, person and room"},
		{func(p *policy.Policy) { p.Steps[1].Targets[0].Name = "" }, "a role without a name"},
		{func(p *policy.Policy) { p.Steps[0].Targets[1].Name = "ops" }, "which is no room"},
		{func(p *policy.Policy) { p.Steps[0].Targets[1].Name = "libera/#a b" }, "which is no room"},
		{func(p *policy.Policy) { p.Steps[0].Targets[1] = p.Steps[0].Targets[0] }, "names the person maria twice"},
		{func(p *policy.Policy) {
			p.Steps = p.Steps[:1]
			p.Steps[0].Targets, p.Steps[0].Wait = p.Steps[0].Targets[1:], 0
		}, "rings nobody"},
		{func(p *policy.Policy) { p.Steps[0].Targets = p.Steps[0].Targets[1:] }, "leave its wait out"},
	} {
		p := night()
		c.change(&p)
		err := p.Check()
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), c.says) || !strings.HasSuffix(fault.Say(err), ".") {
			t.Errorf("want %q, got: %v", c.says, err)
		}
	}
}

func TestStepsAreWrittenAsPeopleReadThem(t *testing.T) {
	b, err := json.Marshal(night().Steps)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"targets":[{"kind":"person","name":"maria"},{"kind":"room","name":"libera/#ops"}],"wait_seconds":120},` +
		`{"targets":[{"kind":"role","name":"coordination"}],"all":true}]`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Error(diff)
	}
	var back []policy.Step
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(night().Steps, back); diff != "" {
		t.Error(diff)
	}
}

func TestBuiltin(t *testing.T) {
	if p := policy.Builtin("fix"); len(p.Steps) != 1 || p.Steps[0].Targets[0] != target(policy.Role, "fix") {
		t.Errorf("%v", p)
	}
	if p := policy.Builtin("fix", "a", "b"); len(p.Steps) != 2 || len(p.Steps[0].Targets) != 2 || p.Steps[1].Targets[0] != target(policy.Role, "fix") {
		t.Errorf("%v", p)
	}
}

// stage has the default roles, and maria and jan.
func stage(t *testing.T) (pgx.Tx, oncall.Actor, oncall.Actor) {
	t.Helper()
	tx := pgtest.Tx(t)
	must(t, oncall.SyncRoles(ctx, tx, noon, oncall.DefaultRoles()))
	var people []oncall.Actor
	for _, handle := range []string{"maria", "jan"} {
		id, err := oncall.AddPerson(ctx, tx, noon, oncall.Person{Handle: handle, Zone: "UTC"})
		must(t, err)
		people = append(people, oncall.Actor{PersonID: id, Handle: handle, Network: "web"})
	}
	return tx, people[0], people[1]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	if fault.KindOf(err) != kind || !strings.Contains(fault.Say(err), says) {
		t.Errorf("want %v: %q, got: %v", kind, says, err)
	}
}

func TestAPolicyIsSavedChangedAndRemoved(t *testing.T) {
	tx, maria, jan := stage(t)
	first, err := policy.Save(ctx, tx, noon, jan, night())
	must(t, err)
	if first.Version != 1 {
		t.Errorf("version %d", first.Version)
	}
	_, err = policy.Save(ctx, tx, noon, jan, night())
	refused(t, err, fault.Conflict, "There is a policy called night already")

	// Two open it; the second is told who was quicker, and nothing is overwritten.
	second := first
	first.Title = "Late"
	saved, err := policy.Save(ctx, tx, noon, maria, first)
	must(t, err)
	second.Title = "Later"
	_, err = policy.Save(ctx, tx, noon, jan, second)
	refused(t, err, fault.Conflict, "maria changed the policy night while you did")
	got, err := policy.Get(ctx, tx, "Night")
	must(t, err)
	if diff := cmp.Diff(saved, got); diff != "" || got.Title != "Late" || got.Version != 2 {
		t.Error(diff, got)
	}
	refused(t, policy.Remove(ctx, tx, noon, jan, "night", 1), fault.Conflict, "maria changed")

	use := policy.Use{Role: "coordination", Severity: 1, Policy: "night"}
	must(t, policy.Assign(ctx, tx, noon, jan, use))
	must(t, policy.Assign(ctx, tx, noon, jan, use)) // is so already
	refused(t, policy.Remove(ctx, tx, noon, jan, "night", 2), fault.Conflict, "followed for coordination at severity 1")
	use.Policy = ""
	must(t, policy.Assign(ctx, tx, noon, jan, use))
	must(t, policy.Remove(ctx, tx, noon, jan, "night", 2))
	_, err = policy.Get(ctx, tx, "night")
	refused(t, err, fault.NotFound, "There is no policy called")

	entries, err := audit.List(ctx, tx, audit.Query{})
	must(t, err)
	var says []string
	for _, e := range entries {
		if e.Kind == "policy" || e.Kind == "role" {
			says = append(says, e.Handle+" "+e.Says)
		}
	}
	want := []string{
		"jan removed the policy night", "jan had coordination at severity 1 follow no policy of its own",
		"jan had coordination at severity 1 follow the policy night", "maria changed the policy night", "jan made the policy night",
	}
	if diff := cmp.Diff(want, says); diff != "" {
		t.Error(diff)
	}
	seen, err := audit.List(ctx, tx, audit.Query{Reader: maria.PersonID, Kind: "policy"})
	must(t, err)
	if len(seen) != 3 {
		t.Errorf("maria, whom the policy rings, may read %d of its changes", len(seen))
	}
}

func TestTargetsMustExist(t *testing.T) {
	tx, _, jan := stage(t)
	for _, c := range []struct {
		target policy.Target
		says   string
	}{
		{target(policy.Role, "cooking"), "Step 2 of the policy night rings the role cooking, and there is none"},
		{target(policy.Person, "zoe"), "rings the person zoe"},
		{target(policy.Schedule, "weekly"), "rings the schedule weekly"},
	} {
		p := night()
		p.Steps[1].Targets[0] = c.target
		_, err := policy.Save(ctx, tx, noon, jan, p)
		refused(t, err, fault.Invalid, c.says)
	}
	refused(t, policy.Assign(ctx, tx, noon, jan, policy.Use{Role: "cooking", Severity: 1}), fault.NotFound, "no role called")
	refused(t, policy.Assign(ctx, tx, noon, jan, policy.Use{Role: "coordination", Severity: 5}), fault.Invalid, "A severity is")
	refused(t, policy.Assign(ctx, tx, noon, jan, policy.Use{Role: "coordination", Policy: "day"}), fault.NotFound, "no policy called")
}

func TestWhichPolicyARoleFollows(t *testing.T) {
	tx, _, jan := stage(t)
	day := night()
	day.Name = "day"
	for _, p := range []policy.Policy{night(), day} {
		_, err := policy.Save(ctx, tx, noon, jan, p)
		must(t, err)
	}
	must(t, policy.Assign(ctx, tx, noon, jan, policy.Use{Role: "coordination", Severity: 1, Policy: "night"}))
	must(t, policy.Assign(ctx, tx, noon, jan, policy.Use{Role: "coordination", Severity: 0, Policy: "day"}))
	s, err := policy.Load(ctx, tx)
	must(t, err)
	for severity, want := range []string{1: "night", 2: "day", 4: "day"} {
		if p, found := s.For("coordination", severity); want != "" && (!found || p.Name != want) {
			t.Errorf("at severity %d: %s", severity, p.Name)
		}
	}
	if _, found := s.For("communications", 1); found {
		t.Error("a role without one follows the built-in policy")
	}
	if len(s.UsesOf("day")) != 1 || len(s.UsesOf("")) != 0 {
		t.Errorf("%v", s.Uses)
	}
}
