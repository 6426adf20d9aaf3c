package switchboard

import (
	"slices"
	"strings"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Heard is a line in a room, as the switchboard's own connection heard it. Edits and what
// is played back from a history are not to come here.
type Heard struct {
	At      time.Time
	Network string
	Room    string
	Account string // proven for this very line; "" is nobody
	Text    string
	ID      string // the network's own id of the line; "" where it has none
	Ours    bool   // by the bot, as the door knows it; the account of Options.Bots is too
}

const (
	freshFor   = time.Minute // how long a line that asks waits for the bot to say so
	mostAsks   = 200         // lines that ask, of everybody
	mostOfOne  = 5           // of one account
	mostIDs    = 2000
	refusals   = 10 // sentences a minute in one room: nobody makes the bot flood it
	longestSay = 2000
)

// ear is what was heard and may matter still. It is not kept over a restart: the line
// must be said again.
type ear struct {
	asks []asking
	ids  []string
	said map[string][]span // refusals, by room
}

// asking is a line by which a person whom we know asks for the signal, or to unseal.
type asking struct {
	at            span // only its age matters
	network, room string
	account       string
	signal        bool   // for a new incident; else for one that goes on
	args          string // what stands after the command, clean
}

// Hear takes a line in.
func (a *Authority) Hear(h Heard) {
	h.Network, h.Room, h.Account = fold(h.Network), fold(h.Room), fold(h.Account)
	if h.Network == "" || h.Room == "" || len(h.Text) > longestSay || h.Account == "" && !h.Ours {
		return
	}
	a.mu.Lock()
	tell := a.hear(h)
	a.mu.Unlock()
	for _, g := range tell {
		a.o.Granted(g)
	}
}

// hear returns what is to be told.
func (a *Authority) hear(h Heard) []unseal.Grant {
	r := a.reading()
	// What was said long ago, or will be, is played back by somebody.
	if age := r.wall.Sub(h.At); age > freshFor || age < -freshFor || a.ear.again(h) {
		return nil
	}
	if h.Ours || h.Account == a.bot(h.Network) {
		return a.hearBot(h, r)
	}
	name, args, ok := a.command(h.Text)
	switch {
	case !ok:
	case isNamed(a.o.Confirms, name):
		return a.hearConfirm(h, args, r)
	case isNamed(a.o.Signals, name), isNamed(a.o.Unseals, name):
		if _, known, err := a.people.byAccount(h.Network, h.Account); err != nil || !known {
			return nil
		}
		a.ear.keep(asking{newSpan(r, freshFor), h.Network, h.Room, h.Account, isNamed(a.o.Signals, name), unseal.Plain(args)}, r)
		if c := a.waiting[h.Network]; c != nil {
			close(c)
			delete(a.waiting, h.Network)
		}
	}
	return nil
}

// bot is the account of the bot on a network, folded.
func (a *Authority) bot(network string) string {
	for n, account := range a.o.Bots {
		if fold(n) == network {
			return fold(account)
		}
	}
	return ""
}

// hearBot finds whether the bot shows a challenge as it is. A code next to other words
// would have people confirm what they do not know.
func (a *Authority) hearBot(h Heard, r reading) []unseal.Grant {
	text := strings.TrimSpace(h.Text)
	var shown, void []string
	for _, c := range a.state.Challenges {
		switch {
		case !c.open(r) || !c.in(h):
		case text == c.Line && !c.Shown:
			shown = append(shown, c.Code)
		case text != c.Line && !a.isLine(text) && unseal.HoldsCode(text, c.Code):
			void = append(void, c.Code)
		}
	}
	if len(shown)+len(void) == 0 {
		return nil
	}
	err := a.change(func(s *state) {
		for _, code := range shown {
			s.find(code).Shown = true
		}
		for _, code := range void {
			s.find(code).Void = "the bot said its code with other words than mine"
		}
	})
	var tell []unseal.Grant
	for _, code := range void {
		if err == nil {
			g := a.refusal(code, "", fault.New(fault.Conflict, "Nothing is opened by the last request: the bot said its code with other words than mine, so nobody can know what they confirm. Ask again, with --separate for a new fire, and tell the operators if it happens twice."))
			g.Void = true
			tell = append(tell, g)
		}
	}
	return tell
}

// isLine tells whether a text is the line of any challenge: what its author wrote into it is
// between quotation marks, and is no other challenge's business.
func (a *Authority) isLine(text string) bool {
	return slices.ContainsFunc(a.state.Challenges, func(c challenge) bool { return c.Line == text })
}

// in tells whether a line was said where the challenge was asked for.
func (c challenge) in(h Heard) bool {
	return c.Network == h.Network && c.Room == h.Room && c.Room != ""
}

// keep remembers a line that asks. Who floods loses their own lines.
func (e *ear) keep(ask asking, r reading) {
	e.forget(r)
	mine := 0
	for i := len(e.asks) - 1; i >= 0; i-- {
		if o := e.asks[i]; o.network == ask.network && o.account == ask.account {
			if mine++; mine >= mostOfOne {
				e.asks = slices.Delete(e.asks, i, i+1)
			}
		}
	}
	e.asks = append(e.asks, ask)
	if n := len(e.asks) - mostAsks; n > 0 {
		e.asks = slices.Delete(e.asks, 0, n)
	}
}

func (e *ear) forget(r reading) {
	e.asks = slices.DeleteFunc(e.asks, func(o asking) bool { return !o.at.sure(r) || o.at.age(r) > freshFor })
}

// again tells whether the network delivered the line before.
func (e *ear) again(h Heard) bool {
	if h.ID == "" {
		return false
	}
	id := h.Network + "\x00" + h.ID
	if slices.Contains(e.ids, id) {
		return true
	}
	e.ids = append(e.ids, id)
	if n := len(e.ids) - mostIDs; n > 0 {
		e.ids = slices.Delete(e.ids, 0, n)
	}
	return false
}

// mayRefuse tells whether another refusal is said in a room.
func (e *ear) mayRefuse(h Heard, r reading) bool {
	if e.said == nil {
		e.said = map[string][]span{}
	}
	room := h.Network + "\x00" + h.Room
	recent := slices.DeleteFunc(e.said[room], func(s span) bool { return s.age(r) >= time.Minute })
	ok := len(recent) < refusals
	if ok {
		recent = append(recent, newSpan(r, time.Minute))
	}
	e.said[room] = recent
	return ok
}
