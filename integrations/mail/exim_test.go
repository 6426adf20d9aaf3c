package mail_test

import (
	"errors"
	"strings"
	"testing"

	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// The scripted server cannot tell whether a real one would take the letter.
func TestARealServerDeliversTheLetter(t *testing.T) {
	e := mailtest.StartExim(t)
	r := route(t, mail.Config{
		Host: e.Host, Port: e.Port, RootCAs: e.RootCAs(), From: "Batsignal <batsignal@batsignal.test>",
		Username: e.Username, Password: secret.New(e.Password), Timeout: patience,
	})
	if err := r.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := page()
	m.Address = secret.New("maria.canary@batsignal.test")
	m.Why = "ключ подписи украден .\n.\r\n..and a line of dots"
	handed, err := r.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(handed.Note, "OK id=") || strings.Contains(handed.Note, "canary") {
		t.Errorf("handed.Note %q", handed.Note)
	}
	if _, err := e.WaitFor(1, patience); err != nil {
		t.Fatal(err)
	}
	inbox, err := e.Inbox("maria.canary@batsignal.test")
	if err != nil || len(inbox) != 1 {
		t.Fatalf("%d letters, %v", len(inbox), err)
	}
	got := inbox[0]
	if !got.TLS || got.From != "batsignal@batsignal.test" {
		t.Errorf("TLS %v, sender %q", got.TLS, got.From)
	}
	if want := "[INC-7] Release engineering needed: ключ подписи украден . . ..and a line of dots (severity 1)"; got.Header("Subject") != want {
		t.Errorf("subject %q, want %q", got.Header("Subject"), want)
	}
	for _, kind := range []string{"text/plain", "text/html"} {
		body, err := got.Part(kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"ключ подписи украден . . ..and a line of dots", "release engineering", "#inc-7-openssl",
			"https://bat.example/a/linkcanary", "!ack P12", "!decline P12",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not hold %q:\n%s", kind, want, body)
			}
		}
	}
}

func TestARealServerRefusesWithTheAddressAndWeKeepItBack(t *testing.T) {
	e := mailtest.StartExim(t)
	c := mail.Config{
		Host: e.Host, Port: e.Port, RootCAs: e.RootCAs(), From: "batsignal@batsignal.test",
		Username: e.Username, Password: secret.New(e.Password), Timeout: patience,
	}
	r := route(t, c)
	for _, story := range []struct {
		address   string
		permanent bool
		says      string
	}{
		{"gone.canary@batsignal.test", true, "refused with 550: (withheld) unknown mailbox (withheld)"},
		{"later.canary@batsignal.test", false, "refused with 451: (withheld) greylisted, (withheld) may try again"},
	} {
		m := page()
		m.Address = secret.New(story.address)
		_, err := r.Send(t.Context(), m)
		if err == nil || errors.Is(err, paging.ErrPermanent) != story.permanent || !strings.HasSuffix(err.Error(), story.says) {
			t.Errorf("said %v, want permanent %v and %q", err, story.permanent, story.says)
		}
	}
	c.Password = secret.New("wrong")
	if err := route(t, c).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "refused with 535") {
		t.Errorf("a wrong password: %v", err)
	}
}
