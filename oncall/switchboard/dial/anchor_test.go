package dial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"batsignal/oncall/ledger"
)

// chat is a home room on a clock that the test has.
type chat struct {
	*Anchor
	mu     sync.Mutex
	said   []string
	kept   []int64
	alarms int
	away   bool // the bot does not answer
	mute   bool // nobody hears what it says
}

func headOf(size int64) ledger.Head {
	return ledger.Head{Size: size, Hash: tlog.RecordHash(fmt.Appendf(nil, "%d", size))}
}

func inChat(t *testing.T, story func(t *testing.T, c *chat)) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{}
		c.Anchor = &Anchor{
			Say: func(_ context.Context, line string) error {
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.away {
					return errors.New("it is away")
				}
				c.said = append(c.said, line)
				if !c.mute {
					time.AfterFunc(100*time.Millisecond, func() { c.HeardLine("irc", "#home", line) })
				}
				return nil
			},
			Alarm: func(context.Context, string) error {
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.away {
					return errors.New("it is away")
				}
				c.alarms++
				return nil
			},
			Hear: func(_ context.Context, prefix string, a ledger.Anchor) error {
				if headOf(a.Size).Prefix() != prefix {
					return errors.New("none of ours")
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				c.kept = append(c.kept, a.Size)
				return nil
			},
			Home: func(_, room string) bool { return room == "#home" }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = c.Run(ctx) })
		story(t, c)
		stop()
		running.Wait()
	})
}

func (c *chat) awaited(t *testing.T, size int64, want bool, within time.Duration) {
	t.Helper()
	begun := time.Now()
	if got := c.Await(t.Context(), headOf(size), 0); got != want || time.Since(begun) > within {
		t.Errorf("head %d: anchored %v after %v", size, got, time.Since(begun))
	}
}

func (c *chat) set(away, mute bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away, c.mute = away, mute
}

func TestAHeadIsSaidAndHeard(t *testing.T) {
	inChat(t, func(t *testing.T, c *chat) {
		c.awaited(t, 5, true, 100*time.Millisecond)
		c.awaited(t, 4, true, 0) // it is covered
		// Ten who come while a line is on its way are covered by the next one together.
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				c.awaited(t, int64(6+i), true, 200*time.Millisecond)
			})
		}
		all.Wait()
		if len(c.said) != 3 || len(c.kept) != 3 || c.kept[2] != 15 || c.Down() {
			t.Errorf("%v", c.said)
		}
	})
}

func TestForeignLinesDoNotCount(t *testing.T) {
	inChat(t, func(t *testing.T, c *chat) {
		c.set(false, true)
		go func() {
			for range 90 {
				c.HeardLine("irc", "#home", ledger.Head{Size: 5, Hash: tlog.RecordHash([]byte("forged"))}.Line())
				c.HeardLine("irc", "#home", "Ledger 99 0000000000000000")
				c.HeardLine("irc", "#elsewhere", headOf(5).Line())
				c.HeardLine("irc", "#home", "hello")
				time.Sleep(100 * time.Millisecond)
			}
		}()
		c.awaited(t, 5, false, anchorPatience)
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.kept) != 0 || len(c.said) != 4 {
			t.Errorf("kept %v, said %v", c.kept, c.said)
		}
	})
}

func TestARoomThatComesBack(t *testing.T) {
	inChat(t, func(t *testing.T, c *chat) {
		c.set(true, false)
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() { c.awaited(t, int64(5+i), false, anchorPatience) })
		}
		all.Wait()
		c.awaited(t, 9, false, 0) // nobody waits for a room that is known to be away
		if c.alarms != 0 || !c.Down() {
			t.Errorf("%d alarms", c.alarms)
		}
		c.set(false, false)
		time.Sleep(anchorPatience + anchorAgain)
		synctest.Wait()
		if c.Down() || c.alarms > 1 || c.said[len(c.said)-1] != headOf(9).Line() {
			t.Errorf("down %v, %d alarms, %v", c.Down(), c.alarms, c.said)
		}
		c.awaited(t, 10, true, 100*time.Millisecond)

		// The room is deaf: told once. A line of anybody's shows that it is back, and it has the
		// head at once.
		c.set(false, true)
		before := c.alarms
		c.awaited(t, 11, false, anchorPatience)
		c.awaited(t, 12, false, 0)
		time.Sleep(time.Hour)
		if c.alarms != before+1 {
			t.Errorf("%d alarms", c.alarms-before)
		}
		c.set(false, false)
		c.HeardLine("irc", "#home", "anybody here?")
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if c.Down() {
			t.Error("it is not noticed that the room is back")
		}
		c.awaited(t, 13, true, 100*time.Millisecond)
	})
}

// A room that shows what is said, and of which the switchboard hears nothing, is not filled
// with heads all night, however much is spoken there.
func TestARoomIsNotFilledWithHeads(t *testing.T) {
	inChat(t, func(t *testing.T, c *chat) {
		c.set(false, true)
		c.awaited(t, 5, false, anchorPatience)
		synctest.Wait()
		c.said = nil
		for range 6 * 60 * 60 {
			time.Sleep(time.Second)
			c.HeardLine("irc", "#home", "what is this line?")
		}
		synctest.Wait()
		if n := len(c.said); n < 6*60-20 || n > 6*60+20 {
			t.Errorf("said %d times in six hours", n)
		}
		// A later head is not kept waiting by that.
		c.awaited(t, 9, false, 0)
		time.Sleep(anchorAgain)
		synctest.Wait()
		if last := c.said[len(c.said)-1]; last != headOf(9).Line() {
			t.Errorf("said last: %s", last)
		}
	})
}

// An opening with less patience does not wait longer, and one that is given up leaves no trace.
func TestLessPatience(t *testing.T) {
	inChat(t, func(t *testing.T, c *chat) {
		c.set(false, true)
		giving, up := context.WithTimeout(t.Context(), time.Second)
		defer up()
		if c.Await(giving, headOf(5), 0) || c.Down() {
			t.Error("it was given up, and counts")
		}
		begun := time.Now()
		if c.Await(t.Context(), headOf(5), bridgePatience) || time.Since(begun) != bridgePatience {
			t.Errorf("after %v", time.Since(begun))
		}
	})
}
