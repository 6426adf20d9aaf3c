package minutes

import (
	"slices"
	"strings"
	"time"
)

// NameRule says when a meeting is named after the text that it starts with.
type NameRule uint8

// The rules.
const (
	Never NameRule = iota
	IfGiven
	Always // even by an empty text
)

// Dialect is how one bot speaks and judges. Peers' dialects keep their wording and
// their faults, for that is what archives hold and what people's fingers know.
type Dialect struct {
	Name     string
	InfoURL  string
	Version  string
	Commands []string // names without "#"

	StartLines []string // said at the start; see fill
	EndLines   []string // said at the end
	Busy       string   // the answer to a start while a meeting is on
	VoteLine   string   // before each line of a vote's results

	NameAtStart NameRule
	NameRule    func(text string) string // what a name becomes
	Undone      func(*Item) string       // what "#undo" calls an item
	Match       MatchRule                // which nicks an action's text names
	// Unassigned is how many actions without a known nick it takes to list them.
	Unassigned int

	// AnyoneEndsAfter is how long a meeting has to go on before anybody may end it; zero
	// is never.
	AnyoneEndsAfter time.Duration
	OpsEnd          bool // channel operators may end a meeting
	WarnAbsent      bool // "#chair" warns of nicks that are not in the room
	StrictStart     bool // "#startmeeting" is the first 13 letters exactly
	UnicodeWords    bool // command words may have any letter
	SaysRestricted  bool // "#restrictlogs" is answered
	ChairsName      bool // "#meetingname" is for chairs
	TidyTopic       bool // no blanks around the room's topic

	// What only our own dialect does.
	MergePeople bool // nick changes and accounts make one person of many nicks
	FullVotes   bool // default options count, every option is listed
	Explain     bool // whoever is refused or mistypes is told so, privately
	Own         bool // actions have owners and dates, and whatever people write has an end
	Off         bool // "[off]" lines are not kept
	Numbered    bool // items have numbers that people may use
	UndoOwn     bool // everybody may undo what they noted themselves
	// Idle is the silence after which the bot ends a meeting that nobody ended; zero is
	// never. It warns a while before.
	Idle time.Duration
}

// MatchRule says which nicks an action's text names.
type MatchRule uint8

// The rules.
const (
	WholeWord  MatchRule = iota // a word of the text, any case; a word is ASCII letters
	Substring                   // anywhere, same case
	ByIdentity                  // ours: see Item.Owners
)

// Has tells whether a dialect has a command.
func (d *Dialect) Has(word string) bool { return slices.Contains(d.Commands, word) }

// CommandList is all commands, sorted, as "#commands" lists them.
func (d *Dialect) CommandList() (list []string) {
	for _, name := range d.Commands {
		list = append(list, "#"+name)
	}
	slices.Sort(list)
	return list
}

// Dialects are all of them, ours first.
func Dialects() []*Dialect { return []*Dialect{Batsignal(), Debian(), OpenStack(), Fedora()} }

// DialectNamed finds a dialect.
func DialectNamed(name string) (*Dialect, bool) {
	for _, d := range Dialects() {
		if d.Name == name {
			return d, true
		}
	}
	return nil, false
}

// fill puts a meeting's facts into one line of what is said at its start and end.
func (m *Meeting) fill(line string) string {
	if !strings.Contains(line, "{") {
		return line
	}
	base := m.BaseURL()
	return strings.NewReplacer(
		"{start}", Asctime(m.Started), "{end}", Asctime(m.End()), "{chair}", m.Owner,
		"{info}", m.Dialect.InfoURL, "{version}", m.Dialect.Version, "{base}", base,
		"{startdate}", m.Started.UTC().Format("2006-01-02 15:04 UTC"), "{enddate}", m.End().UTC().Format("2006-01-02 15:04 UTC"),
		"{title}", m.Title(), "{length}", lengthWords(m.Dialect.AnyoneEndsAfter), "{tally}", m.Tally(), "{lines}", plural(m.Lines, "line"),
	).Replace(line)
}

// Asctime is a time as the peers write it: "Tue Mar  8 20:00:03 2011", in UTC.
func Asctime(t time.Time) string { return t.UTC().Format(time.ANSIC) }
