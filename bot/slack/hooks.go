package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// hooks takes what Slack delivers by HTTP, where no connection of ours is wanted.
type hooks struct {
	door *Door

	mu   sync.Mutex
	seen map[string]time.Time // signatures, until they are too old to be taken anyway
}

const (
	largestBody = 1 << 20
	// rememberFor is longer than Slack's signatures are good for, before and after.
	rememberFor    = 11 * time.Minute
	mostSignatures = 200_000
)

// Handler serves the three addresses that the app's manifest names: events, slash
// commands and interactions, below wherever it is mounted.
func (d *Door) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /events", d.hooks.signed(d.hooks.events))
	mux.HandleFunc("POST /commands", d.hooks.signed(d.hooks.commands))
	mux.HandleFunc("POST /actions", d.hooks.signed(d.hooks.actions))
	return mux
}

// signed lets through what Slack signed in the last five minutes, once.
func (k *hooks) signed(next func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if k.door.cfg.SigningSecret.Empty() {
			http.NotFound(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
		if err != nil {
			http.Error(w, "too large, or cut off", http.StatusRequestEntityTooLarge)
			return
		}
		if !k.genuine(r.Header, body) {
			http.Error(w, "this is not signed by Slack just now", http.StatusUnauthorized)
			return
		}
		next(w, r, body)
	}
}

func (k *hooks) genuine(h http.Header, body []byte) bool {
	v, err := slack.NewSecretsVerifier(h, k.door.cfg.SigningSecret.Reveal())
	if err != nil {
		return false
	}
	if _, err := v.Write(body); err != nil || v.Ensure() != nil {
		return false
	}
	return k.first(h.Get("X-Slack-Signature"))
}

// first tells whether a signature is seen for the first time. Slack signs what it
// delivers again anew, so a signature that comes twice was overheard by somebody.
func (k *hooks) first(signature string) bool {
	now := k.door.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, again := k.seen[signature]; again {
		return false
	}
	if len(k.seen) >= mostSignatures {
		for s, at := range k.seen {
			if now.Sub(at) > rememberFor {
				delete(k.seen, s)
			}
		}
	}
	k.seen[signature] = now
	return true
}

func (k *hooks) events(w http.ResponseWriter, r *http.Request, body []byte) {
	var hello struct{ Type, Challenge string }
	if json.Unmarshal(body, &hello) == nil && hello.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, hello.Challenge) // Slack asks again
		return
	}
	k.take(w, r, "events_api", body)
}

func (k *hooks) commands(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	k.take(w, r, "slash_commands", commandJSON(form))
}

func (k *hooks) actions(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	k.take(w, r, "interactive", []byte(form.Get("payload")))
}

// take answers once the delivery is stored, or for a form once it is known how it went.
// Without an answer in time Slack delivers it again.
func (k *hooks) take(w http.ResponseWriter, r *http.Request, request string, payload []byte) {
	a, ok := arrivalOf(request, payload, k.door.now())
	if !ok {
		return // nothing to us: well received
	}
	answered := make(chan any, 1)
	a.answer = func(payload any) bool { answered <- payload; return true }
	k.door.inbox.put(a)
	timer := time.NewTimer(answerIn + storePause) // a form is answered by then, come what may
	defer timer.Stop()
	select {
	case payload := <-answered:
		if payload == nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(payload)
	case <-timer.C:
		http.Error(w, "not stored in time", http.StatusServiceUnavailable)
	case <-r.Context().Done():
	}
}
