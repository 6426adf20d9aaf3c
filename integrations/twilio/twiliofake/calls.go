package twiliofake

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"
)

// Call is a call as the account has it.
type Call struct {
	SID      string
	From, To string
	Status   string
	At       time.Time
	Heard    []string // what was said to whoever picked up, in its order
	Keyed    []string // what they keyed
	Joined   string   // the number that they were joined to; "" is nobody
	Trouble  string   // what was wrong with the TwiML, or with getting it
	Seconds  int      // that speaking and pauses took
}

type call struct {
	Call
	direction string // "outbound-api" or "outbound-dial"
	parent    string
	twiml     string
	callback  string
	events    []string
	turn      int
	told      int           // of Heard, how much was told when keys were last waited for
	over      chan struct{} // closed when it is ended, or led elsewhere
	ended     bool          // by a request
	lead      *string       // TwiML that it is led to
}

// end ends a call by a request. The caller holds the lock.
func (c *call) end(status string) {
	if c.ended || finished(c.Status) {
		return
	}
	c.ended = true
	if c.Status == "in-progress" {
		status = "completed"
	}
	c.Status = status
	c.interrupt()
}

func (c *call) interrupt() {
	select {
	case <-c.over:
	default:
		close(c.over)
	}
}

func finished(status string) bool {
	return slices.Contains([]string{"completed", "busy", "no-answer", "failed", "canceled"}, status)
}

func (f *Fake) createCall(r *http.Request) answer {
	q := r.PostForm
	switch to := q.Get("To"); {
	case to == "":
		return refuse(http.StatusBadRequest, 21201, to)
	case q.Get("From") != f.options.From:
		return refuse(http.StatusBadRequest, 21210, q.Get("From"))
	case !isNumber(to) || f.phone(to).invalid:
		return refuse(http.StatusBadRequest, 21211, to)
	case q.Get("Twiml") == "":
		return refuse(http.StatusBadRequest, 21205, q.Get("Url"))
	case utf8.RuneCountInString(q.Get("Twiml")) > 4000:
		return refuse(http.StatusBadRequest, 21624, "Twiml")
	case q.Has("StatusCallback") && !isCallback(q.Get("StatusCallback")):
		return refuse(http.StatusBadRequest, 21609, q.Get("StatusCallback"))
	}
	if n, err := strconv.Atoi(q.Get("Timeout")); q.Has("Timeout") && (err != nil || n < 1 || n > 600) {
		return refuse(http.StatusBadRequest, 21220, "Timeout")
	}
	if _, err := parseTwiml(q.Get("Twiml")); err != nil {
		return refuse(http.StatusBadRequest, 12100, "Twiml")
	}
	c := &call{
		Call:      Call{SID: f.name("CA"), From: f.options.From, To: q.Get("To"), Status: "queued", At: f.options.Now()},
		direction: "outbound-api", twiml: q.Get("Twiml"), callback: q.Get("StatusCallback"), events: q["StatusCallbackEvent"],
		over: make(chan struct{}),
	}
	if len(c.events) == 0 {
		c.events = []string{"completed"}
	}
	f.calls = append(f.calls, c)
	answer := created(f.showCall(c))
	if !f.silent {
		f.begin(func() { f.ring(c) })
	}
	return answer
}

// updateCall ends a call, or leads it elsewhere.
func (f *Fake) updateCall(r *http.Request) answer {
	c := f.callOf(r)
	if c == nil {
		return refuse(http.StatusNotFound, 20404, r.URL.Path)
	}
	q := r.PostForm
	switch status := q.Get("Status"); {
	case finished(c.Status):
		return refuse(http.StatusBadRequest, 21220, c.SID)
	case status == "canceled" && c.Status != "in-progress", status == "completed":
		c.end("canceled")
	case status == "canceled":
		// It does nothing to a call in progress.
	case q.Get("Twiml") != "" && c.Status == "in-progress":
		twiml := q.Get("Twiml")
		c.lead = &twiml
		c.interrupt()
	default:
		return refuse(http.StatusBadRequest, 21220, c.SID)
	}
	return ok(f.showCall(c))
}

func (f *Fake) listCalls(r *http.Request) answer {
	q := r.URL.Query()
	return page(r, "calls", f.calls, func(c *call) bool {
		return matches(q, c.To, c.From) && (q.Get("Status") == "" || q.Get("Status") == c.Status)
	}, f.showCall)
}

func (f *Fake) fetchCall(r *http.Request) answer {
	if c := f.callOf(r); c != nil {
		return ok(f.showCall(c))
	}
	return refuse(http.StatusNotFound, 20404, r.URL.Path)
}

func (f *Fake) callOf(r *http.Request) *call {
	for _, c := range f.calls {
		if c.SID+".json" == r.PathValue("sid") {
			return c
		}
	}
	return nil
}

func (f *Fake) showCall(c *call) object {
	var parent, duration any
	if c.parent != "" {
		parent = c.parent
	}
	if c.Status == "completed" {
		duration = strconv.Itoa(c.Seconds)
	}
	return object{
		"sid": c.SID, "account_sid": f.options.AccountSID, "parent_call_sid": parent, "to": c.To, "from": c.From,
		"status": c.Status, "direction": c.direction, "duration": duration, "date_created": when(c.At), "start_time": nil,
		"uri": "/2010-04-01/Accounts/" + f.options.AccountSID + "/Calls/" + c.SID + ".json",
	}
}

// Rung are all calls that were made for the account, the oldest first, but for the other
// ends of those that were joined.
func (f *Fake) Rung() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Call
	for _, c := range f.calls {
		if c.parent == "" {
			list = append(list, c.copy())
		}
	}
	return list
}

// RungAt are those of one phone.
func (f *Fake) RungAt(number string) []Call {
	return slices.DeleteFunc(f.Rung(), func(c Call) bool { return c.To != number })
}

func (c *call) copy() Call {
	out := c.Call
	out.Heard, out.Keyed = slices.Clone(c.Heard), slices.Clone(c.Keyed)
	return out
}

// AwaitCall waits until the last call to a phone is in a state, and returns it.
func (f *Fake) AwaitCall(tb testing.TB, number, status string) (found Call) {
	tb.Helper()
	f.Await(tb, "a call is "+status, func() bool {
		for _, c := range slices.Backward(f.calls) {
			if c.To == number && c.parent == "" {
				found = c.copy()
				return c.Status == status
			}
		}
		return false
	})
	return found
}
