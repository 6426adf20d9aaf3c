package twilio_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func heard(c twiliofake.Call) string { return strings.Join(c.Heard, " ") }

func TestACallIsAcknowledged(t *testing.T) {
	w := newWorld(t)
	phone := w.fake.Phone(maria)
	phone.Calls(twiliofake.Acknowledges())
	h := w.send(w.acc.Voice(), page())
	call := w.fake.RungAt(maria)[0]
	equal(t, "its name", h.Ref, call.SID)
	contains(t, heard(call), "a page for maria", "Incident 7, severity 1.", "needed for release engineering", "Smoke in the build farm.",
		"To acknowledge, key 1, 7.", "To decline, key 4, 5.", "joined to the lead, key 8, 3.", "You have INC-7, maria", "Goodbye.")
	equal(t, "keyed", strings.Join(call.Keyed, ","), "17")
	equal(t, "heard", w.ear.said(), "17")
	r := w.ear.replies[0]
	if r.Key != "page-57" || r.Route != "voice" || r.From.Reveal() != maria {
		t.Errorf("%+v", r)
	}
	equal(t, "news", w.ear.told(), "accepted accepted delivered delivered")
	equal(t, "trouble", call.Trouble, "")
	w.withoutNumbers(h, r, w.log.String())
}

func TestACallIsDeclined(t *testing.T) {
	w := newWorld(t)
	w.fake.Phone(maria).Calls(twiliofake.Declines())
	w.send(w.acc.Voice(), page())
	equal(t, "heard", w.ear.said(), "45")
	contains(t, heard(w.fake.Rung()[0]), "somebody else is asked")
}

func TestACallerIsJoinedToTheLead(t *testing.T) {
	for name, c := range map[string]struct {
		lead    twiliofake.Pickup
		without bool
		joined  string
		says    string
	}{
		"who picks up":         {lead: twiliofake.Voicemail(), joined: lead, says: "I join you to the lead now."},
		"who does not":         {lead: twiliofake.NoAnswer(), says: "does not answer the phone. Your acknowledgement counts."},
		"who has no phone now": {without: true, says: "cannot be reached by phone now"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.without {
				delete(w.phone, 7)
			}
			w.fake.Phone(maria).Calls(twiliofake.Joins())
			w.fake.Phone(lead).Calls(c.lead)
			w.send(w.acc.Voice(), page())
			call := w.fake.Rung()[0]
			equal(t, "heard", w.ear.said(), "83")
			equal(t, "joined", call.Joined, c.joined)
			equal(t, "trouble", call.Trouble, "")
			contains(t, heard(call), "You have INC-7.", c.says)
			w.withoutNumbers(w.log.String())
		})
	}
}

func TestWrongNumbersAreAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.fake.Phone(maria).Calls(twiliofake.Listens(func(l twiliofake.Line) string {
		if l.Turn == 1 {
			return "99"
		}
		contains(t, l.Heard, "none of the numbers", "To acknowledge, key 1, 7.")
		return "17"
	}))
	w.send(w.acc.Voice(), page())
	equal(t, "heard", w.ear.said(), "99, 17")
}

func TestNoiseEnds(t *testing.T) {
	w := newWorld(t)
	w.fake.Phone(maria).Calls(twiliofake.Keys("1", "#*", "00", "**", "99", "98", "97"))
	w.send(w.acc.Voice(), page())
	call := w.fake.Rung()[0]
	contains(t, heard(call), "Nothing was acknowledged.")
	equal(t, "heard", w.ear.said(), "#*, 00, **, 99")
	equal(t, "status", call.Status, "completed")
}

// Keyed while the database is away: the caller is told, it is tried again, and counts once.
func TestKeysWhileTheDatabaseIsAway(t *testing.T) {
	for name, c := range map[string]struct {
		fails int
		keyed []string
		want  string
		says  []string
	}{
		"for a moment": {2, []string{"17"}, "17", []string{"One moment.", "I cannot write that down yet.", "You have INC-7"}},
		"for long":     {7, []string{"17", "17"}, "17", []string{"could not be written down, and does not count", "You have INC-7"}},
		"for good":     {99, []string{"17"}, "", []string{"could not be written down, and does not count", "counts as not answered"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			// The news of the call comes first, and is repeated by Twilio: it shall not use
			// the failures up.
			w.fake.Callbacks(twiliofake.Manner{Hold: true})
			w.fake.Phone(maria).Calls(twiliofake.Keys(c.keyed...))
			w.ear.fails(c.fails)
			w.send(w.acc.Voice(), page())
			call := w.fake.Rung()[0]
			equal(t, "heard", w.ear.said(), c.want)
			contains(t, heard(call), c.says...)
			equal(t, "trouble", call.Trouble, "")
		})
	}
}

