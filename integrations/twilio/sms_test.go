package twilio_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/paging"
)

func TestATextArrivesAndIsAnswered(t *testing.T) {
	w := newWorld(t)
	phone := w.fake.Phone(maria)
	h := w.send(w.acc.SMS(), page())
	if !strings.HasPrefix(h.Ref, "SM") || !strings.Contains(h.Note, "accepted") {
		t.Fatalf("%+v", h)
	}
	got := phone.Inbox()[0].Body
	equal(t, "the text", got, "Batsignal INC-7, severity 1, for release engineering: Smoke in the build farm. Send back K7QXM to acknowledge, NO K7QXM to decline. (P12-57)")
	equal(t, "news", w.ear.told(), "accepted delivered")
	r := w.ear.last()
	if r.Key != "page-57" || r.Ref != h.Ref || r.Route != "sms" || r.Seq < 2 || r.Bad != "" || !r.At.Equal(noon) {
		t.Errorf("%+v", r)
	}

	phone.Write("K7QXM")
	equal(t, "heard", w.ear.said(), "K7QXM")
	in := w.ear.replies[0]
	if in.Route != "sms" || in.Key != "" || in.From.Reveal() != maria || in.Event == "" {
		t.Errorf("%+v", in)
	}
	inbox := phone.Inbox()
	equal(t, "the answer, with the commands of here", inbox[len(inbox)-1].Body, "You have INC-7, maria. In chat: .ack.")
	w.withoutNumbers(h, w.log.String(), in, r)
}

func TestStopIsTwiliosToAnswerAndOursToHear(t *testing.T) {
	w := newWorld(t)
	phone := w.fake.Phone(maria)
	phone.Write("STOP")
	equal(t, "heard", w.ear.said(), "STOP")
	if inbox := phone.Inbox(); len(inbox) != 1 || !strings.Contains(inbox[0].Body, "unsubscribed") {
		t.Errorf("%+v", inbox)
	}
	// Should it ever be missed, the next text says so.
	_, err := w.acc.SMS().Send(t.Context(), page())
	wantBad(t, err, "STOP")
	w.withoutNumbers(err)
	phone.Write("start")
	equal(t, "heard", w.ear.said(), "STOP, start")
	w.send(w.acc.SMS(), page())
	if inbox := phone.Inbox(); !strings.HasSuffix(inbox[len(inbox)-1].Body, "(P12-57)") {
		t.Errorf("nothing came after START: %+v", inbox)
	}
}

// Two answers to one word are one too many, and one to a number that said STOP is refused.
func TestWhatTwilioAnswersIsNotAnsweredTwice(t *testing.T) {
	w := newWorld(t)
	for _, word := range []string{"HELP", " stop ", "Start", "UNSUBSCRIBE"} {
		if sent := w.fake.Phone(maria).Write(word); sent.Status != 200 || strings.Contains(sent.Body, "Message") {
			t.Errorf("%q: %d, %s", word, sent.Status, sent.Body)
		}
	}
	equal(t, "heard", w.ear.said(), "HELP,  stop , Start, UNSUBSCRIBE")
}

// Two machines that answer one another stop.
func TestAPhoneThatAnswersByItselfIsNotAnsweredForEver(t *testing.T) {
	w := newWorld(t)
	phone := w.fake.Phone(maria)
	for range 10 {
		phone.Write("I am on holiday")
	}
	if n := len(phone.Inbox()); n != 3 {
		t.Errorf("it was told %d times that it is not understood", n)
	}
	phone.Write("K7QXM") // who is understood is answered all the same
	equal(t, "the last", phone.Inbox()[3].Body, "You have INC-7, maria. In chat: .ack.")
	w.later(2 * time.Hour)
	phone.Write("I am on holiday")
	equal(t, "told", len(phone.Inbox()), 5)
}

