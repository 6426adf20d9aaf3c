package component_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"batsignal/oncall/audit"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

func TestWhoMayChangeOwners(t *testing.T) {
	h := build(t)
	h.load(t, "fedora", "openssl: [{owner: maria, rank: co-owner}, {owner: jan, rank: knows}]\n")
	ada, maria, jan := h.actor(t, "ada"), h.actor(t, "maria"), h.actor(t, "jan")
	li := component.Change{Component: "openssl", Name: "@Li"}
	if _, _, err := h.Add(ctx, jan, li); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("who only knows it: %v", err)
	}
	if _, w, err := h.Add(ctx, maria, li); err != nil || w.Handle != "li" {
		t.Errorf("%+v %v", w, err)
	}
	if _, _, err := h.Add(ctx, maria, li); err != nil {
		t.Errorf("again: %v", err)
	}
	if diff := cmp.Diff([]string{"li owner by maria", "maria co-owner by the list fedora", "jan knows by the list fedora"}, h.owners(t, "openssl")); diff != "" {
		t.Error(diff)
	}
	// What a list says must be changed there.
	if _, _, err := h.Remove(ctx, ada, component.Change{Component: "openssl", Name: "maria", Admin: true}); fault.KindOf(err) != fault.Conflict ||
		fault.Say(err) != "That maria looks after openssl says the list fedora. Change it there; here it would come back." {
		t.Errorf("%v", err)
	}
	if _, _, err := h.Remove(ctx, jan, li); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("%v", err)
	}
	// Anybody may be it no more.
	if _, _, err := h.Remove(ctx, h.actor(t, "li"), component.Change{Component: "openssl", Name: "me"}); err != nil {
		t.Errorf("%v", err)
	}
	if _, _, err := h.Remove(ctx, ada, component.Change{Component: "openssl", Name: "li", Admin: true}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	var says []string
	list, err := audit.List(ctx, h.db, audit.Query{Kind: "component", Subject: "openssl"})
	for _, e := range list {
		says = append(says, e.Handle+" "+e.Says)
	}
	if diff := cmp.Diff([]string{"li removed li from those who look after openssl", "maria made li an owner of openssl"}, says); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestNewComponentsAndOtherNames(t *testing.T) {
	h := build(t)
	h.load(t, "fedora", "openssl: [maria]\ncurl: [jan]\n")
	ada, maria := h.actor(t, "ada"), h.actor(t, "maria")
	ch := component.Change{Component: "openss", Name: "jdoe", Admin: true}
	if _, _, err := h.Add(ctx, ada, ch); fault.KindOf(err) != fault.NotFound {
		t.Errorf("misspelt: %v", err)
	}
	ch.New = true
	if c, w, err := h.Add(ctx, ada, ch); err != nil || c.Name != "openss" || w.Person != 0 || w.Login != "jdoe" {
		t.Errorf("%+v %+v %v", c, w, err)
	}
	if diff := cmp.Diff([]string{"jdoe owner unknown by ada"}, h.owners(t, "openss")); diff != "" {
		t.Error(diff)
	}
	if _, _, err := h.Add(ctx, maria, component.Change{Component: "website", Name: "me"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("not an admin: %v", err)
	}
	mine := component.Change{Component: "openssl"}
	if _, err := h.SetAlias(ctx, maria, mine, "libssl", false); err != nil {
		t.Error(err)
	}
	if _, err := h.SetAlias(ctx, maria, mine, "curl", false); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the name of another: %v", err)
	}
	if _, err := h.SetAlias(ctx, h.actor(t, "jan"), component.Change{Component: "curl"}, "libssl", false); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the alias of another: %v", err)
	}
	if _, err := h.SetAlias(ctx, ada, component.Change{Component: "curl", Admin: true}, "libssl", false); err != nil {
		t.Error(err)
	}
	if c, err := component.Find(ctx, h.db, "libssl"); err != nil || c.Name != "curl" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := h.SetAlias(ctx, ada, component.Change{Component: "curl", Admin: true}, "libssl", true); err != nil {
		t.Error(err)
	}
	if _, there, _, err := component.Lookup(ctx, h.db, "libssl"); there || err != nil {
		t.Errorf("%v %v", there, err)
	}
}

func TestRanks(t *testing.T) {
	for text, want := range map[string]component.Rank{"": component.Own, "Owner": component.Own, "maintainer": component.Own, "co_owner": component.CoOwn, "Co-Maintainer": component.CoOwn, "knows": component.Knows} {
		if got, err := component.ParseRank(text); got != want || err != nil {
			t.Errorf("%q: %s %v", text, got, err)
		}
	}
	if _, err := component.ParseRank("boss"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	if !component.Own.Owns() || !component.CoOwn.Owns() || component.Knows.Owns() {
		t.Error("who owns")
	}
}
