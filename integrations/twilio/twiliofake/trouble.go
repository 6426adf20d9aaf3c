package twiliofake

import (
	"testing"
	"time"
)

// Trouble is what one request to the API runs into.
type Trouble struct {
	Status     int             // answered instead; 0 is none
	Code       int             // Twilio's number of the error
	RetryAfter time.Duration   // said with it; 0 is not said
	Cut        bool            // the connection is cut instead of an answer
	Taken      bool            // what was asked for is done all the same
	Wait       <-chan struct{} // nothing happens until it is closed, or the requester gives up
}

func (t Trouble) none() bool { return t.Status == 0 && !t.Cut }

// Next has the next requests run into trouble, one after the other. A zero Trouble lets
// one through.
func (f *Fake) Next(list ...Trouble) {
	f.change(func() { f.troubles = append(f.troubles, list...) })
}

func (f *Fake) nextTrouble() (t Trouble) {
	if len(f.troubles) > 0 {
		t, f.troubles = f.troubles[0], f.troubles[1:]
	}
	return t
}

// AwaitHeld waits until so many requests are held by [Trouble.Wait].
func (f *Fake) AwaitHeld(tb testing.TB, requests int) {
	tb.Helper()
	f.Await(tb, "requests are held", func() bool { return f.stuck == requests })
}

// Silent has everything be taken and nothing be delivered, or told of, from now on: 201
// and silence.
func (f *Fake) Silent(silent bool) { f.change(func() { f.silent = silent }) }

// Manner is how callbacks about states go out. What asks for TwiML is not held up by it:
// somebody is on the phone.
type Manner struct {
	Hold  bool // not before [Fake.Release]
	Twice bool // each two times
	Never bool
}

// Callbacks says how callbacks go out from now on.
func (f *Fake) Callbacks(m Manner) { f.change(func() { f.manner = m }) }

type heldBack struct {
	to   string
	form map[string][]string
}

// Release sends the callbacks that were held, in their order or the other way round, and
// waits for their answers.
func (f *Fake) Release(backwards bool) {
	f.mu.Lock()
	held := f.held
	f.held = nil
	f.mu.Unlock()
	for i := range held {
		one := held[i]
		if backwards {
			one = held[len(held)-1-i]
		}
		f.post(one.to, one.form)
	}
}
