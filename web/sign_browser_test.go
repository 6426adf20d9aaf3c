package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/web"
)

// seenAt opens a port of this machine, at which people reach the pages of a world by the
// name of a host.
func seenAt(t *testing.T, host string, change ...func(*web.Options)) (w *world, address string) {
	t.Helper()
	late := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }))
	t.Cleanup(late.Close)
	address = "http://" + host + late.URL[strings.LastIndex(late.URL, ":"):]
	w = newSignWorld(t, append([]func(*web.Options){func(o *web.Options) {
		o.PublicURL = address
		o.Access = &access.Service{DB: o.DB, Now: o.Now, PublicURL: address}
	}}, change...)...)
	t.Cleanup(w.watch.Close) // before the server waits for its streams
	return w, address
}

// Without script, on this machine and on a name without https, where a browser says less
// of where a form comes from.
func TestSigningInWithoutScript(t *testing.T) {
	tab := browser(t)
	withoutScript(t, tab, true)
	for _, host := range []string{"127.0.0.1", "batsignal.test"} {
		w, address := seenAt(t, host)
		do(t, tab,
			chromedp.Navigate(address+"/account"),
			chromedp.WaitVisible(chromedp.CSS("h1")),
		)
		if got := text(t, tab, "main"); !strings.Contains(got, "!login") {
			t.Errorf("%s: somebody who is not signed in reads: %s", host, got)
		}
		do(t, tab,
			chromedp.Navigate(address+w.loginLink("li")),
			chromedp.Click(chromedp.CSS("main button")),
			chromedp.WaitVisible(chromedp.CSS("#tokens")),
		)
		if got := text(t, tab, "main"); !strings.Contains(got, "You are li") || !strings.Contains(got, "Passkeys work where") {
			t.Errorf("%s: li reads: %s", host, got)
		}
		do(t, tab,
			chromedp.Click(chromedp.CSS("#feeds form.ask button")),
			chromedp.WaitVisible(chromedp.CSS("#made-feed")),
			chromedp.Click(chromedp.CSS("header .self button")),
			chromedp.WaitVisible(chromedp.CSS("header p.self")),
		)
		if n := w.count("web_session"); n != 0 {
			t.Errorf("%s: %d sessions go on", host, n)
		}
	}
}

// A real browser makes and uses a passkey, with a device that is in it.
func TestAPasskeyInABrowser(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	w, address := seenAt(t, "localhost")
	if _, err := chromedp.Call(tab, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(tab, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		DefaultBackupEligibility: true, DefaultBackupState: true,
	}}); err != nil {
		t.Fatal(err)
	}
	do(t, tab,
		chromedp.Navigate(address+w.loginLink("li")),
		chromedp.Click(chromedp.CSS("main button")),
		chromedp.WaitVisible(chromedp.CSS("header .self button")),
		chromedp.Navigate(address+"/account"),
		chromedp.WaitVisible(chromedp.CSS("[data-passkey] button")),
		chromedp.Click(chromedp.CSS("[data-passkey] button")),
		chromedp.WaitVisible(chromedp.CSS("#passkeys li")),
	)
	if got := text(t, tab, "#passkeys"); !strings.Contains(got, "This device") || strings.Contains(got, "JavaScript") {
		t.Errorf("the passkeys: %s", got)
	}
	if c := w.credential(); !c.Flags.BackupEligible {
		t.Errorf("the flags are %+v", c.Flags)
	}
	do(t, tab,
		chromedp.Click(chromedp.CSS("header .self button")),
		chromedp.WaitVisible(chromedp.CSS("header p.self")),
		chromedp.Navigate(address+"/sign-in?next=/account"),
		chromedp.WaitVisible(chromedp.CSS("[data-passkey] button")),
		chromedp.Click(chromedp.CSS("[data-passkey] button")),
		chromedp.WaitVisible(chromedp.CSS("#sessions")),
	)
	if got := text(t, tab, "#sessions"); !strings.Contains(got, "by a passkey") || !strings.Contains(got, "Chrome on Linux") {
		t.Errorf("the sessions: %s", got)
	}
	for _, message := range complained() {
		t.Errorf("the browser complains: %s", message)
	}
}

// TestSignScreenshots draws the pages of signing in, for our own eyes, as TestScreenshots
// does the others.
func TestSignScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	w, address := seenAt(t, "localhost", func(o *web.Options) {
		o.OIDC = []web.Provider{{ID: "acme", Name: "Acme accounts", Issuer: "http://127.0.0.1:1"}}
	})
	shoot := func(name, path string) {
		for _, width := range []int64{1280, 360} {
			for _, scheme := range []string{"light", "dark"} {
				if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				}); err != nil {
					t.Fatal(err)
				}
				do(t, tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate(address+path))
				shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, name+"-"+strconv.FormatInt(width, 10)+"-"+scheme+".png"), shot, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	shoot("sign-in", "/sign-in")
	link := w.loginLink("maria")
	shoot("sign-link", link)
	shoot("sign-not", "/sign-in/link/wrong")
	do(t, tab, chromedp.Navigate(address+link), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("header .self button")))
	shoot("account-empty", "/account")
	maria := oncall.Actor{PersonID: w.person("maria").ID, Handle: "maria", Network: "web"}
	_, _, err1 := w.access.CreateToken(ctx, maria, "nightly export of the schedules", []access.Scope{access.Read, access.ScheduleWrite}, w.Now().AddDate(0, 3, 0))
	_, _, err2 := w.access.CreateFeed(ctx, maria, access.Feed{OfPerson: maria.PersonID})
	_, err3 := w.access.AddPasskey(ctx, maria, access.Passkey{CredentialID: []byte{1}, Credential: []byte("{}"), Name: "telephone"})
	_, _, err4 := w.access.SignIn(ctx, maria, access.ByPasskey, access.Browser{Name: "Safari on iPhone"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	shoot("account", "/account")
}
