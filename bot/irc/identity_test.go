package irc

import (
	"testing"

	"batsignal/bot/irc/irctest"
)

func TestOnlyTheAccountOnTheLineProves(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: map[string]string{
		"batsignal": "batsignal-pass", "Maria": "maria-pass", "omar": "omar-pass",
	}})
	w := open(t, n)
	maria := n.Person(t, "m_away", "Maria", "maria-pass")
	w.ready()
	borrower := n.Person(t, "omar", "", "") // has the nick, not the account
	maria.Join("#ops")
	borrower.Join("#ops")

	maria.Say("#ops", "it is me")
	h := w.hears("it is me")
	if h.Account != "maria" || h.Nick != "m_away" || h.Room != "#ops" || h.Network != "testnet" || h.MessageID == "" || h.Replayed {
		t.Fatalf("heard %+v", h)
	}
	borrower.Say("#ops", "I am omar")
	if h := w.hears("I am omar"); h.Account != "" || h.Nick != "omar" {
		t.Fatalf("a borrowed nick was believed: %+v", h)
	}
	borrower.Tell("batsignal", "really")
	if h := w.hears("really"); h.Account != "" || h.Room != "" {
		t.Fatalf("heard %+v", h)
	}
	borrower.Login("omar", "omar-pass")
	borrower.Say("#OPS", "now I am")
	if h := w.hears("now I am"); h.Account != "omar" || h.Room != "#ops" {
		t.Fatalf("heard %+v", h)
	}

	// What is not somebody speaking is not heard.
	maria.Raw("NOTICE #ops :a notice")
	maria.Raw("PRIVMSG batsignal :\x01VERSION\x01")
	maria.Raw("PRIVMSG batsignal :\x01ACTION\x01")
	maria.Raw("MODE m_away +B")
	maria.Say("#ops", "written by a bot")
	maria.Raw("MODE m_away -B")
	maria.Say("#ops", "\x02\x0304,01!ack\x0f now")
	select {
	case h := <-w.heard:
		if h.Text != "!ack now" {
			t.Fatalf("heard %+v", h)
		}
	case <-w.ctx().Done():
		t.Fatal("heard nothing")
	}
}

func TestAccountsWithoutTagsAreFollowed(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts, Without: []string{"ircv3_accounttag"}})
	people := n.People(t, "maria", "omar", "kofi", "stranger")
	maria, omar, kofi, stranger := people[0], people[1], people[2], people[3]
	maria.Join("#ops") // before the bot: known by asking who is there
	w := open(t, n)
	w.ready()
	<-w.online().settled
	says := func(p *irctest.Person, where, text, account string) {
		t.Helper()
		p.Say(where, text)
		if h := w.hears(text); h.Account != account {
			t.Fatalf("%q was heard from account %q, want %q", text, h.Account, account)
		}
	}
	says(maria, "#ops", "was here first", "maria")
	omar.Join("#ops") // after the bot: the join tells
	says(omar, "#ops", "came later", "omar")
	stranger.Join("#ops")
	says(stranger, "#ops", "never logged in", "")
	stranger.Login("kofi", "kofi-pass") // the server notifies
	says(stranger, "#ops", "logged in here", "kofi")
	stranger.Logout()
	says(stranger, "#ops", "logged out again", "")

	maria.Nick("m2")
	says(maria, "#ops", "another nick, same person", "maria")
	stranger.Nick("maria")
	says(stranger, "#ops", "borrowed the nick", "")
	says(maria, "batsignal", "in private", "maria")
	maria.Part("#ops")
	says(maria, "batsignal", "in private, out of sight", "")
	says(kofi, "batsignal", "never in a room of ours", "")
}

func TestASplitTakesTheProofAway(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts, Linked: true, Without: []string{"ircv3_accounttag"}})
	w := open(t, n)
	omar := n.PersonOnSecond(t, "omar", "omar", "omar-pass")
	other := n.PersonOnSecond(t, "other", "", "")
	w.ready()
	omar.Join("#ops")
	other.Join("#ops")
	omar.Say("#ops", "before the split")
	if h := w.hears("before the split"); h.Account != "omar" {
		t.Fatalf("heard %+v", h)
	}
	w.must(n.Split())
	s := w.online()
	until(t, "omar to be forgotten", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, lost := s.people.lost["omar"]
		return s.people.byNick["omar"] == nil && lost
	})
	// On the far side somebody else takes the nick and rides in on it.
	omar.Nick("omar2")
	other.Nick("omar")
	w.must(n.Heal())
	until(t, "everybody to be known again", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		a, b := s.people.byNick["omar"], s.people.byNick["omar2"]
		return a != nil && a.known && b != nil && b.known
	})
	other.Say("#ops", "I have the nick")
	if h := w.hears("I have the nick"); h.Account != "" {
		t.Fatalf("somebody rode the split in: %+v", h)
	}
	omar.Say("#ops", "I have the account")
	if h := w.hears("I have the account"); h.Account != "omar" {
		t.Fatalf("heard %+v", h)
	}
}

func TestHistoryIsMarked(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts, History: 20})
	maria := n.Person(t, "maria", "maria", "maria-pass")
	maria.Join("#ops")
	maria.Raw("MODE #ops +H 10:1h")
	maria.Say("#ops", "!batsignal an old command")
	w := open(t, n).ready()
	if h := w.hears("!batsignal an old command"); !h.Replayed {
		t.Fatalf("history was taken for new: %+v", h)
	}
	maria.Say("#ops", "a new line")
	if h := w.hears("a new line"); h.Replayed || h.Account != "maria" {
		t.Fatalf("heard %+v", h)
	}
}
