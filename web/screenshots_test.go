package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"batsignal/oncall/paging"
)

// TestScreenshots draws every page as people see it, for our own eyes: set
// SCREENSHOTS to a folder. It checks nothing.
func TestScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	for _, script := range []string{"off", "on"} {
		w := newWorld(t)
		port := w.serve()
		shoot := func(name, path string) {
			for _, width := range []int64{1280, 390} {
				for _, scheme := range []string{"light", "dark"} {
					if script == "on" && scheme == "dark" {
						continue // nothing depends on both
					}
					withoutScript(t, tab, script == "off")
					if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
						Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
					}); err != nil {
						t.Fatal(err)
					}
					do(t, tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate("http://127.0.0.1:"+port+path))
					shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					file := fmt.Sprintf("%s-%d-%s-script-%s.png", name, width, scheme, script)
					if err := os.WriteFile(filepath.Join(folder, file), shot, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		shoot("overview-calm", "/")
		w.tell("maria #ops: !batsignal remote code execution in openssl")
		shoot("overview-waiting", "/")
		w.tell(strings.Replace(fire, "maria #ops: !batsignal remote code execution in openssl\n", "", 1))
		shoot("overview-fire", "/")
		shoot("ack", w.link("maria"))
		w.tell(longer)
		w.post(map[string][]paging.Outcome{"mail": {paging.Temporary}, "webhook": {paging.Permanent}})
		w.tell("wait 1s")
		w.post(map[string][]paging.Outcome{"mail": {paging.Temporary, paging.Accepted}})
		shoot("incident-open", "/incidents/1")
		shoot("people", "/people")
		w.tell(ending)
		shoot("incident-resolved", "/incidents/1")
		shoot("overview-after", "/")
		shoot("incidents", "/incidents")
		shoot("signal", "/signal")
		shoot("commands", "/commands")
		shoot("not-found", "/nothing")
		shoot("no-link", "/ack/wrong")
	}
}

// longer continues the fire: somebody declines, others sleep, the baton moves.
const longer = `
wait 90s
kevin: !ack
priya: !decline
wait 30s
kevin #inc-1-openssl: !baton take
kevin #inc-1-openssl: !baton pass li
li #inc-1-openssl: !baton accept
wait 3m
kevin #inc-1-openssl: !page piotr we need somebody who can sign
li #inc-1-openssl: !baton pass kevin
`

// ending fills the roles and resolves.
const ending = `
ana: !ack
maria: !ack
li #inc-1-openssl: !incident resolve fixed packages are on the mirrors
`