func TestAProofByPhone(t *testing.T) {
	w := newWorld(t)
	w.fake.Phone(maria).Calls(twiliofake.Confirms())
	m := paging.Message{
		Kind: paging.KindProof, Key: "proof-9", Attempt: 1, Address: secret.New(maria), Code: "K7QXM", Keys: paging.Keys{Ack: "17", Decline: "45", Join: "83"},
	}
	w.send(w.acc.Voice(), m)
	call := w.fake.Rung()[0]
	contains(t, heard(call), "K, as in Kilo. 7. Q, as in Quebec. X, as in X-ray. M, as in Mike.", "key 1, 7.")
	if strings.Contains(heard(call), "4, 5") || strings.Contains(heard(call), "8, 3") {
		t.Error("numbers that mean nothing are read out")
	}
	equal(t, "heard", w.ear.said(), "17")
	equal(t, "key", w.ear.replies[0].Key, "proof-9")
	// That it rings is the proof of a canary, whoever picks up.
	equal(t, "news", w.ear.told(), "accepted delivered delivered delivered")
}

func TestACanaryAsksNothing(t *testing.T) {
	w := newWorld(t)
	w.fake.Phone(maria).Calls(twiliofake.Voicemail())
	w.send(w.acc.Voice(), paging.Message{Kind: paging.KindCanary, Key: "proof-9", Attempt: 1, Address: secret.New(maria), Code: "K7QXM"})
	call := w.fake.Rung()[0]
	contains(t, heard(call), "daily test call. Nothing is to be done.")
	equal(t, "how often it was said", len(call.Heard), 1)
}

func TestHowCallsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		phone twiliofake.Pickup
		news  string
		says  string
		bad   string
	}{
		"busy":           {twiliofake.Busy(), "accepted accepted failed", "busy", ""},
		"nobody":         {twiliofake.NoAnswer(), "accepted accepted failed", "nobody picked up", ""},
		"put down":       {twiliofake.Keys(twiliofake.HangUp), "accepted accepted delivered delivered", "the call is over after", ""},
		"no network":     {twiliofake.Fails("503"), "accepted accepted failed", "did not get through", ""},
		"no such number": {twiliofake.Fails("404"), "accepted accepted failed", "no such number", "there is no such number"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fake.Phone(maria).Calls(c.phone)
			w.send(w.acc.Voice(), page())
			equal(t, "news", w.ear.told(), c.news)
			contains(t, w.ear.last().Detail, c.says)
			equal(t, "bad", w.ear.last().Bad, c.bad)
			equal(t, "heard", w.ear.said(), "")
		})
	}
}

func TestWhatIsOverIsHungUp(t *testing.T) {
	ended := func(w *world, how paging.PageState, by string) {
		t.Helper()
		c := w.fake.Rung()[0]
		if err := w.acc.Voice().End(t.Context(), paging.Ended{Key: "page-57", Ref: c.SID, How: how, By: by, Address: secret.New(maria)}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("while it rings", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Phone(maria).Calls(twiliofake.Acknowledges().Rings(make(chan struct{})))
		w.send(w.acc.Voice(), page())
		w.fake.AwaitCall(t, maria, "ringing")
		ended(w, paging.PageClosed, "jan")
		w.fake.Settled(t)
		equal(t, "status", w.fake.Rung()[0].Status, "canceled")
		equal(t, "news", w.ear.told(), "accepted accepted failed")
		ended(w, paging.PageClosed, "jan") // once more does no harm
	})
	for name, c := range map[string]struct {
		how  paging.PageState
		by   string
		says string
	}{
		"while they listen, and somebody was quicker": {paging.PageClosed, "jan", "jan has answered this page. You are not needed any more."},
		"while they listen, and it is over":           {paging.PageClosed, "", "This page is over."},
		"while they listen, and answered elsewhere":   {paging.PageAcked, "maria", "Nothing was keyed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			listens, goes := make(chan struct{}), make(chan struct{})
			w.fake.Phone(maria).Calls(twiliofake.Listens(func(l twiliofake.Line) string {
				close(listens)
				select {
				case <-l.Over:
				case <-goes:
				}
				return ""
			}))
			if _, err := w.acc.Voice().Send(t.Context(), page()); err != nil {
				t.Fatal(err)
			}
			<-listens
			ended(w, c.how, c.by)
			close(goes)
			w.fake.Settled(t)
			contains(t, heard(w.fake.Rung()[0]), c.says)
			equal(t, "trouble", w.fake.Rung()[0].Trouble, "")
		})
	}
	t.Run("that Twilio never had", func(t *testing.T) {
		w := newWorld(t)
		for _, ref := range []string{"", "CA00000000000000000000000000000000"} {
			if err := w.acc.Voice().End(t.Context(), paging.Ended{Ref: ref, How: paging.PageClosed}); err != nil {
				t.Errorf("%q: %v", ref, err)
			}
		}
	})
}

