package gitlabfake

import (
	"net/http"
	"time"
)

// Trouble is what goes wrong with one request.
type Trouble struct {
	Method string // "" is any
	Status int    // what is answered instead, as a proxy before GitLab would
	Header map[string]string
	Body   string
	Lost   bool // it is done, and the connection breaks before the answer
	Stall  bool // nothing comes back
}

// Trouble has the next requests that fit go wrong, one each.
func (s *Server) Trouble(list ...Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = append(s.trouble, list...)
}

func (s *Server) takeTrouble(r *http.Request) *Trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, t := range s.trouble {
		if t.Method == "" || t.Method == r.Method {
			s.trouble = append(s.trouble[:n:n], s.trouble[n+1:]...)
			return &t
		}
	}
	return nil
}

// Limit lets so many requests more pass, and tells others to come again after a while.
func (s *Server) Limit(left int, retry time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.retry = left, retry
}

// NoLimit lets everything pass again.
func (s *Server) NoLimit() { s.Limit(-1, 0) }
