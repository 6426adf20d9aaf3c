// Package switchboard owns the wire between the bot and the switchboard: who is at its
// other end, and how the words of oncall/unseal cross it, in both directions.
//
// It decides nothing. The switchboard decides what is opened (oncall/switchboard), the
// incidents decide who is rung. Each side serves one interface of unseal to the other
// ([Switchboard], [Bot]) and holds a client that implements the other one ([Client],
// [BotClient]). [Routes] are the routes of the switchboard as the bot pages by them.
//
// # The wire
//
// POST /v1/NAME with a JSON object, answered by a JSON object; HTTP/1.1 over TLS 1.3. Both
// sides show self-signed certificates and know each other by the hash of the public key
// (a [Pin]): no authority, no names, no dates. What is refused comes as its kind and its
// sentence (oncall/fault), with the status that fits; nothing else is said of an error.
//
// What travels to the switchboard: wishes, pages, and the bot's halves of keys for these.
// What travels to the bot: outcomes, and what people answered. No answer of the switchboard
// has a field for an address, for its half of a key, or for a seed.
//
// # What is repeated
//
// Whoever calls cannot know of a call that was cut whether it was taken, and calls again.
// The context of a call ends when its caller is gone: what must not be broken off by that,
// as a dial, is kept going by whoever is called, and known again by the key of its message
// (oncall/switchboard/dial).
package switchboard

import (
	"context"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// The longest that the calls may take, whatever the caller allows.
const (
	dialPatience  = 55 * time.Second // the ledger's head is waited for, 10 s, and then the provider
	quickPatience = 15 * time.Second
)

// Client is the switchboard as the bot has it. It is safe for many goroutines. Every
// error of it is a [batsignal/oncall/fault.Error]: what the switchboard refused, of the
// kind and in the words of the switchboard; or, when nobody can tell what became of the
// call, one that is Unready.
type Client struct{ wire *caller }

var _ unseal.Switchboard = (*Client)(nil)

// NewClient makes a client for the switchboard at a web address, "https://10.0.0.5:8444",
// whose key has this pin. It does not connect. Its errors are plain sentences for the
// operator.
func NewClient(address string, ours Identity, peer Pin) (*Client, error) {
	wire, err := newCaller("the switchboard", address, ours, peer)
	if err != nil {
		return nil, err
	}
	return &Client{wire: wire}, nil
}

// Close ends the connections that are kept for the next call.
func (c *Client) Close() { c.wire.close() }

// Challenge implements [unseal.Switchboard].
func (c *Client) Challenge(ctx context.Context, a unseal.Ask) (unseal.Challenge, error) {
	out, err := call[challenge](ctx, c.wire, "challenge", quickPatience, ask(a))
	return out.words(), err
}

// Dial implements [unseal.Switchboard]. The half in m stays the caller's, to be wiped.
func (c *Client) Dial(ctx context.Context, route string, m paging.Message, ask bool) (unseal.Dialled, error) {
	out, err := call[dialled](ctx, c.wire, "dial", dialPatience, dialling{Route: route, Message: messageOf(m), Ask: ask})
	return out.words(), err
}

// End implements [unseal.Switchboard].
func (c *Client) End(ctx context.Context, route string, e paging.Ended) error {
	_, err := call[nothing](ctx, c.wire, "end", dialPatience, ending{Route: route, Ended: endedOf(e)})
	return err
}

// Check implements [unseal.Switchboard].
func (c *Client) Check(ctx context.Context, route string) error {
	_, err := call[nothing](ctx, c.wire, "check", dialPatience, checking{Route: route})
	return err
}

// Status implements [unseal.Switchboard].
func (c *Client) Status(ctx context.Context) (unseal.Status, error) {
	out, err := call[status](ctx, c.wire, "status", quickPatience, nothing{})
	return out.words(), err
}
