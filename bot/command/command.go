// Package command owns the vocabulary: each verb is defined once, with its
// words, help, permission and example, and every door (IRC, the terminal, the
// command line, the web's list) draws from that one definition.
//
// It does not know networks, does not send, and holds no state: a verb is a
// short function from a [Call] to a [Reply] over the services of lower floors.
package command

import (
	"context"
	"strconv"
	"time"
)

// Right is what a caller must be allowed to do before a verb runs.
type Right uint8

// The rights. They are bits, so that a caller holds a set of them.
const (
	Anyone  Right = 0         // no proof needed
	Known   Right = 1 << iota // a person: the account is proven and bound to somebody
	Proven                    // a proven account, perhaps not bound to a person yet
	LetIn                     // a person whom an admin has let into a role, or who is one
	Fire                      // may ask for the bat-signal
	Confirm                   // may confirm somebody else's bat-signal
	Admin                     // may look after the roster and act for others
)

// Has tells whether the set r holds every right in want.
func (r Right) Has(want Right) bool { return r&want == want }

// Kind says how a parameter is read.
type Kind uint8

// The kinds of parameter.
const (
	Word   Kind = iota // one word, or several in double quotes
	Number             // a whole number; a leading letter or # as in P12, INC-7, #3 is dropped
	Rest               // everything that is left, as it was typed
	Words              // everything up to an option, as it was typed: a time
	Flag               // --name
	Option             // --name VALUE or --name=VALUE
)

// Param is one thing that a verb takes. Words, numbers and the rest are read in
// the order of the definition; flags and options may stand anywhere before the
// rest begins, and behind Words.
//
// An optional Number may stand before something else that is needed, as in
// "note [incident] <text>". Before a Rest it is taken only if it is marked
// (INC-7, #7) or alone, because a text may well begin with a figure.
type Param struct {
	Name     string
	Kind     Kind
	Optional bool     // a Flag and an Option always are
	Choices  []string // if given, the value must be one of these; case does not matter
	Prefix   string   // letters that may stand before a Number, "INC" or "P"; "" takes any
	Help     string   // a few words, no full stop
}

// Command is a verb, or with Subs a family of verbs.
type Command struct {
	Name    string
	Aliases []string
	Group   string // the heading in the help; "" stays under the one before
	Summary string // one plain sentence
	Params  []Param
	Example string // what one types after the prefix
	Needs   Right
	// Private verbs carry something that must not be seen in a room: typed in a
	// room they are refused before they run.
	Private bool
	Run     func(ctx context.Context, c *Call) (Reply, error)

	Subs    []*Command // a family: the first word chooses
	Default string     // the sub that an empty or unknown first word means; "" is none
}

// Caller is who speaks, and from where. Only Account proves anything.
type Caller struct {
	Network   string
	Room      string // "" in private
	Nick      string // what people see; anybody can borrow it
	Account   string // proven by the network, folded to lower case; "" is unproven
	PersonID  int64  // 0 is nobody we know
	Handle    string
	Zone      string // the person's IANA zone; "" reads as UTC
	Rights    Right
	MessageID string // the network's id of the line, for "each effect once"; may be ""

	Shown     string // how people know the account; "" is the account itself
	Addressed bool   // said to the bot itself, so the prefix may be missing in a room too
	Unseen    bool   // nobody in the room saw the words
}

// Call is one understood command.
type Call struct {
	Caller
	Now    time.Time
	Path   string // "baton take", by its own name whatever the emergency command is called here
	values map[string]string
	set    *Set
}

// Text returns the value of a parameter, "" if it was not given.
func (c *Call) Text(name string) string { return c.values[name] }

// Given tells whether a parameter was given.
func (c *Call) Given(name string) bool { _, ok := c.values[name]; return ok }

// Number returns the value of a Number parameter, 0 if it was not given.
func (c *Call) Number(name string) int64 {
	n, _ := strconv.ParseInt(c.values[name], 10, 64) // the parser let only digits through
	return n
}

// Typed writes a command as one types it here: Typed("baton take") is
// "!baton take" with the configured prefix and name of the emergency command.
func (c *Call) Typed(text string) string {
	if c.set == nil {
		return DefaultPrefix + text
	}
	return c.set.Typed(text)
}
