package slack_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/bot/play"
)

// Pinning fails for a while: there is one summary all the same, and it is pinned later.
func TestOneSummaryWhateverFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.ErrorNext("pins.add", 2, "internal_error")
	w.emergency()
	for _, who := range []string{"li", "sam", "kevin"} {
		w.says(who, "", "!ack")
	}
	shown := 0
	for _, m := range w.Fake.Spoken("inc-1-openssl") {
		if strings.Contains(string(m.Metadata), "batsignal_summary") {
			shown++
		}
	}
	if shown != 1 || len(w.Fake.Channel("inc-1-openssl").Pins) != 1 {
		t.Errorf("%d summaries, pins %v", shown, w.Fake.Channel("inc-1-openssl").Pins)
	}
}

// A channel that Slack lets rest for an hour delays the announcements of no other.
func TestALimitedChannelDelaysNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.RateLimit("chat.postMessage", 1, time.Hour)
	ops := w.Fake.Channel("ops").ID
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w.Fake.Post("zed", "ops", "!status") // its answer meets the limit
	w.must(w.Fake.Await(limited, func() bool {
		for _, c := range w.Fake.Calls("chat.postMessage") {
			if c.Args.Get("channel") == ops {
				return true
			}
		}
		return false
	}))
	go func() {
		_ = w.Stage.Speak(limited, play.Spoken{Who: "maria", Text: "!batsignal remote code execution in openssl"})
	}()
	w.must(w.Fake.Await(limited, func() bool {
		for _, m := range w.Fake.Messages(w.Fake.IM("maria")) {
			if strings.Contains(m.Text, "It needs a second person") {
				return true
			}
		}
		return false
	}))
}

// A room that was made in the wanted one's place is found again by whoever could not
// tell that it moved.
func TestAMovedRoomIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.AddChannel("inc-9-x", "zed")
	first, err := w.Door.OpenRoom(t.Context(), "#inc-9-x", "topic")
	w.must(err)
	second, err := w.Door.OpenRoom(t.Context(), "#inc-9-x", "topic")
	w.must(err)
	if first.Room != "#inc-9-x-2" || first != second {
		t.Errorf("%+v, then %+v", first, second)
	}
	for _, c := range w.Fake.Channels() {
		if c.Name == "inc-9-x-3" {
			t.Error("a third channel was made")
		}
	}
}

// What Slack does not take drawn is said in plain text.
func TestWhatCannotBeDrawnIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.ErrorNext("chat.postMessage", 1, "invalid_blocks")
	w.says("maria", "#ops", "!whoami")
	if m := w.last("ops", "You are: maria"); len(m.Blocks) > 2 {
		t.Errorf("%s", m.Blocks)
	}
}

// Forms take what they promise.
func TestFormsTakeWhatTheyPromise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	w.says("li", "", "!ack")
	summary := w.summary("inc-1-openssl")
	w.acked(w.Fake.Click("li", "inc-1-openssl", summary.TS, "Update"))
	form := w.Fake.Submit("li", w.Fake.Views("li")[0].ID, map[string]any{
		"title": strings.Repeat("障", 300), "note": strings.Repeat("Ж", 1000),
	})
	w.acked(form)
	if wrong := form.Errors(); len(wrong) != 0 {
		t.Errorf("%v", wrong)
	}
	if got := w.timeline(1); count(got, strings.Repeat("Ж", 1000)) != 1 || count(got, strings.Repeat("障", 300)) != 1 {
		t.Errorf("%.3000q", got)
	}
}
