package minutes

import (
	"slices"
	"strings"
	"time"
)

// Setting is what a meeting is told when it starts.
type Setting struct {
	Dialect *Dialect
	Room    string // as the network writes it: "#ops"
	Network string
	// RoomTopic is the topic that the room had before; it is put back at the end.
	RoomTopic string
	// Names are the nicks in the room, nil if unknown.
	Names []string
	// Files says how the minutes will be called; see [Naming].
	Files Naming
	// Roster are the people whom actions may belong to, by name.
	Roster []Owner
	// Incident is the incident whose room this is, "INC-7"; "" is none. Its lead is the
	// chair, and only its end ends the meeting.
	Incident string
	// Carried are actions that the last meeting of this name left open, in words.
	Carried []string
	// Agenda are the topics that the meeting is to go through, as it starts.
	Agenda []string
	// Rooms are rooms that people write of, "#ops": no mistyped commands. May be empty.
	Rooms []string
}

// Meeting is one meeting: what the minutes say of it so far. Change it by Hear only.
type Meeting struct {
	Setting
	Started time.Time
	Ended   time.Time // zero while it goes on and nothing was saved
	Over    bool
	Why     string // why the bot ended it by itself; "" is somebody's #endmeeting
	Owner   string // who started it; chair for life
	Topic   string // the meeting's own topic, shown with every other
	Name    string // what files and later meetings know it by; "" is the room's
	Now     string // the agenda's topic
	Items   []*Item
	Lines   int // so far
	Last    time.Time
	Lurking bool
	// Restricted minutes are for those who may read them, not for the world.
	Restricted bool

	people  people
	byID    map[string][]*Item // items that are their line's text, by the network's id of the line
	waiting map[string][]*Item // actions without an owner by the words that may name one, folded
	zones   map[string]*time.Location
	topic   *Item // which line Now is from; nil is none's
	lastID  int
	present map[string]string // nicks in the room now, by folded nick; nil if unknown
	vote    *vote
	voters  []*Person // who may vote; nil is everybody
	quorum  int
	lead    *Person // chair by the incident's baton
	roster  map[string]Owner
	agenda  []string // topics still to come
	pinged  time.Time
	hinted  map[string]bool // who was told of a mistyped command already
	out     []Effect
}

// Start begins a meeting at the event whose text is "#startmeeting" and what follows.
// A meeting that an incident starts has a text without it.
func Start(s Setting, e Event) (*Meeting, []Effect) {
	d := s.Dialect
	m := &Meeting{Setting: s, Started: e.At, Owner: e.Who.Nick, Last: e.At,
		people: people{merge: d.MergePeople}, byID: map[string][]*Item{}, hinted: map[string]bool{}}
	if s.Names != nil {
		m.present = map[string]string{}
		for _, nick := range s.Names {
			m.present[Fold(nick)] = nick
		}
	}
	for _, owner := range s.Roster {
		if m.roster == nil {
			m.roster = make(map[string]Owner, len(s.Roster))
		}
		m.roster[Fold(owner.Name)] = owner
	}
	if e.Who.Nick != "" {
		owner := m.people.see(e.Who)
		owner.Chair = !e.Self
		owner.Lines++
	}
	m.Lines++
	m.start(e)
	return m, m.take()
}

func (m *Meeting) start(e Event) {
	text := m.Dialect.StartText(e.Text)
	for _, line := range m.Dialect.StartLines {
		m.reply(m.fill(line))
	}
	if text != "" {
		m.setMeetingTopic(text)
	}
	if m.Dialect.NameAtStart == Always || m.Dialect.NameAtStart == IfGiven && text != "" {
		m.setName(text)
	}
	m.carry(e)
}

// StartWord starts a meeting, at the very start of a line.
const StartWord = "#startmeeting"

// IsStart tells whether a line starts a meeting where none is going on.
func (d *Dialect) IsStart(text string) bool {
	if !d.StrictStart {
		verb, _, ok := d.split(d.bare(text))
		return ok && verb == "startmeeting"
	}
	return strings.HasPrefix(text, StartWord)
}

// StartText is what follows the word in a line that starts a meeting, and all of any
// other line.
func (d *Dialect) StartText(text string) string {
	if d.StrictStart {
		text, _ = strings.CutPrefix(text, StartWord)
	} else if word, rest, ok := d.split(d.bare(text)); ok && word == StartWord[1:] {
		text = rest
	}
	return strings.TrimSpace(text)
}

// Hear takes the next event. What happened before the meeting's start and after its
// end is not for it, except that a line of it is changed later.
func (m *Meeting) Hear(e Event) []Effect {
	if m.Over {
		if e.Kind.IsChange() {
			m.change(e)
		}
		return m.take()
	}
	m.Last = e.At
	e.Text = m.Dialect.bare(e.Text)
	switch e.Kind {
	case Said, Did:
		m.line(e)
	case Renamed:
		m.here(e.Who.Nick, false)
		m.here(e.Text, true)
		if m.Dialect.MergePeople {
			m.renamed(e)
		}
	case Joined:
		m.here(e.Who.Nick, true)
		m.people.went(e.Who, false)
	case Left:
		m.here(e.Who.Nick, false)
		m.people.went(e.Who, true)
	case Edited, Deleted, Erased:
		m.change(e)
	case Chaired:
		m.people.see(e.Who).Chair = true
		m.showChairs()
	case Led:
		m.led(e)
	case Ended:
		m.Why = e.Text
		m.end(e.At)
	}
	return m.take()
}

