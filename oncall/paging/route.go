package paging

import (
	"context"
	"errors"
	"time"

	"batsignal/oncall/secret"
)

// Route is one way to reach a person: a chat network's private message, mail, a
// webhook, a phone. Lower code only knows this interface, and what of the smaller ones
// below a route has as well; cmd joins in the real ones.
type Route interface {
	// Name is what delivery rows call it: "mail", "sms", "libera".
	Name() string
	// Send hands one message over. Its note tells of the receipt (no address, no
	// secret: it is stored and shown). An error that wraps [ErrPermanent] is not tried
	// again on this delivery, every other is. One that wraps [ErrProvider] says that the
	// provider failed, whoever was to be reached. That the provider took a message never
	// means that anybody was reached.
	Send(ctx context.Context, m Message) (Handed, error)
}

// Asker is a route whose provider can be asked, by our key, whether it has a message:
// after a crash it is asked before the message is sent again.
type Asker interface {
	Ask(ctx context.Context, m Message) (h Handed, found bool, err error)
}

// Ender is a route whose provider wants to hear that a page is over: a call in flight is
// hung up, an incident there is acknowledged or resolved. It must not fail for a page
// that is over at the provider too.
type Ender interface {
	End(ctx context.Context, e Ended) error
}

// Checker is a route that can be tried without sending anything: our login still works
// and somebody answers.
type Checker interface {
	Check(ctx context.Context) error
}

// ErrPermanent marks a refusal that repeating cannot change.
var ErrPermanent = errors.New("permanent")

// ErrProvider marks a failure of the provider itself: it is down, refuses our login, or
// wants us to slow down. It says nothing about the person, and counts towards the rest
// that the route is given (its circuit breaker).
var ErrProvider = errors.New("the provider failed")

// BadAddress is a permanent refusal because of the address: the number does not exist,
// the mailbox is gone. Say is shown to its owner and holds no address.
type BadAddress struct{ Say string }

// Error is Say.
func (e BadAddress) Error() string { return e.Say }

// Unwrap makes it [ErrPermanent].
func (e BadAddress) Unwrap() error { return ErrPermanent }

// Handed is what a provider said when it took a message.
type Handed struct {
	Note string // for people: "accepted by the mail server"
	Ref  string // what the provider calls it, at most 200 letters; "" if it has no name there
}

// Kind is what sort of message goes along a route.
type Kind string

// The kinds. Only a page asks somebody to come.
const (
	KindPage   Kind = ""       // somebody is needed
	KindProof  Kind = "proof"  // is this address yours: say the code back
	KindTest   Kind = "test"   // does this way still reach you: say the code back
	KindCanary Kind = "canary" // to ourselves, each day: does this route work
)

// Message is one page on its way along one route, or what looks like one.
type Message struct {
	Kind     Kind
	Key      string      // the same for every try of one delivery: a receiver may drop repeats
	Attempt  int         // 1 on the first try
	Page     int64       // page number, "P12"; 0 if it is no page
	Person   string      // handle
	Account  string      // for chat routes: the account on that network
	Address  secret.Text // for routes with an address
	Ref      string      // what it belongs to, as people write it: "INC-7"
	Severity int
	Role     string   // role or reason in words: "release engineering"; "" for a page by name
	Why      string   // what is on fire, in the caller's words
	Items    []string // the alerts that are folded into one page, each by its words
	Rooms    []string
	AckLink  secret.Text // a single-use link to a page with a button; empty if there is no web address
	Code     string      // what to write back: "K7QXM"; "" if nothing can be written back
	Keys     Keys        // what to key on a phone
	Repeat   bool        // rung before, or perhaps: say so

	// Sealed is set instead of Address where only the switchboard can open the address.
	Sealed *Sealed
}

// Sealed is what the bot can say of an address that it cannot open: whose record it is,
// and our half of its key. Only a route of the switchboard's takes it.
type Sealed struct {
	Record   string       // its id, a UUID
	Epoch    int          // of the keyring by whose wrap the half was opened
	Half     secret.Bytes // the bot's half of the record's key, 32 bytes
	Incident int64        // for which it is opened; 0 with a code for its owner
	Grant    string       // the challenge by which two people opened sealed addresses for it
	Slot     string       // the slot of the hunt: "role:release-engineering"
}

// Ended tells a provider how a page of its went on.
type Ended struct {
	Key     string // as it was sent
	Ref     string // "" if the provider's answer never came: ask by the key
	How     PageState
	By      string      // handle of who answered it; "" is nobody
	Address secret.Text // for routes with an address
}

// Traits are what everybody may know of a route.
type Traits struct {
	Name     string
	Chat     bool          // a network of accounts, not addresses
	Loud     bool          // it wakes people: a phone that rings
	Delay    time.Duration // how long after the ring it is used, unless its owner chose
	Timeout  time.Duration // longest that one try may take; 0 is the pager's own
	Parallel int           // most messages under way at once; 0 is the pager's own
	Asks     bool          // it is an [Asker]
	Ends     bool          // it is an [Ender]
	Stays    bool          // what it sent goes on at the provider until it is ended, answered or not
	Receipts bool          // the provider tells later what became of a message
	PerQuarterHour,
	PerHour int // most pages to one address below severity 1; 0 is as many as there are
	Cost int // of one page, in thousandths of the currency of the configuration
}

// TraitsOf asks a route for its traits; one that tells none has only its name.
func TraitsOf(r Route) Traits {
	if told, ok := r.(interface{ Traits() Traits }); ok {
		return told.Traits()
	}
	return Traits{Name: r.Name()}
}
