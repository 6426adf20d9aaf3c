package tree_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

var exported = cmpopts.IgnoreUnexported(tree.Role{}, tree.Schedule{}, tree.Layer{}, tree.Policy{}, tree.Step{}, tree.Label{}, tree.Component{}, tree.Person{})

func TestEveryMistakeIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	_, err := tree.Parse([]byte(`batsignal: 1
roles:
- name: coordination
  titel: coordination
  members: [maria, maria]
  minimum: many
- name: coordination
schedules:
- layers:
  - {name: first, starts: tomorrow, every: 2 fortnights, only: [monday at nine]}
  - {name: second}
policies:
  urgent: {}
labels: [{name: &x kernel}, {name: *x}]
people:
- {handle: li, awake: always, handle: jan}
colour: red
`))
	var lines []string
	for _, p := range tree.Problems(err) {
		lines = append(lines, p.String())
	}
	want := []string{
		`Line 4: A role has no key "titel". Did you mean title?`,
		"Line 5: maria is there twice.",
		"Line 6: Here should be a number from 0 to 50.",
		"Line 7: The role coordination is there twice.",
		"Line 9: A schedule needs the key name.",
		`Line 10: I cannot read "tomorrow" as a date and a time. Write them like 2026-03-29 02:30.`,
		`Line 10: Write a turn like 1 week, 12 hours or [4 days, 3 days], not "2 fortnights".`,
		`Line 10: Write when it is on like mon-fri 09:00-17:00 or 22:00-06:00, not "monday at nine".`,
		"Line 11: A layer needs the key starts.",
		"Line 11: A layer needs the key every.",
		"Line 13: Here should be a list, each policy after a hyphen.",
		"Line 14: References (& and *) are not followed here: write it out.",
		"Line 14: References (& and *) are not followed here: write it out.",
		"Line 16: The key handle is there twice.",
		"Line 16: Write waking hours like 07:00-23:00, in your own time.",
		`Line 17: The file has no key "colour". Its keys are batsignal, components, labels, people, policies, roles and schedules.`,
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	refused(t, err, fault.Invalid, "Line 4: ")
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "empty", "# nothing\n": "empty", "roles: []": "batsignal: 1", "batsignal: 2": "number 1", "[1, 2]": "keys and values",
		"a: [": "no YAML", "batsignal: 1\n---\nbatsignal: 1": "one document", "batsignal: 1\nroles: [{name: [a]}]": "one line of text",
		"batsignal: 1\nroles: [{name: a}, {name: a}]":                                                            "The role a is there twice.",
		"batsignal: 1\nschedules: [{name: a, layers: [{name: b, starts: 2026-03-02, every: [1 day, 2 weeks]}]}]": "same unit",
		"batsignal: 1\ncomponents: [{name: a, owners: [b], knows: [b]}]":                                         "b is there twice for a",
		"batsignal: 1\npolicies: [{name: a, steps: [{notify: [everybody]}]}]":                                    "write whom it rings like",
		"batsignal: 1\nroles: [{name: a, patience: soon}]":                                                       "Write a time like 90s",
		"batsignal: 1\nroles: [{name: a, leads: maybe}]":                                                         "true or false",
		"batsignal: 1\npeople: [{handle: a, work: nine to five}]":                                                "Write working hours like",
	} {
		_, err := tree.Parse([]byte(text))
		refused(t, err, fault.Invalid)
		if !strings.Contains(strings.ToLower(fault.Say(err)), strings.ToLower(want)) {
			t.Errorf("%q: %q does not say %q", text, fault.Say(err), want)
		}
	}
	_, err := tree.Parse([]byte(strings.Repeat("# long\n", 400_000)))
	refused(t, err, fault.Limited, "2 MiB")
}

