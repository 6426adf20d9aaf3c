package web_test

import (
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
	"batsignal/oncall/tree"
	"batsignal/web"
)

// newTreeWorld is a world of people with import and export.
func newTreeWorld(t testing.TB, change ...func(*web.Options)) *world {
	return newScheduleWorld(t, append([]func(*web.Options){func(o *web.Options) {
		o.Tree = &tree.Service{
			DB: o.DB, Now: o.Now, People: &oncall.Desk{DB: o.DB, Now: o.Now}, Rota: &rota.Service{DB: o.DB, Now: o.Now},
			Skills: &skill.Service{DB: o.DB, Now: o.Now}, Components: &component.Service{DB: o.DB, Now: o.Now},
		}
	}}, change...)...)
}

func TestATreeIsTakenOutAndIn(t *testing.T) {
	w := newTreeWorld(t)
	w.agrees("tunde", oncall.Terms{Words: canaryWords})
	maria := w.enters("maria")
	out := maria.read("/export")
	out.says(t, 200, "package-fixing", "fixers", "tunde")
	out.lacks(t, canaryWords, canaryMail, canaryWebhook)
	if kind := out.Header().Get("Content-Type"); kind != "application/yaml; charset=utf-8" {
		t.Errorf("it is %s", kind)
	}
	maria.upload("/import", "/import", "", "", url.Values{"text": {" "}}).says(t, 400, "Choose a file, or paste its text.")
	a := maria.upload("/import", "/import", "file", out.body+"juggling: [maria]\n", url.Values{})
	a.says(t, 400, "This is wrong with it:", "juggling: [maria]", "ine ")
	readAloud(t, a.body)
	maria.upload("/import", "/import", "file", out.body, url.Values{}).says(t, 200, "Nothing is different.")

	title := "title: Package fixers"
	if !strings.Contains(out.body, title) {
		t.Fatalf("%s is not in\n%s", title, out.body)
	}
	changed := strings.ReplaceAll(out.body, title, "title: Fixers of packages")
	a = maria.upload("/import", "/import", "", "", url.Values{"text": {strings.ReplaceAll(changed, "\n", "\r\n")}})
	a.says(t, 200, "1 difference", "Change the schedule <bdi>fixers</bdi>", "Fixers of packages", "Apply it")
	readAloud(t, a.body)
	if w.schedule("fixers").Title != "Package fixers" {
		t.Fatal("a plan has changed something")
	}
	form := url.Values{"text": {changed}, "fingerprint": {a.found(t, `name="fingerprint" value="([^"]+)"`)}}

	other := w.schedule("office")
	other.Title = "Hours of the office"
	w.save(other)
	a = maria.fill("/import", "/import/apply", form)
	a.says(t, 409, "Nothing was done; this is the plan now.", "2 differences", "Hours of the office")
	readAloud(t, a.body)
	if w.schedule("fixers").Title != "Package fixers" || w.schedule("office").Title != "Hours of the office" {
		t.Fatal("something was overwritten")
	}
	form.Set("fingerprint", "")
	maria.fill("/import", "/import/apply", form).says(t, 200, "Apply it")
	form.Set("fingerprint", a.found(t, `name="fingerprint" value="([^"]+)"`))
	maria.fill("/import", "/import/apply", form).says(t, 200, "It is applied.")
	if w.schedule("fixers").Title != "Fixers of packages" || w.schedule("office").Title != "Office hours" {
		t.Error("it was not applied")
	}
}

func TestWhoMayNotImport(t *testing.T) {
	w := newTreeWorld(t)
	kevin := w.enters("kevin")
	for _, path := range []string{"/export", "/import"} {
		if a := w.get(path); a.Code != 303 {
			t.Errorf("%s is %d", path, a.Code)
		}
		kevin.read(path).says(t, 403, "this is for administrators")
	}
	for _, path := range []string{"/import", "/import/apply"} {
		kevin.fill("/account", path, url.Values{"text": {"format: 1\n"}}).says(t, 403, "this is for administrators")
		w.enters("maria").postForm(path, url.Values{"text": {"format: 1\n"}}).says(t, 403, "This form was not made for you")
	}
}
