package gitlabfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) { r.status = status; r.ResponseWriter.WriteHeader(status) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	defer func() {
		s.mu.Lock()
		s.calls = append(s.calls, Call{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Status: rec.status})
		s.mu.Unlock()
	}()
	if !s.pass(rec) {
		return
	}
	t := s.takeTrouble(r)
	switch {
	case t == nil:
		s.api(rec, r)
	case t.Stall:
		s.wait(r.Context())
	case t.Lost:
		s.api(&recorder{ResponseWriter: nowhere{}}, r) // it is done, and nobody hears of it
		panic(http.ErrAbortHandler)
	default:
		rec.Header().Set("Content-Type", "text/html")
		for name, value := range t.Header {
			rec.Header().Set(name, value)
		}
		rec.WriteHeader(t.Status)
		_, _ = io.WriteString(rec, t.Body)
	}
}

// nowhere is where an answer goes that is lost.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}

// pass counts a request against the limit.
func (s *Server) pass(w http.ResponseWriter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left < 0 {
		return true
	}
	reset := s.options.Now().Add(s.retry)
	h := w.Header()
	h.Set("RateLimit-Name", "throttle_authenticated_api")
	h.Set("RateLimit-Remaining", strconv.Itoa(max(s.left-1, 0)))
	h.Set("RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	if s.left > 0 {
		s.left--
		return true
	}
	h.Set("RateLimit-ResetTime", reset.UTC().Format(http.TimeFormat))
	h.Set("Retry-After", strconv.Itoa(int(s.retry/time.Second)))
	h.Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = io.WriteString(w, "Retry later\n")
	return false
}

// api answers "/api/v4/projects/:id", "…/issues" and "…/issues/:iid". The number or the
// path of a project is one part of the address: a slash in it is escaped.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v4/projects/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) > 3 || len(parts) > 1 && parts[1] != "issues" {
		answer(w, http.StatusNotFound, map[string]string{"error": "404 Not Found"})
		return
	}
	token := s.tokenOf(r)
	if token == nil {
		message(w, http.StatusUnauthorized, "401 Unauthorized")
		return
	}
	id, err := url.PathUnescape(parts[0])
	p := s.find(id, token)
	if err != nil || p == nil {
		message(w, http.StatusNotFound, "404 Project Not Found")
		return
	}
	scopes := token.Scopes
	if scopes == nil {
		scopes = []string{"api"}
	}
	need := []string{"api", "read_api"}
	if r.Method != http.MethodGet {
		need = []string{"api"}
	}
	if !slices.ContainsFunc(need, func(n string) bool { return slices.Contains(scopes, n) }) {
		answer(w, http.StatusForbidden, map[string]string{
			"error": "insufficient_scope", "scope": strings.Join(need, " "),
			"error_description": "The request requires higher privileges than provided by the access token.",
		})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(parts) == 1 && r.Method == http.MethodGet:
		answer(w, http.StatusOK, map[string]any{"id": p.id, "path_with_namespace": p.Path, "issues_enabled": !p.NoIssues})
	case len(parts) == 2 && r.Method == http.MethodGet:
		s.list(w, r, p)
	case len(parts) == 2 && r.Method == http.MethodPost:
		s.create(w, r, p, token)
	case len(parts) == 3 && r.Method == http.MethodGet:
		iid, _ := strconv.Atoi(parts[2])
		if i := p.issue(iid); i != nil {
			answer(w, http.StatusOK, s.json(i, p.id))
			return
		}
		message(w, http.StatusNotFound, "404 Not found")
	default:
		answer(w, http.StatusMethodNotAllowed, map[string]string{"error": "405 Not Allowed"})
	}
}

func (s *Server) tokenOf(r *http.Request) *Token {
	text := r.Header.Get("PRIVATE-TOKEN")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && text == "" {
		text = bearer
	}
	if text == "" {
		text = r.URL.Query().Get("private_token")
	}
	i := slices.IndexFunc(s.options.Tokens, func(t Token) bool { return text != "" && t.Text == text })
	if i < 0 {
		return nil
	}
	return &s.options.Tokens[i]
}

func (s *Server) find(id string, t *Token) *project {
	for _, p := range s.projects {
		if id == strconv.Itoa(p.id) || strings.EqualFold(id, p.Path) {
			if t.Sees != nil && !slices.Contains(t.Sees, p.Path) {
				return nil
			}
			return p
		}
	}
	return nil
}

// fields are what a request gives, however it gives it.
type fields map[string]string

func fieldsOf(r *http.Request) (fields, error) {
	f := fields{}
	for name, values := range r.URL.Query() {
		f[name] = values[len(values)-1]
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		err := r.ParseForm()
		for name, values := range r.PostForm {
			f[name] = values[len(values)-1]
		}
		return f, err
	}
	var given map[string]any
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		return nil, err
	}
	for name, v := range given {
		switch v := v.(type) {
		case string:
			f[name] = v
		case []any:
			var words []string
			for _, one := range v {
				words = append(words, fmt.Sprint(one))
			}
			f[name] = strings.Join(words, ",")
		}
	}
	return f, nil
}

const (
	longestTitle       = 255
	longestDescription = 1 << 20
)

func (s *Server) create(w http.ResponseWriter, r *http.Request, p *project, t *Token) {
	f, err := fieldsOf(r)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "The body could not be parsed"})
		return
	}
	if t.Guest || p.NoIssues {
		message(w, http.StatusForbidden, "403 Forbidden")
		return
	}
	if _, given := f["title"]; !given {
		answer(w, http.StatusBadRequest, map[string]string{"error": "title is missing"})
		return
	}
	wrong := map[string][]string{}
	switch title := f["title"]; {
	case strings.TrimSpace(title) == "":
		wrong["title"] = []string{"can't be blank"}
	case utf8.RuneCountInString(title) > longestTitle:
		wrong["title"] = []string{fmt.Sprintf("is too long (maximum is %d characters)", longestTitle)}
	}
	if utf8.RuneCountInString(f["description"]) > longestDescription {
		wrong["description"] = []string{fmt.Sprintf("is too long (maximum is %d characters)", longestDescription)}
	}
	if len(wrong) > 0 {
		answer(w, http.StatusBadRequest, map[string]any{"message": wrong})
		return
	}
	answer(w, http.StatusCreated, s.json(s.open(p, f), p.id))
}
