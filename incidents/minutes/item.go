package minutes

import (
	"strconv"
	"time"
)

// ItemKind is what an item of the minutes is, in the word that minutes print.
type ItemKind string

// The kinds of items.
const (
	TopicItem    ItemKind = "TOPIC"
	Agreed       ItemKind = "AGREED"
	Accepted     ItemKind = "ACCEPTED"
	Rejected     ItemKind = "REJECTED"
	Action       ItemKind = "ACTION"
	Info         ItemKind = "INFO"
	Idea         ItemKind = "IDEA"
	Help         ItemKind = "HELP"
	Link         ItemKind = "LINK"
	VoteItem     ItemKind = "VOTE"
	Inconclusive ItemKind = "INCONCLUSIVE" // of a motion that too few voted on
)

// Item is one entry of the minutes.
type Item struct {
	ID   int // counts from 1 in its meeting; an undone item's number is not used again
	Kind ItemKind
	Text string
	By   string // the nick that said it, as it was then
	At   time.Time
	Line int // number of the line that made it, from 1

	MessageID string // the network's id of that line; "" where it has none
	Permalink string // a web address of that line
	Thread    string // the line under which it was said; "" is the room itself

	Owners []Owner   // of an action, as far as its text names them
	Unsure []string  // nicks that may be meant as owners, for somebody to say
	Due    time.Time // of an action; zero is no date

	Edited bool // its line was changed after it was said
	Gone   bool // its line was taken back: the text is empty, its place stays

	by     Who
	undone bool // taken out of the minutes
}

// Owner is somebody whose action it is.
type Owner struct {
	Name   string // as minutes show it
	Handle string // the person on the roster; "" is unknown there
}

// URL splits a link into what stands before the address, the address, and what
// stands after it. If there is no address, the first word is taken for one, and
// found is false.
func (i Item) URL() (before, url, after string, found bool) { return splitURL(i.Text) }

// ref is what people call an item by.
func (i *Item) ref() string { return strconv.Itoa(i.ID) }