func names(t *rapid.T, what string, least int) []string {
	return rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9][a-z0-9._-]{0,8}`), least, 9, rapid.ID[string]).Draw(t, what)
}

// drawn is a tree of any shape whose texts are what people may write.
func drawn(t *rapid.T) tree.File {
	line := rapid.StringMatching(`[A-Za-z~#'"&*:{}\[\]!%@0-9é√-]([ A-Za-z~#'"&*:{}!%@0-9é√,?|>-]{0,20}[a-z0-9:#])?`)
	wait := rapid.Map(rapid.IntRange(1, 90_000), func(n int) time.Duration { return time.Duration(n) * time.Second })
	var f tree.File
	if rapid.Bool().Draw(t, "roles") {
		f.Roles = []tree.Role{}
		for _, n := range names(t, "role names", 0) {
			r := tree.Role{Name: n, Title: line.Draw(t, "title"), Leads: rapid.Bool().Draw(t, "leads"), Patience: wait.Draw(t, "patience"),
				PatienceSev1: wait.Draw(t, "patience1"), Minimum: rapid.IntRange(0, 50).Draw(t, "minimum")}
			if m := names(t, "members", 0); len(m) > 0 {
				r.Members = m
			}
			if rapid.Bool().Draw(t, "uses") {
				r.Policies = map[int]string{rapid.IntRange(0, 4).Draw(t, "severity"): line.Draw(t, "policy")}
			}
			if rapid.Bool().Draw(t, "prefers") {
				r.Prefers = [][]string{{"owner", "x"}, {"y"}}
			}
			f.Roles = append(f.Roles, r)
		}
	}
	if rapid.Bool().Draw(t, "schedules") {
		f.Schedules = []tree.Schedule{}
		for _, n := range names(t, "schedule names", 0) {
			s := tree.Schedule{Name: n, Title: line.Draw(t, "title"), Role: rapid.SampledFrom([]string{"", "x"}).Draw(t, "role"), Zone: "Europe/Berlin"}
			for range rapid.IntRange(0, 2).Draw(t, "layers") {
				l := tree.Layer{Name: line.Draw(t, "layer"), Starts: "2026-03-02 09:00", Every: rapid.SampledFrom([][]string{{"1 week"}, {"12 hours"}, {"4 days", "3 days"}}).Draw(t, "every"),
					Shadow: rapid.Bool().Draw(t, "shadow"), Ends: rapid.SampledFrom([]string{"", "2027-01-01 00:00"}).Draw(t, "ends")}
				if rapid.Bool().Draw(t, "windows") {
					l.Only = []string{"mon-fri 09:00-17:00", "22:00-24:00", "daily 00:00-00:00"}
				}
				if m := names(t, "members", 0); len(m) > 0 {
					l.Members = append(m, m[0])
				}
				s.Layers = append(s.Layers, l)
			}
			f.Schedules = append(f.Schedules, s)
		}
	}
	if rapid.Bool().Draw(t, "policies") {
		f.Policies = []tree.Policy{}
		for _, n := range names(t, "policy names", 0) {
			f.Policies = append(f.Policies, tree.Policy{Name: n, Title: line.Draw(t, "title"), Repeats: rapid.IntRange(0, 100).Draw(t, "repeats"), Needs: rapid.IntRange(0, 50).Draw(t, "needs"),
				Steps: []tree.Step{{Notify: []string{"schedule x", "room libera/#ops"}, Wait: wait.Draw(t, "wait"), All: rapid.Bool().Draw(t, "all")}}})
		}
	}
	if rapid.Bool().Draw(t, "labels") {
		f.Labels = []tree.Label{}
		for _, n := range names(t, "label names", 0) {
			f.Labels = append(f.Labels, tree.Label{Name: n, Title: line.Draw(t, "title"), Self: rapid.Bool().Draw(t, "self")})
		}
	}
	if rapid.Bool().Draw(t, "components") {
		f.Components = []tree.Component{}
		for _, n := range names(t, "component names", 0) {
			c := tree.Component{Name: n}
			for i, who := range names(t, "owners", 0) {
				list := []*[]string{&c.Owners, &c.CoOwners, &c.Knows, &c.Aliases}[i%4]
				*list = append(*list, who)
			}
			f.Components = append(f.Components, c)
		}
	}
	if rapid.Bool().Draw(t, "people") {
		f.People = []tree.Person{}
		for _, n := range names(t, "handles", 0) {
			p := tree.Person{Handle: n, Name: line.Draw(t, "name"), Zone: "Asia/Tokyo", Awake: "07:00-23:00", Work: rapid.SampledFrom([]string{"", "none", "mon-fri 09:00-17:00"}).Draw(t, "work")}
			if rapid.Bool().Draw(t, "holds") {
				p.Labels = append([]string{}, names(t, "held", 0)...)
			}
			f.People = append(f.People, p)
		}
	}
	return f
}

// What is written is read as the same, and written again as the same.
func TestWrittenAndReadIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawn(t)
		text := tree.Encode(f)
		again, err := tree.Parse(text)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		if second := tree.Encode(again); string(second) != string(text) {
			t.Fatalf("written:\n%s\nread and written:\n%s", text, second)
		}
		if changes := tree.Diff(f, again); len(changes) != 0 {
			t.Fatalf("%+v in:\n%s", changes, text)
		}
		third, err := tree.Parse(tree.Encode(again))
		if d := cmp.Diff(again, third, exported); err != nil || d != "" {
			t.Fatalf("%v %s", err, d)
		}
	})
}

// The lines of a diff are those before, without those that come, and those after,
// without those that go.
func TestLinesOfADiff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 8)
		c := tree.Change{Before: line.Draw(t, "before"), After: line.Draw(t, "after")}
		var before, after []string
		for _, l := range c.Lines() {
			if l.Mark != '+' {
				before = append(before, l.Text)
			}
			if l.Mark != '-' {
				after = append(after, l.Text)
			}
		}
		if fmt.Sprint(before, after) != fmt.Sprint(c.Before, c.After) {
			t.Fatalf("%q and %q", before, after)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("batsignal: 1\n" + full)
	f.Add("batsignal: 1\nroles: [{name: a, policies: {every: b}, prefers: [[c]]}]")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := tree.Parse([]byte(text))
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Limited {
				t.Fatalf("%v of %q", err, text)
			}
			return
		}
		written := tree.Encode(file)
		again, err := tree.Parse(written)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, written)
		}
		if d := cmp.Diff(file, again, exported); d != "" {
			t.Fatalf("%s in:\n%s", d, written)
		}
	})
}

// The example of the manual is a tree.
func TestTheManualIsRight(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/as-code.md")
	must(t, err)
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	f, err := tree.Parse([]byte(example))
	must(t, err)
	if !found || f.People == nil || f.Labels == nil || f.Roles == nil || f.Schedules == nil || f.Policies == nil || f.Components == nil {
		t.Errorf("a section is missing in:\n%s", example)
	}
}
