package irc

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"batsignal/bot"
)

func TestAFullInboxLosesTheNewest(t *testing.T) {
	in := newInbox(slog.New(slog.DiscardHandler))
	for i := range inboxMost + 5 {
		in.put(bot.Heard{Text: strconv.Itoa(i)})
	}
	if len(in.lines) != inboxMost || in.lost != 5 || in.lines[0].Text != "0" {
		t.Fatalf("%d lines, %d lost", len(in.lines), in.lost)
	}
}

func TestTheQueueRefusesTooMuchChatter(t *testing.T) {
	q := newQueue()
	for range mostChatter {
		if err := q.push(&outgoing{class: chatter}); err != nil {
			t.Fatal(err)
		}
	}
	wantSay(t, q.push(&outgoing{class: chatter}), "Too many announcements")
	if err := q.push(&outgoing{class: page, line: "first"}); err != nil {
		t.Fatal(err)
	}
	if o := q.pop(); o.line != "first" {
		t.Fatalf("popped %+v", o)
	}
}

func TestWhatNobodyWaitsForIsNotSent(t *testing.T) {
	q := newQueue()
	late, wanted := &outgoing{class: reply, line: "late"}, &outgoing{class: reply, line: "wanted"}
	if err := q.push(late, wanted); err != nil {
		t.Fatal(err)
	}
	q.giveUp(late)
	if o := q.peek(); o != wanted {
		t.Fatalf("next is %+v", o)
	}
	if o := q.pop(); o != wanted {
		t.Fatalf("popped %+v", o)
	}
	if o := q.pop(); o != nil {
		t.Fatalf("popped %+v of nothing", o)
	}
}

func TestHalfOfWhatMayBeSentAtOnceIsKeptForPages(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name string
		sent int // lines just before
		next *outgoing
		want time.Duration
	}{
		{"nothing", 0, nil, idle},
		{"a pong, always", 5, &outgoing{class: urgent, line: "PONG :x"}, 0},
		{"an answer", 0, &outgoing{class: reply, line: "PRIVMSG maria :hello"}, 0},
		{"an answer after two", 2, &outgoing{class: reply, line: "PRIVMSG maria :hello"}, 0},
		{"an answer after three", 3, &outgoing{class: reply, line: "PRIVMSG maria :hello"}, time.Second},
		{"a page after three", 3, &outgoing{class: page, line: "PRIVMSG maria :wake up"}, 0},
		{"a page after five", 5, &outgoing{class: page, line: "PRIVMSG maria :wake up"}, time.Second},
		{"an invitation", 0, &outgoing{class: room, line: "INVITE maria #inc-1"}, 0},
		{"an invitation after one line", 1, &outgoing{class: room, line: "INVITE maria #inc-1"}, time.Second},
	} {
		s := &session{pace: rate.NewLimiter(1, 5)}
		s.pace.ReserveN(now, c.sent)
		if got := s.rest(c.next, now).Truncate(100 * time.Millisecond); got != c.want {
			t.Errorf("%s rests %s, want %s", c.name, got, c.want)
		}
	}
}
