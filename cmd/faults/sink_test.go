package faults

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"batsignal/integrations/webhook"
	"batsignal/oncall/secret"
)

// ring is one message as the one whom it is for sees it, whatever the provider.
type ring struct {
	Route  string
	Key    string
	Page   int64
	Person string
	Link   string // by which it is answered; "" is none
	Code   string // with which it is answered in writing; "" is none
	Call   string // what the provider calls it, where it is answered there
	At     time.Time
	Repeat bool
}

// sink takes webhooks and remembers them.
type sink struct {
	mu     sync.Mutex
	rings  []ring
	forged int // requests that we did not sign
}

// taken are all rings so far.
func (s *sink) taken() []ring {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]ring(nil), s.rings...)
}

// ServeHTTP implements [http.Handler].
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var p webhook.Page
	if err == nil {
		err = json.Unmarshal(body, &p)
	}
	if err == nil {
		err = webhook.Verify(secret.New(signing), r.Header.Get("Batsignal-Signature"), body, time.Now())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || p.Key != r.Header.Get("Idempotency-Key") {
		s.forged++
		w.WriteHeader(http.StatusForbidden)
		return
	}
	page, _ := strconv.ParseInt(strings.TrimPrefix(p.Page, "P"), 10, 64)
	s.rings = append(s.rings, ring{
		Route: "webhook", Key: p.Key, Page: page, Person: p.Person, At: time.Now(), Repeat: p.Repeat,
		Link: p.AckLink[strings.LastIndexByte(p.AckLink, '/')+1:],
	})
	w.WriteHeader(http.StatusNoContent)
}