// A text that cannot be written down is not lost in silence.
func TestATextWhileTheDatabaseIsAway(t *testing.T) {
	w := newWorld(t)
	phone := w.fake.Phone(maria)
	w.ear.fails(1)
	if sent := phone.Write("K7QXM"); sent.Status != 200 {
		t.Fatal(sent.Status)
	}
	contains(t, phone.Inbox()[0].Body, "could not write down", "does NOT count")
	equal(t, "heard", w.ear.said(), "")
	phone.Write("K7QXM")
	equal(t, "heard", w.ear.said(), "K7QXM")
	w.withoutNumbers(w.log.String())
}

func TestNewsThatCouldNotBeHeardComesAgain(t *testing.T) {
	for name, fragments := range map[string]bool{"signed without the fragment": false, "signed with it": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(t *tune) { t.options.SignFragments = fragments })
			w.ear.fails(2)
			w.send(w.acc.SMS(), page())
			equal(t, "news", w.ear.told(), "accepted delivered")
			equal(t, "tries", w.fake.Sent()[0].Tries, 3)
		})
	}
}

func TestAMessagingServiceMaySend(t *testing.T) {
	const service = "MG0123456789abcdef0123456789abcdef"
	w := newWorld(t, func(t *tune) {
		t.options.Service = service
		t.config = func(c *twilio.Config) { c.SMSFrom = service }
	})
	w.send(w.acc.SMS(), page())
	equal(t, "texts", len(w.fake.Phone(maria).Inbox()), 1)
	form := w.fake.Requests()[0].Form
	if form.Get("MessagingServiceSid") != service || form.Has("From") {
		t.Error(form)
	}
}

func TestOtherKindsOfText(t *testing.T) {
	for kind, want := range map[paging.Kind]string{
		paging.KindProof:  "send back K7QXM, and pages can reach you here",
		paging.KindTest:   "test, nothing is on fire. Send back K7QXM",
		paging.KindCanary: "daily test of this route, K7QXM. Nothing is to be done",
	} {
		w := newWorld(t)
		m := paging.Message{Kind: kind, Key: "proof-9", Attempt: 1, Address: page().Address, Code: "K7QXM"}
		w.send(w.acc.SMS(), m)
		contains(t, w.fake.Phone(maria).Inbox()[0].Body, want)
		equal(t, "key", w.ear.last().Key, "proof-9")
		if _, found, err := w.acc.SMS().Ask(t.Context(), m); !found || err != nil {
			t.Errorf("%s is not found again: %v", kind, err)
		}
	}
}

// Twilio took a text, and we never heard so: the next try finds it.
func TestATextIsNotSentTwice(t *testing.T) {
	for name, trouble := range map[string]twiliofake.Trouble{
		"cut":          {Cut: true, Taken: true},
		"500":          {Status: 500, Taken: true},
		"503 in front": {Status: 503, Taken: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fake.Next(trouble)
			m := page()
			_, err := w.acc.SMS().Send(t.Context(), m)
			wantProvider(t, err)
			w.withoutNumbers(err)
			w.fake.Settled(t)
			m.Attempt, m.Repeat = 2, true
			h := w.send(w.acc.SMS(), m)
			equal(t, "texts", len(w.fake.Phone(maria).Inbox()), 1)
			equal(t, "its name", h.Ref, w.fake.Texts()[0].SID)
		})
	}
}

// The text of another ring, of another page, or of one that failed is not this one.
func TestAnotherTextIsNotTheOneThatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	sms := w.acc.SMS()
	other := page()
	other.Key = "page-56" // the round before: the same page and code
	w.send(sms, other)
	other.Key, other.Code = "page-57", "ZZZZ2"
	w.send(sms, other)
	if _, found, err := sms.Ask(t.Context(), page()); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	w.fake.Phone(maria).Carrier(30007)
	w.send(sms, page())
	if _, found, err := sms.Ask(t.Context(), page()); found || err != nil {
		t.Errorf("failed: found %v, %v", found, err)
	}
	w.fake.Phone(maria).Carrier(0)
	w.send(sms, page())
	if h, found, err := sms.Ask(t.Context(), page()); !found || err != nil || !strings.Contains(h.Note, "delivered") {
		t.Errorf("%+v, found %v, %v", h, found, err)
	}
}
