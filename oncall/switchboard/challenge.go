package switchboard

import (
	"context"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Limits of challenges (row 20 of the attack table: two insiders), and how long things last.
const (
	waitForEar   = 3 * time.Second
	mostOpen     = 3 // on all networks
	mostAnHour   = 6 // on one network
	mostOfPerson = 3 // in a day, of those that nobody confirmed
)

var errNoChallenge = fault.New(fault.NotFound, "There is no request of that code. Codes are good for 15 minutes; ask anew.")

// Challenge words what a second person must confirm. It waits a moment for the ear: where
// the switchboard did not hear for itself who asks, two people confirm with codes.
func (a *Authority) Challenge(ctx context.Context, ask unseal.Ask) (unseal.Challenge, error) {
	c := challenge{
		Network: fold(ask.Network), Room: fold(ask.Room), Account: fold(ask.Account), What: unseal.Plain(ask.What), Incident: ask.Incident,
	}
	switch {
	case c.Network == "" || c.Account == "" || ask.Room != "" && c.Room == "":
		return unseal.Challenge{}, fault.New(fault.Invalid, "A request for sealed contacts comes from an account on a network that proves it.")
	case c.Incident < 0 || c.Incident == 0 && c.What == "":
		return unseal.Challenge{}, fault.New(fault.Invalid, "Say what is on fire, as in !batsignal remote code execution in openssl.")
	case len(ask.What) > longestSay || len(c.Room) > 200 || len(c.Account) > 200 || len(c.Network) > 100:
		return unseal.Challenge{}, fault.New(fault.Invalid, "That is too long: say in one line what is on fire.")
	}
	p, known, err := a.people.byAccount(c.Network, c.Account)
	if err != nil {
		return unseal.Challenge{}, err
	}
	if known {
		c.Declared = p.Handle
		if err := a.await(ctx, c); err != nil {
			return unseal.Challenge{}, err
		}
	}
	if old, found, err := a.early(c); found || err != nil {
		return old, err
	}
	// Not under the lock: it asks the database, and who has a connection to that waits for us.
	if c.People, err = a.o.Count(ctx, c.Incident); err != nil {
		return unseal.Challenge{}, fault.Wrap(fault.Unready, err, "I cannot find out how many sealed contacts there are, so I open none. Others are rung all the same.")
	}
	if c.People <= 0 {
		return unseal.Challenge{}, fault.New(fault.NotFound, "Nobody has a sealed contact that could be opened for it.")
	}
	return a.make(c)
}

// early finds what needs no new challenge, and what gets none.
func (a *Authority) early(c challenge) (old unseal.Challenge, found bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	heard := a.heardAsking(c) >= 0
	if o := a.same(c, heard); o != nil {
		return o.challenge(), true, nil
	}
	return unseal.Challenge{}, false, a.limit(c, heard)
}

// make writes a challenge down, if another did not come first.
func (a *Authority) make(c challenge) (unseal.Challenge, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.heardAsking(c)
	if old := a.same(c, at >= 0); old != nil {
		return old.challenge(), nil
	}
	err := a.limit(c, at >= 0)
	if err != nil {
		return unseal.Challenge{}, err
	}
	r := a.reading()
	c.Heard, c.Span = at >= 0, newSpan(r, unseal.ChallengeHolds)
	if c.Code, err = a.unusedCode(); err != nil {
		return unseal.Challenge{}, err
	}
	c.Line = a.words(c)
	if err := a.change(func(s *state) { s.Challenges = append(s.Challenges, c) }); err != nil {
		return unseal.Challenge{}, err
	}
	if c.Heard {
		// A line asks once: the bot cannot make three requests of it.
		a.ear.asks = slices.Delete(a.ear.asks, at, at+1)
	}
	return c.challenge(), nil
}

// await waits until the ear has heard who asks, or long enough.
func (a *Authority) await(ctx context.Context, c challenge) error {
	if !a.listens(c.Network) || c.Room == "" {
		return nil
	}
	enough := a.o.After(waitForEar)
	for {
		a.mu.Lock()
		found := a.heardAsking(c) >= 0 || a.same(c, true) != nil
		if !found && a.waiting[c.Network] == nil {
			a.waiting[c.Network] = make(chan struct{})
		}
		more := a.waiting[c.Network]
		a.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-more:
		case <-enough:
			return nil
		case <-ctx.Done():
			return fault.Wrap(fault.Unready, ctx.Err(), "You were gone before I had heard who asks.")
		}
	}
}

