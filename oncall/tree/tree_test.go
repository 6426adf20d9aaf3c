package tree_test

import (
	"testing"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/tree"
)

func TestATreeIsAppliedAndWrittenAgain(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan", "li")
	f := h.read(full)
	done := h.apply(f)
	says(t, done.Text(), "asks maria for coordination: nobody is rung before their own yes", "+ schedule weekly", "retires the role package-fixing",
		"- label provenpackager", "+ component bash", "awake: 07:00-23:00 → 08:00-00:30")
	if p := h.plan(f); !p.Empty() {
		t.Fatalf("applied, and still:\n%s", p.Text())
	}
	text := string(tree.Encode(h.export()))
	says(t, text, "members: [maria, jan, li]", "every: [4 days, 3 days]", "only: ['mon-fri 09:00-17:00', '22:00-24:00']", `aliases: [3des, libssl]`,
		"owners: [maria, stranger]", "co_owners: [jan]", "policies: {every: calm, 1: urgent}", "- name: bash\n", "- [owner, security-expert]", "work: mon-fri 09:00-18:00")
	again, err := tree.Parse([]byte(text))
	must(t, err)
	if p := h.plan(again); !p.Empty() {
		t.Fatalf("exported, and still:\n%s", p.Text())
	}
	if n := count(t, h.db, `select count(*) from membership where agreed_at is not null`); n != 0 {
		t.Errorf("%d people said yes by a file", n)
	}
}

// What is exported here and applied where there is nothing yet is exported the same.
func TestATreeGoesToAnotherDatabase(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan", "li")
	h.apply(h.read(full))
	want := string(tree.Encode(h.export()))
	other := open(t, pgtest.Fresh(t).Pool, "li", "jan", "maria")
	other.apply(h.export())
	if got := string(tree.Encode(other.export())); got != want {
		t.Errorf("want:\n%s\ngot:\n%s", want, got)
	}
}

func TestASectionThatIsMissingIsLeftAlone(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan", "li")
	h.apply(h.read(full))
	before := h.export()
	done := h.apply(h.read("schedules: [{name: empty, zone: Europe/Rome}]\npolicies: []\nroles: [{name: coordination, leads: true, members: [maria]}]\n"))
	says(t, done.Text(), "- schedule weekly", "zone: UTC → Europe/Rome", "- policy urgent", "takes li off coordination", "takes jan off coordination",
		"policies: otherwise calm, at severity 1 urgent → none", "- role press")
	after := h.export()
	for _, keep := range []string{"labels", "components", "people"} {
		was, _ := before.Only(keep)
		is, _ := after.Only(keep)
		if string(tree.Encode(was)) != string(tree.Encode(is)) {
			t.Errorf("%s changed", keep)
		}
	}
	done = h.apply(h.read("labels: []\ncomponents: []\n"))
	says(t, done.Text(), "- label kernel", "- component openssl", "~ person li", "labels: kernel → none")
}

// Whoever leaves a roster leaves its schedules, and the plan says so though the file
// does not.
func TestWhatFollowsIsInThePlan(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan", "li")
	h.yes("maria", "coordination")
	h.yes("jan", "coordination")
	h.apply(h.read(`
schedules: [{name: weekly, role: coordination, layers: [{name: first, starts: 2026-03-02 09:00, every: 1 week, members: [maria, jan]}]}]`))
	f := h.export()
	f, _ = f.Only("roles")
	for i := range f.Roles {
		if f.Roles[i].Name == "coordination" {
			f.Roles[i].Members = []string{"li", "maria"}
		}
	}
	p := h.plan(f)
	says(t, p.Text(), "takes jan off coordination", "asks li for coordination", "~ schedule weekly", "layer first: members: maria, jan → maria",
		"has coordination asked in the order li, maria")
	h.apply(f)
}

