package switchboard

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

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/web"
)

//go:embed templates
var templateFiles embed.FS

// view is what every page is drawn from.
type view struct {
	Title   string
	Here    string // the entry of the menu that this page belongs to
	Visit   visit
	Zone    string // of whoever reads; "" is not known
	Version string
	Now     time.Time
	Body    any
	Main    template.HTML // the main part as it was drawn: set by render
}

// parsePages reads every page, so that a mistake in one is found at start.
func (s *site) parsePages() (*template.Template, error) {
	set, err := template.New("").Funcs(s.functions()).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
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
		if _, err := set.New(name).Parse(string(text)); err != nil {
			return nil, err
		}
	}
	return set.Option("missingkey=error"), nil
}

// functions are what templates may call.
func (s *site) functions() template.FuncMap {
	return template.FuncMap{
		"visible": web.Visible,
		"typed":   s.Typed,
		"lines":   web.VisibleLines,
		"asset":   func(name string) string { return "/static/" + name },
		"instant": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"utc":     func(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04:05") },
		"local":   localOf,
		"joined":  oncall.JoinNames,
		"count":   oncall.Plural[int],
		"noun":    contact.Noun,
		"example": contact.Example,
		"kind":    kindTitle,
		"zones":   web.Zones,
		"upper":   oncall.UpperFirst,
	}
}

// localOf is an instant on the clock of whoever reads; "" if that is UTC, or not known.
func localOf(v view, t time.Time) string {
	if v.Zone == "" {
		return ""
	}
	utc, local := t.UTC(), t.In(oncall.Location(v.Zone))
	layout := "15:04"
	if utc.Format(time.DateOnly) != local.Format(time.DateOnly) {
		layout = "2 Jan 15:04"
	}
	if utc.Format(layout) == local.Format(layout) {
		return ""
	}
	return local.Format(layout)
}

// kindTitle is what a kind of contact is called in a list to choose from.
func kindTitle(kind string) string {
	if title := map[string]string{
		"voice": "Phone call", "sms": "Text message (SMS)", "mail": "Mail", "webhook": "Webhook", "ntfy": "ntfy", "pagerduty": "PagerDuty",
	}[kind]; title != "" {
		return title
	}
	return kind
}

// render draws a page in full before its first byte leaves, so that what goes wrong becomes
// an error page and never half a page.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) error {
	v.Version, v.Now = s.Version, s.Now()
	if v.Visit.token.Empty() {
		v.Visit, _ = s.visit(r)
	}
	if v.Zone == "" {
		v.Zone = v.Visit.Zone
	}
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, v); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	v.Main = template.HTML(b.String()) // #nosec G203 -- escaped by its template, for where the layout has it
	b.Reset()
	if err := s.pages.ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // who went away meanwhile needs no answer
	return nil
}

// handler is a page that may fail.
type handler = func(w http.ResponseWriter, r *http.Request) error

func (s *site) page(fn handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := fn(w, r); err != nil {
			s.failed(w, r, err)
		}
	}
}

// asset is one of our own files that pages refer to.
type asset struct {
	kind string
	body []byte
}

func readAssets() (map[string]asset, error) {
	files := map[string]asset{}
	for _, name := range []string{"style.css", "icon.svg"} {
		body, kind, err := web.Asset(name)
		if err != nil {
			return nil, err
		}
		files[name] = asset{kind, body}
	}
	return files, nil
}

func (s *site) static(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.files[chi.URLParam(r, "name")]
	if !ok {
		return web.NotFound(w, r)
	}
	w.Header().Set("Content-Type", f.kind)
	_, _ = w.Write(f.body)
	return nil
}
