package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// One edits, somebody else saves meanwhile, and the texts are put together: in a browser
// without script, on this machine's name and on another, where a browser says less of
// where a form comes from.
func TestEditingInABrowserWithoutScript(t *testing.T) {
	tab := browser(t)
	withoutScript(t, tab, true)
	w := newRetroWorld(t)
	port := w.serve()
	for i, host := range []string{"127.0.0.1", "batsignal.test"} {
		at := "http://" + host + ":" + port
		edition := w.newest().Number
		do(t, tab,
			chromedp.Navigate(at+w.editLink("li")),
			chromedp.WaitVisible(chromedp.CSS("textarea#text")),
			chromedp.SendKeys(chromedp.CSS("textarea#text"), fmt.Sprintf("\n## Words of %d\n\nby li\n", i)),
		)
		w.save("kevin", strings.Replace(w.newest().Text, "## Timeline", fmt.Sprintf("Kevin was here, %d.\n\n## Timeline", i), 1))
		do(t, tab, chromedp.Click(chromedp.CSS("button[value=save]")), chromedp.WaitVisible(chromedp.CSS("#clash-head")))
		if got := text(t, tab, "main"); !strings.Contains(got, "holds both of your changes") {
			t.Errorf("on %s it says: %s", host, got)
		}
		do(t, tab, chromedp.Click(chromedp.CSS("button[value=save]")), chromedp.WaitVisible(chromedp.CSS("main p[role=status]")))
		if got := text(t, tab, "main p[role=status]"); got != fmt.Sprintf("Saved. This is edition %d.", edition+2) {
			t.Errorf("on %s it says: %s", host, got)
		}
		e := w.newest()
		for _, part := range []string{fmt.Sprintf("## Words of %d\n\nby li\n", i), fmt.Sprintf("Kevin was here, %d.\n", i)} {
			if !strings.Contains(e.Text, part) {
				t.Errorf("%q is not in:\n%s", part, e.Text)
			}
		}
	}
}

// TestNothingIsRefusedOnTheDocument opens the pages with script on: nothing of them is
// refused by our own policy.
func TestNothingIsRefusedOnTheDocument(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	w := newRetroWorld(t)
	link := w.editLink("li")
	w.save("li", w.newest().Text+"\n```\ncode\n```\n\n> [quoted](https://example.org)\n")
	port := w.serve()
	for _, path := range []string{"/incidents/1", "/incidents/1/retro", "/incidents/1/retro/changes", link} {
		do(t, tab, chromedp.Navigate("http://127.0.0.1:"+port+path), chromedp.WaitVisible(chromedp.CSS("body")))
	}
	do(t, tab, chromedp.Click(chromedp.CSS("button[value=look]")), chromedp.WaitVisible(chromedp.CSS("#look-head")))
	for _, message := range complained() {
		t.Errorf("the browser complains: %s", message)
	}
}

// TestRetroScreenshots draws the pages for our own eyes: set SCREENSHOTS to a folder. It
// checks nothing.
func TestRetroScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	w := newRetroWorld(t)
	port := w.serve()
	shoot := func(name, path string, then ...func()) {
		for _, script := range []string{"off", "on"} {
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
					for _, act := range then {
						act()
					}
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
	}
	link := w.editLink("li")
	shoot("retro-incident", "/incidents/1")
	shoot("retro-draft", "/incidents/1/retro")
	shoot("retro-form", link)
	text := strings.Replace(w.newest().Text, "*What would we do in the same way the next time?*", strings.Join([]string{
		"- The mirrors were told **before** the packages were there, see [the log](https://example.org/log).", "- Nobody *panicked*.", "  - Not even `kevin`.",
		"", "1. First", "2. Second", "", "> Somebody said this.", "", "```", "$ openssl version -a --and-a-very-long-line-that-goes-on-and-on-and-on-beyond-what-a-telephone-shows", "```", "", "### A heading below", "", "اردو میں ایک سطر",
	}, "\n"), 1)
	w.save("li", text)
	w.save("ana", strings.Replace(text, "*What was slow,", "*What was really slow,", 1))
	shoot("retro-edited", "/incidents/1/retro")
	shoot("retro-old", "/incidents/1/retro?edition=1")
	shoot("retro-changes", "/incidents/1/retro/changes?from=1&to=2")
	press := func(button, until string) {
		do(t, tab, chromedp.Click(chromedp.CSS("button[value="+button+"]")), chromedp.WaitVisible(chromedp.CSS(until)))
	}
	shoot("retro-look", link, func() { press("look", "#look-head") })
	n := 0
	meanwhile := func(theirs string) func() {
		return func() {
			n++
			do(t, tab, chromedp.SendKeys(chromedp.CSS("textarea#text"), "My line.\n"))
			w.save("ana", fmt.Sprintf(theirs, w.newest().Text, n))
			press("save", "#clash-head")
		}
	}
	shoot("retro-clash", link, meanwhile("%[2]d\n%[1]s"))
	shoot("retro-merged", link, meanwhile("%[1]sTheir line, %[2]d.\n"))
	shoot("retro-no-link", "/retro/edit/wrong")
}
