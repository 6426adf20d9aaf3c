package slackfake

import (
	"fmt"
	"net/http"
	"time"
)

// fault is what the next calls of a method get instead of their answer.
type fault struct {
	times  int
	status int
	code   string
	after  time.Duration
}

// RateLimit answers the next calls of a method with HTTP 429 and Retry-After, which
// is in whole seconds. Here and below, method "" is any, and "response_url" is a
// response URL. Several faults come one after the other.
func (s *Server) RateLimit(method string, times int, retryAfter time.Duration) {
	s.addFault(method, fault{times: times, status: http.StatusTooManyRequests, after: retryAfter})
}

// FailNext answers the next calls of a method with an HTTP status, such as 503.
func (s *Server) FailNext(method string, times int, status int) {
	s.addFault(method, fault{times: times, status: status})
}

// ErrorNext answers the next calls of a method with {"ok":false,"error":code}.
func (s *Server) ErrorNext(method string, times int, code string) {
	s.addFault(method, fault{times: times, code: code})
}

// ClearFaults forgets faults that have not happened yet.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
}

// RevokeToken has both tokens be invalid_auth from now on. Open sockets stay.
func (s *Server) RevokeToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

func (s *Server) addFault(method string, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.times > 0 {
		s.faults[method] = append(s.faults[method], f)
	}
}

// fault takes the next fault of a method.
func (s *Server) fault(method string) (answer, bool) {
	for _, key := range []string{method, ""} {
		queue := s.faults[key]
		if len(queue) == 0 {
			continue
		}
		f := queue[0]
		if queue[0].times--; queue[0].times == 0 {
			s.faults[key] = queue[1:]
		}
		switch {
		case f.code != "":
			return no(refuse(f.code)), true
		case f.status == http.StatusTooManyRequests:
			return limited(max(f.after, time.Second)), true
		}
		return answer{status: f.status, body: obj{"ok": false, "error": "fatal_error"}, outcome: fmt.Sprintf("http %d", f.status)}, true
	}
	return answer{}, false
}
