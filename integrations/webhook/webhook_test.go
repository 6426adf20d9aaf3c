package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/integrations/webhook"
	"batsignal/integrations/webhook/webhooktest"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const patience = 60 * time.Second

func shared() secret.Text { return secret.New("sharedcanary-0123456789abcdef") }

func page(address secret.Text) paging.Message {
	return paging.Message{
		Key: "delivery-41", Attempt: 1, Page: 12, Person: "maria", Address: address,
		Ref: "INC-7", Severity: 1, Role: "release engineering", Why: "remote <code> execution\nin openssl \u202e",
		Rooms: []string{"#war", "#inc-7-openssl"}, AckLink: secret.New("https://bat.example/a/linkcanary"),
	}
}

func route(t testing.TB, c webhook.Config) *webhook.Route {
	t.Helper()
	if c.Secret.Empty() {
		c.Secret = shared()
	}
	if c.Timeout == 0 {
		c.Timeout = patience
	}
	r, err := webhook.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestAPageArrivesSignedAndWhole(t *testing.T) {
	for name, sink := range map[string]*webhooktest.Sink{
		"http": webhooktest.Start(t, shared()), "https": webhooktest.StartTLS(t, shared()),
	} {
		t.Run(name, func(t *testing.T) {
			r := route(t, webhook.Config{AllowNetworks: sink.Networks(), RootCAs: sink.RootCAs()})
			before := time.Now()
			handed, err := r.Send(t.Context(), page(sink.URL()))
			if err != nil || handed.Note != "accepted by the webhook with 204" {
				t.Fatalf("%q, %v", handed.Note, err)
			}
			got := sink.Arrivals()
			if len(got) != 1 {
				t.Fatalf("%d requests arrived", len(got))
			}
			a := got[0]
			if a.Signature != nil {
				t.Errorf("the signature: %v", a.Signature)
			}
			if a.At.Before(before) || a.At.After(time.Now()) {
				t.Errorf("arrived at %v, sent at %v", a.At, before)
			}
			for header, want := range map[string]string{
				"Idempotency-Key": "delivery-41", "Batsignal-Attempt": "1",
				"Content-Type": "application/json", "User-Agent": "batsignal",
			} {
				if h := a.Header.Get(header); h != want {
					t.Errorf("%s: %q, want %q", header, h, want)
				}
			}
			want := webhook.Page{
				Type: "batsignal.page.v1", Key: "delivery-41", Kind: "page", Page: "P12", Person: "maria",
				Ref: "INC-7", Severity: 1, Role: "release engineering", Why: "remote <code> execution\nin openssl \u202e",
				Alerts: []string{}, Rooms: []string{"#war", "#inc-7-openssl"}, AckLink: "https://bat.example/a/linkcanary",
			}
			if diff := cmp.Diff(want, a.Page); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheBodyIsTheDocumentedOneAndEqualOnEveryTry(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	sink.Script(webhooktest.Answer{Status: 503})
	r := route(t, webhook.Config{AllowNetworks: sink.Networks()})
	m := page(sink.URL())
	m.Why, m.Rooms, m.AckLink = "fire", nil, secret.Text{}
	if _, err := r.Send(t.Context(), m); err == nil {
		t.Fatal("503 was taken for a yes")
	}
	m.Attempt = 2
	if _, err := r.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := sink.Arrivals()
	want := `{"type":"batsignal.page.v1","key":"delivery-41","kind":"page","page":"P12","person":"maria","ref":"INC-7","severity":1,` +
		`"role":"release engineering","why":"fire","alerts":[],"code":"","rooms":[],"ack_link":"","possible_repeat":false}`
	for i, a := range got {
		if string(a.Body) != want {
			t.Errorf("try %d:\n%s\nwant\n%s", i+1, a.Body, want)
		}
		if n := a.Header.Get("Batsignal-Attempt"); n != fmt.Sprint(i+1) {
			t.Errorf("try %d calls itself %s", i+1, n)
		}
	}
}

func TestTheStatusDecidesWhetherToTryAgain(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	r := route(t, webhook.Config{AllowNetworks: sink.Networks()})
	for status, want := range map[int]string{
		200: "yes", 201: "yes", 202: "yes", 204: "yes", 299: "yes",
		408: "again", 425: "again", 429: "again", 500: "again", 502: "again", 503: "again", 504: "again", 599: "again",
		301: "never", 302: "never", 303: "never", 304: "never", 307: "never", 308: "never",
		400: "never", 401: "never", 403: "never", 404: "never", 405: "never", 410: "never", 418: "never", 451: "never",
	} {
		sink.Script(webhooktest.Answer{Status: status, Header: http.Header{"Location": {sink.URL().Reveal()}}})
		_, err := r.Send(t.Context(), page(sink.URL()))
		got := "again"
		if err == nil {
			got = "yes"
		} else if errors.Is(err, paging.ErrPermanent) {
			got = "never"
		}
		if got != want {
			t.Errorf("%d: %s, want %s (%v)", status, got, want, err)
		}
	}
	if n := len(sink.Arrivals()); n != 27 {
		t.Errorf("%d requests for 27 pages: a redirect was followed, or an answer asked for twice", n)
	}
}

func TestAConnectionThatIsCutIsTriedAgain(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	r := route(t, webhook.Config{AllowNetworks: sink.Networks()})
	sink.Script(webhooktest.Answer{Cut: true})
	if _, err := r.Send(t.Context(), page(sink.URL())); err == nil || errors.Is(err, paging.ErrPermanent) {
		t.Errorf("cut on a new connection: %v", err)
	}
	if _, err := r.Send(t.Context(), page(sink.URL())); err != nil {
		t.Errorf("the next one: %v", err)
	}
	for i, a := range sink.Arrivals() {
		if key := a.Header.Get("Idempotency-Key"); key != "delivery-41" {
			t.Errorf("request %d has the key %q", i, key)
		}
	}
}

func TestASlowReceiverIsLeftWhenTimeIsUp(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	sink.Script(webhooktest.Answer{Wait: make(chan struct{})}, webhooktest.Answer{Wait: make(chan struct{})})
	r := route(t, webhook.Config{AllowNetworks: sink.Networks(), Timeout: 50 * time.Millisecond})
	if _, err := r.Send(t.Context(), page(sink.URL())); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, paging.ErrPermanent) {
		t.Errorf("no answer: %v", err)
	}
	r = route(t, webhook.Config{AllowNetworks: sink.Networks()})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := r.Send(ctx, page(sink.URL())); !errors.Is(err, context.Canceled) {
		t.Errorf("no more patience: %v", err)
	}
}

func TestALongAnswerIsNotReadToItsEnd(t *testing.T) {
	sink := webhooktest.Start(t, shared())
	sink.Script(webhooktest.Answer{Status: 200, Body: bytes.Repeat([]byte("x"), 50<<20)})
	r := route(t, webhook.Config{AllowNetworks: sink.Networks()})
	if _, err := r.Send(t.Context(), page(sink.URL())); err != nil {
		t.Error(err)
	}
	sink.Script(webhooktest.Answer{Status: 200, Header: http.Header{"X-Long": {strings.Repeat("x", 1<<20)}}})
	if _, err := r.Send(t.Context(), page(sink.URL())); err == nil || errors.Is(err, paging.ErrPermanent) {
		t.Errorf("headers of a megabyte: %v", err)
	}
}

func TestAThousandPagesShareFewConnections(t *testing.T) {
	const pages, workers = 1000, 32
	sink := webhooktest.Start(t, shared())
	r := route(t, webhook.Config{AllowNetworks: sink.Networks()})
	began := time.Now()
	sendMany(t, r, sink, pages, workers)
	got, err := sink.WaitFor(pages, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pages in %v over %d connections", pages, time.Since(began).Round(time.Millisecond), sink.Connections())
	keys := map[string]bool{}
	for _, a := range got {
		keys[a.Page.Key] = true
		if a.Signature != nil || a.At.Before(began) {
			t.Errorf("%s: signature %v, arrived %v", a.Page.Key, a.Signature, a.At)
		}
	}
	if len(keys) != pages {
		t.Errorf("%d different pages arrived", len(keys))
	}
	if sink.Connections() > 2*workers {
		t.Errorf("%d connections were opened", sink.Connections())
	}
}

func sendMany(t testing.TB, r *webhook.Route, sink *webhooktest.Sink, pages, workers int) {
	var sending sync.WaitGroup
	todo := make(chan int)
	for range workers {
		sending.Go(func() {
			for i := range todo {
				m := page(sink.URL())
				m.Key = fmt.Sprintf("delivery-%d", i)
				if _, err := r.Send(t.Context(), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range pages {
		todo <- i
	}
	close(todo)
	sending.Wait()
}

func BenchmarkSend(b *testing.B) {
	sink := webhooktest.Start(b, shared())
	r := route(b, webhook.Config{AllowNetworks: sink.Networks()})
	b.ResetTimer()
	sendMany(b, r, sink, b.N, 32)
}

func TestConfigurationsThatCannotWorkAreRefusedInWords(t *testing.T) {
	for name, c := range map[string]webhook.Config{
		"no secret":        {},
		"a short secret":   {Secret: secret.New("123456789012345")},
		"an empty network": {Secret: shared(), AllowNetworks: []netip.Prefix{{}}},
		"a mapped network": {Secret: shared(), AllowNetworks: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}},
	} {
		if _, err := webhook.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "1234") {
			t.Errorf("%s: the refusal holds the secret: %v", name, err)
		}
	}
}

func TestAddressesThatAreNoneArePermanent(t *testing.T) {
	r := route(t, webhook.Config{})
	addresses := []string{
		"", "canary", "ftp://canary.example/", "file:///etc/canary", "https://", "https:///canary", "//canary.example/x",
		"https://canary.example:port/", "https://canary .example/", "https://canary.example/\r\nHost: x", "gopher://canary.example",
	}
	for _, address := range addresses {
		_, err := r.Send(t.Context(), page(secret.New(address)))
		if !errors.Is(err, paging.ErrPermanent) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
