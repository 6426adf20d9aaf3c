package command

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultPrefix is what a command begins with in a room unless configured.
const DefaultPrefix = "!"

// emergencyName is the name by which the code knows the emergency command;
// people may know it by another (Options.Emergency).
const emergencyName = "batsignal"

// Recorder writes down that a command is about to run.
type Recorder interface {
	// Record is called after the caller was found to be allowed and before the
	// verb runs. fresh is false if a line with the same network and MessageID
	// was recorded before: networks deliver twice, and each effect is wanted once.
	Record(ctx context.Context, caller Caller, verb string, now time.Time) (fresh bool, err error)
	// Finish is called after the verb ran. A command that was never finished,
	// because its process was killed, is fresh again when its line comes again.
	Finish(ctx context.Context, caller Caller, now time.Time)
}

// Options are the choices of an installation. The zero value is usable.
type Options struct {
	Prefix    string            // what commands begin with in rooms; "" is "!"
	Emergency string            // what the emergency command is called; "" is "batsignal"
	Aliases   map[string]string // further names: "pass" to "baton pass"
	// WhoMay says in a few words who holds a right, as in "core developers" or
	// "everybody on the roster"; rights that are missing here get a plain default.
	WhoMay   map[Right]string
	Recorder Recorder         // nil records nothing
	Now      func() time.Time // nil is time.Now
	// Refused is told of every command that was understood but not allowed, so
	// that refusals of the emergency command can be published. It may be nil.
	Refused func(ctx context.Context, caller Caller, verb string, err error)
}

// Set is the whole vocabulary of an installation. It never changes after
// NewSet, so any number of goroutines may use it.
type Set struct {
	opts   Options
	prefix string
	top    []*entry          // in the order of definition
	byName map[string]*entry // names and aliases of the top, lower case
}

// entry is a command in its place: what it is called here and, with what it
// inherits from its family, who may use it.
type entry struct {
	*Command
	path    string // "baton take"
	shown   string // the same with the configured name of the emergency command
	group   string
	needs   Right
	private bool
	subs    []*entry
	byName  map[string]*entry // names and aliases of the subs
	def     *entry            // the sub that an empty or unknown first word means
}

// NewSet joins the commands, and a help command unless they bring one. A fault
// in a definition or in the options is returned here, never met at three in the
// morning.
func NewSet(opts Options, commands []*Command) (*Set, error) {
	if opts.Prefix == "" {
		opts.Prefix = DefaultPrefix
	}
	if opts.Emergency == "" {
		opts.Emergency = emergencyName
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Set{opts: opts, prefix: opts.Prefix, byName: map[string]*entry{}}
	if err := checkPrefix(opts.Prefix); err != nil {
		return nil, err
	}
	group, helped := "", false
	for _, c := range commands {
		helped = helped || c.Name == "help"
		if c.Group != "" {
			group = c.Group
		}
		if err := s.add(c, group); err != nil {
			return nil, err
		}
	}
	if !helped {
		if err := s.add(s.HelpCommand(), "Help"); err != nil {
			return nil, err
		}
	}
	if err := s.addAliases(); err != nil {
		return nil, err
	}
	return s, s.checkExamples()
}

// Typed writes a command as one types it here: Typed("baton take") is
// "!baton take" with the configured prefix and name of the emergency command.
func (s *Set) Typed(text string) string { return s.prefix + s.renamed(text) }

// renamed gives the emergency command the name that it has here.
func (s *Set) renamed(text string) string {
	if rest, ok := strings.CutPrefix(text, emergencyName); ok && (rest == "" || rest[0] == ' ') {
		return s.opts.Emergency + rest
	}
	return text
}

// Judge tells whether a line heard in a room begins like a command, and returns
// what follows the prefix. Every line of every room comes through here, so it
// only looks at the first few bytes and allocates nothing. "!", "!!" and "!?"
// are prose. One space after the prefix is understood, since the keyboards of
// phones put it there.
func (s *Set) Judge(line string) (rest string, isCommand bool) {
	for len(line) > 0 && line[0] == ' ' {
		line = line[1:]
	}
	if len(line) <= len(s.prefix) || line[:len(s.prefix)] != s.prefix {
		return "", false
	}
	rest = line[len(s.prefix):]
	if rest[0] == ' ' {
		rest = rest[1:]
	}
	if rest == "" || !startsName(rest[0]) {
		return "", false
	}
	return rest, true
}

// startsName tells whether a name can begin with this byte; names in other
// scripts begin with a byte from RuneSelf on.
func startsName(b byte) bool {
	return 'a' <= b|0x20 && b|0x20 <= 'z' || b >= utf8.RuneSelf
}

// find returns the command of that name or alias, nil if there is none.
func (s *Set) find(word string) *entry { return s.byName[strings.ToLower(word)] }

// lookup returns the command at a path such as "baton take", by any of its
// names; nil if there is none.
func (s *Set) lookup(path string) *entry {
	words := strings.Fields(strings.ToLower(strings.TrimPrefix(path, s.prefix)))
	if len(words) == 0 || len(words) > 2 {
		return nil
	}
	e := s.byName[words[0]]
	if e == nil && words[0] == emergencyName {
		e = s.byName[strings.ToLower(s.opts.Emergency)]
	}
	if e == nil || len(words) == 1 {
		return e
	}
	return e.byName[words[1]]
}