// heardAsking finds the line of somebody whom we know that asks for just this; -1 is none.
func (a *Authority) heardAsking(c challenge) int {
	a.ear.forget(a.reading())
	for i, o := range a.ear.asks {
		if c.Declared == "" || c.Room == "" || o.network != c.Network || o.room != c.Room || o.account != c.Account {
			continue
		}
		if c.Incident == 0 && o.signal && endsWith(o.args, c.What) || c.Incident != 0 && !o.signal && about(o.args, c.Incident) {
			return i
		}
	}
	return -1
}

// endsWith tells whether a line says just that, after its options: no word of it is left
// out that would make it mean something else.
func endsWith(args, what string) bool {
	options, ok := strings.CutSuffix(args, what)
	if !ok || options != "" && options[len(options)-1] != ' ' {
		return false
	}
	dashed := false // the word before was an option, whose value may follow: --sev 2
	for word := range strings.FieldsSeq(options) {
		if word[0] != '-' && (!dashed || !onlyDigits(word)) {
			return false
		}
		dashed = word[0] == '-'
	}
	return true
}

// about tells whether a line is for that incident: it names it, or none, as in its room.
func about(args string, incident int64) bool {
	word, _, _ := strings.Cut(args, " ")
	n, ok := incidentNumber(word)
	return !ok || n == incident
}

// same finds the open challenge that was made for the very same wish: the answer to it may
// have been lost on the way. One that was not heard is not good enough where it was now.
func (a *Authority) same(c challenge, heard bool) *challenge {
	r := a.reading()
	for i := range a.state.Challenges {
		o := &a.state.Challenges[i]
		if o.open(r) && o.First == "" && o.Network == c.Network && o.Room == c.Room && o.Account == c.Account &&
			o.What == c.What && o.Incident == c.Incident && (o.Heard || !heard) {
			return o
		}
	}
	return nil
}

// limit refuses what is too much. Somebody whom we know and heard has their own places, with
// others like them: whoever has any account, or the bot, could take all of them else.
func (a *Authority) limit(c challenge, heard bool) error {
	r := a.reading()
	open, hour, day := 0, 0, 0
	for _, o := range a.state.Challenges {
		counts := o.Heard || !heard
		if counts && o.open(r) {
			open++
		}
		if counts && o.Network == c.Network && o.Span.age(r) < time.Hour {
			hour++
		}
		mine := o.Network == c.Network && o.Account == c.Account || c.Declared != "" && o.Declared == c.Declared
		if mine && !o.granted() && o.Span.age(r) < rememberFor {
			day++
		}
	}
	switch {
	case open >= mostOpen:
		return fault.New(fault.Limited, "%d requests for sealed contacts wait for a second person already. Confirm one of them, or wait until one is over.", mostOpen)
	case hour >= mostAnHour:
		return fault.New(fault.Limited, "Sealed contacts were asked for %d times in an hour, which is the most. Others are rung all the same.", mostAnHour)
	case day >= mostOfPerson:
		return fault.New(fault.Limited, "You asked for sealed contacts %d times since yesterday, and nobody confirmed it. Somebody else can ask.", mostOfPerson)
	}
	return nil
}

// unusedCode makes a code that no challenge of the last day has.
func (a *Authority) unusedCode() (string, error) {
	for range 100 {
		if code := a.o.NewCode(); validCode.MatchString(code) && !onlyDigits(code) && a.state.find(code) == nil {
			return code, nil
		}
	}
	return "", fault.New(fault.Internal, "I found no code that is not in use. Please ask again.")
}

// Shown is a challenge for the page that takes codes for it.
func (a *Authority) Shown(code string) (unseal.Challenge, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.state.find(strings.ToUpper(strings.TrimSpace(code)))
	if c == nil || !c.open(a.reading()) {
		return unseal.Challenge{}, errNoChallenge
	}
	return c.challenge(), nil
}
