package irc

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// session is one connection, from the dial to its end. Nothing of it is used for
// the next one: what was not confirmed is given back to its caller.
type session struct {
	door *Door
	log  *slog.Logger
	wire *wire
	hear func(bot.Heard)

	queue   *queue
	pace    *rate.Limiter
	wake    chan struct{} // tells the keeper to look for work
	settled chan struct{} // closed when the rooms have been joined and looked at
	greeted chan struct{} // closed at the end of the welcome
	began   time.Time
	heard   atomic.Int64 // when the server last said something, nanoseconds since began

	// The read loop holds mu for each line; callers for a moment.
	mu       sync.Mutex
	nick     string
	caps     map[string]bool
	support  map[string]string // what the server said that it can
	authed   bool
	unwanted bool // the login was refused, and we are here without
	people   *people
	rooms    map[string]*place
	lastNick map[string]string // account -> the nick of its last private line
	batches  map[string]*batch
	labels   map[string]*outgoing
	fences   []*outgoing
	tokens   uint64
	behind   time.Duration // how far the server's clock is behind ours

	aliveToken string
	alive      func()

	nickDue   time.Time // when to try for our own nick again
	nickTries int
}

func (d *Door) newSession(w *wire, hear func(bot.Heard)) *session {
	s := &session{
		door: d, log: d.log, wire: w, hear: hear,
		queue: newQueue(),
		pace:  rate.NewLimiter(rate.Limit(d.cfg.Pace.PerSecond), d.cfg.Pace.Burst),
		wake:  make(chan struct{}, 1), settled: make(chan struct{}), greeted: make(chan struct{}),
		began: time.Now(),
		caps:  map[string]bool{}, support: map[string]string{}, rooms: map[string]*place{},
		lastNick: map[string]string{}, batches: map[string]*batch{}, labels: map[string]*outgoing{},
		alive: func() {},
	}
	s.people = newPeople(s.fold)
	return s
}

// connect runs one connection from the dial to its end and says why it ended.
func (d *Door) connect(ctx context.Context, hear func(bot.Heard)) error {
	w, err := d.dial(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	s := d.newSession(w, hear)
	// A registration is cut short; a connection that is up says goodbye first.
	stop := context.AfterFunc(ctx, func() { _ = w.Close() })
	err = s.register()
	if !stop() {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	d.log.Info("welcomed", "server", d.cfg.Server, "nick", s.nick, "identified", s.authed)
	return s.run(ctx)
}

// run reads until the connection ends, with the writer, the keeper of rooms and
// nick, and the watch beside it, and waits for them.
func (s *session) run(ctx context.Context) error {
	live, end := context.WithCancelCause(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	helper := func(work func(context.Context) error) {
		helpers.Go(func() {
			if err := work(live); err != nil {
				end(err)
				_ = s.wire.Close()
			}
		})
	}
	helper(func(live context.Context) error {
		select {
		case <-ctx.Done():
			s.quit()
		case <-live.Done():
		}
		return nil
	})
	helper(s.write)
	helper(s.keep)
	helper(s.watch)

	end(s.read())
	s.drop()
	_ = s.wire.Close()
	helpers.Wait()
	s.drop() // again: the writer may have had a line in its hands
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// The first reason counts: the read fails too when a helper closed the wire.
	return context.Cause(live)
}

// quit leaves politely. The server then closes the connection, else we do.
func (s *session) quit() {
	_ = s.wire.put(line("QUIT", "The bot is going down.") + "\r\n")
	_ = s.wire.SetReadDeadline(time.Now().Add(2 * time.Second))
}

// read handles line after line.
func (s *session) read() error {
	for {
		raw, err := s.wire.lines.next()
		if err != nil {
			return fault.Wrap(fault.Unready, err, "The connection was lost.")
		}
		s.heard.Store(int64(time.Since(s.began)))
		if err := s.take(raw); err != nil {
			return err
		}
	}
}

// take handles one line; whatever a server sends must not end the process.
func (s *session) take(raw string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("could not handle a line of the server", "panic", p)
		}
	}()
	ev := parse(raw)
	if ev == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handle(ev)
}

// drop gives back everything that was not confirmed.
func (s *session) drop() {
	s.queue.close(errEnded)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.labels {
		o.finish(errEnded)
	}
	for _, o := range s.fences {
		o.finish(errEnded)
	}
}

// fold and same compare names as the server does. They run with the session locked.
func (s *session) fold(name string) string {
	return foldName(name, s.support["CASEMAPPING"] != "ascii")
}

func (s *session) same(a, b string) bool { return s.fold(a) == s.fold(b) }
