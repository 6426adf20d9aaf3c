package web

import (
	"net/http"
	"strconv"
	"time"

	"batsignal/oncall/audit"
)

// quicker is what somebody else saved while a form was filled in.
type quicker struct {
	Say     string
	Who     string // "" is nobody we know
	Says    string // what they did
	At      time.Time
	Fields  []differs
	Version int    // that "Save mine over it" is based on
	Back    string // where the form is as they saved it
}

// differs is a field that two people filled in differently.
type differs struct{ Name, Theirs, Mine string }

// quickerThan tells who saved something last, and what differs.
func (s *site) quickerThan(r *http.Request, err error, kind, subject string, version int, back string, fields ...differs) (*quicker, error) {
	q := &quicker{Say: s.said(err), Version: version, Back: back}
	for _, f := range fields {
		if f.Theirs != f.Mine {
			q.Fields = append(q.Fields, f)
		}
	}
	last, err := audit.List(r.Context(), s.DB, audit.Query{Kind: kind, Subject: subject, Most: 1})
	if err == nil && len(last) > 0 {
		q.Who, q.Says, q.At = last[0].Handle, last[0].Says, last[0].At
	}
	return q, err
}

// basedOn is the version that a form was made from, or the one over which its writer
// chose to save it.
func basedOn(r *http.Request) int {
	for _, name := range []string{"over", "version"} {
		if n, err := strconv.Atoi(r.PostForm.Get(name)); err == nil {
			return n
		}
	}
	return -1 // which no version is, so that nothing is overwritten
}
