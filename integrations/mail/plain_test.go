package mail_test

import (
	"errors"
	"strings"
	"testing"

	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

var maria = secret.New("maria.canary@oncall.example")

func TestAPlainLetterReadsLikeThis(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	r := route(t, config(s))
	body := "You have 1 action to do:\n\n- A12, due tomorrow:\n  rotate the key\u202e\x1b[31m .\n.\n"
	for range 2 { // a second try of the same letter
		if err := r.Mail(t.Context(), maria, "letter-7", "To do: =?utf-8?q?x?= 1 action", body); err != nil {
			t.Fatal(err)
		}
	}
	all := s.All()
	if len(all) != 2 || all[0].Header("Message-ID") != all[1].Header("Message-ID") || all[0].Header("Message-ID") == "" {
		t.Fatalf("%d letters, %q", len(all), all[0].Header("Message-ID"))
	}
	got := all[0]
	if h := got.Header("Subject"); h != "To do: = ?utf-8?q?x?= 1 action" {
		t.Errorf("subject %q", h)
	}
	if h := got.Header("Auto-Submitted"); h != "auto-generated" {
		t.Errorf("Auto-Submitted %q", h)
	}
	text, err := got.Part("text/plain")
	if err != nil {
		t.Fatal(err)
	}
	want := "You have 1 action to do:\n\n- A12, due tomorrow:\n  rotate the key<U+202E><U+001B>[31m .\n.\n\nReplies to this mail are not read.\n"
	if text != want {
		t.Errorf("got\n%q\nwant\n%q", text, want)
	}
}

func TestARefusalOfAPlainLetterHoldsNoAddress(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	r := route(t, config(s))
	for _, step := range []struct {
		code      int
		permanent bool
	}{{550, true}, {451, false}} {
		s.Script(mailtest.Answer{At: mailtest.AtTo, Code: step.code, Text: "<maria.canary@oncall.example> is unknown"})
		err := r.Mail(t.Context(), maria, "k", "s", "b")
		if err == nil || errors.Is(err, paging.ErrPermanent) != step.permanent {
			t.Fatalf("%d: %v", step.code, err)
		}
		for _, text := range everything("", err) {
			if strings.Contains(text, "canary") || strings.Contains(text, "oncall.example") {
				t.Errorf("%q", text)
			}
		}
	}
	if err := r.Mail(t.Context(), secret.New("canary"), "k", "s", "b"); !errors.Is(err, paging.ErrPermanent) || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
	c := config(s)
	c.Port = 1
	if err := route(t, c).Mail(t.Context(), maria, "k", "s", "b"); err == nil || errors.Is(err, paging.ErrPermanent) {
		t.Error(err)
	}
}
