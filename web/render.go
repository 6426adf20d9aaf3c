package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

//go:embed templates
var templateFiles embed.FS

// view is what every page is drawn from.
type view struct {
	Title    string
	Here     string      // the entry of the menu that this page belongs to
	Under    string      // the same of the shelf below the heading, where there is one
	Refresh  int         // seconds after which a browser without script asks again; 0 is never
	Events   string      // where our script hears of changes; "" is nowhere
	Feed     string      // where programs hear of what is new; "" is nowhere
	Script   bool        // set by render for the pages in the table
	Minutes  bool        // there is an archive of minutes
	Actions  bool        // there are pages of actions
	Rota     bool        // there are schedules
	Policies bool        // there are pages of who is rung after whom
	Alerts   bool        // there are pages of alerts, and this visitor may read them
	Jobs     bool        // the same of jobs
	Sealed   bool        // there are pages of the ledger and of custody
	Shelf    []menuEntry // the pages about jobs, for whoever may read them
	Visitor  visitor
	SignIn   string // where one signs in to come back here; "" where nobody is known
	Passkeys bool   // passkey.js is run too, where our script may be
	CSRF     string // what every form carries: {{template "csrf" $}}
	Version  string
	Waits    bool // another process is on the networks and rings people
	Now      time.Time
	Body     any
	Main     template.HTML // the main part as it was drawn: set by render
}

// parsePages reads the layout, the shared parts and every page, so that a mistake in one
// is found at start. They are one set, in which the main part of a page is called by the
// page's name: with a set for each page, the shared parts would be kept fifty times.
func (s *site) parsePages() (*template.Template, error) {
	set, err := template.New("").Funcs(s.functions()).ParseFS(templateFiles, "templates/layout.html", "templates/parts_*.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templateFiles, "templates/page_*.html")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := fs.ReadFile(templateFiles, file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path.Base(file), "page_"), ".html")
		named := strings.Replace(string(text), `{{define "main"`, fmt.Sprintf("{{define %q", mainOf(name)), 1)
		if _, err := set.New(path.Base(file)).Parse(named); err != nil {
			return nil, err
		}
		if set.Lookup(mainOf(name)) == nil {
			return nil, fmt.Errorf("%s has no main part", file)
		}
	}
	return set.Option("missingkey=error"), nil
}

// mainOf is what the main part of a page is called among all templates.
func mainOf(page string) string { return "main of " + page }

// render draws a page in full before its first byte leaves, so that what goes wrong
// becomes an error page and never half a page.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) error {
	v.Version, v.Now, v.Minutes, v.Actions = s.Version, s.Now(), s.Meetings != nil, s.Actions != nil
	v.Waits = s.Leads != nil && !s.Leads()
	v.Rota, v.Policies, v.Sealed = s.Rota != nil, s.Policies != nil, s.Switchboard != nil
	v.Script = status == http.StatusOK && mayScript(r)
	if v.Visitor = s.visitor(r); v.Visitor.SignedIn() {
		v.CSRF = access.FormToken(v.Visitor.token)
		v.Alerts, v.Jobs = s.Alerts != nil, s.Jobs != nil
		if v.Here == jobsPath {
			v.Shelf = s.jobShelf(v.Under)
		}
	}
	if s.Access != nil && !s.knowsNobody(r.URL.Path) {
		v.SignIn = signInPath(r)
	}
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, mainOf(name), v); err != nil {
		return err
	}
	v.Main = template.HTML(b.String()) // escaped by its template, for where the layout has it
	b.Reset()
	if err := s.pages.ExecuteTemplate(&b, "layout", v); err != nil {
		return err
	}
	h := w.Header()
	if v.Script {
		h.Set("Content-Security-Policy", contentPolicyWithScript)
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // who went away meanwhile needs no answer
	return nil
}

// page makes a handler of a function that may fail. The compiler writes what is returned
// here once for every route, so it is kept small; the same goes for its neighbours.
func (s *site) page(fn handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.reads(w, r, fn); err != nil {
			s.failed(w, r, err)
		}
	}
}

// failed answers instead of a page that failed.
func (s *site) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	status := statusOf(err)
	if status >= http.StatusInternalServerError {
		s.Log.Error("a page failed", "route", routeOf(r), "error", err)
	}
	s.refuse(w, r, status, fault.Say(err))
}
