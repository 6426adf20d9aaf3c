package switchboard

import (
	"context"
	"errors"
	"sync/atomic"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// BotClient is the bot as the switchboard has it: one process, or several that take turns.
// Each call goes to the one that answered last, and on to the next when it cannot be
// reached, is not ready, or failed; so does the next call, if there was no time for that.
// What a bot refuses is refused. A call whose answer was
// lost may so be taken twice, which all of them bear. It is safe for many goroutines.
type BotClient struct {
	bots []*caller
	last atomic.Int64 // which one answered last
}

var _ unseal.Bot = (*BotClient)(nil)

// NewBotClient makes a client for the bot's processes at web addresses, whose key has this
// pin: they share it. It does not connect. Its errors are plain sentences for the operator.
func NewBotClient(addresses []string, ours Identity, peer Pin) (*BotClient, error) {
	if len(addresses) == 0 {
		return nil, errors.New("the switchboard needs an address of the bot, like https://10.0.0.4:8445")
	}
	b := &BotClient{}
	for _, address := range addresses {
		one, err := newCaller("the bot", address, ours, peer)
		if err != nil {
			return nil, err
		}
		b.bots = append(b.bots, one)
	}
	return b, nil
}

// Close ends the connections that are kept for the next call.
func (b *BotClient) Close() {
	for _, one := range b.bots {
		one.close()
	}
}

// toBot calls one bot after the other until one takes it.
func toBot[Out any](ctx context.Context, b *BotClient, name string, in any) (Out, error) {
	var failed []error
	first := b.last.Load()
	for i := range b.bots {
		at := (int(first) + i) % len(b.bots)
		out, err := call[Out](ctx, b.bots[at], name, quickPatience, in)
		if kind := fault.KindOf(err); err == nil || kind != fault.Unready && kind != fault.Internal {
			b.last.Store(int64(at))
			return out, err
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			b.last.CompareAndSwap(first, int64((at+1)%len(b.bots)))
			break
		}
	}
	var none Out
	return none, failed[0]
}

// Reply implements [paging.Ear]. Where the answer came from (From) stays here.
func (b *BotClient) Reply(ctx context.Context, r paging.Reply) (paging.Response, error) {
	out, err := toBot[response](ctx, b, "reply", replyOf(r))
	return paging.Response(out), err
}

// Receipt implements [paging.Ear].
func (b *BotClient) Receipt(ctx context.Context, r paging.Receipt) error {
	_, err := toBot[nothing](ctx, b, "receipt", receipt(r))
	return err
}

// Granted implements [unseal.Bot].
func (b *BotClient) Granted(ctx context.Context, g unseal.Grant) error {
	_, err := toBot[nothing](ctx, b, "granted", grant(g))
	return err
}

// Say implements [unseal.Bot].
func (b *BotClient) Say(ctx context.Context, line string) error {
	_, err := toBot[nothing](ctx, b, "say", saying{Line: line})
	return err
}

// Alarm implements [unseal.Bot].
func (b *BotClient) Alarm(ctx context.Context, sentence string) error {
	_, err := toBot[nothing](ctx, b, "alarm", alarm{Sentence: sentence})
	return err
}

// Enrol implements [unseal.Bot].
func (b *BotClient) Enrol(ctx context.Context, token secret.Text, sealed string) error {
	_, err := toBot[nothing](ctx, b, "enrol", enrolmentOf(token, sealed))
	return err
}

// Release implements [unseal.Bot]. Whoever gets the half wipes it.
func (b *BotClient) Release(ctx context.Context, r unseal.Release) (paging.Sealed, error) {
	return half(toBot[sealed](ctx, b, "release", release(r)))
}

// Lead implements [unseal.Bot]. Whoever gets the half wipes it.
func (b *BotClient) Lead(ctx context.Context, contact int64, key string) (paging.Sealed, error) {
	return half(toBot[sealed](ctx, b, "lead", leading{Contact: contact, Key: key}))
}

func half(s sealed, err error) (paging.Sealed, error) {
	if err != nil {
		return paging.Sealed{}, err
	}
	out, err := s.paging()
	if err != nil {
		return paging.Sealed{}, fault.New(fault.Unready, "The bot gave something else than the half of a key.")
	}
	return out, nil
}
