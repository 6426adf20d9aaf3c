package doortest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"batsignal/bot/console"
	"batsignal/bot/irc/irctest"
)

// sight makes what people see of what their clients show them.
type sight struct {
	lines   []console.Line
	invited map[console.Line]int // invitations that arrived and that the room was not shown yet
	limit   func(target string) int

	topic string // of the room that the observer is entering
	last  string // the last piece that was said, and to whom
	to    string
}

// person takes in a line of somebody's client: what was said to them alone.
func (s *sight) person(p *ircPerson, l irctest.Line) {
	if l.Nick != botNick || len(l.Params) < 2 || l.Params[0] != p.Nickname() {
		return
	}
	switch l.Command {
	case "PRIVMSG", "NOTICE":
		s.say(p.Nickname(), console.Line{Account: p.handle, Act: "say", Text: l.Text()})
	case "INVITE":
		s.invited[console.Line{Room: l.Params[1], Account: p.handle, Act: "invite"}]++
	}
}

// room takes in a line of the observer's client: what everybody sees in the rooms.
// An invitation counts when the invited got it; the room tells when.
func (s *sight) room(l irctest.Line) error {
	switch l.Command {
	case "332": // us room topic, on joining
		s.topic = l.Text()
	case "353": // us = room :who is there; who made a room is its operator
		if slices.Contains(strings.Fields(l.Text()), "@"+botNick) {
			s.lines = append(s.lines, console.Line{Room: l.Params[2], Act: "open", Text: s.topic})
		}
		s.topic = ""
	}
	if l.Nick != botNick || len(l.Params) < 2 {
		return nil
	}
	switch l.Command {
	case "PRIVMSG", "NOTICE":
		s.say(l.Params[0], console.Line{Room: l.Params[0], Act: "say", Text: l.Text()})
	case "TOPIC":
		s.lines = append(s.lines, console.Line{Room: l.Params[0], Act: "topic", Text: l.Text()})
	case "INVITE":
		invitation := console.Line{Room: l.Params[1], Account: l.Params[0], Act: "invite"}
		if s.invited[invitation] == 0 {
			return fmt.Errorf("%q, but it did not arrive there", invitation)
		}
		s.invited[invitation]--
		s.lines = append(s.lines, invitation)
	}
	return nil
}

// say adds what was said. A text that does not fit in one line of IRC comes in
// pieces, broken between words: a piece after which the next word had no room
// belongs together with the next.
func (s *sight) say(target string, l console.Line) {
	word, _, _ := strings.Cut(l.Text, " ")
	if n := len(s.lines); n > 0 && s.to == target && s.lines[n-1].Act == "say" && len(s.last)+1+len(word) > s.limit(target) {
		s.lines[n-1].Text += " " + l.Text
	} else {
		s.lines = append(s.lines, l)
	}
	s.last, s.to = l.Text, target
}

// limitOf reads from the welcome how long a line of the bot to a target may be.
func limitOf(welcome []irctest.Line) func(target string) int {
	most := map[string]int{"USERLEN": 12, "HOSTLEN": 64}
	for _, l := range welcome {
		if l.Command != "005" {
			continue
		}
		for _, word := range l.Params {
			key, value, _ := strings.Cut(word, "=")
			if n, err := strconv.Atoi(value); err == nil && most[key] > 0 {
				most[key] = n
			}
		}
	}
	user := max(most["USERLEN"], len(botNick)) + 1
	return func(target string) int {
		return 512 - len(":"+botNick+"!@ PRIVMSG  :\r\n") - user - most["HOSTLEN"] - len(target)
	}
}
