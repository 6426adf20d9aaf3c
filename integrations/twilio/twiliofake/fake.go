// Package twiliofake owns a Twilio that is not there: a server on the loopback that
// speaks the documented REST API (2010-04-01) for messages and calls, refuses what Twilio
// refuses, carries out TwiML, calls back with signatures, and remembers all of it. It
// shares no code with the client that it is there to test.
//
// Behind it are phones ([Fake.Phone]): somebody picks up and keys what they are told to,
// lets it ring, is busy or is a voicemail; texts arrive, are answered, or are stopped by
// STOP. People understand what they hear: [Acknowledges] keys the number that the voice
// says after "To acknowledge, key".
//
// Trouble is made on purpose: see [Fake.Next] for requests, [Fake.Callbacks] for what
// comes back (late, twice, the other way round, never), [Fake.Silent] for a Twilio that
// takes everything and delivers nothing, [Fake.Forge] and [Fake.Replay] for somebody else.
//
// Nothing sleeps: a ring, a pause and the silence before a gather gives up take no time.
// What goes on after a request was answered is over when [Fake.Settled] returns.
//
// What real Twilio does and this one does not: media, speech, recordings, queues, calls
// per second, subaccounts, TwiML by address, and the console.
package twiliofake

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say which account there is. The zero Options are usable.
type Options struct {
	AccountSID string // "" is one of ours
	Token      string // the auth token; "" is one of ours
	KeySID     string // of an API key that may sign in as well; "" is none
	KeySecret  string
	From       string // the only number of the account; "" is +14155550100
	Service    string // a messaging service with that number, "MG…"; "" is none
	Now        func() time.Time
	// SignFragments signs the addresses of callbacks with their fragment.
	SignFragments bool

	textsTo, callsTo string
}

// Fake is the server and its memory.
type Fake struct {
	options Options
	server  *httptest.Server
	client  *http.Client

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever something happened
	busy     int           // messages and calls under way
	waiting  int           // of these, calls that ring until a test goes on
	stuck    int           // requests that a trouble holds
	made     int           // names given so far
	messages []*message
	calls    []*call
	phones   map[string]*Phone
	requests []Request
	sent     []*Sent
	held     []heldBack
	troubles []Trouble
	manner   Manner
	silent   bool
}

// Open starts a fake. Close it at the end.
func Open(o Options) (*Fake, error) {
	if o.AccountSID == "" {
		o.AccountSID = "AC" + strings.Repeat("0a", 16)
	}
	if o.Token == "" {
		o.Token = "fake-auth-token-0123456789abcdef"
	}
	if o.From == "" {
		o.From = "+14155550100"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Fake{
		options: o, changed: make(chan struct{}), phones: map[string]*Phone{},
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}},
	}
	f.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: f.handler()}} //nolint:gosec // a test's own
	f.server.Start()
	return f, nil
}

// New is [Open] for a test: it fails the test, or closes the fake at its end.
func New(tb testing.TB, o Options) *Fake {
	tb.Helper()
	f, err := Open(o)
	if err != nil {
		tb.Fatalf("the fake of Twilio did not start: %v", err)
	}
	tb.Cleanup(f.Close)
	return f
}

// Close hangs up everything, and waits for it.
func (f *Fake) Close() {
	f.mu.Lock()
	for _, c := range f.calls {
		c.end("canceled")
	}
	f.held = nil
	f.mu.Unlock()
	f.server.CloseClientConnections()
	f.server.Close()
	f.wait(func() bool { return f.busy == 0 })
	f.client.CloseIdleConnections()
}

// URL is where the API is.
func (f *Fake) URL() string { return f.server.URL }

// AccountSID is the name of the only account.
func (f *Fake) AccountSID() string { return f.options.AccountSID }

// Token is the auth token of the account, which signs callbacks as well.
func (f *Fake) Token() string { return f.options.Token }

// Number says where texts and calls to the account's number are told of, as its owner does
// in the console. Until then nobody is told.
func (f *Fake) Number(texts, calls string) {
	f.change(func() { f.options.textsTo, f.options.callsTo = texts, calls })
}

// From is the only number of the account.
func (f *Fake) From() string { return f.options.From }

// Settled waits until nothing is under way but calls that ring until a test goes on.
func (f *Fake) Settled(tb testing.TB) {
	tb.Helper()
	f.Await(tb, "everything is settled", func() bool { return f.busy == f.waiting })
}

// patience is how long a fence waits before something is wrong.
const patience = 30 * time.Second

// Await waits for a condition of the fake's own state. The condition is asked with the
// state locked: it calls nothing of the fake.
func (f *Fake) Await(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	if !f.wait(cond) {
		tb.Fatalf("waited %v in vain until %s", patience, what)
	}
}

func (f *Fake) wait(cond func() bool) bool {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		f.mu.Lock()
		ok, changed := cond(), f.changed
		f.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-limit.C:
			return false
		}
	}
}

// happened wakes the fences. The caller holds the lock.
func (f *Fake) happened() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// change does something to the state.
func (f *Fake) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	f.happened()
}

// name gives the next name of a kind. The caller holds the lock.
func (f *Fake) name(kind string) string {
	f.made++
	return fmt.Sprintf("%s%032x", kind, f.made)
}

// begin does something of which the requester does not wait for the end. The caller holds
// the lock.
func (f *Fake) begin(do func()) {
	f.busy++
	go func() {
		do()
		f.change(func() { f.busy-- })
	}()
}
