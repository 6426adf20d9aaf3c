// Package gitlabfake owns a GitLab with a memory, for tests: the part of its REST API
// (version 4) that opens and finds issues, over real HTTP.
//
// It speaks as the documentation says and refuses as GitLab refuses: tokens and their
// scopes, projects that one may not see, fields, pages of lists, limits of requests. And
// it does what GitLab does with what people write: commands in a description are obeyed
// and taken out of it, and whoever is mentioned is called. Trouble is made on purpose.
//
// Where GitLab reads a description with a Markdown parser, the fake is stricter: it also
// calls whom code mentions, and only knows a few ways in which a command is none.
package gitlabfake

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options shape a server. The zero value has the project "group/project" and the token
// "glpat-canary", which may do everything.
type Options struct {
	Projects []Project
	Tokens   []Token
	Now      func() time.Time
}

// Project is a project on the server.
type Project struct {
	Path     string
	NoIssues bool // its issues are switched off
}

// Token is somebody's access.
type Token struct {
	Text   string
	Scopes []string // "api", "read_api"; nil is "api"
	// Sees are the projects that it may see; nil are all. Others are not found.
	Sees []string
	// Guest may look but neither open issues nor label them.
	Guest bool
}

// Issue is an issue as the server keeps it.
type Issue struct {
	ID, IID     int
	Project     string
	Title       string
	Description string // what GitLab keeps: without the commands that it obeyed
	State       string // "opened", "closed"
	Labels      []string
	DueDate     string
	Created     time.Time

	Obeyed    []string // commands that stood in the description: "close", "assign @bert"
	Mentioned []string // who was called
	Noted     []string // other issues and the like where a note was left: "#12"
}

// Server is a GitLab on the loopback. All its methods may be called at once.
type Server struct {
	URL string

	options Options
	web     *httptest.Server
	done    chan struct{} // closed when it ends, so that nothing stalls longer

	mu       sync.Mutex
	projects []*project
	lastID   int
	calls    []Call
	trouble  []Trouble
	left     int // requests that the limit still lets pass; negative is no limit
	retry    time.Duration
}

type project struct {
	Project
	id     int
	issues []*Issue
}

// Call is a request that came.
type Call struct {
	Method string
	Path   string // as it was sent, still escaped
	Query  string
	Status int // what was answered; 0 if nothing was
}

// Run starts a server that ends with the test.
func Run(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Projects == nil {
		o.Projects = []Project{{Path: "group/project"}}
	}
	if o.Tokens == nil {
		o.Tokens = []Token{{Text: "glpat-canary"}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o, done: make(chan struct{}), left: -1}
	for i, p := range o.Projects {
		s.projects = append(s.projects, &project{Project: p, id: i + 1})
	}
	s.web = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.web.URL
	t.Cleanup(func() {
		close(s.done)
		s.web.CloseClientConnections()
		s.web.Close()
	})
	return s
}

// Issues are those of a project, in the order in which they were opened.
func (s *Server) Issues(path string) []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Issue
	for _, p := range s.projects {
		if p.Path == path {
			for _, i := range p.issues {
				list = append(list, *i)
			}
		}
	}
	return list
}

// Close closes an issue, as somebody there would.
func (s *Server) Close(path string, iid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.projects {
		if i := p.issue(iid); p.Path == path && i != nil {
			i.State = "closed"
		}
	}
}

// Add opens an issue as somebody else would.
func (s *Server) Add(path, title, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.projects {
		if p.Path == path {
			s.open(p, fields{"title": title, "description": description})
		}
	}
}

// Calls are the requests so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (p *project) issue(iid int) *Issue {
	for _, i := range p.issues {
		if i.IID == iid {
			return i
		}
	}
	return nil
}

// open makes an issue and has GitLab read it.
func (s *Server) open(p *project, f fields) *Issue {
	s.lastID++
	i := &Issue{
		ID: 100 + s.lastID, IID: len(p.issues) + 1, Project: p.Path, Title: f["title"], State: "opened",
		DueDate: dateOf(f["due_date"]), Created: s.options.Now().UTC(), Labels: labelsOf(f["labels"]),
	}
	i.read(f["description"])
	p.issues = append(p.issues, i)
	return i
}

func labelsOf(text string) []string {
	labels := []string{}
	for l := range strings.SplitSeq(text, ",") {
		if l = strings.TrimSpace(l); l != "" && !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	slices.Sort(labels)
	return labels
}

// dateOf is a date as GitLab keeps it; what is none is left out without a word.
func dateOf(text string) string {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return ""
	}
	return text
}

func (s *Server) json(i *Issue, id int) map[string]any {
	var due any
	if i.DueDate != "" {
		due = i.DueDate
	}
	return map[string]any{
		"id": i.ID, "iid": i.IID, "project_id": id, "title": i.Title, "description": i.Description, "state": i.State,
		"labels": i.Labels, "due_date": due, "created_at": i.Created.Format("2006-01-02T15:04:05.000Z07:00"),
		"web_url":    s.URL + "/" + i.Project + "/-/issues/" + strconv.Itoa(i.IID),
		"references": map[string]string{"short": "#" + strconv.Itoa(i.IID), "full": i.Project + "#" + strconv.Itoa(i.IID)},
		"author":     map[string]any{"id": 1, "username": "batsignal", "name": "Batsignal", "state": "active"},
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func message(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"message": text})
}

// wait waits until the client gives up or the server ends.
func (s *Server) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.done:
	}
}
