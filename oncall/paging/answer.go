package paging

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/secret"
)

// Ear hears what comes back from routes, from whichever process listens: what people
// answer, and what providers tell of a message. Whoever calls it has checked that it
// comes from the provider. The same event twice has one effect.
type Ear interface {
	Reply(ctx context.Context, r Reply) (Response, error)
	Receipt(ctx context.Context, r Receipt) error
}

// Reply is what somebody answered on a route: words of an SMS or a mail, keys of a
// phone, a click at another paging service.
type Reply struct {
	Route   string
	Event   string      // the provider's own name of it, by which a repetition is known
	Key     string      // of the message that it answers, where the way tells; else ""
	From    secret.Text // the address that it came from, where there is one. It proves nothing
	Contact int64       // whose address it came from, where the switchboard found it in From's place; 0 is unknown
	Account string      // the account at the provider, where the provider proved it
	Text    string      // what was written or keyed
	Means   PageState   // acked, declined or closed, where the way says so itself; else ""
}

// Response is what to tell whoever replied.
type Response struct {
	Say     string
	Done    bool  // nothing more is to be keyed: the call may end
	Before  bool  // it was heard before: who wrote by a way on which names are forged is told nothing
	Contact int64 // join the caller to the phone behind this contact; 0 is nobody
}

// News is what a provider tells of a message.
type News string

// The news, each further than the one before. What is behind is only recorded.
const (
	NewsAccepted  News = "accepted"
	NewsDelivered News = "delivered" // the phone rang or has the text: nobody answered for that
	NewsFailed    News = "failed"    // it will not arrive
)

// Receipt is one piece of news of one message.
type Receipt struct {
	Route  string
	Event  string // the provider's own name of it, by which a repetition is known
	Key    string // of the message; or else
	Ref    string // what the provider calls the message
	Seq    int    // its place among the news of this message; 0 if the provider counts not
	News   News
	Detail string // in safe words: no address
	Bad    string // why the address itself cannot work: shown to its owner; "" if it may
	At     time.Time
}

// Keys are the two-digit numbers to key on a phone. They differ from page to page, so
// that neither a voicemail nor yesterday's habit acknowledges anything.
type Keys struct{ Ack, Decline, Join string }

// Empty tells that there are none.
func (k Keys) Empty() bool { return k.Ack == "" }

// KeysOf reads the numbers out of what is stored of a page or a proof, 0 to 26,999.
func KeysOf(stored int) Keys {
	two := func(from, n int) string { return strconv.Itoa(from + n) }
	return Keys{Ack: two(10, stored%30), Decline: two(40, stored/30%30), Join: two(70, stored/900%30)}
}

// PageKey is the key of a delivery, the same for each of its tries.
func PageKey(delivery int64) string { return "page-" + strconv.FormatInt(delivery, 10) }

// ProofKey is the key of a code that is on its way.
func ProofKey(proof int64) string { return "proof-" + strconv.FormatInt(proof, 10) }

// ParseKey reads a key back: one of the two numbers is not zero, if ok.
func ParseKey(key string) (delivery, proof int64, ok bool) {
	kind, digits, _ := strings.Cut(key, "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || fmt.Sprint(n) != digits {
		return 0, 0, false
	}
	switch kind {
	case "page":
		return n, 0, true
	case "proof":
		return 0, n, true
	}
	return 0, 0, false
}
