package switchboard_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"batsignal/oncall/contact"
	"batsignal/web/browsertest"
	"batsignal/web/switchboard"
)

// TestTheFormsWorkInABrowser goes through the forms without script: on this machine, where
// a browser says of where a form comes from, and on a name without TLS, where it says less.
// What our own policy refuses would be a complaint.
func TestTheFormsWorkInABrowser(t *testing.T) {
	tab := browsertest.Start(t, patience)
	complained := browsertest.Complaints(t, tab)
	browsertest.WithoutScript(t, tab, true)
	for _, host := range []string{"127.0.0.1", "batsignal.test"} {
		w := newWorld(t, func(o *switchboard.Options) { o.PublicURL = "http://" + host })
		server := httptest.NewServer(w.handler)
		t.Cleanup(server.Close)
		base := "http://" + host + server.URL[strings.LastIndex(server.URL, ":"):]
		at := func(path string) { t.Helper(); browsertest.Do(t, tab, chromedp.Navigate(base+path)) }
		fill := func(name, value string) {
			t.Helper()
			browsertest.Do(t, tab, chromedp.SetValue(chromedp.CSS("#"+name), value))
		}
		press := func(want string) {
			t.Helper()
			browsertest.Press(t, tab, "main button")
			if got := browsertest.Text(t, tab, "main"); !strings.Contains(got, want) {
				t.Fatalf("on %s it does not say %q:\n%s", host, want, got)
			}
		}
		at("/enrol/" + w.linkFor(contact.LinkEnrol))
		fill("address", canary)
		press("Your phone number is sealed and stored.")
		fill("code", "K7QXM")
		press("is proven")
		w.has()
		at("/mine/" + w.linkFor(contact.LinkMine))
		press("Rung only in an emergency")
		at("/mine/31/code")
		press("Your phone rings in a moment")
		fill("code", "H3KPW")
		press(canary)
		at("/mine/32/delete")
		press("Your mail address is deleted")
		at("/confirm?code=K7QX")
		fill("handle", "ada")
		fill("digits", "492817")
		press("Confirmed")
	}
	for _, message := range complained() {
		if !strings.Contains(message, "Cross-Origin-Opener-Policy header has been ignored") { // as without TLS it is
			t.Errorf("the browser complains: %s", message)
		}
	}
}
