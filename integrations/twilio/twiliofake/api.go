package twiliofake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Request is one request to the API.
type Request struct {
	Method, Path string
	Form         url.Values // of the body, or of the address
	Status       int        // what was answered; 0 if the connection was cut
	Code         int        // Twilio's number of the error; 0 is none
}

type object = map[string]any

// answer is what goes back.
type answer struct {
	status, code int
	body         any
}

func ok(body any) answer      { return answer{status: http.StatusOK, body: body} }
func created(body any) answer { return answer{status: http.StatusCreated, body: body} }

// refuse is an answer with an error. Twilio's own sentences quote what was sent, so these
// do as well: whoever shows them tells a number.
func refuse(status, code int, about string) answer {
	return answer{status: status, code: code, body: object{
		"code": code, "status": status, "message": fmt.Sprintf("The thing %q is refused", about),
		"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code),
	}}
}

func (f *Fake) handler() http.Handler {
	base := "/2010-04-01/Accounts/" + f.options.AccountSID
	mux := http.NewServeMux()
	on := func(pattern string, do func(r *http.Request) answer) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, do) })
	}
	on("GET "+base+".json", func(*http.Request) answer {
		return ok(object{"sid": f.options.AccountSID, "status": "active", "type": "Full"})
	})
	on("POST "+base+"/Messages.json", f.createMessage)
	on("GET "+base+"/Messages.json", f.listMessages)
	on("GET "+base+"/Messages/{sid}", f.fetchMessage)
	on("POST "+base+"/Calls.json", f.createCall)
	on("GET "+base+"/Calls.json", f.listCalls)
	on("GET "+base+"/Calls/{sid}", f.fetchCall)
	on("POST "+base+"/Calls/{sid}", f.updateCall)
	on("/", func(r *http.Request) answer { return refuse(http.StatusNotFound, 20404, r.URL.Path) })
	return mux
}

// serve is what all requests have in common: the login, trouble, and memory.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request, do func(r *http.Request) answer) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	_ = r.ParseForm() // what cannot be read is missing, and refused as such
	f.mu.Lock()
	trouble := f.nextTrouble()
	f.mu.Unlock()
	if trouble.Wait != nil {
		f.change(func() { f.stuck++ })
		select {
		case <-trouble.Wait:
		case <-r.Context().Done():
		}
		f.change(func() { f.stuck-- })
	}
	var a answer
	if !f.knows(r) {
		a = refuse(http.StatusUnauthorized, 20003, r.URL.Path)
	} else if trouble.none() || trouble.Taken {
		f.mu.Lock()
		a = do(r)
		f.happened()
		f.mu.Unlock()
	}
	if !trouble.none() && trouble.Status != 0 {
		a = refuse(trouble.Status, trouble.Code, "trouble")
	}
	if trouble.Cut {
		a = answer{}
	}
	f.change(func() {
		f.requests = append(f.requests, Request{Method: r.Method, Path: r.URL.Path, Form: r.Form, Status: a.status, Code: a.code})
	})
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", f.options.Now().UTC().Format(http.TimeFormat))
	if trouble.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(trouble.RetryAfter/time.Second)))
	}
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // whoever hung up gets none
}

// knows tells whether a request is signed in: as the account, or by its API key.
func (f *Fake) knows(r *http.Request) bool {
	user, pass, _ := r.BasicAuth()
	o := f.options
	return user == o.AccountSID && pass == o.Token || o.KeySID != "" && user == o.KeySID && pass == o.KeySecret
}

// Requests are all requests so far, but for what a test made itself.
func (f *Fake) Requests() []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Request(nil), f.requests...)
}

// page is one page of a list, the newest first. The caller holds the lock.
func page[T any](r *http.Request, kind string, all []T, fits func(T) bool, show func(T) object) answer {
	size, err := strconv.Atoi(r.Form.Get("PageSize"))
	if err != nil || size < 1 || size > 1000 {
		size = 50
	}
	number, err := strconv.Atoi(r.Form.Get("Page"))
	if err != nil || number < 0 {
		number = 0
	}
	list, n := []object{}, 0
	next := any(nil)
	for i := len(all) - 1; i >= 0; i-- {
		if !fits(all[i]) {
			continue
		}
		switch at := n - number*size; {
		case at >= 0 && at < size:
			list = append(list, show(all[i]))
		case at == size:
			q := r.URL.Query()
			q.Set("Page", strconv.Itoa(number+1))
			next = r.URL.Path + "?" + q.Encode()
		}
		n++
	}
	return ok(object{kind: list, "page": number, "page_size": size, "uri": r.URL.RequestURI(), "next_page_uri": next})
}

// when writes an instant as the API does (RFC 2822).
func when(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format(time.RFC1123Z)
}

// isNumber tells whether something is a number that can be dialled at all.
func isNumber(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// isCallback tells whether something is an address that can be called back.
func isCallback(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
