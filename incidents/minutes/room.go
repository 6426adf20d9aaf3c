package minutes

import (
	"slices"
	"strings"
	"time"

	"batsignal/oncall/spelling"
)

// sayHere notes that somebody is present, and what else people call them.
func sayHere(m *Meeting, e Event, text string) {
	one := m.people.see(e.Who)
	one.Here = true
	text = strings.TrimPrefix(text, "aka ")
	for _, alias := range fields(text) {
		if alias = clip(alias, longestNick); m.people.alias(one, alias) {
			m.reown(alias)
		}
	}
}

// pingPause is how long must pass between two calls of everybody's name.
const pingPause = 10 * time.Minute

// pingAfter is how long a meeting must have gone on for somebody to call everybody's name
// who has not proven who they are: anybody can start one.
const pingAfter = 5 * time.Minute

// pingAll calls everybody in the room by name. It wakes people, so it is for chairs,
// and seldom.
func pingAll(m *Meeting, e Event, text string) {
	switch since := e.At.Sub(m.pinged); {
	case !m.isChair(e.Who):
		m.notChair(e, "pingall")
	case e.Who.Account == "" && e.At.Sub(m.Started) < pingAfter:
		m.tell(e.Who, "#pingall wakes everybody. It is for chairs who are logged in to the network, and for others once the meeting has gone on for 5 minutes.")
	case !m.pinged.IsZero() && since < pingPause:
		m.tell(e.Who, "Everybody was called "+since.Round(time.Minute).String()+" ago; once in 10 minutes is enough.")
	default:
		m.pinged = e.At
		m.effect(Effect{Kind: CallNames, Text: clip(text, 300), Who: e.Who})
	}
}

// led makes the incident's lead the chair; whoever was that by the baton alone is one
// no more.
func (m *Meeting) led(e Event) {
	if m.lead != nil {
		m.lead.Chair = false
		m.lead = nil
	}
	if e.Who.Nick == "" {
		return
	}
	one := m.people.see(e.Who)
	if !one.Chair {
		one.Chair, m.lead = true, one
	}
}

// carry opens with what the last meeting of this name left to do, and tells what the
// meeting is to go through.
func (m *Meeting) carry(e Event) {
	m.agenda = m.Agenda
	if len(m.agenda) > 0 {
		m.replyOf("Agenda: " + clip(strings.Join(m.agenda, "; "), 300) + ". A chair goes on with #next.")
	}
	if len(m.Carried) == 0 {
		return
	}
	m.goTo(e, "Open actions of the last meeting")
	for _, action := range m.Carried {
		m.add(e, Info, action)
	}
}

// nextTopic goes on to the next topic of the agenda.
func nextTopic(m *Meeting, e Event, _ string) {
	if len(m.agenda) == 0 {
		m.tell(e.Who, "The agenda is at its end. #agenda TOPIC; TOPIC adds to it, #endmeeting ends the meeting.")
		return
	}
	topic := m.agenda[0]
	m.agenda = m.agenda[1:]
	m.goTo(e, topic)
	m.replyOf("Topic: " + topic)
}

// addAgenda adds topics to what the meeting is to go through.
func addAgenda(m *Meeting, _ Event, text string) {
	for topic := range strings.SplitSeq(text, ";") {
		if topic = strings.TrimSpace(topic); topic != "" && len(m.agenda) < 50 {
			m.agenda = append(slices.Clip(m.agenda), topic)
		}
	}
	m.replyOf("Agenda: " + strings.Join(m.agenda, "; ") + ".")
}

// misspelt are words that people use for a command that has another name.
var misspelt = map[string]string{
	"stopmeeting": "endmeeting", "stop": "endmeeting", "end": "endmeeting", "start": "startmeeting",
	"decision": "agreed", "decided": "agreed", "resolved": "agreed", "note": "info", "url": "link",
	"name": "meetingname", "chairs": "chair",
}

// hint tells whoever mistyped a command which one they may have meant, alone, and once
// for each word. Numbers and rooms are no commands, and a word that is like none is
// what people write.
func (m *Meeting) hint(e Event, word string) {
	const longest, most = 20, 1000
	if !m.Dialect.Explain || len(word) > longest || len(m.hinted) >= most || m.hinted[e.Who.Nick+" "+word] ||
		strings.ContainsAny(word, "0123456789") || m.isRoom(word, e.Text) {
		return
	}
	meant := misspelt[word]
	if meant == "" {
		best := 1 + min(len(word)/4, 2)
		for _, name := range m.Dialect.Commands {
			if d := spelling.Distance(word, name); d < best && len(word) > 3 {
				best, meant = d, name
			}
		}
	}
	if meant != "" {
		m.hinted[e.Who.Nick+" "+word] = true
		m.tell(e.Who, "#"+word+" is no command, so nothing came of it. Did you mean #"+meant+"?")
	}
}

// isRoom tells whether a line begins with the name of a room.
func (m *Meeting) isRoom(word, line string) bool {
	first, _, _ := strings.Cut(line, " ")
	is := func(room string) bool { return strings.EqualFold(room, "#"+word) || strings.EqualFold(room, first) }
	return is(m.Room) || slices.ContainsFunc(m.Rooms, is)
}
