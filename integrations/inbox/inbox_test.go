package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"batsignal/integrations/inbox"
	"batsignal/integrations/inbox/dovecottest"
	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Row 25 of the fault list: an answer with the name of somebody who was paged, and no
// code, acknowledges nothing. Whoever writes it can write any sender.
func TestRow25ASpoofedSenderAcknowledgesNothing(t *testing.T) {
	e := newEar()
	b := open(t, e, inbox.IMAP{}, nil)
	for _, raw := range [][]byte{
		letter("1", "Re: [INC-7]", "ack"),
		letter("2", "Re: [INC-7] Release engineering needed", "I acknowledge."),
		letter("3", "Re: [INC-7]", "!ack P12"),
		letter("4", "Re: [INC-7]", "STOP"),
		letter("5", "Re: [INC-7]", "23"),
		letter("6", "Re: [INC-7]", "yes", "In-Reply-To: <page-41.000000000000000000000000@bat.example>", "Authentication-Results: mx; dkim=pass"),
	} {
		if err := b.Deliver(t.Context(), strings.NewReader(string(raw))); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.replies) != 0 || len(e.receipts) != 0 {
		t.Fatalf("%+v, %+v", e.replies, e.receipts)
	}
	// With a code, the sender is no part of it.
	for _, from := range []string{"maria.canary@oncall.example", "jan.canary@elsewhere.example"} {
		raw := strings.Replace(string(letter("7", "Re: [INC-7]", "K7QXM")), "maria.canary@oncall.example", from, 1)
		if err := b.Deliver(t.Context(), strings.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.replies) != 2 || e.replies[0] != e.replies[1] || !e.replies[0].From.Empty() {
		t.Errorf("%+v", e.replies)
	}
}

func TestALetterMayBePiped(t *testing.T) {
	e := newEar()
	b := open(t, e, inbox.IMAP{}, nil)
	piped := "From maria.canary@oncall.example Mon Nov 23 03:00:00 2026\n" + strings.ReplaceAll(string(letter("1", "Re: x", "K7QXM")), "\r\n", "\n")
	long := io.MultiReader(strings.NewReader(string(letter("2", "Re: x", "H2222"))), io.LimitReader(repeat("> padding\r\n"), 20<<20))
	for _, r := range []io.Reader{strings.NewReader(piped), long} {
		if err := b.Deliver(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("it was not read to its end: %d, %v", n, err)
		}
	}
	if len(e.replies) != 2 || e.replies[0].Text != "ack K7QXM" || e.replies[1].Text != "ack H2222" {
		t.Errorf("%+v", e.replies)
	}
	broken := errors.New("broken pipe")
	if err := b.Deliver(t.Context(), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	e.hears = func(paging.Reply) (paging.Response, error) { return paging.Response{}, broken }
	if err := b.Deliver(t.Context(), strings.NewReader(piped)); !errors.Is(err, broken) {
		t.Errorf("a letter that was not heard is not delivered again: %v", err)
	}
}

type repeat string

func (r repeat) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

// A copy of a letter is the letter; another letter under its name is another.
func TestOneLetterIsOneEvent(t *testing.T) {
	e := newEar()
	b := open(t, e, inbox.IMAP{}, nil)
	for _, raw := range []string{
		string(letter("1", "Re: x", "K7QXM")),
		"Received: by another way\r\n" + string(letter("1", "Re: x", "K7QXM")),
		string(letter("1", "Re: x", "H2222")),
		strings.Replace(string(letter("", "Re: x", "K7QXM")), "Message-ID: <@phone.example>\r\n", "", 1),
		strings.Replace(string(letter("", "Re: x", "H2222")), "Message-ID: <@phone.example>\r\n", "", 1),
	} {
		if err := b.Deliver(t.Context(), strings.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	events := map[string]bool{}
	for _, r := range e.replies {
		events[r.Event] = true
	}
	if len(e.replies) != 5 || len(events) != 4 || e.replies[0].Event != e.replies[1].Event {
		t.Errorf("%+v", e.replies)
	}
}

func TestWhoAnsweredIsToldWhatCameOfIt(t *testing.T) {
	id, _ := sent(t, paging.Message{Key: "page-41", Page: 12, Ref: "INC-7", Code: "K7QXM", Address: secret.New("maria.canary@oncall.example")})
	done := paging.Response{Say: "You acknowledged P12.", Done: true}
	nothing := paging.Response{Say: "There is no code in what you wrote."}
	for name, story := range map[string]struct {
		raw   []byte
		out   paging.Response
		heard string // "-" is nothing
		told  string
	}{
		"with the code":               {letter("1", "Re: [INC-7]", "K7QXM", "In-Reply-To: "+id), done, "ack K7QXM", "You acknowledged P12."},
		"a new letter with the code":  {letter("1", "Re: [INC-7]", "K7QXM"), done, "ack K7QXM", "You acknowledged P12."},
		"an answer without a code":    {letter("1", "Re: [INC-7]", "I come", "In-Reply-To: "+id), nothing, "", nothing.Say},
		"a stranger who guesses":      {letter("1", "Re: [INC-7]", "H2222"), paging.Response{Say: "No page has this code."}, "ack H2222", ""},
		"a holiday note":              {letter("1", "Re: [INC-7]", "K7QXM", "In-Reply-To: "+id, "Auto-Submitted: auto-replied"), done, "-", ""},
		"nothing to do with us":       {letter("1", "Hello", "I come"), done, "-", ""},
		"one that was heard before":   {letter("1", "Re: [INC-7]", "K7QXM"), paging.Response{Say: "This was heard before.", Done: true, Before: true}, "ack K7QXM", ""},
		"nothing is to be said of it": {letter("1", "Re: [INC-7]", "K7QXM"), paging.Response{Done: true}, "ack K7QXM", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, told := newEar(), ""
			e.hears = func(paging.Reply) (paging.Response, error) { return story.out, nil }
			log := &syncBuffer{}
			b := open(t, e, inbox.IMAP{}, func(c *inbox.Config) {
				c.Log = logTo(log)
				c.Answer = func(_ context.Context, to secret.Text, answers, subject, say string) error {
					if to.Reveal() != "maria.canary@oncall.example" || answers != "<1@phone.example>" || subject != "Re: [INC-7]" {
						t.Errorf("%q, %q, %q", to.Reveal(), answers, subject)
					}
					told = say
					return errors.New("the mail server is away")
				}
			})
			// That it could not be told is no reason to hear the letter again.
			if err := b.Deliver(t.Context(), strings.NewReader(string(story.raw))); err != nil {
				t.Fatal(err)
			}
			heard := "-"
			for _, r := range e.replies {
				heard = r.Text
			}
			if heard != story.heard || told != story.told {
				t.Errorf("heard %q, want %q; told %q, want %q", heard, story.heard, told, story.told)
			}
			if said := log.String(); strings.Contains(said, "canary") || (said != "") != (story.told != "") {
				t.Errorf("the log: %s", said)
			}
		})
	}
}

// sent is the Message-ID and all of one letter of ours.
func sent(t *testing.T, m paging.Message) (id string, raw []byte) {
	t.Helper()
	s := mailtest.Start(t, mailtest.Options{})
	r := route(t, mail.Config{Host: s.Host, Port: s.Port, RootCAs: s.RootCAs(), From: "batsignal@bat.example"})
	if _, err := r.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.All()[0]
	return got.Header("Message-ID"), got.Raw
}

func route(t *testing.T, c mail.Config) *mail.Route {
	t.Helper()
	c.ReplyTo, c.Secret, c.Timeout = "ack@bat.example", sealing, patience
	r, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A page goes out by a real mail server, which takes it and then finds that nobody is
// there: its bounce comes back to a real mailbox. So does the daily letter to ourselves.
func TestARealBounceAndTheDailyLetterComeBack(t *testing.T) {
	post, box, e := mailtest.StartExim(t), dovecottest.Start(t), newEar()
	r := route(t, mail.Config{
		Host: post.Host, Port: post.Port, RootCAs: post.RootCAs(), From: "batsignal@batsignal.test",
		Username: post.Username, Password: secret.New(post.Password),
	})
	defer run(t, open(t, e, at(box), nil))()
	for _, m := range []paging.Message{
		{Key: "page-41", Page: 12, Ref: "INC-7", Severity: 1, Why: "K7QXM is no answer", Code: "K7QXM", Address: secret.New("vanished.canary@batsignal.test")},
		{Kind: paging.KindCanary, Key: "proof-8", Code: "H2222", Address: secret.New("ack@batsignal.test")},
	} {
		if _, err := r.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	letters, err := post.WaitFor(2, patience)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		box.Append(t, l.Raw)
	}
	e.until(t, "the bounce and the daily letter", func() bool { return len(e.receipts) >= 2 })
	got := map[string]paging.Receipt{}
	for _, receipt := range e.receipts {
		if receipt.Event == "" || receipt.At.IsZero() || strings.Contains(fmt.Sprint(receipt), "canary") {
			t.Errorf("%+v", receipt)
		}
		receipt.Event, receipt.At = "", time.Time{}
		got[receipt.Key] = receipt
	}
	if want := (paging.Receipt{
		Route: "mail", Key: "page-41", News: paging.NewsFailed, Detail: got["page-41"].Detail, Bad: got["page-41"].Bad,
	}); got["page-41"] != want || !strings.HasPrefix(want.Detail, "a mail server could not deliver it") {
		t.Errorf("%+v", got["page-41"])
	}
	if want := (paging.Receipt{Route: "mail", Key: "proof-8", News: paging.NewsDelivered, Detail: "it came to our own mailbox"}); got["proof-8"] != want {
		t.Errorf("%+v", got["proof-8"])
	}
	if len(e.replies) != 0 {
		t.Errorf("a letter of machines answered: %+v", e.replies)
	}
}
