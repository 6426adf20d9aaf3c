package heartbeat_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/heartbeat"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// taker is whoever takes heartbeats, at an address that is a secret.
type taker struct {
	*httptest.Server
	mu     sync.Mutex
	heard  []string // each request in one line
	answer http.HandlerFunc
}

const path = "/ping/canary-7f3a?from=batsignal&k=canary"

func takes(t *testing.T, answer http.HandlerFunc) *taker {
	t.Helper()
	s := &taker{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.heard = append(s.heard, fmt.Sprintf("%s %s as %s, from %q", r.Method, r.URL.RequestURI(), r.UserAgent(), r.Referer()))
		s.mu.Unlock()
		s.answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *taker) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.heard, "\n")
}

func sender(t *testing.T, address string) *heartbeat.Sender {
	t.Helper()
	s, err := heartbeat.New(secret.New(address))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// status answers with a status and more than anybody wants to read.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(code)
		if code != http.StatusNoContent {
			fmt.Fprintf(w, "%s %s", r.URL, strings.Repeat("x", 200<<10))
		}
	}
}

func TestAHeartbeatIsOneRequest(t *testing.T) {
	for _, code := range []int{http.StatusOK, http.StatusAccepted, http.StatusNoContent} {
		s := takes(t, status(code))
		if err := sender(t, s.URL+path).Beat(t.Context()); err != nil {
			t.Errorf("%d: %v", code, err)
		}
		if got, want := s.all(), `GET `+path+` as batsignal, from ""`; got != want {
			t.Errorf("%d: %s", code, got)
		}
	}
}

// What was not taken is an error that says why, as a sentence, without the address and
// without a word of whoever answered.
func TestAHeartbeatThatIsNotTaken(t *testing.T) {
	elsewhere := takes(t, status(http.StatusOK))
	away := takes(t, nil)
	away.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer end()
	for name, story := range map[string]struct {
		ctx context.Context
		to  *taker
		why string
	}{
		"broken":   {t.Context(), takes(t, status(http.StatusInternalServerError)), "answered 500."},
		"unknown":  {t.Context(), takes(t, status(http.StatusNotFound)), "answered 404."},
		"moved":    {t.Context(), takes(t, http.RedirectHandler(elsewhere.URL+"/canary", http.StatusFound).ServeHTTP), "answered 302."},
		"cut":      {t.Context(), takes(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "cannot be reached."},
		"away":     {t.Context(), away, "cannot be reached."},
		"hangs":    {late, takes(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), "did not answer in time."},
		"we leave": {canceled, takes(t, status(http.StatusOK)), "cannot be reached."},
	} {
		t.Run(name, func(t *testing.T) {
			err := sender(t, story.to.URL+path).Beat(story.ctx)
			if err == nil || fault.KindOf(err) != fault.Unready || !strings.HasSuffix(fault.Say(err), story.why) {
				t.Fatalf("%v", err)
			}
			_, host, _ := strings.Cut(story.to.URL, "://")
			for _, part := range []string{"canary", host, "xxx"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("the error holds %q: %v", part, err)
				}
			}
		})
	}
	// Who knows the address can pretend that we live.
	if got := elsewhere.all(); got != "" {
		t.Errorf("somebody else was told: %s", got)
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	for _, bad := range []string{"", "canary", "ftp://canary.example/", "https://", "https:///canary", "http://[canary", "://canary", "https://canary.example/%zz", "file:///etc/canary"} {
		s, err := heartbeat.New(secret.New(bad))
		if s != nil || err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "write it like https://") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"https://hc.example.org/ping/1", "http://10.0.0.1:8080/ping?x=1"} {
		if _, err := heartbeat.New(secret.New(good)); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}