func (m *Meeting) line(e Event) {
	if m.Dialect.StrictStart && strings.HasPrefix(e.Text, StartWord) && e.Kind == Said && !e.Self {
		// The peers' plugin answers this before the meeting hears of it: it is no line.
		m.fail(e.Who, m.Dialect.Busy)
		return
	}
	m.Lines++
	known := len(m.people.list)
	one := m.people.see(e.Who)
	one.Lines++
	one.gone = false
	if len(m.people.list) > known && m.Dialect.Own {
		m.reown(e.Who.Nick)
	}
	if e.Kind == Did || e.Self {
		return
	}
	if m.Dialect.Off && isOff(e.Text) {
		return
	}
	verb, rest, is := m.Dialect.split(e.Text)
	switch {
	case is && e.Adopted && kinds[verb] == "":
		// It was said before there was a meeting: it is on record, not a command to it.
	case is:
		m.obey(e, verb, rest)
	case startsWithURL(e.Text):
		m.note(e, Link, m.linkText(e.Text))
	default:
		m.maybeVote(e)
	}
}

// bare is a line without the blanks before it, which the peers do not keep either: a
// link or a command that is indented is one.
func (d *Dialect) bare(text string) string { return strings.TrimLeft(text, " \t") }

// IsLine tells whether an event makes a line of this meeting's log.
func (m *Meeting) IsLine(e Event) bool {
	return e.Kind.IsLine() && !(m.Dialect.StrictStart && e.Kind == Said && !e.Self && strings.HasPrefix(e.Text, StartWord))
}

// linkText is what a link says that is a line by itself; in a dialect whose networks have
// messages of many lines, that is the first of them.
func (m *Meeting) linkText(text string) string {
	if cut := strings.IndexAny(text, "\r\n"); cut >= 0 && m.Dialect.Own {
		return text[:cut]
	}
	return text
}

// note adds an item that is the text of the line it was said in: it changes with it.
func (m *Meeting) note(e Event, kind ItemKind, text string) *Item {
	item := m.add(e, kind, text)
	if e.ID != "" {
		m.byID[e.ID] = append(m.byID[e.ID], item)
	}
	return item
}

// add adds an item.
func (m *Meeting) add(e Event, kind ItemKind, text string) *Item {
	m.lastID++
	item := &Item{ID: m.lastID, Kind: kind, Text: text, By: e.Who.Nick, At: e.At, Line: m.Lines,
		MessageID: e.ID, Permalink: e.Link, Thread: e.Thread, by: e.Who}
	if kind == Action && m.Dialect.Own {
		m.own(item, e)
	}
	m.Items = append(m.Items, item)
	m.effect(Effect{Kind: Added, Item: item.ID})
	return item
}

// People are those present or named, first seen first.
func (m *Meeting) People() []*Person { return m.people.list }

// ByLines are the same, who said most first.
func (m *Meeting) ByLines() []*Person {
	list := slices.Clone(m.people.list)
	slices.SortStableFunc(list, func(a, b *Person) int { return b.Lines - a.Lines })
	return list
}

// Actions are the action items that stand, in order.
func (m *Meeting) Actions() (list []*Item) {
	for _, item := range m.Items {
		if item.Kind == Action && !item.Gone {
			list = append(list, item)
		}
	}
	return list
}

// Item is the item with that number, or nil.
func (m *Meeting) Item(id int) *Item {
	for _, item := range slices.Backward(m.Items) {
		if item.ID == id {
			return item
		}
	}
	return nil
}

// Title is the headline of the minutes.
func (m *Meeting) Title() string {
	if m.Topic != "" {
		return m.Room + ": " + m.Topic
	}
	return m.Room + " Meeting"
}

// End is when the meeting ended, or the last that was heard of one that goes on.
func (m *Meeting) End() time.Time {
	if m.Ended.IsZero() {
		return m.Last
	}
	return m.Ended
}

func (m *Meeting) here(nick string, is bool) {
	switch {
	case m.present == nil || nick == "":
	case is:
		m.present[Fold(nick)] = nick
	default:
		delete(m.present, Fold(nick))
	}
}

func (m *Meeting) effect(e Effect)   { m.out = append(m.out, e) }
func (m *Meeting) take() []Effect    { out := m.out; m.out = nil; return out }
func (m *Meeting) reply(text string) { m.say(Effect{Kind: Reply, Text: text}) }

// replyOf replies with what people wrote in it. It is cut to what a line of IRC holds: the
// rest would become a line of the bot's that begins with their words.
func (m *Meeting) replyOf(text string) {
	if m.Dialect.Own {
		text = clip(text, 350)
	}
	m.reply(text)
}

func (m *Meeting) say(e Effect) {
	if !m.Lurking {
		m.effect(e)
	}
}

func (m *Meeting) fail(who Who, text string) { m.effect(Effect{Kind: Error, Who: who, Text: text}) }
func (m *Meeting) tell(who Who, text string) { m.effect(Effect{Kind: Private, Who: who, Text: text}) }
