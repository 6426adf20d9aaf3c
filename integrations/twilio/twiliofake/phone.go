package twiliofake

import (
	"regexp"
	"strings"
)

// Phone is a telephone and whoever has it.
type Phone struct {
	Number string

	f        *Fake
	invalid  bool // there is no such number
	landline bool // it takes no texts
	stopped  bool // STOP was sent from it
	carrier  int  // why its carrier delivers no text: Twilio's number of the error
	pickups  []Pickup
	answers  func(text string) string
	inbox    []Text
}

// Phone is the telephone with a number; it is there as soon as it is asked for. Until it
// is told otherwise it takes texts, and rings until the call is given up.
func (f *Fake) Phone(number string) *Phone {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.phone(number)
}

func (f *Fake) phone(number string) *Phone {
	p := f.phones[number]
	if p == nil {
		p = &Phone{Number: number, f: f}
		f.phones[number] = p
	}
	return p
}

// Invalid has there be no such number: Twilio refuses it at once.
func (p *Phone) Invalid() { p.f.change(func() { p.invalid = true }) }

// Landline has it take no texts: Twilio refuses them at once.
func (p *Phone) Landline() { p.f.change(func() { p.landline = true }) }

// Carrier has texts be taken and not be delivered, for a reason (30003 to 30008); 0
// delivers them again.
func (p *Phone) Carrier(code int) { p.f.change(func() { p.carrier = code }) }

// Calls says what becomes of the next calls, one after the other; the last one is for all
// that follow.
func (p *Phone) Calls(list ...Pickup) { p.f.change(func() { p.pickups = list }) }

// Answers has each text be answered by a text; "" answers none.
func (p *Phone) Answers(do func(text string) string) { p.f.change(func() { p.answers = do }) }

// Write sends a text to the account's number and waits until it was heard. What was
// answered is in the inbox.
func (p *Phone) Write(body string) *Sent { return p.f.came(p, body) }

// Inbox are the texts that arrived, the oldest first.
func (p *Phone) Inbox() []Text {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	return append([]Text(nil), p.inbox...)
}

// nextPickup is what becomes of the next call. The caller holds the lock.
func (p *Phone) nextPickup() Pickup {
	if len(p.pickups) == 0 {
		return NoAnswer()
	}
	next := p.pickups[0]
	if len(p.pickups) > 1 {
		p.pickups = p.pickups[1:]
	}
	return next
}

// Pickup is what becomes of one call.
type Pickup struct {
	ends  string                 // without being picked up: "busy", "no-answer", "failed"
	sip   string                 // what the network said
	rings <-chan struct{}        // before it is picked up; nil is a moment
	keys  func(line Line) string // asked whenever keys are waited for
}

// Line is what somebody on the phone knows when keys are waited for.
type Line struct {
	Heard string          // since the last time
	Turn  int             // from 1
	Over  <-chan struct{} // closed when the call is ended or led elsewhere
}

// HangUp is what is keyed by somebody who puts the phone down.
const HangUp = "put down"

// Busy is a line that is busy.
func Busy() Pickup { return Pickup{ends: "busy"} }

// NoAnswer is a phone that nobody picks up.
func NoAnswer() Pickup { return Pickup{ends: "no-answer"} }

// Fails is a call that does not get through. sip is what the network said: "404".
func Fails(sip string) Pickup { return Pickup{ends: "failed", sip: sip} }

// Voicemail is a machine: it listens to the end and keys nothing.
func Voicemail() Pickup { return Pickup{keys: func(Line) string { return "" }} }

// Keys is somebody who keys something each time that keys are waited for: nothing ("") is
// silence, and so is everything after the last.
func Keys(list ...string) Pickup {
	return Pickup{keys: func(l Line) string {
		if l.Turn > len(list) {
			return ""
		}
		return list[l.Turn-1]
	}}
}

// Listens is somebody who decides by what they hear.
func Listens(keys func(l Line) string) Pickup { return Pickup{keys: keys} }

// Acknowledges is somebody who keys the number to acknowledge that they hear.
func Acknowledges() Pickup { return Listens(told(`To acknowledge, key ([0-9, ]+)\.`)) }

// Declines is somebody who keys the number to decline that they hear.
func Declines() Pickup { return Listens(told(`To decline, key ([0-9, ]+)\.`)) }

// Joins is somebody who keys the number to be joined to the lead that they hear.
func Joins() Pickup { return Listens(told(`joined to the lead, key ([0-9, ]+)\.`)) }

// Confirms is somebody who keys the only number that they hear.
func Confirms() Pickup { return Listens(told(`key ([0-9, ]+)\.`)) }

func told(pattern string) func(Line) string {
	number := regexp.MustCompile(pattern)
	return func(l Line) string {
		found := number.FindStringSubmatch(l.Heard)
		if found == nil {
			return "" // nothing of the sort was said
		}
		return strings.NewReplacer(",", "", " ", "").Replace(found[1])
	}
}

// Rings has it ring until a channel is closed, or the call is given up. [Fake.Settled] does
// not wait for it.
func (p Pickup) Rings(until <-chan struct{}) Pickup {
	p.rings = until
	return p
}
