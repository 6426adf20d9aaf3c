package minutes

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// verb is one command of the machine.
type verb struct {
	chair bool // only for chairs
	run   func(m *Meeting, e Event, text string)
}

// verbs are all commands of all dialects by name; a dialect says which it has.
// It is built once and never changed.
var verbs = map[string]verb{
	"startmeeting": {run: func(m *Meeting, e Event, _ string) { m.fail(e.Who, m.Dialect.Busy) }},
	"endmeeting":   {run: endMeeting},
	"topic":        {chair: true, run: setTopic},
	"subtopic":     {chair: true, run: setTopic},
	"progress":     {chair: true, run: setTopic},
	"meetingtopic": {chair: true, run: func(m *Meeting, _ Event, text string) { m.setMeetingTopic(text) }},
	"meetingname":  {run: meetingName},
	"chair":        {chair: true, run: addChairs},
	"unchair":      {chair: true, run: removeChairs},
	"undo":         {run: undo},
	"agreed":       decision(Agreed),
	"agree":        decision(Agreed),
	"accepted":     decision(Accepted),
	"accept":       decision(Accepted),
	"rejected":     decision(Rejected),
	"reject":       decision(Rejected),
	"action":       note(Action),
	"todo":         note(Action),
	"info":         note(Info),
	"idea":         note(Idea),
	"help":         {run: help},
	"halp":         {run: help},
	"link":         note(Link),
	"nick":         {run: addNicks},
	"save":         {chair: true, run: func(m *Meeting, e Event, _ string) { m.Ended = e.At; m.effect(Effect{Kind: Save}) }},
	"restrictlogs": {chair: true, run: restrict},
	"lurk":         {chair: true, run: func(m *Meeting, _ Event, _ string) { m.Lurking = true }},
	"unlurk":       {chair: true, run: func(m *Meeting, _ Event, _ string) { m.Lurking = false }},
	"startvote":    {run: startVote},
	"vote":         {run: castVote},
	"showvote":     {run: showVote},
	"endvote":      {run: endVote},
	"motion":       {run: motion},
	"proposed":     {run: motion},
	"proposal":     {run: motion},
	"close":        {run: endVote},
	"voters":       {chair: true, run: setVoters},
	"quorum":       {chair: true, run: setQuorum},
	"owner":        {run: setOwner},
	"due":          {run: setDue},
	"adopt":        {chair: true, run: func(m *Meeting, e Event, text string) { m.effect(Effect{Kind: Adopt, Who: e.Who, Text: text}) }},
	"agenda":       {chair: true, run: addAgenda},
	"next":         {chair: true, run: nextTopic},
	"here":         {run: sayHere},
	"pingall":      {run: pingAll},
}

func decision(kind ItemKind) verb { v := note(kind); v.chair = true; return v }

func note(kind ItemKind) verb {
	return verb{run: func(m *Meeting, e Event, text string) { m.note(e, kind, text) }}
}

// split takes a line apart into a command and what follows it. The word is in lower
// case; it need not be a command that the dialect knows.
func (d *Dialect) split(line string) (word, rest string, ok bool) {
	if !strings.HasPrefix(line, "#") {
		return "", "", false
	}
	end := len(line)
	for i, r := range line[1:] {
		if !isWord(r, d.UnicodeWords) {
			end = i + 1
			break
		}
	}
	if end == 1 {
		return "", "", false
	}
	rest = strings.TrimLeft(line[end:], " \t")
	if cut := strings.IndexByte(rest, '\n'); cut >= 0 {
		rest = rest[:cut]
	}
	return strings.ToLower(line[1:end]), rest, true
}

// isWord tells whether a letter belongs to a word, as the peers' pattern \w has it.
func isWord(r rune, all bool) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
		all && r > unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

func (m *Meeting) obey(e Event, word, text string) {
	if word == "commands" {
		m.reply("Available commands: " + strings.Join(m.Dialect.CommandList(), " "))
		return
	}
	v, known := verbs[word]
	if !known || !m.Dialect.Has(word) {
		m.hint(e, word)
		return
	}
	if v.chair && !m.isChair(e.Who) {
		m.notChair(e, word)
		return
	}
	v.run(m, e, text)
}