func TestGapsThatAPlanMakesAndCloses(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan")
	h.yes("maria", "coordination")
	h.yes("jan", "coordination")
	f := h.read("roles: [{name: coordination, leads: true, members: [maria, jan]}]\nschedules: [{name: weekly, role: coordination, layers: [{name: first, starts: 2026-03-02 09:00, every: 1 week, members: [maria, jan]}]}]\n")
	p := h.apply(f)
	says(t, p.Text(), "Gaps that it closes in the next 14 days:")
	f.Schedules[0].Layers[0].Only = []string{"mon-fri 09:00-17:00"}
	p = h.plan(f)
	says(t, p.Text(), "Gaps that it makes in the next 14 days", "coordination: nobody is on shift", "layer first: only: none → mon-fri 09:00-17:00")
	if n := count(t, h.db, `select count(*) from schedule_layer where windows <> '[]'`); n != 0 {
		t.Error("a plan was applied")
	}
}

func TestNothingIsHalfAppliedAndNobodyIsOverwritten(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan", "li")
	f := h.read("roles: [{name: coordination, leads: true, members: [maria]}]\nschedules: [{name: weekly, role: coordination}]\n")
	p := h.plan(f)
	h.yes("jan", "coordination")
	h.now = h.now.Add(3 * 60e9)
	_, err := h.Apply(ctx, boss, f, p.Fingerprint)
	refused(t, err, fault.Conflict, "changed since the plan was made: jan said yes to being rung for coordination, 3 minutes ago")
	if n := count(t, h.db, `select count(*) from schedule`); n != 0 {
		t.Error("half of it was applied")
	}

	// What another package refuses at the end takes everything back.
	_, err = h.Components.Import(ctx, boss, component.Import{Source: "team", List: []component.Listed{{Name: "b", Owners: []component.ListedOwner{{Login: "jan", Rank: component.Own}}}}})
	must(t, err)
	f = h.read("schedules: [{name: weekly}]\ncomponents: [{name: a, aliases: [b]}]\n")
	p = h.plan(f)
	says(t, p.Text(), "It cannot be applied:", "Line 3: ")
	_, err = h.Apply(ctx, boss, f, "")
	refused(t, err, fault.Invalid, "b")
	if n := count(t, h.db, `select count(*) from schedule`); n != 0 {
		t.Error("half of it was applied")
	}
}

func TestNobodyWhoSaidYesIsAskedAgain(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan")
	h.yes("maria", "coordination")
	f, _ := h.export().Only("roles")
	all := f.Roles
	f.Roles = all[1:]
	h.apply(f)
	f.Roles = all
	done := h.apply(f)
	says(t, done.Text(), "puts maria on coordination, who said yes to it before")
}

func TestRolesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria")
	h.RolesGiven = true
	f, _ := h.export().Only("roles")
	f.Roles[0].Minimum, f.Roles[0].Members = 3, []string{"maria"}
	h.apply(f)
	f.Roles[0].Patience *= 2
	says(t, h.plan(f).Text(), "written in the configuration", "patience of coordination")
	f.Roles = f.Roles[1:]
	says(t, h.plan(f).Text(), "written in the configuration")
}

func TestListsAreNotInTheTree(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan")
	_, err := h.Components.Import(ctx, boss, component.Import{Source: "team", List: []component.Listed{
		{Name: "glibc", Owners: []component.ListedOwner{{Login: "jan", Rank: component.Own}}}, {Name: "zlib", Owners: []component.ListedOwner{{Login: "li", Rank: component.Own}}}}})
	must(t, err)
	if f := h.export(); len(f.Components) != 0 {
		t.Errorf("%v is in the tree", f.Components)
	}
	says(t, h.plan(h.read("components: [{name: glibc}]")).Text(), "comes from a list")
	h.apply(h.read("components: [{name: glibc, owners: [maria]}]"))
	h.apply(h.read("components: []"))
	if n := count(t, h.db, `select count(*) from component_owner`); n != 2 {
		t.Errorf("%d owners are left of the list", n)
	}
}

