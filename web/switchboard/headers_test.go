package switchboard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/secret"
	"batsignal/web/switchboard"
)

const wantPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// checkHeaders holds for every answer there is.
func checkHeaders(t testing.TB, what string, a answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": wantPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := a.Header().Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
	for _, bad := range []string{"<script", " style=", "http-equiv", "onclick", "//cdn", "ZgotmplZ"} {
		if strings.Contains(a.raw, bad) {
			t.Errorf("%s has %q:\n%s", what, bad, a.main())
		}
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	w.has()
	w.asks()
	w.seeds["S"] = switchboard.Seed{Handle: "ada", Typed: secret.New("JBSW Y3DP"), URI: secret.New("otpauth://totp/B:ada?secret=JBSWY3DP")}
	b := w.enters()
	for path, status := range map[string]int{
		"/": 200, "/seal": 200, "/enrol/" + w.linkFor(contact.LinkEnrol): 200,
		"/enrol/no": 403, "/sealed": 200, "/mine": 200,
		"/mine/" + w.linkFor(contact.LinkMine): 200, "/mine/" + strings.Repeat("A", 26): 403, "/mine/statement": 200,
		"/mine/31/code": 200, "/mine/31/delete": 200, "/mine/99/code": 404, "/mine/41/code": 404, "/confirm": 200, "/confirm?code=k7qx": 200,
		"/confirm?code=WRONG": 404, "/reveal": 200, "/reveal?code=RV4KQ2": 200, "/reveal?code=no": 404, "/confirmer/S": 200, "/confirmer": 405,
		"/confirmer/no": 403, "/ledger/check": 200, "/nothing": 404, "/mine/export": 405, "/static/style.css": 200, "/static/icon.svg": 200,
		"/static/live.js": 404, "/static/..%2fsecure.go": 404,
	} {
		a := b.get(path)
		if a.Code != status {
			t.Errorf("%s: status %d, want %d\n%s", path, a.Code, status, a.main())
		}
		checkHeaders(t, path, a)
	}
	if a := b.do(http.MethodHead, "/confirm", nil); a.Code != 200 {
		t.Errorf("HEAD: %d", a.Code)
	}
}

// Whatever is done in a visit takes a form of that visit; nothing is done for another site.
func TestForeignFormsDoNothing(t *testing.T) {
	w := newWorld(t)
	w.has()
	b := w.enters()
	csrf := b.csrf()
	for _, path := range []string{"/mine/31/delete", "/mine/31/code", "/mine/31/show", "/mine/export", "/mine/leave", "/sealed"} {
		b.post(path).says(t, http.StatusForbidden, "This form was not made for you")
		b.post(path, "csrf", "wrong").says(t, http.StatusForbidden, "This form was not made for you")
		// An old browser says no more of our own form than of one without a site.
		b.site, b.origin = "", "null"
		b.post(path, "csrf", "wrong").says(t, http.StatusForbidden, "This form was not made for you")
		b.site, b.origin = "cross-site", ""
		b.post(path, "csrf", csrf).says(t, http.StatusForbidden, "sent by another site")
		b.site = "same-origin"
		w.wait(time.Minute)
	}
	b.site = "cross-site"
	for _, path := range []string{"/seal", "/mine", "/confirm", "/reveal", "/reveal/approve", "/reveal/show", "/confirmer", "/ledger/check"} {
		b.post(path).says(t, http.StatusForbidden, "sent by another site")
	}
	if len(w.deleted)+len(w.codes)+len(w.enrolled)+len(w.confirmed) > 0 {
		t.Error("something was done")
	}
	w.wait(time.Minute)
	// Our own form in an old browser works.
	b.site, b.origin = "", "null"
	b.post("/mine/31/delete", "csrf", csrf).says(t, http.StatusSeeOther)
	if len(w.deleted) != 1 {
		t.Error("nothing was deleted")
	}
}

func TestTheCookieIsForThisHostAlone(t *testing.T) {
	for url, want := range map[string]string{
		"https://seal.example.org": "__Host-batsignal-switchboard=X; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Strict",
		"http://127.0.0.1":         "batsignal-switchboard=X; Path=/; Max-Age=900; HttpOnly; SameSite=Strict",
	} {
		w := newWorld(t, func(o *switchboard.Options) { o.PublicURL = url })
		b := w.browser()
		got := b.post("/mine", "token", w.linkFor(contact.LinkMine)).Header().Get("Set-Cookie")
		for _, value := range b.cookies {
			got = strings.Replace(got, value, "X", 1)
		}
		if got != want {
			t.Errorf("%s: %s", url, got)
		}
	}
}

func TestVisitsEnd(t *testing.T) {
	w := newWorld(t)
	w.has()
	b := w.enters()
	w.wait(14 * time.Minute)
	b.get("/mine").says(t, 200, "Phone call")
	w.wait(time.Minute)
	b.get("/mine").says(t, http.StatusForbidden, "a visit lasts 15 minutes", "!contact mine")

	b = w.enters()
	kept := map[string]string{}
	for k, v := range b.cookies {
		kept[k] = v
	}
	b.post("/mine/leave", "csrf", b.csrf()).says(t, http.StatusSeeOther)
	if len(b.cookies) != 0 {
		t.Error("the cookie stays")
	}
	b.cookies = kept
	b.get("/mine").says(t, http.StatusForbidden)
}

// Who asks too often waits, and keeps nobody else from anything; nor does sealing keep
// anybody from confirming.
func TestOneClientDoesNotTakeThePlaceOfAll(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for range 20 {
		b.post("/seal", "token", "no").says(t, http.StatusForbidden)
	}
	a := b.post("/seal", "token", "no")
	a.says(t, http.StatusTooManyRequests, "You ask too often")
	checkHeaders(t, "too often", a)
	if a.Header().Get("Retry-After") != "60" {
		t.Error("it does not say when")
	}
	b.post("/confirm", "code", "K7QX", "handle", "ada", "digits", "492 817").says(t, 200, "Confirmed")
	b.from = "192.0.2.2:4711"
	b.post("/seal", "token", "no").says(t, http.StatusForbidden)
	b.from = "192.0.2.1:9999" // the same one by another port
	b.post("/seal", "token", "no").says(t, http.StatusTooManyRequests)
	w.wait(time.Minute)
	b.post("/seal", "token", "no").says(t, http.StatusForbidden)

	for n := range 200 {
		if a := b.get("/confirm?code=AAAA"); (a.Code == http.StatusTooManyRequests) != (n >= 120) {
			t.Fatalf("guess %d: %d", n, a.Code)
		}
	}
	// One household has many addresses of IPv6.
	for n := range 21 {
		b.from = "[2001:db8:1:2::" + strings.Repeat("a", n%4+1) + "]:4711"
		a = b.post("/seal", "token", "no")
	}
	a.says(t, http.StatusTooManyRequests)
}