// Twilio took a call, and we never heard so.
func TestACallIsMadeTwiceOnlyIfNobodyCanKnow(t *testing.T) {
	call := func(w *world) (paging.Handed, bool) {
		t.Helper()
		h, found, err := w.acc.Voice().Ask(t.Context(), page())
		if err != nil {
			t.Fatal(err)
		}
		return h, found
	}
	lose := func(w *world) {
		t.Helper()
		w.fake.Next(twiliofake.Trouble{Cut: true, Taken: true})
		_, err := w.acc.Voice().Send(t.Context(), page())
		wantProvider(t, err)
		w.fake.Settled(t)
	}
	// It may be somebody else's, whose answer was lost as well: a second ring beats none.
	t.Run("the only one that is nobody's", func(t *testing.T) {
		w := newWorld(t)
		other := page()
		other.Key = "page-11"
		w.owns(w.send(w.acc.Voice(), other).Ref, "page-11")
		lose(w)
		m := page()
		m.Attempt = 2
		h := w.send(w.acc.Voice(), m)
		equal(t, "its name", h.Ref, w.fake.Rung()[2].SID)
		equal(t, "calls", len(w.fake.Rung()), 3)
	})
	t.Run("on record as its own, by its callback", func(t *testing.T) {
		w := newWorld(t)
		lose(w)
		lose(w)
		w.owns(w.ear.last().Ref, w.ear.last().Key)
		if h, found := call(w); !found || h.Ref != w.ear.last().Ref {
			t.Errorf("%+v, %v", h, found)
		}
	})
	t.Run("two that are nobody's", func(t *testing.T) {
		w := newWorld(t)
		lose(w)
		lose(w)
		if _, found := call(w); found {
			t.Error("it may be the other one's")
		}
	})
	t.Run("long ago", func(t *testing.T) {
		w := newWorld(t)
		lose(w)
		w.later(11 * time.Minute)
		if _, found := call(w); found {
			t.Error("that call is over")
		}
	})
	t.Run("nobody knows whose it is", func(t *testing.T) {
		w := newWorld(t, func(t *tune) { t.alone = true })
		lose(w)
		if _, found := call(w); found {
			t.Error("it may be another page's")
		}
	})
	t.Run("never taken", func(t *testing.T) {
		w := newWorld(t)
		if _, found := call(w); found {
			t.Error("there is none")
		}
	})
}

func TestSomebodyCallsBack(t *testing.T) {
	w := newWorld(t)
	contains(t, heard(w.fake.Phone(maria).Phones()), "This is Batsignal.", "send back the code")
}

func TestADiscreetInstallationSaysNothingOfTheFire(t *testing.T) {
	w := newWorld(t, func(t *tune) { t.config = func(c *twilio.Config) { c.Discreet = true } })
	w.fake.Phone(maria).Calls(twiliofake.Voicemail())
	m := page()
	m.Items = []string{"smoke detector 3"}
	w.send(w.acc.Voice(), m)
	w.send(w.acc.SMS(), m)
	for _, r := range w.fake.Requests() {
		if text := r.Form.Encode(); strings.Contains(strings.ToLower(text), "smoke") {
			t.Error(text)
		}
	}
	contains(t, w.fake.Phone(maria).Inbox()[0].Body, "INC-7", "K7QXM")
}
