package mail_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/mail"
	"batsignal/integrations/mail/mailtest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const patience = 60 * time.Second

// page is what most tests send; each changes what it is about.
func page() paging.Message {
	return paging.Message{
		Key: "delivery-41", Attempt: 1, Page: 12, Person: "maria",
		Address: secret.New("maria.canary@oncall.example"),
		Ref:     "INC-7", Severity: 1, Role: "release engineering", Why: "remote code execution in openssl",
		Rooms: []string{"#war", "#inc-7-openssl"}, AckLink: secret.New("https://bat.example/a/linkcanary"),
	}
}

func config(s *mailtest.Server) mail.Config {
	return mail.Config{
		Host: s.Host, Port: s.Port, RootCAs: s.RootCAs(), From: "Batsignal <batsignal@bat.example>",
		Timeout: patience, Now: func() time.Time { return time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC) },
	}
}

func route(t *testing.T, c mail.Config) *mail.Route {
	t.Helper()
	r, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestALetterArrivesOverTLSAfterALogin(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		t.Run(fmt.Sprintf("implicit=%v", implicit), func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{Username: "bot", Password: "pw-canary", ImplicitTLS: implicit})
			c := config(s)
			c.Username, c.Password = "bot", secret.New("pw-canary")
			if implicit {
				c.TLS = mail.TLS
			}
			handed, err := route(t, c).Send(t.Context(), page())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(handed.Note, "accepted by the mail server: ") {
				t.Errorf("handed.Note %q", handed.Note)
			}
			inbox := s.Inbox("maria.canary@oncall.example")
			if len(inbox) != 1 {
				t.Fatalf("%d letters arrived", len(inbox))
			}
			got := inbox[0]
			if !got.TLS || got.User != "bot" || got.From != "batsignal@bat.example" {
				t.Errorf("TLS %v, user %q, sender %q", got.TLS, got.User, got.From)
			}
			for name, want := range map[string]string{
				"Subject":        "[INC-7] Release engineering needed: remote code execution in openssl (severity 1)",
				"From":           `"Batsignal" <batsignal@bat.example>`,
				"To":             "<maria.canary@oncall.example>",
				"Date":           "Mon, 23 Nov 2026 03:00:00 +0000",
				"Auto-Submitted": "auto-generated",
				"Importance":     "high",
				"X-Priority":     "1 (Highest)",
			} {
				if h := got.Header(name); h != want {
					t.Errorf("%s: %q, want %q", name, h, want)
				}
			}
			if strings.Contains(string(got.Raw), "go-mail") {
				t.Error("the letter names the library that wrote it")
			}
		})
	}
}

func TestLettersOfOneIncidentAreSiblingsAndRepeatsAreEqual(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	r := route(t, config(s))
	first, again, other, elsewhere := page(), page(), page(), page()
	again.Attempt, again.Repeat = 2, true
	other.Key = "delivery-42"
	elsewhere.Key, elsewhere.Page, elsewhere.Ref = "delivery-43", 13, "INC-8"
	for _, m := range []paging.Message{first, again, other, elsewhere} {
		if _, err := r.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	mails := s.All()
	id := func(i int, name string) string { return mails[i].Header(name) }
	wellFormed := regexp.MustCompile(`^<[0-9a-f]{24}@bat\.example>$`)
	for i := range mails {
		for _, name := range []string{"Message-ID", "In-Reply-To", "References"} {
			if !wellFormed.MatchString(id(i, name)) {
				t.Errorf("letter %d: %s is %q", i, name, id(i, name))
			}
		}
	}
	switch {
	case id(0, "Message-ID") != id(1, "Message-ID"):
		t.Error("two tries of one delivery have different identities")
	case id(0, "Message-ID") == id(2, "Message-ID"):
		t.Error("two deliveries have one identity")
	case id(0, "In-Reply-To") != id(2, "In-Reply-To"):
		t.Error("two deliveries of one incident are not siblings")
	case id(0, "In-Reply-To") == id(3, "In-Reply-To"):
		t.Error("two incidents are siblings")
	}
	if !strings.Contains(id(1, "Subject"), "possible repeat") {
		t.Errorf("the repeat does not say so: %q", id(1, "Subject"))
	}
}

func TestNoMoreConnectionsAtOnceThanAllowed(t *testing.T) {
	const allowed, pages = 3, 9
	s := mailtest.Start(t, mailtest.Options{})
	release := s.Hold()
	c := config(s)
	c.Concurrency = allowed
	r := route(t, c)
	var sending sync.WaitGroup
	failed := make(chan error, pages)
	for range pages {
		sending.Go(func() {
			if _, err := r.Send(context.Background(), page()); err != nil {
				failed <- err
			}
		})
	}
	if err := s.WaitHeld(allowed, patience); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Send(impatient, page()); !errors.Is(err, context.Canceled) {
		t.Errorf("with all places taken and no time left: %v", err)
	}
	release()
	sending.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if n := len(s.All()); n != pages {
		t.Errorf("%d letters arrived, want %d", n, pages)
	}
	if s.Most() != allowed {
		t.Errorf("%d letters were under way at once, want %d", s.Most(), allowed)
	}
}

func TestConfigurationsThatCannotWorkAreRefusedInWords(t *testing.T) {
	good := mail.Config{Host: "smtp.example.org", From: "batsignal@bat.example"}
	if _, err := mail.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*mail.Config){
		"no host":              func(c *mail.Config) { c.Host = "" },
		"a URL as the host":    func(c *mail.Config) { c.Host = "smtp://example.org" },
		"no sender":            func(c *mail.Config) { c.From = "batsignal" },
		"a broken sender":      func(c *mail.Config) { c.From = "a@b.example\r\nBcc: c@d.example" },
		"an unknown TLS":       func(c *mail.Config) { c.TLS = "maybe" },
		"a port too high":      func(c *mail.Config) { c.Port = 70000 },
		"a user, no password":  func(c *mail.Config) { c.Username = "bot" },
		"a short secret":       func(c *mail.Config) { c.Secret = secret.New("123456789012345") },
		"no mailbox to answer": func(c *mail.Config) { c.ReplyTo = "ack" },
		"none for bounces":     func(c *mail.Config) { c.BounceTo = "a@b.example, c@d.example" },
		"no TLS to elsewhere":  func(c *mail.Config) { c.TLS = mail.None },
		"no TLS to an address": func(c *mail.Config) { c.TLS, c.Host = mail.None, "192.0.2.1" },
	} {
		c := good
		change(&c)
		if _, err := mail.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, local := range []string{"localhost", "127.0.0.1", "127.8.8.8", "::1"} {
		c := good
		c.TLS, c.Host = mail.None, local
		if _, err := mail.New(c); err != nil {
			t.Errorf("no TLS to %s: %v", local, err)
		}
	}
}
