package ntfyfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits that ntfy documents.
const (
	longestMessage = 4096 // bytes; more becomes a file
	mostActions    = 3
)

var name = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

// refusal is an error as ntfy writes it.
type refusal struct {
	status, code int
	text         string
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.Header.Get("Authorization")})
	held := s.held
	var scripted *Answer
	if len(s.script) > 0 {
		scripted, s.script = &s.script[0], s.script[1:]
	}
	s.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	if scripted != nil {
		s.answer(w, r, body, *scripted)
		return
	}
	out, refused := s.handle(r, body)
	if refused != nil {
		say(w, *refused)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, out)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte, a Answer) {
	if a.Kept {
		_, _ = s.handle(r, body)
	}
	switch {
	case a.Cut:
		panic(http.ErrAbortHandler)
	case a.Raw != "":
		w.WriteHeader(max(a.Status, http.StatusOK))
		_, _ = io.WriteString(w, a.Raw)
	default:
		if a.Text == "" { // servers quote what they were asked
			a.Text = r.URL.Path + " " + string(body)
		}
		say(w, refusal{a.Status, a.Code, a.Text})
	}
}

func say(w http.ResponseWriter, r refusal) {
	w.Header().Set("Content-Type", "application/json")
	if r.status/100 == 3 {
		w.Header().Set("Location", "https://elsewhere.example/")
	}
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": r.code, "http": r.status, "error": r.text, "link": "https://ntfy.sh/docs"})
}

// handle does what a request asks for.
func (s *Server) handle(r *http.Request, body []byte) (string, *refusal) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/v1/health":
		return `{"healthy":true}` + "\n", nil
	case !s.knows(r):
		return "", &refusal{http.StatusUnauthorized, 40101, "unauthorized"}
	case r.URL.Path == "/v1/account":
		return `{"username":"batsignal","role":"user"}` + "\n", nil
	case r.URL.Path == "/" && (r.Method == http.MethodPost || r.Method == http.MethodPut):
		return s.publishJSON(body)
	case !name.MatchString(parts[0]):
		return "", &refusal{http.StatusNotFound, 40401, "page not found"}
	case slices.Contains(s.options.Reserved, parts[0]):
		return "", &refusal{http.StatusForbidden, 40301, "forbidden"}
	case len(parts) == 2 && parts[1] == "json" && r.Method == http.MethodGet:
		return s.poll(parts[0], r)
	case r.Method == http.MethodDelete && len(parts) == 2 && !s.options.Old:
		return written(s.keep(Message{Event: "message_delete", Topic: parts[0], Sequence: parts[1]}))
	case r.Method == http.MethodPut && len(parts) == 3 && parts[2] == "clear" && !s.options.Old:
		return written(s.keep(Message{Event: "message_clear", Topic: parts[0], Sequence: parts[1]}))
	case (r.Method == http.MethodPost || r.Method == http.MethodPut) && (len(parts) == 1 || len(parts) == 2 && !s.options.Old):
		return s.publishHeaders(parts, r, body)
	}
	return "", &refusal{http.StatusNotFound, 40401, "page not found"}
}

// knows tells whether a request has the token, if there is one.
func (s *Server) knows(r *http.Request) bool {
	return s.options.Token == "" || r.Header.Get("Authorization") == "Bearer "+s.options.Token
}

func (s *Server) publishJSON(body []byte) (string, *refusal) {
	var m struct {
		Topic    string   `json:"topic"`
		Sequence string   `json:"sequence_id"`
		Title    string   `json:"title"`
		Message  string   `json:"message"`
		Priority int      `json:"priority"`
		Tags     []string `json:"tags"`
		Click    string   `json:"click"`
		Actions  []Action `json:"actions"`
	}
	if json.Unmarshal(body, &m) != nil {
		return "", &refusal{http.StatusBadRequest, 40024, "invalid request: request body must be message JSON"}
	}
	return s.publish(Message{
		Topic: m.Topic, Sequence: m.Sequence, Title: m.Title, Message: m.Message, Priority: m.Priority, Tags: m.Tags, Click: m.Click, Actions: m.Actions,
	})
}

