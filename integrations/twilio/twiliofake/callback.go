package twiliofake

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // it is what Twilio signs with
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// Sent is one request of ours to an address of the account's.
type Sent struct {
	URL       string // with its fragment
	Form      url.Values
	Signature string
	Tries     int    // 1 if it was not repeated
	Status    int    // the last answer; 0 if there was none
	Body      string // the last answer
}

// Sent are all requests of ours so far, in the order of their ends.
func (f *Fake) Sent() []Sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Sent, 0, len(f.sent))
	for _, s := range f.sent {
		list = append(list, *s)
	}
	return list
}

// status calls back about a state.
func (f *Fake) status(to string, form url.Values) {
	if to == "" {
		return
	}
	f.mu.Lock()
	m := f.manner
	if m.Hold {
		f.held = append(f.held, heldBack{to, form})
	}
	f.mu.Unlock()
	switch {
	case m.Never || m.Hold:
	case m.Twice:
		f.post(to, form)
		f.post(to, form)
	default:
		f.post(to, form)
	}
}

// post signs a request and sends it, as often as the fragment of its address asks for.
func (f *Fake) post(to string, form url.Values) *Sent {
	s := &Sent{URL: to, Form: form}
	address, fragment, _ := strings.Cut(to, "#")
	signed := address
	if f.options.SignFragments {
		signed = to
	}
	s.Signature = f.sign(signed, form)
	f.send(s, address, retriesOf(fragment))
	return s
}

// retries are those that an address asks for: see Twilio's connection overrides.
type retries struct {
	count    int
	server   bool // after 5xx
	client   bool // after 4xx
	silences bool // after no answer
}

func retriesOf(fragment string) (r retries) {
	q, err := url.ParseQuery(fragment)
	if err != nil {
		return r
	}
	r.count, _ = strconv.Atoi(q.Get("rc"))
	r.count = min(max(r.count, 0), 5)
	for _, policy := range strings.Split(q.Get("rp"), ",") {
		r.server = r.server || policy == "5xx" || policy == "all"
		r.client = r.client || policy == "4xx" || policy == "all"
		r.silences = r.silences || policy == "ct" || policy == "rt" || policy == "all" || policy == ""
	}
	return r
}

func (f *Fake) send(s *Sent, address string, r retries) {
	for try := 0; try <= r.count; try++ {
		s.Tries, s.Status, s.Body = try+1, 0, ""
		req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(s.Form.Encode()))
		if err != nil {
			break
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		req.Header.Set("User-Agent", "TwilioProxy/1.1")
		req.Header.Set("X-Twilio-Signature", s.Signature)
		resp, err := f.client.Do(req)
		if err == nil {
			body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
			_ = resp.Body.Close()
			s.Status, s.Body = resp.StatusCode, string(body)
		}
		if s.Status/100 == 2 || (s.Status/100 == 4 && !r.client) || (s.Status/100 == 5 && !r.server) || (s.Status == 0 && !r.silences) {
			break
		}
	}
	f.change(func() { f.sent = append(f.sent, s) })
}

func (f *Fake) sign(address string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	mac := hmac.New(sha1.New, []byte(f.options.Token))
	_, _ = io.WriteString(mac, address)
	for _, name := range names {
		for _, value := range form[name] {
			_, _ = io.WriteString(mac, name+value)
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Forge sends what somebody else sends who does not know the token, and tells what was
// answered.
func (f *Fake) Forge(to string, form url.Values) (status int) {
	s := &Sent{URL: to, Form: form, Signature: base64.StdEncoding.EncodeToString([]byte("somebody else's word"))}
	f.send(s, to, retries{})
	return s.Status
}

// Replay sends a request once more, letter by letter as it was, and tells what was
// answered.
func (f *Fake) Replay(s Sent) (status int, body string) {
	again := s
	address, _, _ := strings.Cut(s.URL, "#")
	f.send(&again, address, retries{})
	return again.Status, again.Body
}

// common are the fields of every request of ours.
func (f *Fake) common(more map[string]string) url.Values {
	form := url.Values{"AccountSid": {f.options.AccountSID}, "ApiVersion": {"2010-04-01"}}
	for name, value := range more {
		form.Set(name, value)
	}
	return form
}
