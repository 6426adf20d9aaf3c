package mail_test

import (
	"fmt"
	"strings"
	"testing"

	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

var sealing = secret.New("a secret of this installation")

// answered is a configuration whose answers are read.
func answered(c *mail.Config) {
	c.ReplyTo, c.BounceTo, c.Secret = "Ack <ack@bat.example>", "bounces@bat.example", sealing
}

func TestALetterThatMayBeAnsweredReadsLikeThis(t *testing.T) {
	subject, text, html := read(t, func(m *paging.Message) {
		m.Code, m.Items = "K7QXM", []string{"disk full on a\u202e", "disk full on b"}
	}, answered)
	if want := "[INC-7] Release engineering needed: remote code execution in openssl (severity 1, 2 alerts)"; subject != want {
		t.Errorf("subject %q, want %q", subject, want)
	}
	want := `Write your answer above this line.

INC-7, severity 1

remote code execution in openssl

- disk full on a<U+202E>
- disk full on b

You are asked for: release engineering.

Answer this mail with K7QXM to say that you are coming. If you
cannot, answer it with no K7QXM, and the next person is rung.

To say that you are coming, open this link. It shows a page with one
button, and nothing happens before you press it. It works once.

https://bat.example/a/linkcanary

Or write in chat:

  !ack P12

If you cannot come, write this, and the next person is rung at once:

  !decline P12

Come to: #war, #inc-7-openssl

Of an answer by mail, only the five letters are read, and a no before them.
`
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	for _, want := range []string{
		mail.AboveLine, "<strong>K7QXM</strong>", "<strong>no K7QXM</strong>", "<li><bdi>disk full on b</bdi></li>",
		`href="mailto:ack@bat.example?body=K7QXM&amp;subject=Re%3A%20%5BINC-7%5D"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not in\n%s", want, html)
		}
	}
	if strings.Contains(html, "not read.") {
		t.Error("it says that answers are not read")
	}
}

func TestEveryFoldedAlertIsNamed(t *testing.T) {
	_, text, html := read(t, func(m *paging.Message) {
		for i := range 500 {
			m.Items = append(m.Items, fmt.Sprintf("host %d is down", i))
		}
	}, nil)
	for i := range 500 {
		if want := fmt.Sprintf("host %d is down", i); !strings.Contains(text, "- "+want+"\n") || !strings.Contains(html, ">"+want+"<") {
			t.Fatalf("%q is missing", want)
		}
	}
}

// Holiday notes repeat the subject, and not all of them say that they are one.
func TestNoSubjectHoldsTheCode(t *testing.T) {
	for _, kind := range []paging.Kind{paging.KindPage, paging.KindProof, paging.KindTest, paging.KindCanary, "news"} {
		subject, _, _ := read(t, func(m *paging.Message) { m.Kind, m.Code = kind, "K7QXM" }, answered)
		if subject == "" || strings.Contains(subject, "K7QXM") {
			t.Errorf("%q: %q", kind, subject)
		}
	}
}

func TestALetterWithACodeReadsLikeThis(t *testing.T) {
	proof := func(kind paging.Kind) func(*paging.Message) {
		return func(m *paging.Message) {
			*m = paging.Message{Kind: kind, Key: "proof-3", Person: "maria", Address: m.Address, Code: "K7QXM"}
		}
	}
	subject, text, html := read(t, proof(paging.KindProof), answered)
	if want := "[Batsignal] Is this address yours?"; subject != want {
		t.Errorf("subject %q, want %q", subject, want)
	}
	if want := `Write your answer above this line.

maria gave this address for pages: calls for help when something
is on fire. None comes here before its owner has said this code back.

Answer this mail with K7QXM to show that you read it.

Or write in chat:

  !contact prove K7QXM

If you know nothing of this, do nothing.

Of an answer by mail, only the five letters are read.
`; text != want {
		t.Errorf("got\n%q\nwant\n%q", text, want)
	}
	if !strings.Contains(html, "<code>!contact prove K7QXM</code>") || !strings.Contains(html, "mailto:ack@bat.example?body=K7QXM") {
		t.Errorf("the other letter:\n%s", html)
	}
	if _, text, _ = read(t, proof(paging.KindTest), nil); !strings.Contains(text, "Nobody needs you now.") ||
		!strings.Contains(text, "  !contact prove K7QXM\n") || !strings.Contains(text, "Replies to this mail are not read.") || strings.Contains(text, mail.AboveLine) {
		t.Errorf("a test, and answers are not read:\n%s", text)
	}
	if _, text, _ = read(t, proof(paging.KindCanary), answered); strings.Contains(text, "K7QXM") || !strings.Contains(text, "Nothing is to be done.") {
		t.Errorf("the daily letter:\n%s", text)
	}
}

func TestLettersSayWhereAnswersAndBouncesGo(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	c := config(s)
	answered(&c)
	r := route(t, c)
	maria, jan := page(), page()
	maria.Key, jan.Key, jan.Page, jan.Person, jan.Address = "page-41", "page-42", 13, "jan", secret.New("jan@oncall.example")
	for _, m := range []paging.Message{maria, jan} {
		if _, err := r.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	all := s.All()
	for i, key := range []string{"page-41", "page-42"} {
		if all[i].From != "bounces@bat.example" || all[i].Header("Reply-To") != "<ack@bat.example>" {
			t.Errorf("the envelope is from %q, the answer goes to %q", all[i].From, all[i].Header("Reply-To"))
		}
		if got, ok := mail.KeyOf(sealing, all[i].Header("Message-ID")); !ok || got != key {
			t.Errorf("%q is of %q, %v", all[i].Header("Message-ID"), got, ok)
		}
	}
	for _, name := range []string{"References", "In-Reply-To"} {
		if a, b := all[0].Header(name), all[1].Header(name); a == "" || a != b {
			t.Errorf("%s of two people in one incident: %q and %q", name, a, b)
		}
	}
}

func TestAnAnswerIsMarkedAsOneOfAMachine(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	r := route(t, config(s))
	to := secret.New("Maria <maria@oncall.example>")
	for _, id := range []string{"<abc@phone.example>", "<abc@phone.example>\r\nBcc: <x@y.example>"} {
		if err := r.Answer(t.Context(), to, id, "Re: [INC-7]", "You acknowledged P12.\nThank you."); err != nil {
			t.Fatal(err)
		}
	}
	all := s.All()
	if text, err := all[0].Part("text/plain"); err != nil || text != "You acknowledged P12.\nThank you.\n" {
		t.Errorf("%q, %v", text, err)
	}
	for name, want := range map[string]string{
		"To": "<maria@oncall.example>", "In-Reply-To": "<abc@phone.example>", "Auto-Submitted": "auto-replied", "Subject": "Re: [INC-7]",
	} {
		if got := all[0].Header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if all[1].Header("In-Reply-To") != "" || all[1].Header("Bcc") != "" {
		t.Errorf("a forged identity got into the headers:\n%s", all[1].Raw)
	}
}

func TestIdentitiesOfStrangersAreNotBelieved(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	c := config(s)
	answered(&c)
	m := page()
	m.Key = "page-41"
	if _, err := route(t, c).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	id := s.All()[0].Header("Message-ID")
	for _, good := range []string{id, strings.Trim(id, "<>"), " " + id + " ", strings.Replace(id, "@bat.example", "@rewritten.example", 1)} {
		if key, ok := mail.KeyOf(sealing, good); !ok || key != "page-41" {
			t.Errorf("%q: %q, %v", good, key, ok)
		}
	}
	for _, bad := range []string{
		"", "<>", "<page-41@bat.example>", "<page-41.@bat.example>", strings.Replace(id, "page-41", "page-42", 1),
		strings.Replace(id, "page-41", "proof-41", 1), strings.Replace(id, "page-41", "page-041", 1), strings.Split(id, "@")[0],
		"<page-41.000000000000000000000000@bat.example>", "<" + strings.Repeat("a", 1<<16) + "@bat.example>",
	} {
		if key, ok := mail.KeyOf(sealing, bad); ok || key != "" {
			t.Errorf("%.100q was taken for %q", bad, key)
		}
	}
	if _, ok := mail.KeyOf(secret.New("another secret, not ours"), id); ok {
		t.Error("another secret fits")
	}
	if _, ok := mail.KeyOf(secret.Text{}, id); ok {
		t.Error("no secret fits")
	}
}
