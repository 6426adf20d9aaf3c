package switchboardfake

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	"batsignal/integrations/switchboard"
	"batsignal/oncall/unseal"
)

// Wire is both ends of the wire on this machine, with identities of their own, and whoever
// serves at them.
type Wire struct {
	Ours   switchboard.Identity // the bot's
	Theirs switchboard.Identity // the switchboard's
	// BoardDir and BotDir are the state directories with the identities.
	BoardDir, BotDir string

	t   testing.TB
	log *slog.Logger
}

// NewWire makes the identities.
func NewWire(t testing.TB) *Wire {
	t.Helper()
	w := &Wire{t: t, BoardDir: t.TempDir(), BotDir: t.TempDir(), log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	var err error
	if w.Ours, err = switchboard.LoadOrMake(w.BotDir); err != nil {
		t.Fatal(err)
	}
	if w.Theirs, err = switchboard.LoadOrMake(w.BoardDir); err != nil {
		t.Fatal(err)
	}
	return w
}

// ServeBoard serves a switchboard until the test ends, or stop is called, and tells its
// address.
func (w *Wire) ServeBoard(board unseal.Switchboard) (address string, stop func()) {
	w.t.Helper()
	return w.serve(switchboard.Switchboard(board, w.log), w.Theirs, w.Ours.Pin())
}

// ServeBot does the same for a bot.
func (w *Wire) ServeBot(bot unseal.Bot) (address string, stop func()) {
	w.t.Helper()
	return w.serve(switchboard.Bot(bot, w.log), w.Ours, w.Theirs.Pin())
}

func (w *Wire) serve(h http.Handler, id switchboard.Identity, peer switchboard.Pin) (string, func()) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := switchboard.Serve(ctx, l, h, w.log, id, peer); err != nil {
			w.t.Errorf("the fake does not serve: %v", err)
		}
	})
	stop := sync.OnceFunc(func() { cancel(); running.Wait() })
	w.t.Cleanup(stop)
	return "https://" + l.Addr().String(), stop
}

// Client is the bot's client for a switchboard at an address.
func (w *Wire) Client(address string) *switchboard.Client {
	w.t.Helper()
	c, err := switchboard.NewClient(address, w.Ours, w.Theirs.Pin())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// BotClient is the switchboard's client for bots at these addresses.
func (w *Wire) BotClient(addresses ...string) *switchboard.BotClient {
	w.t.Helper()
	c, err := switchboard.NewBotClient(addresses, w.Theirs, w.Ours.Pin())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// Run serves a board, and gives the bot's client for it: what most tests need.
func Run(t testing.TB, board unseal.Switchboard) *switchboard.Client {
	t.Helper()
	w := NewWire(t)
	address, _ := w.ServeBoard(board)
	return w.Client(address)
}
