package pagerduty

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const (
	largestWebhook = 256 << 10 // bytes; PagerDuty drops what is larger
	mostSignatures = 16        // of one request: there is one for each secret in use
	// oldestNews is how old news may be. PagerDuty repeats itself for about 20 minutes;
	// what is older was recorded by somebody, or held up too long to be of use.
	oldestNews = 24 * time.Hour
	// lookingUp is how long a look at the REST API may take: PagerDuty wants its answer
	// within 5 s.
	lookingUp = 3 * time.Second
)

// Hook receives PagerDuty's webhooks (v3). It needs nothing but what stands here, so
// that it can run in a process of its own.
//
// A subscription there should send incident.triggered, incident.acknowledged and
// incident.resolved; everything else is taken and does nothing.
type Hook struct {
	Ear     paging.Ear
	Keys    Keys          // as the route's: see [Config.Name]
	Secrets []secret.Text // of the subscriptions, and the one that is about to replace another
	// Look finds the keys of an incident's alerts, oldest first: [Client.AlertKeys]. Nil: only incidents
	// that have our key themselves are understood.
	Look func(ctx context.Context, incident string) ([]string, error)
	Now  func() time.Time
	Log  *slog.Logger
}

// NewHook checks that a hook has what it needs. Its errors are plain sentences for the
// operator.
func NewHook(h Hook) (*Hook, error) {
	if len(h.Secrets) == 0 {
		return nil, errors.New("PagerDuty's webhooks need the secret that PagerDuty made for the subscription: name the file that holds it")
	}
	for _, s := range h.Secrets {
		if len(s.Reveal()) < 16 {
			return nil, errors.New("a secret of PagerDuty's webhooks has at least 16 characters: look at the file that holds it")
		}
	}
	if h.Ear == nil || h.Now == nil || h.Log == nil {
		return nil, errors.New("PagerDuty's webhooks need somebody who listens")
	}
	return &h, nil
}

// ServeHTTP answers 202 for what was heard, or is none of our business. It answers 503
// when we are not able to listen now, which PagerDuty repeats; every other no it does not.
func (h *Hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestWebhook))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	switch {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
		return
	case !h.signed(body, r.Header.Values("X-PagerDuty-Signature")):
		h.Log.Warn("a webhook that PagerDuty did not sign was refused")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	n, err := readNews(body)
	if err != nil {
		h.Log.Warn("a webhook of PagerDuty could not be read", "error", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if err := h.hear(r.Context(), n); err != nil {
		h.Log.Error("a webhook of PagerDuty could not be heard", "event", n.ID, "type", n.Type, "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// signed tells whether one of the signatures was made with one of our secrets. It
// compares all with all, each in constant time.
func (h *Hook) signed(body []byte, headers []string) bool {
	given := strings.Split(strings.Join(headers, ","), ",")
	ok := false
	for _, s := range h.Secrets {
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, g := range given[:min(len(given), mostSignatures)] {
			digits, v1 := strings.CutPrefix(strings.TrimSpace(g), "v1=")
			if got, err := hex.DecodeString(digits); v1 && err == nil && hmac.Equal(got, want) {
				ok = true
			}
		}
	}
	return ok
}
