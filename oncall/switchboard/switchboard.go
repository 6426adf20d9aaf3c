// Package switchboard owns on whose word sealed addresses are opened. It does not believe
// the bot: it hears for itself who asks, words what a second person must confirm, takes
// codes of authenticators whose seeds it alone has, and remembers what was allowed, for
// which incident and until when.
//
// It opens nothing and dials nobody (oncall/switchboard/dial does), and knows no network:
// whoever wires it tells it what was said. Everything that it must not forget is in two
// files of its own folder, written before anybody acts on it.
package switchboard

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Options are what the switchboard must be told.
type Options struct {
	Dir string // its own folder, 0700: confirmers.json and state.json are there
	Now func() time.Time
	// Uptime reads a clock that nobody can set; nil is the kernel's ([KernelUptime]).
	Uptime func() Uptime
	// After is how the ear is waited for; nil is time.After.
	After func(time.Duration) <-chan time.Time
	Log   *slog.Logger // nil says nothing

	Prefix   string   // what commands begin with, "!"
	Names    []string // by which the bot is addressed: "batsignal: confirm K7QX 492817"
	Signals  []string // names of the command that asks for the signal; none is "batsignal"
	Unseals  []string // names of the command that asks for an incident that goes on; none is "unseal"
	Confirms []string // names of the command that confirms; none is "confirm"

	Bots map[string]string // the account of the bot, by network
	Ears []string          // networks on which the switchboard listens
	Page string            // address of the page that takes codes; "" is not said

	// Count is how many people have a sealed contact that could be opened for an incident
	// (0 is a new one), at most [PeoplePerSlot] of a slot.
	Count func(ctx context.Context, incident int64) (int, error)
	// Granted is told of each grant, of each first code of two, and of each refusal. It is
	// called without a lock held and must return soon; nil tells nobody.
	Granted func(unseal.Grant)
	// NewCode makes codes of challenges; nil makes ones that nobody can foresee.
	NewCode func() string
}

// Authority decides. Its methods may be called at the same time.
type Authority struct {
	o      Options
	people *Confirmers
	lock   *os.File // held while we live: two of us would take one code twice

	mu      sync.Mutex
	state   state
	ear     ear
	waiting map[string]chan struct{} // closed when something was heard, by network
}

// New reads what is remembered. There is one Authority of a folder at a time; [Authority.Close] ends it.
func New(o Options) (*Authority, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Uptime == nil {
		o.Uptime = KernelUptime()
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.NewCode == nil {
		o.NewCode = newCode
	}
	if o.Granted == nil {
		o.Granted = func(unseal.Grant) {}
	}
	o.Prefix = cmp.Or(o.Prefix, "!")
	o.Signals, o.Unseals, o.Confirms = named(o.Signals, "batsignal"), named(o.Unseals, "unseal"), named(o.Confirms, "confirm")
	lock, err := lockFile(o.Dir, "state.lock", false)
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, err, "I cannot have the folder %s to myself: another switchboard may run with it.", o.Dir)
	}
	s, err := loadState(o.Dir)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return &Authority{o: o, people: &Confirmers{dir: o.Dir, log: o.Log}, lock: lock, state: s, waiting: map[string]chan struct{}{}}, nil
}

// named are the names of a command.
func named(names []string, usual string) []string {
	if len(names) == 0 {
		return []string{usual}
	}
	return names
}

// Close lets another one have the folder. It writes nothing: all is written already.
func (a *Authority) Close() error { return a.lock.Close() }

// Confirmers are the people who can give codes.
func (a *Authority) Confirmers() *Confirmers { return a.people }

// Again tells of every grant that is live once more: after a start nobody knows which
// of them the bot has heard of.
func (a *Authority) Again() {
	a.mu.Lock()
	var live []unseal.Grant
	for _, c := range a.state.Challenges {
		if c.granted() && !c.Grant.Ended && !c.Grant.Span.over(a.reading()) {
			live = append(live, c.grant())
		}
	}
	a.mu.Unlock()
	for _, g := range live {
		a.o.Granted(g)
	}
}

// change alters what is remembered: nobody sees the change before it is on the disk. When
// it cannot be written, nothing is allowed by it, and what was used up stays so.
func (a *Authority) change(do func(*state)) error {
	next := a.state.clone()
	do(&next)
	next.prune(a.reading())
	if err := next.save(a.o.Dir); err != nil {
		next.Challenges = a.state.Challenges
		a.state = next
		a.o.Log.Error("the switchboard cannot write down what it decides", "error", err)
		return fault.Wrap(fault.Unready, err, "I cannot write down what I decide, so I decide nothing. Is the disk of the switchboard full?")
	}
	a.state = next
	return nil
}

func (a *Authority) reading() reading { return reading{wall: a.o.Now(), up: a.o.Uptime()} }

// newCode makes four letters and digits with both among them: no word that people use, so
// that nothing the bot says holds a code by chance.
func newCode() string {
	for {
		if code := oncall.Code(codeLength); strings.ContainsAny(code, "23456789") && strings.ContainsFunc(code, func(r rune) bool { return r >= 'A' }) {
			return code
		}
	}
}

// listens tells whether there is an ear on a network.
func (a *Authority) listens(network string) bool {
	return slices.ContainsFunc(a.o.Ears, func(n string) bool { return fold(n) == fold(network) })
}