func TestWhatIsWrongWithATree(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan")
	h.apply(h.read("schedules: [{name: weekly, role: coordination}]\npolicies: [{name: urgent, steps: [{notify: schedule weekly}]}]"))
	for text, want := range map[string]string{
		"roles: [{name: coordination, members: [marai]}]":          "Line 2: There is nobody called marai. Did you mean maria?",
		"roles: [{name: press}]":                                   "The schedule weekly needs the role coordination, which the file does not have any more",
		"roles: [{name: coordination, policies: {1: urgnt}}]":      `there is no policy "urgnt". Did you mean urgent?`,
		"roles: [{name: coordination, prefers: [[owner, kernl]]}]": `there is no label "kernl"`,
		"roles: []": "at least one role",
		"roles: [{name: coordination, leads: true}, {name: press, leads: true}]": "coordination does",
		"roles: [{name: coordination, patience: 48h}]":                           "from 1s to 24h",
		"roles: [{name: Bad}]":                                                     "cannot be a role's name",
		"roles: [{name: coordination, title: x}, {name: x}]":                       "name of another role",
		"schedules: []":                                                            "The policy urgent needs the schedule weekly",
		"schedules: [{name: weekly, role: coordnation}]":                           "Did you mean coordination?",
		"schedules: [{name: weekly, zone: Europe/Berlim}]":                         "Schedule weekly: ",
		"policies: [{name: x, steps: [{notify: [person li, role nope]}]}]":         "nobody called li",
		"policies: [{name: x, steps: [{notify: 'room #ops'}]}]":                    "rings nobody",
		"people: [{handle: li}]":                                                   "nobody called li",
		"people: [{handle: jan, labels: [kernl]}]":                                 `no label "kernl"`,
		"people: [{handle: jan, zone: Nowhere}]":                                   "not a time zone",
		"components: [{name: openssl, owners: [me]}]":                              "nobody is me",
		"components: [{name: openssl, owners: ['a@example.org']}]":                 "mail address",
		"labels: [{name: security-expert}, {name: provenpackager}, {name: owner}]": "Line 2: owner is a label already",
		"components: [{name: a, aliases: [b]}, {name: b}]":                         "cannot be another name of a",
		"components: [{name: a, aliases: [c]}, {name: b, aliases: [c]}]":           "since it means a already",
		"components: [{name: 'Bad Name!'}]":                                        "cannot be the name of a component",
		"labels: []":                                                               "package-fixing",
	} {
		if p := h.plan(h.read(text)); len(p.Problems) == 0 {
			t.Errorf("%s: no problem:\n%s", text, p.Text())
		} else {
			says(t, p.Text(), want)
		}
	}
}

func TestAPersonIsChangedWhereTheFileSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan")
	h.apply(h.read("people: [{handle: maria, work: 'mon 09:00-12:00', region: de, languages: de, labels: [security-expert]}]"))
	h.apply(h.read("people: [{handle: maria, zone: Europe/Madrid, work: none, region: none}]"))
	f, _ := h.export().Only("people")
	want := tree.Person{Handle: "maria", Name: "MARIA", Zone: "Europe/Madrid", Awake: "07:00-23:00", Languages: "de", Labels: []string{"security-expert"}}
	if got := f.People[1]; string(tree.Encode(tree.File{People: []tree.Person{got}})) != string(tree.Encode(tree.File{People: []tree.Person{want}})) {
		t.Errorf("got %+v", got)
	}
	h.apply(h.read("people: [{handle: maria, labels: []}]"))
	if f := h.export(); f.People[1].Labels != nil {
		t.Errorf("labels %v are left", f.People[1].Labels)
	}
}

// Rules of the services hold, and who could not be rung is said.
func TestWarnings(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.Tx(t), "maria", "jan")
	p := h.apply(h.read("schedules: [{name: weekly, role: coordination, layers: [{name: first, starts: 2026-03-02, every: day, members: [jan]}]}]"))
	says(t, p.Text(), "Worth to know:", "jan cannot be rung for coordination yet")
	schedules, err := rota.Schedules(ctx, h.db)
	must(t, err)
	if len(schedules) != 1 || schedules[0].Version != 1 {
		t.Errorf("got %+v", schedules)
	}
	if n := count(t, h.db, `select count(*) from audit_entry where kind = 'schedule' and handle = 'boss'`); n != 1 {
		t.Errorf("%d entries of the record", n)
	}
}
