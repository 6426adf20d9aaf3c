package web

import (
	"net/http"

	"batsignal/incidents"
)

// signalBody is the public record of uses of the bat-signal.
type signalBody struct {
	Lines []incidents.Recorded
	First bool
	Next  int64 // where older lines begin; 0: there are none
	Guard incidents.Guard
}

func (s *site) signal(w http.ResponseWriter, r *http.Request) error {
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	lines, err := s.Incidents.Record(r.Context(), before, listMost+1)
	if err != nil {
		return err
	}
	body := signalBody{Lines: lines, First: before == 0, Guard: s.Incidents.Guard}
	if len(lines) > listMost {
		body.Lines, body.Next = lines[:listMost], lines[listMost-1].ID
	}
	return s.render(w, r, http.StatusOK, "signal", view{Title: "Uses of the bat-signal", Here: "/signal", Body: body})
}