// isChair tells whether somebody may do what chairs do.
func (m *Meeting) isChair(w Who) bool {
	one := m.proven(w)
	return one != nil && one.Chair
}

// proven is who that is, or nil if they are nobody or cannot be told to be who they seem:
// where somebody has proven an account, their nick alone is not enough.
func (m *Meeting) proven(w Who) *Person {
	one := m.people.find(w)
	if one == nil || m.Dialect.MergePeople && one.Account != "" && one.Account != w.Account {
		return nil
	}
	return one
}

func (m *Meeting) notChair(e Event, word string) {
	if m.Dialect.Explain {
		m.tell(e.Who, "#"+word+" is for chairs. "+m.whoChairs(e.Who.Nick))
	}
}

// whoChairs tells somebody who is no chair how to become one.
func (m *Meeting) whoChairs(nick string) string {
	chairs := m.chairs()
	switch {
	case len(chairs) > 0:
		return "They are: " + clip(strings.Join(chairs, ", "), 300) + ". One of them can make you one: #chair " + nick
	case m.Incident != "":
		return "Here that is whoever holds the baton, and nobody does."
	}
	return "There is none now; an admin of the bot can make one."
}

func endMeeting(m *Meeting, e Event, _ string) {
	late := m.Dialect.AnyoneEndsAfter > 0 && e.At.Sub(m.Started) > m.Dialect.AnyoneEndsAfter
	switch {
	case m.Incident != "":
		m.tell(e.Who, "These are the minutes of "+m.Incident+"; they end when it is resolved.")
	case m.isChair(e.Who) || late || e.Op && m.Dialect.OpsEnd:
		m.end(e.At)
	default:
		m.notChair(e, "endmeeting")
	}
}

// end puts the old topic back and has everything written.
func (m *Meeting) end(at time.Time) {
	m.closeVote(at)
	m.Ended, m.Over = at, true
	m.say(Effect{Kind: Topic, Text: m.RoomTopic})
	m.effect(Effect{Kind: Save})
	for _, line := range m.Dialect.EndLines {
		m.reply(m.fill(line))
	}
	m.effect(Effect{Kind: Over})
}

func setTopic(m *Meeting, e Event, text string) {
	m.Now = text
	m.topic = m.note(e, TopicItem, text)
	m.showTopic()
}

// goTo sets a topic that is not what the line says at which it is set.
func (m *Meeting) goTo(e Event, topic string) {
	m.Now, m.topic = topic, nil
	m.add(e, TopicItem, topic)
	m.showTopic()
}

func (m *Meeting) showTopic() {
	topic := m.Now
	if m.Topic != "" {
		topic += " (Meeting topic: " + m.Topic + ")"
	}
	if m.Dialect.TidyTopic {
		topic = strings.TrimSpace(topic)
	}
	m.say(Effect{Kind: Topic, Text: topic})
}

func (m *Meeting) setMeetingTopic(text string) {
	text = strings.TrimSpace(text)
	if lower := strings.ToLower(text); lower == "none" || lower == "unset" {
		text = ""
	}
	m.Topic = text
	m.showTopic()
}

func meetingName(m *Meeting, e Event, text string) {
	if m.Dialect.ChairsName && !m.isChair(e.Who) {
		m.notChair(e, "meetingname")
		return
	}
	m.setName(text)
}

func (m *Meeting) setName(text string) {
	m.Name = m.Dialect.NameRule(text)
	m.reply("The meeting name has been set to '" + m.Name + "'")
}

func (m *Meeting) chairs() (list []string) {
	for _, one := range m.people.list {
		if one.Chair {
			list = append(list, one.Nick)
		}
	}
	slices.Sort(list)
	return list
}

