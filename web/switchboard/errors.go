package switchboard

import (
	"errors"
	"net/http"

	"batsignal/oncall/fault"
)

var (
	errForeign = fault.New(fault.Forbidden, "This was sent by another site, so nothing was done. Open the page here and use its own form.")
	errTooLong = fault.New(fault.Invalid, "That is more than a form may hold, so nothing was done.")
)

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

// wrongMethod answers a method that a page does not know: it has no form that is sent there.
func (s *site) wrongMethod(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Allow", "GET, HEAD")
	s.refuse(w, r, http.StatusMethodNotAllowed, "Nothing was changed. Go back to the page and use its buttons.")
	return nil
}

// failed answers instead of a page that failed.
func (s *site) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	status := statusOf(err)
	if status >= http.StatusInternalServerError {
		s.Log.Error("a page failed", "route", routeOf(r), "error", err)
	}
	s.refuse(w, r, status, fault.Say(err))
}

// refuse draws an error page.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, status int, say string) {
	if err := s.render(w, r, status, "error", view{Title: headlines[status], Body: refusal{status, say}}); err != nil {
		s.Log.Error("the error page failed", "error", err)
		http.Error(w, say, status)
	}
}

// longestForm is what a form of ours holds at most, in bytes.
const longestForm = 16 << 10

// readForm reads what a browser sends, once, and no more than so many bytes.
func readForm(w http.ResponseWriter, r *http.Request, most int64) error {
	if r.PostForm != nil {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	if err := r.ParseForm(); err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			return errTooLong
		}
		// The cause is left out: it repeats a part of what was sent.
		return fault.New(fault.Invalid, "That was no whole form, so nothing was done. Go back and send it once more.")
	}
	return nil
}
