package twilio_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func wantProvider(tb testing.TB, err error) {
	tb.Helper()
	if !errors.Is(err, paging.ErrProvider) || errors.Is(err, paging.ErrPermanent) {
		tb.Fatalf("the provider is not to blame: %v", err)
	}
}

func wantBad(tb testing.TB, err error, word string) {
	tb.Helper()
	var bad paging.BadAddress
	if !errors.As(err, &bad) || !strings.Contains(bad.Say, word) {
		tb.Fatalf("the address is not to blame, or not by %q: %v", word, err)
	}
}

// Whatever goes wrong, the right one is to blame, and no number is in what is said.
func TestWhoIsToBlame(t *testing.T) {
	provider, address, message := "provider", "address", "message"
	for name, c := range map[string]struct {
		trouble twiliofake.Trouble
		blame   string
		says    string
	}{
		"the login":        {twiliofake.Trouble{Status: 401, Code: 20003}, provider, "login"},
		"forbidden":        {twiliofake.Trouble{Status: 403}, provider, "login"},
		"too much":         {twiliofake.Trouble{Status: 429, Code: 20429, RetryAfter: 90 * time.Second}, provider, "a pause of 90 seconds"},
		"too much, simply": {twiliofake.Trouble{Status: 429, Code: 20429}, provider, "a pause"},
		"500":              {twiliofake.Trouble{Status: 500}, provider, "500"},
		"503":              {twiliofake.Trouble{Status: 503}, provider, "503"},
		"cut":              {twiliofake.Trouble{Cut: true}, provider, "could not be reached"},
		"moved":            {twiliofake.Trouble{Status: 307}, provider, "base_url"},
		"suspended":        {twiliofake.Trouble{Status: 403, Code: 20005}, provider, "not active"},
		"our number":       {twiliofake.Trouble{Status: 400, Code: 21606}, provider, "twilio.from"},
		"no such number":   {twiliofake.Trouble{Status: 400, Code: 21211}, address, "no such number"},
		"a landline":       {twiliofake.Trouble{Status: 400, Code: 21614}, address, "landline"},
		"STOP":             {twiliofake.Trouble{Status: 400, Code: 21610}, address, "STOP"},
		"the country":      {twiliofake.Trouble{Status: 400, Code: 21408}, message, "geographic"},
		"something else":   {twiliofake.Trouble{Status: 400, Code: 29999}, message, "29999"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, r := range []paging.Route{w.acc.SMS(), w.acc.Voice()} {
				w.fake.Next(c.trouble)
				h, err := r.Send(t.Context(), page())
				if err == nil {
					t.Fatal(h)
				}
				switch c.blame {
				case provider:
					wantProvider(t, err)
				case address:
					wantBad(t, err, c.says)
				case message:
					if bad := (paging.BadAddress{}); !errors.Is(err, paging.ErrPermanent) || errors.As(err, &bad) || errors.Is(err, paging.ErrProvider) {
						t.Errorf("%v", err)
					}
				}
				contains(t, err.Error(), c.says)
				w.withoutNumbers(h, err, w.log.String())
			}
			if n := len(w.fake.Requests()); n != 2 {
				t.Errorf("%d requests: a request is never repeated unseen", n)
			}
		})
	}
}

func TestASlowTwilioHoldsUpNothingForLong(t *testing.T) {
	w := newWorld(t, func(t *tune) { t.config = func(c *twilio.Config) { c.Timeout = 20 * time.Millisecond } })
	w.fake.Next(twiliofake.Trouble{Wait: make(chan struct{}), Cut: true})
	_, err := w.acc.SMS().Send(t.Context(), page())
	wantProvider(t, err)
	contains(t, err.Error(), "in time")
	w.withoutNumbers(err)
}

func TestATwilioThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + l.Addr().String()
	l.Close()
	w := newWorld(t, func(t *tune) { t.config = func(c *twilio.Config) { c.BaseURL = gone } })
	for _, do := range []func() error{
		func() error { _, err := w.acc.Voice().Send(t.Context(), page()); return err },
		func() error { _, _, err := w.acc.Voice().Ask(t.Context(), page()); return err },
		func() error { return w.acc.SMS().Check(t.Context()) },
		func() error {
			return w.acc.Voice().End(t.Context(), paging.Ended{Ref: "CA00000000000000000000000000000000", How: paging.PageClosed})
		},
	} {
		err := do()
		wantProvider(t, err)
		w.withoutNumbers(err)
		if strings.Contains(err.Error(), "127.0.0.1") {
			t.Error(err)
		}
	}
}

func TestBrokenOffIsNobodysFault(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.acc.SMS().Send(ctx, page())
	if !errors.Is(err, context.Canceled) || errors.Is(err, paging.ErrProvider) || errors.Is(err, paging.ErrPermanent) {
		t.Error(err)
	}
}

func TestWhatIsNoNumberIsNotSent(t *testing.T) {
	w := newWorld(t)
	for _, number := range []string{"", "maria", "015112345678", "+0", "+49151 1234", "+491511234567890123", "sip:maria@example.org"} {
		m := page()
		m.Address = secret.New(number)
		for _, r := range []paging.Route{w.acc.SMS(), w.acc.Voice()} {
			_, err := r.Send(t.Context(), m)
			wantBad(t, err, "no number")
		}
	}
	equal(t, "requests", len(w.fake.Requests()), 0)
}

func TestCheck(t *testing.T) {
	w := newWorld(t)
	for _, r := range []paging.Checker{w.acc.SMS(), w.acc.Voice()} {
		if err := r.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	equal(t, "sent", len(w.fake.Texts())+len(w.fake.Rung()), 0)
	bad := newWorld(t, func(t *tune) {
		t.config = func(c *twilio.Config) { c.Tokens = []secret.Text{secret.New("old"), c.Tokens[0]} }
	})
	err := bad.acc.SMS().Check(t.Context())
	wantProvider(t, err)
	contains(t, err.Error(), "login")
}

func TestAnAPIKeySignsIn(t *testing.T) {
	key := "SK" + strings.Repeat("0", 32)
	w := newWorld(t, func(t *tune) {
		t.options.KeySID, t.options.KeySecret = key, "the secret of the key"
		t.config = func(c *twilio.Config) { c.KeySID, c.KeySecret = key, secret.New("the secret of the key") }
	})
	w.fake.Phone(maria).Calls(twiliofake.Acknowledges())
	w.send(w.acc.Voice(), page())
	equal(t, "heard, signed with the token of the account", w.ear.said(), "17")
	wrong := newWorld(t, func(t *tune) {
		t.config = func(c *twilio.Config) { c.KeySID, c.KeySecret = key, secret.New("another") }
	})
	wantProvider(t, wrong.acc.SMS().Check(t.Context()))
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	good := twilio.Config{
		AccountSID: "AC" + strings.Repeat("0", 32), Tokens: secret.New("one\n\ntwo\n").Lines(),
		From: "+14155550100", InboundURL: "https://in.example.org",
	}
	a, err := twilio.New(good)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	equal(t, "tokens", len(good.Tokens), 2)
	for name, change := range map[string]func(*twilio.Config){
		"no account":       func(c *twilio.Config) { c.AccountSID = "me" },
		"no token":         func(c *twilio.Config) { c.Tokens = nil },
		"half a key":       func(c *twilio.Config) { c.KeySID = "SK" + strings.Repeat("0", 32) },
		"no number":        func(c *twilio.Config) { c.From = "4155550100" },
		"no sender":        func(c *twilio.Config) { c.SMSFrom = "Batsignal" },
		"plain http":       func(c *twilio.Config) { c.BaseURL = "http://api.twilio.example" },
		"nowhere to reach": func(c *twilio.Config) { c.InboundURL = "" },
		"a query":          func(c *twilio.Config) { c.InboundURL = "https://in.example.org?x=1" },
		"no ring":          func(c *twilio.Config) { c.Ring = time.Second },
	} {
		c := good
		change(&c)
		if _, err := twilio.New(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