func addChairs(m *Meeting, e Event, text string) {
	var absent []string
	for _, nick := range fields(text) {
		if m.present != nil && m.Dialect.WarnAbsent {
			if _, here := m.present[Fold(nick)]; !here {
				absent = append(absent, nick)
			}
		}
	}
	if m.Dialect.Own && len(absent) > 0 {
		absent = []string{strings.Join(absent, " ")} // one line, however many they are
	}
	for _, nick := range absent {
		m.replyOf("Warning: Nick not in channel: " + nick)
	}
	for _, one := range m.call(e, fields(text)) {
		one.Chair = true
	}
	m.showChairs()
}

func removeChairs(m *Meeting, e Event, text string) {
	for _, nick := range strings.Fields(text) {
		if one := m.people.find(Who{Nick: nick, Network: e.Who.Network}); one != nil && !slices.Contains(one.Nicks, m.Owner) {
			one.Chair = false
		}
	}
	m.showChairs()
}

func (m *Meeting) showChairs() { m.replyOf("Current chairs: " + strings.Join(m.chairs(), " ")) }

func addNicks(m *Meeting, e Event, text string) { m.call(e, fields(text)) }

// mostPeople is how many people a meeting may have and still take in somebody of whom it
// has only heard.
const mostPeople = 500

// longestNick is how much of a name counts.
const longestNick = 200

// call are the people of these nicks. Who was not heard so far is taken in, as if they
// were present.
func (m *Meeting) call(e Event, nicks []string) (list []*Person) {
	for _, nick := range nicks {
		w := Who{Nick: nick, Network: e.Who.Network}
		if !m.Dialect.Own {
			list = append(list, m.people.see(w))
			continue
		}
		w.Nick = clip(nick, longestNick)
		one := m.people.find(w)
		switch {
		case one != nil: // what they are called they say themselves
		case len(m.people.list) >= mostPeople:
			m.tell(e.Who, fmt.Sprintf("There are %d people in these minutes already; no more can be named.", mostPeople))
			return list
		default:
			one = m.people.see(w)
			m.reown(w.Nick)
		}
		list = append(list, one)
	}
	return list
}

// fields are the nicks in a list separated by blanks or commas.
func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func restrict(m *Meeting, _ Event, _ string) {
	m.Restricted = true
	if m.Dialect.SaysRestricted {
		m.reply("Restricting permissions on minutes: -077 on next #save")
	}
}

// undo takes the last item out of the minutes; in a dialect that numbers items, the
// one with the number that is given.
func undo(m *Meeting, e Event, text string) {
	i := len(m.Items) - 1
	if m.Dialect.Numbered && text != "" {
		i = slices.IndexFunc(m.Items, func(item *Item) bool { return item.ref() == strings.TrimPrefix(text, "#") })
	}
	switch {
	case i < 0 && m.Dialect.Explain:
		m.tell(e.Who, "There is no such item in the minutes.")
	case i < 0:
	case !m.mayUndo(e.Who, m.Items[i]):
		m.notChair(e, "undo")
	default:
		item := m.Items[i]
		m.Items = slices.Delete(m.Items, i, i+1)
		item.undone = true
		m.effect(Effect{Kind: Removed, Item: item.ID})
		which := "item"
		if m.Dialect.Numbered {
			which += " " + item.ref()
		}
		m.reply("Removing " + which + " from minutes: " + m.Dialect.Undone(item))
	}
}

func (m *Meeting) mayUndo(w Who, item *Item) bool {
	if m.isChair(w) {
		return true
	}
	one := m.proven(w)
	switch by := item.by; {
	case !m.Dialect.UndoOwn || one == nil:
		return false
	case by.Account != "":
		return by.Account == w.Account && by.Network == w.Network || by.Handle != "" && by.Handle == w.Handle
	default:
		return by.Network == w.Network && slices.Contains(one.Nicks, by.Nick)
	}
}

func help(m *Meeting, e Event, text string) {
	if m.Dialect.Explain && strings.TrimSpace(text) == "" && !e.Blank {
		// "#help" asks for help of the people present. Whoever gives no text means the bot.
		m.tell(e.Who, "#help TEXT notes that help is wanted. The commands are: "+strings.Join(m.Dialect.CommandList(), " ")+". Chairs: "+clip(strings.Join(m.chairs(), ", "), 300)+".")
		return
	}
	m.note(e, Help, text)
}