func (s *Server) publishHeaders(parts []string, r *http.Request, body []byte) (string, *refusal) {
	first := func(names ...string) string {
		for _, n := range names {
			if v := r.Header.Get(n); v != "" {
				return v
			}
		}
		return ""
	}
	m := Message{Topic: parts[0], Message: string(body), Title: first("X-Title", "Title", "t"), Click: first("X-Click", "Click")}
	m.Sequence = first("X-Sequence-ID", "Sequence-ID")
	if len(parts) == 2 {
		m.Sequence = parts[1]
	}
	if p := first("X-Priority", "Priority", "prio", "p"); p != "" {
		words := map[string]int{"min": 1, "low": 2, "default": 3, "high": 4, "urgent": 5, "max": 5}
		n, err := strconv.Atoi(p)
		if m.Priority = n; err != nil {
			if m.Priority = words[p]; m.Priority == 0 {
				return "", &refusal{http.StatusBadRequest, 40007, "invalid priority parameter"}
			}
		}
	}
	if tags := first("X-Tags", "Tags", "tag", "ta"); tags != "" {
		m.Tags = strings.Split(tags, ",")
	}
	if a := first("X-Actions", "Actions", "Action"); a != "" && json.Unmarshal([]byte(a), &m.Actions) != nil {
		return "", &refusal{http.StatusBadRequest, 40018, "invalid request: actions invalid"}
	}
	return s.publish(m)
}

func (s *Server) publish(m Message) (string, *refusal) {
	switch {
	case !name.MatchString(m.Topic):
		return "", &refusal{http.StatusBadRequest, 40009, "invalid request: topic invalid"}
	case slices.Contains([]string{"docs", "static", "file", "app", "account", "settings", "v1"}, m.Topic):
		return "", &refusal{http.StatusBadRequest, 40010, "invalid request: topic name is not allowed"}
	case slices.Contains(s.options.Reserved, m.Topic):
		return "", &refusal{http.StatusForbidden, 40301, "forbidden"}
	case m.Priority < 0 || m.Priority > 5:
		return "", &refusal{http.StatusBadRequest, 40007, "invalid priority parameter"}
	case m.Sequence != "" && !name.MatchString(m.Sequence) && !s.options.Old:
		return "", &refusal{http.StatusBadRequest, 40049, "invalid request: sequence ID invalid"}
	case len(m.Message) > longestMessage:
		return "", &refusal{http.StatusRequestEntityTooLarge, 41301, "attachment too large, or bandwidth limit reached"}
	case !fit(m.Actions):
		return "", &refusal{http.StatusBadRequest, 40018, "invalid request: actions invalid"}
	}
	if m.Message == "" {
		m.Message = "triggered"
	}
	m.Event = "message"
	return written(s.keep(m))
}

// fit tells whether ntfy takes these buttons.
func fit(actions []Action) bool {
	for _, a := range actions {
		if a.Action != "view" && a.Action != "http" && a.Action != "broadcast" || a.Label == "" || a.Action != "broadcast" && a.URL == "" {
			return false
		}
	}
	return len(actions) <= mostActions
}

func (s *Server) poll(topic string, r *http.Request) (string, *refusal) {
	q := r.URL.Query()
	switch {
	case s.options.WriteOnly:
		return "", &refusal{http.StatusForbidden, 40301, "forbidden"}
	case q.Get("poll") != "1" && q.Get("poll") != "true":
		return "", &refusal{http.StatusNotImplemented, 0, "this fake does not stream"}
	}
	var from time.Time
	switch since := q.Get("since"); since {
	case "", "none":
		return "", nil
	case "all":
	default:
		d, err := time.ParseDuration(since)
		if err != nil {
			return "", &refusal{http.StatusBadRequest, 40008, "invalid since parameter"}
		}
		from = s.options.Now().Add(-d)
	}
	var out strings.Builder
	for _, m := range s.Kept(topic) {
		if id := q.Get("id"); (id == "" || id == m.ID) && m.Time >= from.Unix() && m.Expires > s.options.Now().Unix() {
			row, _ := json.Marshal(m)
			fmt.Fprintf(&out, "%s\n", row)
		}
	}
	return out.String(), nil
}

func written(m Message) (string, *refusal) {
	row, err := json.Marshal(m)
	if err != nil {
		return "", &refusal{http.StatusInternalServerError, 50001, "internal server error"}
	}
	return string(row) + "\n", nil
}
