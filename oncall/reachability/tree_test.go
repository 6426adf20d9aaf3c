package reachability_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
	"batsignal/oncall/reachability"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
	"batsignal/oncall/tree"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const rules = `batsignal: 1
people:
  - {handle: maria, zone: Europe/Madrid, labels: [security-expert]}
  - {handle: jan, zone: Europe/Prague, awake: "09:00-01:00"}
  - {handle: li, zone: Asia/Shanghai}
  - {handle: omar, zone: America/New_York, labels: [security-expert]}
labels: [{name: security-expert, title: security expert}]
roles:
  - {name: fix, title: fixing, patience: 5m, patience_sev1: 90s, minimum: 1, prefers: [[security-expert]], members: [li, jan, maria]}
  - {name: press, title: talking to the press, patience: 5m, patience_sev1: 2m, minimum: 1, policies: {every: night}, members: [omar, li]}
schedules:
  - name: weekly
    role: fix
    zone: Europe/Berlin
    layers: [{name: first, starts: 2026-01-05 09:00, every: 1 week, members: [jan, li], only: [mon-fri 09:00-21:00]}]
policies:
  - {name: night, title: at night, repeats: 3, steps: [{notify: role press, wait: 1m}, {notify: person maria, all: true}]}
`

// The same rules give the same figures, out of a database or out of a file.
func TestAFileIsPlayedLikeTheDatabaseItIsOf(t *testing.T) {
	ctx, db := context.Background(), pgtest.Tx(t)
	clock := func() time.Time { return newYear }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	people := &oncall.Desk{DB: db, Now: clock}
	service := tree.Service{DB: db, Now: clock, People: people, Rota: &rota.Service{DB: db, Now: clock},
		Skills: &skill.Service{DB: db, Now: clock}, Components: &component.Service{DB: db, Now: clock}}
	ids := map[string]int64{}
	for _, handle := range strings.Fields("omar li jan maria") { // numbered otherwise than in the file
		id, err := oncall.AddPerson(ctx, db, newYear, oncall.Person{Handle: handle, Zone: "UTC", Wakes: 420, Sleeps: 1380, HeardAt: &newYear})
		must(err)
		ids[handle] = id
	}
	f, err := tree.Parse([]byte(rules))
	must(err)
	boss := oncall.Actor{Handle: "boss", Network: "chat", Account: "boss"}
	plan, err := service.Plan(ctx, boss, f)
	must(err)
	_, err = service.Apply(ctx, boss, f, plan.Fingerprint)
	must(err)
	for _, r := range f.Roles {
		for _, handle := range r.Members {
			_, err := people.Join(ctx, oncall.Actor{PersonID: ids[handle], Handle: handle, Network: oncall.Web}, r.Name, oncall.Hours{})
			must(err)
		}
	}

	g := reachability.Game{Model: reachability.Default(), Seed: 3, Severity: 1, From: newYear, Hours: 40 * 24, Runs: 1, Within: reachability.DefaultWithin}
	g.Facts, err = duty.LoadAll(ctx, db, "", g.From, g.Until())
	must(err)
	g.Facts = reachability.Ready(g.Facts)
	stored, err := checked(t, g).Play(ctx)
	must(err)

	exported, err := tree.Export(ctx, db)
	must(err)
	again, err := tree.Parse(tree.Encode(exported))
	must(err)
	g.Facts, err = reachability.FactsOf(again)
	must(err)
	written, err := checked(t, g).Play(ctx)
	must(err)
	if diff := cmp.Diff(stored.Text(), written.Text()); diff != "" {
		t.Error(diff)
	}
	if stored.Roles[1].Policy != "night" || stored.Rings < 2 || stored.Sleepers == 0 {
		t.Errorf("%+v", stored)
	}
}

func TestAFileThatCannotBePlayed(t *testing.T) {
	for says, change := range map[string][2]string{
		"needs the sections people and roles":      {"people:", "xpeople:"},
		"names kim, who is not among the people":   {"members: [omar, li]", "members: [kim]"},
		"What is said of li is wrong: There is no": {"Asia/Shanghai", "Asia/Shangri-La"},
		"Step 1 of the policy night waits 1s":      {"wait: 1m", "wait: 1s"},
		"Schedule weekly: ":                        {"zone: Europe/Berlin", "zone: Europe/Bärlin"},
	} {
		f, err := tree.Parse([]byte(strings.Replace(rules, change[0], change[1], 1)))
		if change[1] == "xpeople:" {
			f, err = tree.Parse([]byte("batsignal: 1\npolicies: []\n"))
		}
		if err != nil {
			t.Errorf("%s: %v", says, err)
			continue
		}
		if _, err := reachability.FactsOf(f); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), says) {
			t.Errorf("want %q, got: %v", says, err)
		}
	}
}

func TestAGameThatMakesNoSense(t *testing.T) {
	good := reachability.Game{Facts: facts("fix: maria"), Model: always(), Severity: 1, From: newYear, Hours: 1, Runs: 1, Within: time.Hour}
	for says, change := range map[string]func(g *reachability.Game){
		"a probability from 0 to 1":       func(g *reachability.Game) { g.Model.Asleep.Answers = 1.1 },
		"Whoever is awake takes from no":  func(g *reachability.Game) { g.Model.Awake.Mean = -1 },
		"1 hour to 5 years":               func(g *reachability.Game) { g.Hours = 0 },
		"1 to 60 incidents an hour":       func(g *reachability.Game) { g.Runs = 61 },
		"a minute to a day":               func(g *reachability.Game) { g.Within = time.Second },
		"A severity is 1":                 func(g *reachability.Game) { g.Severity = 5 },
		"There is no role like \"press\"": func(g *reachability.Game) { g.Roles = []string{"press"} },
		"rings the person mariah, and there is none": func(g *reachability.Game) {
			g.Policies = map[string]*policy.Policy{"fix": {Name: "x", Steps: []policy.Step{{Targets: []policy.Target{{Kind: policy.Person, Name: "mariah"}}}}}}
		},
		"There is no role to play": func(g *reachability.Game) { g.Facts = duty.Facts{} },
	} {
		g := good
		change(&g)
		if _, err := g.Checked(); err == nil || !strings.Contains(fault.Say(err), says) {
			t.Errorf("want %q, got: %v", says, err)
		}
	}
}
