package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"batsignal/oncall/switchboard"
)

// ear is the switchboard's own way to hear a room: what the bot says that was said there
// does not count.
type ear struct {
	name, home string
	run        func(ctx context.Context, hear func(switchboard.Heard)) error
	check      func() error
}

// ircEars are connections of the switchboard's own, which only listen.
func ircEars(c Config, log *slog.Logger) ([]ear, error) {
	var ears []ear
	for _, n := range c.IRC {
		one, err := ircEar(n, log)
		if err != nil {
			return nil, err
		}
		ears = append(ears, ear{name: n.ID, home: strings.ToLower(n.Home), run: one.Run, check: one.Check})
	}
	return ears, nil
}

// stageLine is a line of a terminal's room, as its process tells the one that listens.
type stageLine struct {
	Room    string
	Account string
	Text    string
	Ours    bool
	Shift   time.Duration // how far the clock of the stage was moved on; 0 says nothing
}

// errStageOver ends a switchboard whose terminal is gone: all is well.
var errStageOver = errors.New("the terminal is gone")

// stageEar hears the terminal of batsignal run. Whoever starts this process tells it what is
// said there, since a terminal has no second connection: that proves nothing to anybody
// else, and is for trying it out.
func stageEar(network, home string, lines io.Reader, now func() time.Time, shift *atomic.Int64) ear {
	return ear{
		name: network, home: home, check: func() error { return nil },
		run: func(ctx context.Context, hear func(switchboard.Heard)) error {
			ended := make(chan error, 1)
			go func() {
				scan := bufio.NewScanner(lines)
				scan.Buffer(nil, 64<<10)
				for scan.Scan() {
					var l stageLine
					switch err := json.Unmarshal(scan.Bytes(), &l); {
					case err != nil:
					case l.Shift != 0:
						shift.Store(int64(l.Shift))
					default:
						hear(switchboard.Heard{At: now(), Network: network, Room: l.Room, Account: l.Account, Text: l.Text, Ours: l.Ours})
					}
				}
				ended <- errStageOver
			}()
			select {
			case err := <-ended:
				return err
			case <-ctx.Done():
				return nil
			}
		},
	}
}
