package web

import (
	"net/http"
	"strings"

	"batsignal/oncall/fault"
)

// errForeign is what another site gets that makes a browser send our form.
var errForeign = fault.New(fault.Forbidden, "This was sent by another site, so nothing was done. Open the link from your message and press the button there.")

// refusal is what an error page says.
type refusal struct {
	Status int
	Say    string
}

var headlines = map[int]string{
	http.StatusBadRequest:          "That could not be understood",
	http.StatusForbidden:           "That is not allowed",
	http.StatusNotFound:            "There is nothing here",
	http.StatusMethodNotAllowed:    "This page can only be read",
	http.StatusConflict:            "That does not fit any more",
	http.StatusGone:                "This link is used up",
	http.StatusTooManyRequests:     "That was too often",
	http.StatusInternalServerError: "Something broke on our side",
	http.StatusServiceUnavailable:  "A part is missing right now",
}

// statusOf maps what went wrong to HTTP, once for all pages.
func statusOf(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Unready:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func notFound(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "The address may be mistyped, or what was there has another one now.")
}

// wrongMethod answers a method that a page does not know: it has no form that is sent
// there.
func (s *site) wrongMethod(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Allow", "GET, HEAD")
	s.refuse(w, r, http.StatusMethodNotAllowed, "Nothing was changed. Go back to the page and use its buttons, or do it in chat.")
	return nil
}

// refuse draws an error page.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, status int, say string) {
	out := view{Title: headlines[status], Body: refusal{status, say}}
	if strings.HasPrefix(r.URL.Path, "/minutes/") {
		out.Here = "/minutes"
	}
	err := s.render(w, r, status, "error", out)
	if err != nil {
		s.Log.Error("the error page failed", "error", err)
		http.Error(w, say, status)
	}
}

// apologize answers after a panic.
func (s *site) apologize(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, http.StatusInternalServerError, "It is in the log; please try again.")
}
