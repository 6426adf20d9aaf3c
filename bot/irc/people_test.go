package irc

import (
	"strconv"
	"testing"
	"time"
)

func TestASplitTooLargeToRememberForgetsEverybody(t *testing.T) {
	p := newPeople(func(s string) string { return foldName(s, true) })
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	p.joined("#ops", "maria", "maria", true, now)
	for i := range lostMost + 1 {
		p.quit("n"+strconv.Itoa(i), "*.net *.split", now)
	}
	if p.account("maria") != "" || len(p.nicks("maria")) != 0 {
		t.Fatal("maria is still believed")
	}
	p.told("maria", "maria")
	if p.account("MARIA") != "maria" {
		t.Fatal("maria is not believed again")
	}
	// Long after a split a nick is a nick like any other.
	p.quit("omar", "*.net *.split", now)
	if p.joined("#ops", "omar", "omar", true, now.Add(lostFor+time.Second)); p.account("omar") != "omar" {
		t.Fatal("omar is not believed")
	}
}

func TestWhatComesWithAJoinAfterASplitIsNotBelieved(t *testing.T) {
	p := newPeople(func(s string) string { return foldName(s, true) })
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	if p.joined("#ops", "omar", "omar", true, now) || p.account("omar") != "omar" {
		t.Fatal("a join that tells the account is not believed")
	}
	p.quit("omar", "hub.example.org leaf.example.org", now)
	if p.account("omar") != "" {
		t.Fatal("believed after having gone")
	}
	if !p.joined("#ops", "Omar", "omar", true, now.Add(time.Minute)) || p.account("omar") != "" {
		t.Fatal("the join after the split is believed, and nobody is asked")
	}
	p.told("omar", "omar") // the server was asked
	if p.account("omar") != "omar" {
		t.Fatal("the server's answer is not believed")
	}
	p.quit("omar", "Quit: bye", now)
	if p.joined("#ops", "omar", "omar", true, now); p.account("omar") != "omar" {
		t.Fatal("an ordinary return is taken for a split")
	}
}
