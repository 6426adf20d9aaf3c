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
	Here     string // the entry of the menu that this page belongs to
	Refresh  int    // seconds after which a browser without script asks again; 0 is never
	Events   string // where our script hears of changes; "" is nowhere
	Feed     string // where programs hear of what is new; "" is nowhere
	Script   bool   // set by render for the pages in the table
	Minutes  bool   // there is an archive of minutes
	Actions  bool   // there are pages of actions
	Rota     bool   // there are schedules
	Policies bool   // there are pages of who is rung after whom
	Visitor  visitor
	SignIn   string // where one signs in to come back here; "" where nobody is known
	Passkeys bool   // passkey.js is run too, where our script may be
	CSRF     string // what every form carries: {{template "csrf" $}}
	Version  string
	Now      time.Time
	Body     any
}

// parsePages reads every page with the layout and the shared parts, so that a
// mistake in one is found at start.
func (s *site) parsePages() (map[string]*template.Template, error) {
	shared, err := template.New("").Funcs(s.functions()).ParseFS(templateFiles, "templates/layout.html", "templates/parts_*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templateFiles, "templates/page_*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range names {
		page, err := template.Must(shared.Clone()).ParseFS(templateFiles, file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path.Base(file), "page_"), ".html")
		pages[name] = page.Option("missingkey=error")
	}
	return pages, nil
}

// render draws a page in full before its first byte leaves, so that what goes wrong
// becomes an error page and never half a page.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) error {
	v.Version, v.Now, v.Minutes, v.Actions = s.Version, s.Now(), s.Meetings != nil, s.Actions != nil
	v.Rota, v.Policies = s.Rota != nil, s.Policies != nil
	v.Script = status == http.StatusOK && mayScript(r)
	if v.Visitor = s.visitor(r); v.Visitor.SignedIn() {
		v.CSRF = access.FormToken(v.Visitor.token)
	}
	if s.Access != nil && !s.knowsNobody(r.URL.Path) {
		v.SignIn = signInPath(r)
	}
	page, ok := s.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout", v); err != nil {
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
		if err := fn(w, r); err != nil {
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
