package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"batsignal/oncall"
	"batsignal/oncall/skill"
	"batsignal/web"
)

// Words of people that only they, or only they and admins, may read.
const (
	canaryWords = "canary words of a yes"
	canaryNote  = "canary note of an absence"
	canaryGuest = "canary note of an invitation"
)

// newPeopleWorld is a world with schedules, in which li is an admin beside maria.
func newPeopleWorld(t testing.TB) *world {
	return newScheduleWorld(t, func(o *web.Options) {
		o.Who.Policy.Admins = append(o.Who.Policy.Admins, "console/li")
	})
}

// send posts a form with the token that the forms of a page have.
func (v *visitor) fill(page, path string, form url.Values) answer {
	v.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("csrf", v.csrf(page))
	return v.postForm(path, form)
}

// upload posts a form with a file.
func (v *visitor) upload(page, path, field, text string, form url.Values) answer {
	v.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	form.Set("csrf", v.csrf(page))
	for name, values := range form {
		for _, value := range values {
			if err := m.WriteField(name, value); err != nil {
				v.t.Fatal(err)
			}
		}
	}
	if field != "" {
		part, err := m.CreateFormFile(field, "calendar.ics")
		if err != nil {
			v.t.Fatal(err)
		}
		if _, err := part.Write([]byte(text)); err != nil {
			v.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		v.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", path, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return v.send(r)
}

// found is the first group of a pattern in a page.
func (a answer) found(t testing.TB, pattern string) string {
	t.Helper()
	got := regexp.MustCompile(pattern).FindStringSubmatch(a.body)
	if got == nil {
		t.Fatalf("%s is not in:\n%s", pattern, a.main())
	}
	return got[1]
}

// lacks fails if the answer holds one of the texts.
func (a answer) lacks(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if bytes.Contains([]byte(a.body), []byte(text)) {
			t.Errorf("%q is in:\n%s", text, a.main())
		}
	}
}

// agrees has somebody set terms.
func (w *world) agrees(handle string, t oncall.Terms) oncall.Consent {
	w.t.Helper()
	of, err := oncall.ConsentsOf(ctx, w.DB, w.person(handle).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	self := w.as(handle)
	self.Network = oncall.Web
	c, err := w.People.Agree(ctx, self, of[w.person(handle).ID].Version, t)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// Words that people chose for themselves are shown, and do no harm.
func TestHostilePeople(t *testing.T) {
	w := newPeopleWorld(t)
	li := w.enters("li")
	skills := &skill.Service{DB: w.DB, Now: w.Now}
	if _, err := skills.Give(ctx, w.as("maria"), w.person("tunde").ID, "security-expert"); err != nil {
		t.Fatal(err)
	}
	w.agrees("li", oncall.Terms{Words: "yes"})
	w.sql(`insert into absence (person_id, starts_at, ends_at, source, uid, created_at)
		select id, $1, $1::timestamptz + interval '1 day', 'x', handle, $1 from person where handle in ('li', 'tunde')`, night)
	for i, text := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w.sql(`update person set name = left($1, 60), zone = left($1, 60)`, text)
			w.sql(`update role set title = left($1, 60)`, text)
			w.sql(`update label set title = left($1, 60)`, text)
			w.sql(`update schedule set title = left($1, 60)`, text)
			w.sql(`update absence set note = left($1, 200), source = left($1, 60)`, text)
			for _, path := range []string{"/people", "/people/all?q=" + url.QueryEscape(text), "/people/all", "/people/li", "/people/tunde", "/rosters/package-fixing", "/invitations", "/audit"} {
				a := li.read(path)
				a.says(t, 200)
				readAloud(t, a.body)
				for _, r := range a.body {
					if r != '\n' && (unicode.In(r, unicode.Cc, unicode.Cf) || r == 0x3164 || r == 0x115f || r == 0x2028) {
						t.Errorf("%s holds U+%04X as it is", path, r)
						break
					}
				}
				root, err := html.Parse(strings.NewReader(a.body))
				if err != nil {
					t.Fatal(err)
				}
				for _, tag := range []string{"script", "iframe", "svg", "style", "object", "base"} {
					if n := tags(root)[tag]; n > 0 {
						t.Errorf("%s has %d <%s>", path, n, tag)
					}
				}
				if tags(root)["img"] != 1 || tags(root)["meta"] != 2 {
					t.Errorf("%s has %d pictures and %d metas", path, tags(root)["img"], tags(root)["meta"])
				}
			}
		})
	}
}
