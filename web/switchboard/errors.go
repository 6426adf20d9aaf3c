package switchboard

import (
	"errors"
	"net/http"

	"batsignal/oncall/fault"
	"batsignal/web"
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
	status := web.StatusOf(err)
	if status >= http.StatusInternalServerError {
		s.Log.Error("a page failed", "route", web.RouteOf(r), "error", err)
	}
	s.refuse(w, r, status, fault.Say(err))
}

// refuse draws an error page.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, status int, say string) {
	if err := s.render(w, r, status, "error", view{Title: web.Headline(status), Body: refusal{status, say}}); err != nil {
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
