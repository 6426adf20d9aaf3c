package twilio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	maria = "+4915112345678"
	lead  = "+442071838750"
)

// world is Twilio, our two routes and our handler, and somebody who listens.
type world struct {
	tb    testing.TB
	fake  *twiliofake.Fake
	acc   *twilio.Account
	hook  *twilio.Hook
	ear   *ear
	in    string        // where Twilio reaches us
	log   *bytes.Buffer // what was logged; read it when all is settled
	mu    sync.Mutex
	now   time.Time
	phone map[int64]string  // by contact
	whose map[string]string // our keys by Twilio's names
}

// tune changes what a world is made with.
type tune struct {
	config  func(*twilio.Config)
	options twiliofake.Options
	alone   bool // nobody knows whose calls are
}

func newWorld(tb testing.TB, how ...func(*tune)) *world {
	tb.Helper()
	var t tune
	for _, do := range how {
		do(&t)
	}
	w := &world{tb: tb, log: &bytes.Buffer{}, now: noon, phone: map[int64]string{7: lead}, whose: map[string]string{}}
	w.ear = &ear{events: map[string]bool{}}
	var hook http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { hook.ServeHTTP(rw, r) }))
	tb.Cleanup(server.Close)
	w.in = server.URL
	t.options.Now = w.clock
	w.fake = twiliofake.New(tb, t.options)
	w.fake.Number(w.in+twilio.PathSMS, w.in+twilio.PathCall)
	c := twilio.Config{
		BaseURL: w.fake.URL(), AccountSID: w.fake.AccountSID(), Tokens: []secret.Text{secret.New(w.fake.Token())},
		From: w.fake.From(), InboundURL: w.in, Timeout: 20 * time.Second,
		Whose: func(_ context.Context, route string, refs []string) (map[string]string, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			found := map[string]string{}
			for _, ref := range refs {
				if key := w.whose[ref]; key != "" && route == "voice" {
					found[ref] = key
				}
			}
			return found, nil
		},
	}
	if t.alone {
		c.Whose = nil
	}
	if t.config != nil {
		t.config(&c)
	}
	acc, err := twilio.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(acc.Close)
	w.acc = acc
	w.hook, err = twilio.NewHook(twilio.Hook{
		Ear: w.ear, Open: w.open, Tokens: c.Tokens, AccountSID: c.AccountSID, From: c.From, InboundURL: w.in, Now: w.clock,
		Words: func(s string) string { return strings.ReplaceAll(s, "!", ".") },
		Log:   slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err != nil {
		tb.Fatal(err)
	}
	hook = w.hook
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) owns(ref, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whose[ref] = key
}

func (w *world) open(_ context.Context, contact int64, _ string) (secret.Text, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	number, ok := w.phone[contact]
	if !ok {
		return secret.Text{}, fault.New(fault.NotFound, "This contact was removed.")
	}
	return secret.New(number), nil
}

// send hands a page over, and waits until all that follows is done.
func (w *world) send(r paging.Route, m paging.Message) paging.Handed {
	w.tb.Helper()
	h, err := r.Send(w.tb.Context(), m)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.fake.Settled(w.tb)
	return h
}

// page is a page for maria, by delivery 57.
func page() paging.Message {
	return paging.Message{
		Key: "page-57", Attempt: 1, Page: 12, Person: "maria", Address: secret.New(maria), Ref: "INC-7", Severity: 1,
		Role: "release engineering", Why: "Smoke in the build farm", Code: "K7QXM", Keys: paging.Keys{Ack: "17", Decline: "45", Join: "83"},
	}
}

// ear listens as the service does: an event counts once, and a number of the page answers
// it.
type ear struct {
	mu       sync.Mutex
	down     int // so many times it cannot hear
	events   map[string]bool
	replies  []paging.Reply
	receipts []paging.Receipt
	heard    int // with those that it heard before
}

var errDown = errors.New("the database is away")

func (e *ear) isDown() bool {
	if e.down > 0 {
		e.down--
		return true
	}
	return false
}

func (e *ear) Reply(_ context.Context, r paging.Reply) (paging.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isDown() {
		return paging.Response{}, errDown
	}
	e.heard++
	if e.events[r.Route+r.Event] {
		return paging.Response{Say: "This was heard before.", Done: true}, nil
	}
	e.events[r.Route+r.Event] = true
	e.replies = append(e.replies, r)
	switch text := strings.ToUpper(r.Text); {
	case text == "17", strings.Contains(text, "K7QXM") && !strings.HasPrefix(text, "NO"):
		return paging.Response{Say: "You have INC-7, maria. In chat: !ack.", Done: true}, nil
	case text == "45", strings.Contains(text, "K7QXM"):
		return paging.Response{Say: "All right, somebody else is asked.", Done: true}, nil
	case text == "83":
		return paging.Response{Say: "You have INC-7.", Done: true, Contact: 7}, nil
	case text == "STOP":
		return paging.Response{Say: "No more pages come here.", Done: true}, nil
	}
	return paging.Response{Say: "That is none of the numbers of this page."}, nil
}

func (e *ear) Receipt(_ context.Context, r paging.Receipt) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isDown() {
		return errDown
	}
	e.heard++
	if e.events[r.Route+r.Event] {
		return nil
	}
	e.events[r.Route+r.Event] = true
	e.receipts = append(e.receipts, r)
	return nil
}

func (e *ear) fails(times int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = times
}

// said are the words of all answers, and told the news: "accepted delivered".
func (e *ear) said() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, r := range e.replies {
		list = append(list, r.Text)
	}
	return strings.Join(list, ", ")
}

func (e *ear) told() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, r := range e.receipts {
		list = append(list, string(r.News))
	}
	return strings.Join(list, " ")
}

func (e *ear) last() paging.Receipt {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.receipts) == 0 {
		return paging.Receipt{}
	}
	return e.receipts[len(e.receipts)-1]
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: %v, want %v", what, got, want)
	}
}

func contains(tb testing.TB, text string, pieces ...string) {
	tb.Helper()
	for _, piece := range pieces {
		if !strings.Contains(text, piece) {
			tb.Errorf("%q is not in: %s", piece, text)
		}
	}
}

// withoutNumbers fails if a number, a token or what Twilio said is in one of the texts.
func (w *world) withoutNumbers(texts ...any) {
	w.tb.Helper()
	for _, one := range texts {
		for _, form := range []string{"%v", "%+v", "%#v"} {
			text := fmt.Sprintf(form, one)
			for _, piece := range []string{maria[1:], "15112345678", lead[1:], "The thing", w.fake.Token(), w.fake.URL()} {
				if strings.Contains(text, piece) {
					w.tb.Errorf("%q is in: %s", piece, text)
				}
			}
		}
	}
}
