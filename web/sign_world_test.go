package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"batsignal/bot"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/secret"
	"batsignal/web"
)

// newSignWorld is a world in which people can sign in; maria is an admin.
func newSignWorld(t testing.TB, change ...func(*web.Options)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*web.Options){func(o *web.Options) {
		o.Who = &bot.Identity{DB: o.DB, Policy: bot.Policy{Fire: []string{"@roster"}, Confirm: []string{"@roster"}, Admins: []string{"console/maria"}}}
		o.Access = &access.Service{DB: o.DB, Now: o.Now, PublicURL: o.PublicURL}
	}}, change...)...)
	w.access = &access.Service{DB: w.DB, Now: w.Now, PublicURL: publicURL}
	return w
}

// visitor is a browser that keeps cookies.
type visitor struct {
	*world
	cookies map[string]string
	site    string // what it says of where a form comes from: Sec-Fetch-Site; "" says nothing
	origin  string
}

func (w *world) visitor() *visitor {
	return &visitor{world: w, cookies: map[string]string{}, site: "same-origin"}
}

// enters signs somebody in by a link, as people do.
func (w *world) enters(handle string) *visitor {
	w.t.Helper()
	v := w.visitor()
	if a := v.post(w.loginLink(handle), nil); a.Code != http.StatusSeeOther {
		w.t.Fatalf("%s is not signed in: %d\n%s", handle, a.Code, a.main())
	}
	return v
}

// loginLink is the path of a new link.
func (w *world) loginLink(handle string) string {
	w.t.Helper()
	p := w.person(handle)
	link, _, err := w.access.LoginLink(ctx, oncall.Actor{PersonID: p.ID, Handle: p.Handle, Network: "console"})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimPrefix(link.Reveal(), publicURL)
}

func (v *visitor) send(r *http.Request) answer {
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if v.site != "" {
		r.Header.Set("Sec-Fetch-Site", v.site)
	}
	if v.origin != "" {
		r.Header.Set("Origin", v.origin)
	}
	a := v.world.do(r)
	for _, c := range a.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		} else {
			v.cookies[c.Name] = c.Value
		}
	}
	return a
}

func (v *visitor) read(path string) answer {
	return v.send(httptest.NewRequest(http.MethodGet, path, nil))
}

var csrfField = regexp.MustCompile(`(?:name="csrf" value|data-csrf)="([^"]+)"`)

// csrf is the token in the form of a page.
func (v *visitor) csrf(page string) string {
	v.t.Helper()
	found := csrfField.FindStringSubmatch(v.read(page).body)
	if found == nil {
		v.t.Fatalf("%s has no form of ours", page)
	}
	return found[1]
}

// post sends a form with the token of the page at the same path.
func (v *visitor) post(path string, form url.Values) answer {
	v.t.Helper()
	page := path
	if strings.HasPrefix(path, "/account/") || path == "/sign-out" {
		page = "/account"
	}
	if form == nil {
		form = url.Values{}
	}
	form.Set("csrf", v.csrf(page))
	return v.postForm(path, form)
}

func (v *visitor) postForm(path string, form url.Values) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.send(r)
}

func (v *visitor) signedIn() bool {
	v.t.Helper()
	return v.read("/account").Code == http.StatusOK
}

// session is the token of the visitor's session.
func (v *visitor) session() secret.Text { return secret.New(v.cookies["__Host-batsignal"]) }
