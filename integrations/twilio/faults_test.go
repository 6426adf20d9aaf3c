package twilio_test

import (
	"net/url"
	"testing"

	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/paging"
)

// The rows are those of the fault list in the security design, 5.3. What the engine makes
// of what is told here is tested in incidents.

func TestFaultRow24VoicemailAndNoiseAcknowledgeNothing(t *testing.T) {
	t.Run("a voicemail", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Phone(maria).Calls(twiliofake.Voicemail())
		w.send(w.acc.Voice(), page())
		equal(t, "heard", w.ear.said(), "")
		contains(t, heard(w.fake.Rung()[0]), "counts as not answered")
		// It picked up, and that is all that is known: the patience of the policy goes on.
		equal(t, "news", w.ear.told(), "accepted accepted delivered delivered")
	})
	t.Run("the number of yesterday", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Phone(maria).Calls(twiliofake.Keys("29"))
		w.send(w.acc.Voice(), page())
		contains(t, heard(w.fake.Rung()[0]), "none of the numbers", "counts as not answered")
	})
	t.Run("a single key", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Phone(maria).Calls(twiliofake.Keys("1", "5", "*"))
		w.send(w.acc.Voice(), page())
		equal(t, "heard", w.ear.said(), "")
	})
}

// Whoever writes, the number proves nothing: it is told as it came, and only the code
// names a page.
func TestFaultRow25ASpoofedSenderHasNoCode(t *testing.T) {
	w := newWorld(t)
	w.fake.Phone(maria).Write("ack")
	r := w.ear.replies[0]
	if r.Key != "" || r.Account != "" || r.Means != "" || r.Text != "ack" {
		t.Errorf("it says more than was written: %+v", r)
	}
	contains(t, w.fake.Phone(maria).Inbox()[0].Body, "none of the numbers")
	// From a number of nobody's, the code counts all the same: it was sent to one person.
	w.fake.Phone("+33612345678").Write("k7qxm")
	equal(t, "heard", w.ear.said(), "ack, k7qxm")
}

func TestFaultRow28TakenAndNeverDelivered(t *testing.T) {
	w := newWorld(t)
	w.fake.Silent(true)
	for _, r := range []paging.Route{w.acc.SMS(), w.acc.Voice()} {
		h := w.send(r, page())
		if h.Ref == "" {
			t.Error("it was taken")
		}
	}
	// Nothing is told, so that nothing looks as if it had arrived.
	equal(t, "news", w.ear.told(), "")
	if len(w.fake.Phone(maria).Inbox()) != 0 || w.fake.Rung()[0].Status != "queued" {
		t.Error("the fake delivers")
	}
}

func TestFaultRow29ForgedRepeatedAndUnordered(t *testing.T) {
	t.Run("forged", func(t *testing.T) {
		w := newWorld(t)
		for path, form := range map[string]url.Values{
			"/twilio/texted/page-57":            {"MessageSid": {"SM0123456789abcdef0123456789abcdef"}, "MessageStatus": {"delivered"}},
			"/twilio/called/page-57":            {"CallSid": {callSID}, "CallStatus": {"in-progress"}},
			"/twilio/keys/page-57?k=174583&n=1": {"CallSid": {callSID}, "Digits": {"17"}},
			"/twilio/keys/page-57?d=17&a=1&n=1": {"CallSid": {callSID}},
			"/twilio/sms":                       {"MessageSid": {"SM0123456789abcdef0123456789abcdef"}, "Body": {"K7QXM"}, "From": {maria}},
			"/twilio/joined/page-57":            {"CallSid": {callSID}},
		} {
			form.Set("AccountSid", w.fake.AccountSID())
			equal(t, path, w.fake.Forge(w.in+path, form), 403)
		}
		equal(t, "heard", w.ear.heard, 0)
		w.withoutNumbers(w.log.String())
	})
	t.Run("repeated", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Callbacks(twiliofake.Manner{Twice: true})
		w.fake.Phone(maria).Calls(twiliofake.Acknowledges())
		w.send(w.acc.Voice(), page())
		w.fake.Phone(maria).Write("NO K7QXM")
		for _, s := range w.fake.Sent() {
			if status, _ := w.fake.Replay(s); status/100 != 2 {
				t.Errorf("%s: %d", s.URL, status)
			}
		}
		equal(t, "heard once", w.ear.said(), "17, NO K7QXM")
		equal(t, "news once", w.ear.told(), "accepted accepted delivered delivered")
		if w.ear.heard < 12 {
			t.Errorf("only %d were heard: nothing was repeated", w.ear.heard)
		}
	})
	t.Run("the other way round", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Callbacks(twiliofake.Manner{Hold: true})
		w.send(w.acc.SMS(), page())
		w.fake.Phone(maria).Calls(twiliofake.Voicemail())
		w.send(w.acc.Voice(), page())
		equal(t, "news", w.ear.told(), "")
		w.fake.Release(true)
		equal(t, "news", w.ear.told(), "delivered delivered accepted accepted delivered accepted")
		// Each says where it belongs, so that what is behind changes nothing.
		before := map[string]int{}
		for _, r := range w.ear.receipts {
			if last, seen := before[r.Ref]; seen && r.Seq >= last {
				t.Errorf("%s is not behind what came before", r.Event)
			}
			before[r.Ref] = r.Seq
		}
	})
	t.Run("late", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Callbacks(twiliofake.Manner{Hold: true})
		w.fake.Phone(maria).Calls(twiliofake.Acknowledges())
		w.send(w.acc.Voice(), page())
		equal(t, "heard without any news", w.ear.said(), "17")
		w.fake.Release(false)
		equal(t, "news", w.ear.told(), "accepted accepted delivered delivered")
	})
	t.Run("never", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Callbacks(twiliofake.Manner{Never: true})
		w.fake.Phone(maria).Calls(twiliofake.Acknowledges())
		w.send(w.acc.Voice(), page())
		equal(t, "heard", w.ear.said(), "17")
	})
}

func TestFaultRow30NumbersThatCannotWork(t *testing.T) {
	t.Run("invalid", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Phone(maria).Invalid()
		for _, r := range []paging.Route{w.acc.SMS(), w.acc.Voice()} {
			_, err := r.Send(t.Context(), page())
			wantBad(t, err, "no such number")
			w.withoutNumbers(err)
		}
	})
	t.Run("a landline", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Phone(maria).Landline()
		_, err := w.acc.SMS().Send(t.Context(), page())
		wantBad(t, err, "landline")
		w.fake.Phone(maria).Calls(twiliofake.Acknowledges())
		w.send(w.acc.Voice(), page()) // but it can be called
		equal(t, "heard", w.ear.said(), "17")
	})
	for code, bad := range map[int]string{
		30005: "the carrier knows no such number", 30006: "this number is a landline, or its carrier takes no texts",
		30003: "", 30007: "", 30008: "", 31999: "",
	} {
		w := newWorld(t)
		w.fake.Phone(maria).Carrier(code)
		w.send(w.acc.SMS(), page())
		equal(t, "news", w.ear.told(), "accepted failed")
		equal(t, "bad", w.ear.last().Bad, bad)
		w.withoutNumbers(w.ear.last())
	}
	t.Run("recycled", func(t *testing.T) {
		w := newWorld(t)
		w.fake.Phone(maria).Answers(func(string) string { return "STOP" }) // whoever has it now
		w.send(w.acc.SMS(), page())
		equal(t, "heard", w.ear.said(), "STOP")
		equal(t, "from", w.ear.replies[0].From.Reveal(), maria)
	})
}
