package skill_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/skill"
)

func TestWhatANewInstallationPrefers(t *testing.T) {
	h := build(t)
	labels, err := skill.Labels(ctx, h.tx)
	if err != nil {
		t.Fatal(err)
	}
	want := []skill.Label{{Name: "provenpackager", Title: "proven packager"}, {Name: "security-expert", Title: "security expert"}}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Error(diff)
	}
	prefers, version, err := skill.Preferences(ctx, h.tx, "package-fixing")
	if got := skill.Order(prefers); err != nil || version != 1 || got != "owner + security-expert, owner, security-expert + provenpackager, provenpackager" {
		t.Errorf("%s at %d, %v", got, version, err)
	}
	if prefers, _, err := skill.Preferences(ctx, h.tx, "coordination"); len(prefers) != 0 || err != nil {
		t.Errorf("%v %v", prefers, err)
	}
	if _, _, err := skill.Preferences(ctx, h.tx, "catering"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func TestOnesOwnWordAndAnAdmins(t *testing.T) {
	h := build(t)
	said, err := h.Say(ctx, h.jan, "Security Expert")
	if err != nil || !said.Own || said.Counts() || said.By != "jan" || !said.Since.Equal(noon) {
		t.Fatalf("%+v %v", said, err)
	}
	if len(skill.Counted([]skill.Held{said})) != 0 {
		t.Error("it counts before an admin confirms it")
	}
	// The label may be one of which people's own word is enough.
	if err := h.SetLabel(ctx, h.ada, skill.Label{Name: "security-expert", Title: "security expert", Self: true}); err != nil {
		t.Fatal(err)
	}
	of, err := skill.Of(ctx, h.tx, h.id, h.adaID)
	if err != nil || len(of) != 1 || !skill.Counted(of[h.id])["security-expert"] || of[h.id][0].Standing() != "said by themselves" {
		t.Errorf("%+v %v", of, err)
	}
	given, err := h.Give(ctx, h.ada, h.id, "security-expert")
	if err != nil || !given.Own || given.Standing() != "confirmed by ada" || given.By != "jan" {
		t.Errorf("%+v %v", given, err)
	}
	if given, err = h.Give(ctx, h.ada, h.id, "provenpackager"); err != nil || given.Own || !given.Counts() || given.By != "ada" {
		t.Errorf("%+v %v", given, err)
	}
	// Said again, it is neither doubted nor said twice.
	if again, err := h.Say(ctx, h.jan, "provenpackager"); err != nil || again.ConfirmedBy != "ada" {
		t.Errorf("%+v %v", again, err)
	}
	if err := h.Take(ctx, h.jan, h.id, "provenpackager"); err != nil {
		t.Fatal(err)
	}
	if err := h.Take(ctx, h.jan, h.id, "provenpackager"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	list, err := audit.List(ctx, h.tx, audit.Query{Kind: "skill", Reader: h.id})
	var says []string
	for _, e := range list {
		says = append(says, e.Handle+" "+e.Says)
	}
	want := []string{
		"jan took the label provenpackager from jan", "ada confirmed that jan is a proven packager",
		"ada confirmed that jan is a security expert", "jan said of themselves: jan is a security expert",
	}
	if diff := cmp.Diff(want, says); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestLabelsThatCannotBeGiven(t *testing.T) {
	h := build(t)
	for typed, want := range map[string]fault.Kind{"owner": fault.Invalid, "Maintainer": fault.Invalid, "securty-expert": fault.NotFound, "poet": fault.NotFound, "": fault.NotFound} {
		if _, err := h.Say(ctx, h.jan, typed); fault.KindOf(err) != want {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if _, err := h.Say(ctx, h.jan, "securty-expert"); !strings.Contains(fault.Say(err), "Did you mean security-expert?") {
		t.Errorf("%v", err)
	}
	for _, l := range []skill.Label{{Name: "owner", Title: "x"}, {Name: "Big", Title: "x"}, {Name: "ok", Title: ""}, {Name: "ok", Title: strings.Repeat("x", 81)}} {
		if err := h.SetLabel(ctx, h.ada, l); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestPreferencesAreChangedByOneAtATime(t *testing.T) {
	h := build(t)
	if err := h.SetLabel(ctx, h.ada, skill.Label{Name: "kernel", Title: "kernel"}); err != nil {
		t.Fatal(err)
	}
	version, err := h.SetPreferences(ctx, h.ada, "package-fixing", 1, [][]string{{"maintainer", "kernel"}, {"kernel"}})
	if err != nil || version != 2 {
		t.Fatalf("%d %v", version, err)
	}
	_, err = h.SetPreferences(ctx, h.jan, "package-fixing", 1, nil)
	if fault.KindOf(err) != fault.Conflict || !strings.HasPrefix(fault.Say(err), "ada was quicker") {
		t.Errorf("%v", err)
	}
	if _, err := h.SetPreferences(ctx, h.jan, "package-fixing", 0, [][]string{{"karnel"}}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	all, err := skill.AllPreferences(ctx, h.tx)
	if diff := cmp.Diff(map[string][][]string{"package-fixing": {{"owner", "kernel"}, {"kernel"}}}, all); diff != "" || err != nil {
		t.Error(diff, err)
	}
	// A label that is preferred stays; one that is not goes, from everybody.
	if err := h.RemoveLabel(ctx, h.ada, "kernel"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("%v", err)
	}
	if _, err := h.Say(ctx, h.jan, "provenpackager"); err != nil {
		t.Fatal(err)
	}
	if err := h.RemoveLabel(ctx, h.ada, "provenpackager"); err != nil {
		t.Fatal(err)
	}
	if of, err := skill.Of(ctx, h.tx, h.id); len(of) != 0 || err != nil {
		t.Errorf("%v %v", of, err)
	}
	if _, err := h.SetPreferences(ctx, h.ada, "package-fixing", 2, nil); err != nil {
		t.Error(err)
	}
}
