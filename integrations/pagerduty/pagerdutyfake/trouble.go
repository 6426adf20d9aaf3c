package pagerdutyfake

import (
	"net/http"
	"strconv"
)

// The two APIs, which fail apart from each other.
const (
	apiEvents = "events"
	apiREST   = "rest"
)

// trouble is what happens to requests of one API.
type trouble struct {
	fail, status, reset int           // so many requests are answered with the status
	lose                int           // so many are carried out and never answered
	stall               chan struct{} // requests wait for it
	arrived             chan struct{} // closed when one waits
	came                int           // requests so far
	released, waits     bool
}

func (t *trouble) release() {
	if t.stall != nil && !t.released {
		close(t.stall)
		t.released = true
	}
}

func (f *Fake) make(api string, change func(*trouble)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trouble[api] == nil {
		f.trouble[api] = &trouble{}
	}
	change(f.trouble[api])
}

// FailEvents answers the next n requests to the Events API with a status.
func (f *Fake) FailEvents(n, status int) {
	f.make(apiEvents, func(t *trouble) { t.fail, t.status = n, status })
}

// FailREST answers the next n requests to the REST API with a status; a 429 says that its
// limit is reset after so many seconds.
func (f *Fake) FailREST(n, status, reset int) {
	f.make(apiREST, func(t *trouble) { t.fail, t.status, t.reset = n, status, reset })
}

// LoseEvents carries out the next n requests to the Events API, and hangs up before it
// answers.
func (f *Fake) LoseEvents(n int) { f.make(apiEvents, func(t *trouble) { t.lose = n }) }

// LoseREST carries out the next n requests to the REST API, and hangs up before it answers.
func (f *Fake) LoseREST(n int) { f.make(apiREST, func(t *trouble) { t.lose = n }) }

// StallEvents has requests to the Events API wait until release is called, or the test
// ends, and then be refused with 503. From then on all is well. await returns when one
// waits.
func (f *Fake) StallEvents() (await, release func()) { return f.stall(apiEvents) }

// StallREST does the same to requests to the REST API.
func (f *Fake) StallREST() (await, release func()) { return f.stall(apiREST) }

func (f *Fake) stall(api string) (await, release func()) {
	arrived := make(chan struct{})
	f.make(api, func(t *trouble) {
		t.stall, t.arrived, t.released, t.waits = make(chan struct{}), arrived, false, false
	})
	return func() { <-arrived }, func() { f.make(api, func(t *trouble) { t.release() }) }
}

// AcceptAndDrop has the Events API answer success and do nothing, as on one day of 2014.
func (f *Fake) AcceptAndDrop(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop = on
}

// RESTRequests is how many requests to the REST API came so far.
func (f *Fake) RESTRequests() (n int) {
	f.make(apiREST, func(t *trouble) { n = t.came })
	return n
}

func (f *Fake) troubled(api string, h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var now trouble
		f.make(api, func(t *trouble) {
			t.came++
			now = *t
			if t.stall != nil && !t.released {
				if !t.waits {
					close(t.arrived)
				}
				t.waits = true
			} else if t.fail > 0 {
				t.fail--
			} else if t.lose > 0 {
				t.lose--
			}
		})
		switch {
		case now.stall != nil && !now.released:
			select {
			case <-now.stall:
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		case now.fail > 0:
			if now.status == http.StatusTooManyRequests {
				w.Header().Set("Ratelimit-Reset", strconv.Itoa(now.reset))
			}
			if api == apiREST {
				restError(w, now.status, 2020, "Too Many Requests")
				return
			}
			write(w, now.status, map[string]any{"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."})
		case now.lose > 0:
			h(discard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		default:
			h(w, r)
		}
	})
}

// discard takes an answer that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
