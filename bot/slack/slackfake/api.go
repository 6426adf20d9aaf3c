package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Call is one call of the Web API, or of a response URL (method "response_url").
type Call struct {
	Method  string
	At      time.Time  // in real time
	Args    url.Values // what is not text in a JSON body is its JSON; no token
	Outcome string     // "ok", the error's code, or "http 503"
}

// answer is what goes back.
type answer struct {
	status     int
	retryAfter time.Duration
	body       obj
	outcome    string
}

func ok(body obj) answer {
	if body == nil {
		body = obj{}
	}
	body["ok"] = true
	return answer{status: http.StatusOK, body: body, outcome: "ok"}
}

func no(err error) answer {
	body := obj{"ok": false, "error": err.Error()}
	var r refusal
	if errors.As(err, &r) {
		for k, v := range r.more {
			body[k] = v
		}
	}
	return answer{status: http.StatusOK, body: body, outcome: err.Error()}
}

func limited(after time.Duration) answer {
	a := no(refuse("ratelimited"))
	a.status, a.retryAfter = http.StatusTooManyRequests, after
	return a
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	a, token, err := readArgs(r)
	s.mu.Lock()
	var out answer
	if err != nil {
		out = no(refuse("invalid_json"))
	} else {
		out = s.call(name, token, a)
	}
	s.calls = append(s.calls, Call{Method: name, At: time.Now(), Args: a.Values, Outcome: out.outcome})
	scopes, needed := s.scopes(), s.methods[name].scopes
	if token == s.appToken {
		scopes = []string{"connections:write"}
	}
	s.unlock()
	w.Header().Set("X-Slack-Req-Id", uuid())
	if token != "" {
		w.Header().Set("X-OAuth-Scopes", strings.Join(scopes, ","))
		w.Header().Set("X-Accepted-OAuth-Scopes", strings.ReplaceAll(needed, "|", ","))
	}
	out.write(w)
}

func (out answer) write(w http.ResponseWriter) {
	if out.retryAfter > 0 {
		seconds := int((out.retryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	if out.status >= 500 { // Slack's are HTML
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(out.status)
		_, _ = fmt.Fprintf(w, "<html><body>%s</body></html>", http.StatusText(out.status))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(out.status)
	_ = json.NewEncoder(w).Encode(out.body) // the caller may have gone
}

// call does one call, with everything that may stand in its way.
func (s *Server) call(name, token string, a args) answer {
	if out, faulty := s.fault(name); faulty {
		return out
	}
	m, known := s.methods[name]
	if !known {
		return no(refusal{"unknown_method", obj{"req_method": name}})
	}
	if name == "apps.connections.open" && s.post.trouble.refuse {
		return answer{status: http.StatusServiceUnavailable, outcome: "http 503"}
	}
	if err := s.authorize(m, name, token); err != nil {
		return no(err)
	}
	if s.opts.EnforceLimits {
		if wait := s.limit(name, m, a); wait > 0 {
			return limited(wait)
		}
	}
	body, err := m.run(a)
	if err != nil {
		return no(err)
	}
	return ok(body)
}

func (s *Server) authorize(m method, name, token string) error {
	switch {
	case name == "api.test":
		return nil
	case token == "":
		return refuse("not_authed")
	case s.revoked || token != s.botToken && token != s.appToken:
		return refuse("invalid_auth")
	case m.app != (token == s.appToken) && name != "auth.test":
		return refuse("not_allowed_token_type")
	case m.scopes == "" || m.app:
		return nil
	}
	needed := strings.Split(m.scopes, "|")
	if !slices.ContainsFunc(needed, s.may) {
		return refusal{"missing_scope", obj{"needed": strings.Join(needed, ","), "provided": strings.Join(s.scopes(), ",")}}
	}
	return nil
}

// Calls are all calls of a method in order; "" is all methods.
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Call
	for _, c := range s.calls {
		if method == "" || c.Method == method {
			found = append(found, c)
		}
	}
	return found
}

// CallCount is how many calls of a method there were, whatever became of them.
func (s *Server) CallCount(method string) int { return len(s.Calls(method)) }
