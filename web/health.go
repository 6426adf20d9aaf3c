package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"batsignal/oncall/fault"
)

// readyBudget is how long the parts have to answer.
const readyBudget = 3 * time.Second

const sqlPing = `select 1`

// alive answers as long as the process can answer at all.
func (s *site) alive(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "alive")
}

// ready says whether this process can do its work now, in a sentence that anybody
// may read.
func (s *site) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyBudget)
	defer cancel()
	err := s.missing(ctx)
	if err == nil {
		say := "ready"
		if s.Leads != nil && !s.Leads() {
			say = "ready, and waits while another process leads"
		}
		plain(w, http.StatusOK, say)
		return
	}
	s.Log.Warn("not ready", "error", err)
	say := "A part is not there yet. The log and `batsignal doctor` say which."
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		say = f.Say
	}
	plain(w, http.StatusServiceUnavailable, say)
}

func (s *site) missing(ctx context.Context) error {
	var one int
	if err := s.DB.QueryRow(ctx, sqlPing).Scan(&one); err != nil {
		return fault.Wrap(fault.Unready, err, "The database does not answer.")
	}
	if s.Ready == nil {
		return nil
	}
	return s.Ready(ctx)
}

func plain(w http.ResponseWriter, status int, say string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, say)
}
