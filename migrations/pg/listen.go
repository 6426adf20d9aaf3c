package pg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listener keeps one connection of its own that listens on channels.
//
// A notification is a hint and never the news itself: it is lost when nobody
// listens. So the owner looks at the rows each time [Listener.Regained] is
// called, which is after every (re)connection, the first one included.
//
// The callbacks run one at a time on the goroutine of [Listener.Run]; they
// should wake somebody and return.
type Listener struct {
	DSN      string
	Channels []string // at least one

	Notified func(channel, payload string) // a notification came
	Regained func()                        // the channels are listened to from now on; may be nil
	Lost     func(error)                   // they no longer are; may be nil

	Log       *slog.Logger  // may be nil
	Heartbeat time.Duration // how long silence is believed before the connection is tried; default 1 minute
}

const (
	listenFirstPause = 50 * time.Millisecond
	listenLastPause  = 5 * time.Second
	listenBudget     = 10 * time.Second // for connecting, and for the answer to a heartbeat
)

// Run listens until ctx is over, reconnecting with growing pauses, and then
// returns nil. Only a listener that can never work returns an error.
func (l *Listener) Run(ctx context.Context) error {
	if len(l.Channels) == 0 || l.Notified == nil {
		return errors.New("a listener needs a channel and somebody to tell")
	}
	cfg, err := Config(l.DSN, Options{Name: "batsignal listener", StatementTimeout: -1})
	if err != nil {
		return err
	}
	log := l.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	pause := listenFirstPause
	for {
		regained, err := l.listen(ctx, cfg.ConnConfig)
		if ctx.Err() != nil {
			return nil
		}
		if regained {
			pause = listenFirstPause
			if l.Lost != nil {
				l.Lost(err)
			}
		}
		log.Warn("not listening to the database", "retry_in", pause, "error", err)
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return nil
		}
		pause = min(2*pause, listenLastPause)
	}
}

// listen serves one connection until it breaks, and reports whether it ever got
// as far as listening.
func (l *Listener) listen(ctx context.Context, cfg *pgx.ConnConfig) (regained bool, err error) {
	conn, err := l.connect(ctx, cfg)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if l.Regained != nil {
		l.Regained()
	}
	for {
		heard, err := l.wait(ctx, conn)
		if err != nil {
			return true, err
		}
		if heard {
			continue
		}
		// Silence: a peer that vanished without a word looks the same.
		beat, cancel := context.WithTimeout(ctx, listenBudget)
		err = conn.Ping(beat)
		cancel()
		if err != nil {
			return true, fmt.Errorf("heartbeat: %w", err)
		}
	}
}

func (l *Listener) connect(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, listenBudget)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	for _, ch := range l.Channels {
		if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{ch}.Sanitize()); err != nil {
			_ = conn.Close(ctx)
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	return conn, nil
}

// wait hands on the next notification; false means that the heartbeat is due.
func (l *Listener) wait(ctx context.Context, conn *pgx.Conn) (bool, error) {
	beat := l.Heartbeat
	if beat == 0 {
		beat = time.Minute
	}
	silence, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	n, err := conn.WaitForNotification(silence)
	switch {
	case err == nil:
		l.Notified(n.Channel, n.Payload)
		return true, nil
	case silence.Err() != nil && ctx.Err() == nil && !conn.IsClosed():
		return false, nil
	default:
		return false, err
	}
}
