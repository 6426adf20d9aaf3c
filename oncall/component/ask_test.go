package component_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

func TestTheNetworkIsAskedAndAnswers(t *testing.T) {
	h := build(t)
	maria, jan, ada := h.actor(t, "maria"), h.actor(t, "jan"), h.actor(t, "ada")
	q, err := h.Ask(ctx, maria, "Foo")
	if err != nil || q.Component != "foo" || q.Asker != "maria" || !q.AskedAt.Equal(noon) {
		t.Fatalf("%+v %v", q, err)
	}
	// A stranger with a proven account knows somebody, and jan knows of himself.
	h.clock = noon.Add(10 * time.Minute)
	stranger := oncall.Actor{Network: "slack", Account: "t1/u7", Shown: "zoe"}
	told, err := h.Tell(ctx, stranger, component.Change{Component: "foo", Name: "JDoe"})
	if err != nil || told.Entered || told.Askers != 1 || told.Whom.Login != "jdoe" {
		t.Errorf("%+v %v", told, err)
	}
	if told, err = h.Tell(ctx, jan, component.Change{Component: "foo", Name: "me", Rank: component.Knows}); err != nil || told.Whom.Handle != "jan" {
		t.Errorf("%+v %v", told, err)
	}
	// Twice the same is one answer, and maria hears it once.
	if told, err = h.Tell(ctx, jan, component.Change{Component: "foo", Name: "jan"}); err != nil || told.Askers != 0 {
		t.Errorf("%+v %v", told, err)
	}
	answers, err := component.Answers(ctx, h.db, "foo")
	var says []string
	for _, a := range answers {
		says = append(says, a.Says()+" to "+a.To)
	}
	if diff := cmp.Diff([]string{"jdoe owns it, says zoe on slack to maria", "jan owns it, says jan to maria"}, says); diff != "" || err != nil {
		t.Error(diff, err)
	}
	want := []string{
		"libera#devel: Wanted: maria needs the maintainer of foo. Whoever knows one: !owner tell foo NAME",
		"slack#packagers: Wanted: maria needs the maintainer of foo. Whoever knows one: !owner tell foo NAME",
		"libera to maria: You asked for the maintainer of foo: jdoe owns it, says zoe on slack. I know nobody by that name, so I cannot ring them.",
		"libera to maria: You asked for the maintainer of foo: jan knows it, says jan. !page jan REASON rings them, if they agreed to that.",
	}
	if diff := cmp.Diff(want, h.said(t)); diff != "" {
		t.Error(diff)
	}
	// Suggestions make nobody an owner before an admin says so.
	if _, there, _, err := component.Lookup(ctx, h.db, "foo"); there || err != nil {
		t.Fatalf("%v %v", there, err)
	}
	if _, _, err := h.Add(ctx, ada, component.Change{Component: "foo", Name: "jan", Admin: true}); err != nil {
		t.Fatal(err)
	}
	answers, err = component.Answers(ctx, h.db, "foo")
	if err != nil || answers[0].AcceptedBy != "" || answers[1].AcceptedBy != "ada" {
		t.Errorf("%+v %v", answers, err)
	}
	// Now jan is an owner, and what he tells is so.
	if told, err = h.Tell(ctx, jan, component.Change{Component: "foo", Name: "li", Rank: component.Knows}); err != nil || !told.Entered {
		t.Errorf("%+v %v", told, err)
	}
	if diff := cmp.Diff([]string{"jan owner by ada", "li knows by jan"}, h.owners(t, "foo")); diff != "" {
		t.Error(diff)
	}
}

func TestAskingHasLimits(t *testing.T) {
	h := build(t)
	maria, jan := h.actor(t, "maria"), h.actor(t, "jan")
	if _, err := h.Ask(ctx, maria, "foo"); err != nil {
		t.Fatal(err)
	}
	h.clock = noon.Add(59 * time.Minute)
	_, err := h.Ask(ctx, jan, "foo")
	if want := "maria asked for foo at 12:00 UTC. What was answered: !owner foo. To ask again, wait until 13:00 UTC."; fault.KindOf(err) != fault.Limited || fault.Say(err) != want {
		t.Errorf("%v", err)
	}
	h.clock = noon.Add(time.Hour)
	if _, err := h.Ask(ctx, jan, "foo"); err != nil {
		t.Errorf("after an hour: %v", err)
	}
	for i := range 4 {
		if _, err := h.Ask(ctx, jan, fmt.Sprintf("foo%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = h.Ask(ctx, jan, "foo9"); fault.KindOf(err) != fault.Limited || !strings.Contains(fault.Say(err), "asked at 14:00 UTC") {
		t.Errorf("the sixth: %v", err)
	}
	if _, err = h.Ask(ctx, maria, "foo9"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	for i := range 20 {
		if _, err := h.Tell(ctx, jan, component.Change{Component: "foo", Name: fmt.Sprintf("x%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = h.Tell(ctx, jan, component.Change{Component: "foo", Name: "x21"}); fault.KindOf(err) != fault.Limited {
		t.Errorf("the twenty-first answer: %v", err)
	}
}

func TestWhatCannotBeAskedOrTold(t *testing.T) {
	h := build(t)
	h.load(t, "fedora", "openssl: [maria]\n")
	stranger := oncall.Actor{Network: "slack", Account: "u7"}
	if _, err := h.Ask(ctx, stranger, "foo"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("%v", err)
	}
	if _, err := h.Ask(ctx, h.actor(t, "jan"), "no name!"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	for _, story := range []struct {
		component, name string
		want            fault.Kind
	}{
		{"opnssl", "jan", fault.NotFound}, // misspelt, and nobody asked
		{"foo", "me", fault.Forbidden},    // who is that
		{"foo", "jan@example.org", fault.Invalid},
		{"no name!", "jan", fault.Invalid},
	} {
		if _, err := h.Tell(ctx, stranger, component.Change{Component: story.component, Name: story.name}); fault.KindOf(err) != story.want {
			t.Errorf("%+v: %v", story, err)
		}
	}
	h.Rooms = nil
	if _, err := h.Ask(ctx, h.actor(t, "jan"), "foo"); fault.KindOf(err) != fault.Unready {
		t.Errorf("%v", err)
	}
}
