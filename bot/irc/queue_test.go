package irc

import (
	"log/slog"
	"strconv"
	"testing"

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
	if o := q.pop(classes - 1); o.line != "first" {
		t.Fatalf("popped %+v", o)
	}
	if q.pop(urgent) != nil {
		t.Fatal("popped a class that was not asked for")
	}
}
