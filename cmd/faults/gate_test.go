package faults

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// trouble is what happens to one request on its way to a provider and back.
type trouble string

const (
	fine      trouble = ""
	refused   trouble = "is cut before the provider has it"
	broken    trouble = "is answered 500"
	tooMany   trouble = "is answered 429"
	lost      trouble = "is taken, and the answer is lost"
	silent    trouble = "is taken, and never answered"
	vanished  trouble = "vanishes"
	slowly    trouble = "is answered slowly"
	killFirst trouble = "kills its sender before the provider has it"
	killAfter trouble = "is taken, and its sender is killed before the answer"
	killAtEnd trouble = "is taken and answered, and its sender is killed at its next COMMIT"
	killPast  trouble = "is taken and answered, and its sender is killed behind its next COMMIT"
	dropped   trouble = "is answered with yes, and rings nobody"
	freezes   trouble = "is taken, and its sender is frozen for a while"
)

// gate stands before a provider.
type gate struct {
	route  string
	server *httptest.Server
	up     http.Handler                                              // the provider
	next   func(route string) trouble                                // of the next request
	kill   func(t trouble, request string)                           // does what concerns the sender
	drop   func(w http.ResponseWriter, r *http.Request, body []byte) // says yes in the provider's words

	now func() time.Time
	// key is that of the message that a request hands over, "" if it hands over none, and
	// the route that it is of.
	key   func(r *http.Request, body []byte) (key, route string)
	heard func(key string, answer []byte) // what the provider said to it; nil: nobody wants to know

	mu     sync.Mutex
	busy   int
	passed []*passing
}

// passing is one request that came to the gate.
type passing struct {
	Route    string
	Nth      int    // of those with the same key, from 1; the oracle counts them
	Key      string // of the message, where the request tells it
	At       time.Time
	Clock    time.Time // what the clock of the run showed then
	Trouble  trouble
	Taken    bool // the provider had it
	Status   int  // of the provider's answer; 0 if it had none
	Answered bool // the answer was passed on, as far as we know
	Gone     bool // the sender did not wait for it
}

func newGate(route string, up http.Handler, next func(string) trouble, kill func(trouble, string), now func() time.Time) *gate {
	g := &gate{
		route: route, up: up, next: next, kill: kill, now: now,
		drop: func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusOK) },
		key:  func(r *http.Request, _ []byte) (string, string) { return r.Header.Get("Idempotency-Key"), route },
	}
	g.server = httptest.NewServer(g)
	return g
}

// URL is where a provider seems to be.
func (g *gate) URL() string { return g.server.URL }

func (g *gate) close() {
	g.server.CloseClientConnections()
	g.server.Close()
}

// quiet tells that nothing is on its way.
func (g *gate) quiet() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy == 0
}

// all is what came so far.
func (g *gate) all() (list []passing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.passed {
		list = append(list, *p)
	}
	return list
}

func (g *gate) change(fn func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fn()
}

// ServeHTTP implements [http.Handler].
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := &passing{At: time.Now(), Clock: g.now(), Route: g.route}
	g.change(func() { g.busy++; g.passed = append(g.passed, p) })
	defer g.change(func() { g.busy-- })
	body, err := io.ReadAll(r.Body)
	if err != nil {
		g.change(func() { p.Gone = true })
		panic(http.ErrAbortHandler)
	}
	key, route := g.key(r, body)
	t := g.next(route)
	if t == dropped && key == "" {
		t = fine
	}
	g.change(func() { p.Trouble, p.Key, p.Route = t, key, route })
	switch t {
	case refused:
		panic(http.ErrAbortHandler)
	case broken:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case tooMany:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case dropped:
		g.change(func() { p.Status = http.StatusOK })
		g.drop(w, r, body)
		return
	case vanished:
		g.await(r.Context())
		panic(http.ErrAbortHandler)
	case killFirst:
		g.kill(t, p.Key)
		panic(http.ErrAbortHandler)
	}
	// What the provider has, it has, whatever becomes of whoever sent it.
	answer := httptest.NewRecorder()
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	g.up.ServeHTTP(answer, again)
	if g.heard != nil && key != "" {
		g.heard(key, answer.Body.Bytes())
	}
	g.change(func() { p.Taken, p.Status = true, answer.Code })
	switch t {
	case lost:
		panic(http.ErrAbortHandler)
	case silent:
		g.await(r.Context())
		panic(http.ErrAbortHandler)
	case slowly:
		time.Sleep(100 * time.Millisecond)
	case killAfter:
		g.kill(t, p.Key)
		panic(http.ErrAbortHandler)
	case killAtEnd, killPast, freezes:
		g.kill(t, p.Key)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, err = w.Write(answer.Body.Bytes())
	g.change(func() {
		p.Answered = err == nil && r.Context().Err() == nil
		p.Gone = !p.Answered
	})
}

// await waits until the sender has lost patience.
func (g *gate) await(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(4 * patience):
	}
}

// forwardTo is a provider at an address.
func forwardTo(address string) http.Handler {
	client := &http.Client{
		Transport:     &http.Transport{DialContext: (&net.Dialer{}).DialContext, MaxIdleConnsPerHost: 8},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), r.Method, address+r.URL.RequestURI(), r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		out.Header = r.Header.Clone()
		out.ContentLength = r.ContentLength
		resp, err := client.Do(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		for name, values := range resp.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	})
}
