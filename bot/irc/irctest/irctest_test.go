package irctest

import (
	"testing"
)

func TestPeopleTalkOnARealNetwork(t *testing.T) {
	t.Parallel()
	n := Run(t, Options{Accounts: map[string]string{"maria": "m-pass", "omar": "o-pass"}})
	all := n.People(t, "maria", "omar", "stranger")
	maria, omar, stranger := all[0], all[1], all[2]
	for _, p := range all {
		p.Join("#ops")
	}
	maria.Say("#ops", "hello all")
	if l := omar.Expect("#ops", "hello"); l.Tags["account"] != "maria" {
		t.Fatalf("the line has no account: %s", l.Raw)
	}
	omar.ExpectNot("#ops", "hello") // each line once
	stranger.Tell("maria", "psst")
	if l := maria.Expect("", "psst"); l.Tags["account"] != "" {
		t.Fatalf("a stranger has an account: %s", l.Raw)
	}
	stranger.Register("s-pass")
	stranger.Say("#ops", "registered")
	if l := omar.ExpectMatch("#ops", "^registered$"); l.Tags["account"] != "stranger" {
		t.Fatalf("no account after registering: %s", l.Raw)
	}
}

func TestSplitAndHeal(t *testing.T) {
	t.Parallel()
	n := Run(t, Options{Linked: true})
	here := n.Person(t, "here", "", "")
	there := n.PersonOnSecond(t, "there", "", "")
	here.Join("#ops")
	there.Join("#ops")
	here.ExpectRaw("there's join", func(l Line) bool { return l.Command == "JOIN" && l.Nick == "there" })
	if err := n.Split(); err != nil {
		t.Fatal(err)
	}
	here.ExpectRaw("there's quit", func(l Line) bool { return l.Command == "QUIT" && l.Nick == "there" })
	if err := n.Heal(); err != nil {
		t.Fatal(err)
	}
	here.ExpectRaw("there's return", func(l Line) bool { return l.Command == "JOIN" && l.Nick == "there" })
}
