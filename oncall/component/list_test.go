package component_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

// one writes a list in few words: "openssl maria=owner jan=knows; bash".
func one(list []component.Listed) string {
	var parts []string
	for _, c := range list {
		text := c.Name
		for _, o := range c.Owners {
			text += fmt.Sprintf(" %s=%s", o.Login, o.Rank)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func TestListsInEveryShape(t *testing.T) {
	const all = "openssl maria=owner jan=co-owner; bash li=owner; orphan"
	for name, text := range map[string]string{
		"a.csv":     "component,owner,rank\nOpenSSL,maria\nopenssl,Jan,co-owner\n# a remark\nbash,\"li\"\norphan,\n",
		"bare":      "openssl,maria,owner\nopenssl, jan,co-maintainer\nbash,li\norphan,,\n",
		"a.yaml":    "openssl:\n- maria\n- {owner: jan, rank: co-owner}\nbash: li\norphan: []\n",
		"list.yml":  "- {component: openssl, owners: [maria, {owner: jan, rank: co-owner}]}\n- {component: bash, owner: li}\n- component: orphan\n",
		"any":       "# who owns what\nopenssl: [maria, {owner: jan, rank: coowner}]\nbash: [li]\norphan:\n",
		"a.json?x":  `{"openssl": ["maria", {"owner": "jan", "rank": "co-owner"}], "bash": "li", "orphan": null}`,
		"guessed":   "\ufeff\n [{\"component\": \"openssl\", \"owners\": [\"maria\", {\"owner\": \"jan\", \"rank\": \"co-owner\"}]}, {\"component\": \"bash\", \"owner\": \"li\"}, {\"component\": \"orphan\"}]",
		"f/of.json": `{"rpms": {"openssl": ["maria"], "bash": ["li"], "orphan": []}, "modules": {"openssl": [{"owner": "jan", "rank": "co-owner"}]}}`,
		"twice.csv": "openssl,maria,knows\nopenssl,maria\nopenssl,jan,co-owner\nopenssl,jan,knows\nbash,li\nbash,li\norphan,\n",
	} {
		list, err := component.ParseList(name, []byte(text))
		if got := one(list); err != nil || got != all {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestWhatIsWrongIsNamedWithItsLine(t *testing.T) {
	for _, story := range []struct{ name, text, want string }{
		{"a.csv", "openssl,maria\nbash\n", "Line 2: write component,owner or component,owner,rank; there are 1 parts."},
		{"a.csv", "openssl,maria\n\n\nlib ssl,maria\n", `Line 4: "lib ssl" cannot be the name`},
		{"a.csv", "openssl,maria\nbash,jan,boss\n", `Line 2: "boss" is none of owner`},
		{"a.csv", "openssl,maria\nbash,\"jan\n", "Line 2: this is no CSV"},
		{"a.csv", "openssl,maria@example.org\n", "Line 1: that is a mail address"},
		{"a.csv", "openssl,,knows\n", "Line 1: a name is empty."},
		{"a.csv", "component,owner\n", "The list names no component."},
		{"a.yaml", "openssl: [maria]\nbash: {owner: [maria}\n", "Near line 1: this is no YAML"},
		{"a.yaml", "openssl: [maria]\nbash:\n- {owner: li, rnak: knows}\n", `Line 3: "rnak" is unknown here`},
		{"a.yaml", "openssl: &a [maria]\nbash: *a\n", "Line 2: owners are a list of names"},
		{"a.yaml", "rpms:\n  core:\n    openssl: [maria]\n", "Line 3: owners are a list of names"},
		{"a.yaml", "- openssl\n", "Line 1: an entry is {component"},
		{"a.yaml", "just words\n", "Line 1: write openssl: [maria]"},
		{"a.yaml", "", "The list names no component."},
		{"a.json", "{\"openssl\": [\"maria\"],\n\"bash\": [1}", "Line 2: this is no JSON"},
		{"a.json", "{\"openssl\": [\"maria\"],\n", "Line 2: the list ends before its last bracket."},
		{"a.json", "{\"openssl\": [\"maria\"]}\n{}", "Line 2: something follows after the end"},
		{"a.json", strings.Repeat("[", 50), "Line 1: lists inside of lists are 6 deep"},
		{"a.json", "{\"openssl\":\n [[\"maria\"]]}", "Line 2: an owner is a name"},
	} {
		list, err := component.ParseList(story.name, []byte(story.text))
		if fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(fault.Say(err), story.want) {
			t.Errorf("%q: %v, %v; want %s", story.text, list, err, story.want)
		}
	}
}

func TestAListMayBeTooLong(t *testing.T) {
	var b strings.Builder
	for i := range 200_001 {
		fmt.Fprintf(&b, "p%d,m\n", i)
	}
	_, err := component.ParseList("a.csv", []byte(b.String()))
	if fault.KindOf(err) != fault.Limited || !strings.HasPrefix(fault.Say(err), "Line 200001:") {
		t.Errorf("%v", err)
	}
}

func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := component.ParseList(name, text)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Limited {
				t.Fatalf("%v", err)
			}
			return
		}
		// What was understood can be written down and is understood as the same.
		var b strings.Builder
		for _, c := range list {
			if len(c.Owners) == 0 {
				fmt.Fprintf(&b, "%s,\n", c.Name)
			}
			for _, o := range c.Owners {
				fmt.Fprintf(&b, "%s,%s,%s\n", c.Name, o.Login, o.Rank)
			}
		}
		again, err := component.ParseList("again.csv", []byte("component,owner\n"+b.String()))
		if err != nil || cmp.Diff(one(list), one(again)) != "" {
			t.Fatalf("%q is read as %s and again as %s, %v", text, one(list), one(again), err)
		}
	})
}

func FuzzCSV(f *testing.F) {
	fuzz(f, "a.csv", "openssl,maria\nbash,jan,knows\n", "\"a\",\"b\"\n", "#\n")
}
func FuzzYAML(f *testing.F) {
	fuzz(f, "a.yaml", "openssl: [maria]\nbash: {owner: x}\n", "- {component: a, owner: b, rank: knows}\n")
}
func FuzzJSON(f *testing.F) {
	fuzz(f, "a.json", `{"openssl": ["maria"]}`, `[{"component":"a","owner":"b"}]`, `{"rpms":{"a":[]}}`)
}
