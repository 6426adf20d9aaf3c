package paging

import (
	"context"
	"errors"

	"batsignal/oncall/secret"
)

// Route is one way to reach a person: a chat network's private message, mail, a
// webhook. Lower code only knows this interface; cmd joins in the real ones.
type Route interface {
	// Name is what delivery rows call it: "mail", "webhook", "libera".
	Name() string
	// Send hands one message over. It returns a short note about the receipt
	// (no address, no secret: it is stored and shown), or an error: one that
	// wraps [ErrPermanent] is not tried again on this delivery, every other is.
	Send(ctx context.Context, m Message) (receipt string, err error)
}

// ErrPermanent marks a refusal that repeating cannot change.
var ErrPermanent = errors.New("permanent")

// Message is one page on its way along one route.
type Message struct {
	Key      string      // the same for every try of one delivery: a receiver may drop repeats
	Attempt  int         // 1 on the first try
	Page     int64       // page number, "P12"
	Person   string      // handle
	Account  string      // for chat routes: the account on that network
	Address  secret.Text // for routes with an address
	Ref      string      // what it belongs to, as people write it: "INC-7"
	Severity int
	Role     string // role or reason in words: "release engineering"; "" for a page by name
	Why      string // what is on fire, in the caller's words
	Rooms    []string
	AckLink  secret.Text // a single-use link to a page with a button; empty if there is no web address
	Repeat   bool        // rung before, or perhaps: say so
}
