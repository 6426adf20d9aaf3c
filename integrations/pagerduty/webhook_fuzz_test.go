package pagerduty

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const fuzzSecret = "a secret of sixteen letters and more"

func ours(key string) bool {
	_, _, page := paging.ParseKey(key)
	_, _, help := paging.ParseHelpKey(key)
	return page != help
}

// careful fails when it hears what no handler may say.
type careful struct{ t *testing.T }

func (c careful) Reply(_ context.Context, r paging.Reply) (paging.Response, error) {
	_, _, help := paging.ParseHelpKey(r.Key)
	if !ours(r.Key) || r.Event == "" || len(r.Event) > 200 || !isID(r.Account) || r.Text != oneLine(r.Text, longestName) || r.Text != "" && !help ||
		r.Means != paging.PageAcked && r.Means != paging.PageClosed {
		c.t.Errorf("%+v", r)
	}
	return paging.Response{}, nil
}

func (c careful) Receipt(_ context.Context, r paging.Receipt) error {
	if !ours(r.Key) || r.Event == "" || len(r.Event) > 200 || len(r.Detail) > 200 || r.News != paging.NewsDelivered {
		c.t.Errorf("%+v", r)
	}
	return nil
}

const sample = `{"event":{"id":"01E","event_type":"incident.acknowledged","resource_type":"incident","occurred_at":"2026-03-01T11:59:00.000Z",
"agent":{"id":"PLH1HKV","type":"user_reference","summary":"Tenex"},"client":{"name":"PagerDuty"},
"data":{"id":"PGR0VU2","type":"incident","number":2,"status":"acknowledged","incident_key":"batsignal/prod/page-12","resolve_reason":null}}}`

func FuzzHook(f *testing.F) {
	f.Add([]byte(sample), "")
	f.Add([]byte(strings.Replace(sample, "acknowledged", "resolved", 1)), "v1=00")
	f.Add([]byte(strings.Replace(sample, "acknowledged", "triggered", 1)), ",,v1=,v2=ab")
	f.Add([]byte(strings.Replace(sample, "page-12", "help-12-PABC123", 1)), "")
	f.Add([]byte(`{"event":{"id":"01E","event_type":"pagey.ping","resource_type":"pagey","agent":null,"data":{"message":"Hello","type":"ping"}}}`), "")
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		h := &Hook{
			Ear: careful{t}, Keys: Keys{Name: "prod"}, Secrets: []secret.Text{secret.New(fuzzSecret)},
			Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		}
		mac := hmac.New(sha256.New, []byte(fuzzSecret))
		mac.Write(body)
		good := "v1=" + hex.EncodeToString(mac.Sum(nil))
		if status := post(h, body, header); status != http.StatusForbidden && !strings.Contains(header, good[3:]) && len(body) <= largestWebhook {
			t.Errorf("unsigned, and answered %d", status)
		}
		status := post(h, body, good+","+header)
		if status != http.StatusAccepted && status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", status)
		}
	})
}

func post(h http.Handler, body []byte, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	r.Header["X-Pagerduty-Signature"] = []string{signature}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestSignaturesAreCompared(t *testing.T) {
	h := &Hook{Secrets: []secret.Text{secret.New("other other other other"), secret.New(fuzzSecret)}}
	mac := hmac.New(sha256.New, []byte(fuzzSecret))
	mac.Write([]byte(sample))
	good := hex.EncodeToString(mac.Sum(nil))
	for header, want := range map[string]bool{
		"v1=" + good: true, "v1=00ff, v1=" + good: true, "v1=" + strings.ToUpper(good): true,
		good: false, "v2=" + good: false, "": false, "v1=": false, "v1=" + good[2:]: false,
		strings.Repeat("v1=00,", 20) + "v1=" + good: false, // nobody has so many secrets
	} {
		if got := h.signed([]byte(sample), []string{header}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestWhatIsNoWebhook(t *testing.T) {
	h := &Hook{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Error(w.Code)
	}
	if status := post(h, make([]byte, largestWebhook+1), ""); status != http.StatusRequestEntityTooLarge {
		t.Error(status)
	}
}
