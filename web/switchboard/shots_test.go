package switchboard_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"batsignal/oncall/contact"
	"batsignal/oncall/secret"
	"batsignal/web/browsertest"
	"batsignal/web/switchboard"
)

const patience = 3 * time.Minute

// TestScreenshots draws every page as people see it, for our own eyes: set SCREENSHOTS to a
// folder. It walks through all forms in a real browser; it checks nothing else.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS names no folder to draw the pages into")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	tab := browsertest.Start(t, patience)
	browsertest.WithoutScript(t, tab, true)
	w := newWorld(t, func(o *switchboard.Options) { o.PublicURL = "http://127.0.0.1" })
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	at := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(server.URL + path) }
	do := func(steps ...chromedp.Action[chromedp.Void]) { t.Helper(); browsertest.Do(t, tab, steps...) }
	shoot := func(name string) { shootAll(t, tab, filepath.Join(folder, name)) }
	fill := func(name, value string) chromedp.Action[chromedp.Void] {
		return chromedp.SetValue(chromedp.CSS("#"+name), value)
	}
	press := func(selector string) { t.Helper(); browsertest.Press(t, tab, selector) }

	do(at("/"))
	shoot("index")
	do(at("/nothing"))
	shoot("error")

	do(at("/enrol/" + w.linkFor(contact.LinkEnrol)))
	shoot("seal")
	do(fill("address", "12"), fill("per", "0"), fill("from", "23:00"))
	press("main button")
	shoot("seal-wrong")
	do(fill("address", canary), fill("per", "6"), fill("from", ""))
	press("main button")
	shoot("sealed")
	do(fill("code", "wrong"))
	press("main button")
	shoot("sealed-wrong")
	do(fill("code", "K7QXM"))
	press("main button")
	shoot("proven")

	w.has()
	do(at("/mine/" + w.linkFor(contact.LinkMine)))
	shoot("enter")
	press("main button")
	shoot("mine")
	do(at("/mine/32/delete"))
	shoot("delete")
	do(at("/mine/31/code"))
	shoot("code")
	press("main button")
	shoot("code-sent")
	do(fill("code", "H3KPW"))
	press("main button")
	shoot("address")

	do(at("/confirm"))
	shoot("confirm-ask")
	do(at("/confirm?code=K7QX"))
	shoot("confirm")
	do(fill("handle", "ada"), fill("digits", "12"))
	press("main button")
	shoot("confirm-wrong")
	do(fill("digits", "492817"))
	press("main button")
	shoot("confirmed")
	w.grant.Waits = true
	do(at("/confirm?code=K7QX"), fill("handle", "ada"), fill("digits", "492817"))
	press("main button")
	shoot("confirm-waits")

	do(at("/reveal"))
	shoot("reveal")
	w.asks()
	w.reveal.Approved = []string{"Grace"}
	do(at("/reveal?code=RV4KQ2"))
	shoot("reveal-asked")
	w.reveal.Approved = []string{"Grace", "Hedy", "Radia"}
	do(at("/reveal?code=RV4KQ2"))
	shoot("reveal-ready")
	do(fill("handle", "dana"), fill("digits", "492817"))
	press("main button")
	shoot("reveal-shown")
	do(at("/reveal?code=RV4KQ2"))
	shoot("reveal-used")

	w.seeds["S"] = switchboard.Seed{Handle: "ada", Typed: secret.New("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"),
		URI: secret.New("otpauth://totp/Batsignal:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Batsignal&algorithm=SHA1&digits=6&period=30")}
	do(at("/confirmer/S"))
	shoot("authenticator")
	press("main button")
	shoot("seed")

	do(at("/ledger/check"), fill("text", w.head.Line()))
	press("main button")
	shoot("check-right")
	do(fill("text", strings.Replace(w.head.Line(), w.head.Prefix(), strings.Repeat("0", 16), 1)))
	press("main button")
	shoot("check-wrong")
}

// shootAll draws the page that is open, on a wide and on a narrow screen, by day and by night.
func shootAll(t *testing.T, tab context.Context, file string) {
	t.Helper()
	for _, width := range []int64{1280, 360} {
		for _, scheme := range []string{"light", "dark"} {
			if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			}); err != nil {
				t.Fatal(err)
			}
			browsertest.Do(t, tab, chromedp.EmulateViewport(width, 800))
			shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(fmt.Sprintf("%s-%d-%s.png", file, width, scheme), shot, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
