// Package dial owns what the switchboard does with a grant: it opens one sealed address
// for one message, has a route send it, and writes down both, so that nothing is opened
// unseen.
//
// The order is always the same. What is about to be opened is written into the ledger, with
// a notice for its owner, in one transaction. A home room is seen to have the ledger's
// head. The two halves of the record's key are put together, the provider gets the message,
// the halves are wiped. What came of it is written into the ledger. Whoever asks again with
// the same key is told what came of it, or has the same opening finished.
//
// Who may grant anything is decided by oncall/switchboard; how an envelope opens, by
// oncall/escrow; what the log is, by oncall/ledger. The bot only asks, and is believed
// nothing that the database or the grant do not say too.
package dial

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"

	"github.com/jackc/pgx/v5"
)

// Ledger is the log to write to: a [ledger.Log].
type Ledger interface {
	Append(ctx context.Context, tx pgx.Tx, now time.Time, leaves ...ledger.Leaf) (ledger.Head, error)
	Committed(head ledger.Head) error
	Proven(ctx context.Context, tx pgx.Tx, record, hash string) (bool, error)
	Holds(ctx context.Context, tx pgx.Tx, seq int64, meant func(ledger.Leaf) bool) (bool, error)
	Continues(ctx context.Context, db pg.DB) error
}

// Grants is what people allowed, as only the switchboard knows it: a [switchboard.Authority].
type Grants interface {
	// Live finds the grant of a challenge if it holds now, and binds it to the first
	// incident that it is asked for. The error is a refusal for people.
	Live(code string, incident int64) (unseal.Grant, error)
	// People is how many people's addresses may be opened at most by that grant.
	People(code string) int
}

// Board opens sealed addresses and dials them. Its methods Dial, End and Check are those of
// [unseal.Switchboard]. It is safe for many goroutines.
type Board struct {
	DB     pg.DB // as the switchboard's role
	Routes map[string]paging.Route
	// Keys are the switchboard's own, by keyring. It reads by the connection that it is given:
	// who has one and waits for another one may wait for somebody who waits for this.
	Keys    func(ctx context.Context, db pg.DB, epoch int) (escrow.PrivateKey, bool)
	Grants  Grants
	Ledger  Ledger
	Anchor  *Anchor
	Journal *Journal // of deletions: loaded and replayed before anything is dialled
	Index   *Index
	Sent    *Sent // codes that went to addresses
	// Address says whether what was sealed is an address of a kind, and writes it as it is
	// dialled. The error is a sentence without it.
	Address func(kind string, address secret.Text) (secret.Text, error)
	// Alarm tells custodians and admins; nil tells nobody.
	Alarm func(ctx context.Context, sentence string) error
	Now   func() time.Time
	Log   *slog.Logger

	mu         sync.Mutex
	calls      map[string]*call // what is under way, by key
	unrecorded map[int64]owed   // by intent: dialled, and not written down yet
	stopped    bool             // the ledger does not continue, and people were told
}

// call is a message that is being dialled.
type call struct {
	done chan struct{}
	out  unseal.Dialled
}

// openBudget is how long an opening may take, waiting for a room and for the provider
// included. Whoever asked may be gone by then: what was begun is finished.
const openBudget = time.Minute

// Dial implements [unseal.Switchboard]. What came of it is never an error. ask: the provider
// may have the message already, and is asked first.
func (b *Board) Dial(ctx context.Context, route string, m paging.Message, ask bool) (unseal.Dialled, error) {
	r, ok := b.Routes[route]
	if !ok {
		return unseal.Dialled{Outcome: unseal.OutcomePermanent, Detail: "the switchboard has no such route"}, nil
	}
	if m.Sealed == nil {
		out, _ := b.hand(ctx, r, m, ask)
		if !m.Address.Empty() {
			b.meet(ctx, r.Name(), m)
		}
		return out, nil
	}
	defer m.Sealed.Half.Wipe()
	mine, c := b.join(m.Key)
	if !mine {
		select {
		case <-c.done:
			return c.out, nil
		case <-ctx.Done():
			return unseal.Dialled{Outcome: unseal.OutcomeTemporary, Detail: "it is being dialled"}, nil
		}
	}
	working, cancel := context.WithTimeout(context.WithoutCancel(ctx), openBudget)
	defer cancel()
	defer b.leave(m.Key, c)
	c.out = unseal.Dialled{Outcome: unseal.OutcomeTemporary, Detail: "the switchboard failed"} // if we panic
	c.out = b.dialSealed(working, r, m, ask)
	return c.out, nil
}

// join begins a call, or finds the one with this key that is under way.
func (b *Board) join(key string) (mine bool, c *call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, under := b.calls[key]; under {
		return false, c
	}
	if b.calls == nil {
		b.calls = map[string]*call{}
	}
	c = &call{done: make(chan struct{})}
	b.calls[key] = c
	return true, c
}

func (b *Board) leave(key string, c *call) {
	b.mu.Lock()
	delete(b.calls, key)
	b.mu.Unlock()
	close(c.done)
}

// dialSealed is the way of one message from its key to what came of it.
func (b *Board) dialSealed(ctx context.Context, r paging.Route, m paging.Message, ask bool) unseal.Dialled {
	o, stored, err := b.intend(ctx, r.Name(), m)
	if o.again {
		// Dialled, and the database was away then: that is what came of it, whatever holds now.
		if out, ok := b.toRecord(o.intent); ok {
			return b.finish(ctx, o, out)
		}
	}
	if err != nil && o.again { // somebody began it, and now it must not go on
		return b.closeUnopened(ctx, o, err)
	}
	if err != nil {
		return b.refusal(ctx, m.Key, err)
	}
	if stored != nil {
		return *stored
	}
	if err := b.anchored(ctx, o, 0); err != nil {
		return b.refusal(ctx, m.Key, err)
	}
	address, err := b.unlock(ctx, o, m.Sealed.Half)
	if err != nil {
		return b.closeUnopened(ctx, o, err)
	}
	if o.lane == unseal.LaneOwner {
		if err := b.mayProve(ctx, o.row, o.message, address); err != nil {
			return b.closeUnopened(ctx, o, err)
		}
		m = o.code(m)
	} else if err := b.learn(ctx, o, address); err != nil {
		b.Log.Error("an address could not be indexed", "key", m.Key, "error", err)
	}
	m.Address, m.Sealed = address, nil
	out, handed := b.hand(ctx, r, m, ask || o.again)
	if !handed {
		return out // the provider could not be asked, so nothing was sent: it is the same opening still
	}
	return b.finish(ctx, o, out)
}

// End implements [unseal.Switchboard]: it needs no address, only what the provider calls
// the message.
func (b *Board) End(ctx context.Context, route string, e paging.Ended) error {
	ender, ok := b.Routes[route].(paging.Ender)
	if !ok {
		return nil
	}
	if e.Ref == "" {
		ref, err := b.refOf(ctx, e.Key)
		if err != nil {
			return err
		}
		e.Ref = ref
	}
	return ender.End(ctx, e)
}

// Check implements [unseal.Switchboard].
func (b *Board) Check(ctx context.Context, route string) error {
	r, ok := b.Routes[route]
	if !ok {
		return errNoRoute(route)
	}
	if checker, ok := r.(paging.Checker); ok {
		return checker.Check(ctx)
	}
	return nil
}
