package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"batsignal/bot/irc/irctest"
	"batsignal/web/browsertest"
)

// installation is a world with people on IRC, and a browser in which they visit its pages.
type installation struct {
	*world
	irc     map[string]*irctest.Person
	browser context.Context
	shots   int
}

// newInstallation starts it, with two roles and people who have said yes to them: the first
// is the admin. Those on a schedule sleep at different times.
func newInstallation(t *testing.T, names ...string) *installation {
	t.Helper()
	browser := browsertest.Start(t, 15*time.Minute)
	in := &installation{irc: map[string]*irctest.Person{}, browser: browser}
	in.world = newWorld(t, plan{accounts: names, roles: `  - {name: package-fixing, leads: true}
  - {name: quality-assurance}`})
	for i, p := range in.join(names...) {
		in.irc[names[i]] = p
	}
	in.start()
	in.enrol(fmt.Sprintf(`
people:
  - {handle: root, awake: "12:00-00:00", accounts: {%[1]s: root}, roles: [package-fixing, quality-assurance]}
  - {handle: jan, awake: "06:00-02:00", accounts: {%[1]s: jan}, roles: [package-fixing]}
  - {handle: li, awake: "00:00-00:00", accounts: {%[1]s: li}, roles: [package-fixing]}
  - {handle: tom, awake: "06:00-02:00", accounts: {%[1]s: tom}, roles: [quality-assurance]}
  - {handle: ada, awake: "00:00-00:00", accounts: {%[1]s: ada}, roles: [quality-assurance]}
`, netID))
	in.awaitBot(home)
	return in
}

// visitor is somebody in a browser of their own, signed in.
type visitor struct {
	t          *testing.T
	in         *installation
	name       string
	tab        context.Context
	complained func() []string
}

// enters asks the bot for a link, opens it and presses the button.
func (in *installation) enters(t *testing.T, name string, script bool) *visitor {
	t.Helper()
	v := &visitor{t: t, in: in, name: name, tab: browsertest.Another(t, in.browser)}
	browsertest.WithoutScript(t, v.tab, !script)
	v.complained = browsertest.Complaints(t, v.tab)
	v.does(chromedp.EmulateViewport(1280, 900))
	in.irc[name].Tell(botNick, "!login")
	_, link, _ := strings.Cut(in.irc[name].Expect("", "Sign in: ").Text(), "Sign in: ")
	path, ours := strings.CutPrefix(link, in.web)
	if !ours {
		t.Fatalf("the link of %s leads to %s", name, link)
	}
	v.open(path)
	v.reads("h1", "Sign in as "+name)
	v.press("main form button")
	v.reads("header .self", name)
	return v
}

// runsScript looks whether pages run their script, or know how to do without.
func (v *visitor) runsScript(script bool) {
	v.t.Helper()
	v.open("/")
	if script {
		browsertest.Until(v.t, v.tab, "the page listens", `document.getElementById("following").textContent !== ""`)
	} else {
		v.reads("footer", "This page asks again every")
	}
}

func (v *visitor) does(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	browsertest.Do(v.t, v.tab, steps...)
}

// open goes to a page that must be there.
func (v *visitor) open(path string) {
	v.t.Helper()
	answer, err := chromedp.Run(v.tab, chromedp.NavigateResponse(v.in.web+path))
	if err != nil || answer.Status != http.StatusOK {
		v.t.Fatalf("%s opens %s: %+v %v", v.name, path, answer, err)
	}
}

// press presses what leads to another page, which must be a good one.
func (v *visitor) press(selector string) {
	v.t.Helper()
	v.refused(selector, http.StatusOK)
}

// refused presses what is answered with a certain status.
func (v *visitor) refused(selector string, want int) {
	v.t.Helper()
	if status := browsertest.Press(v.t, v.tab, selector); status != want {
		v.t.Fatalf("%s presses %s: status %d, want %d\n%s", v.name, selector, status, want, browsertest.Text(v.t, v.tab, "main"))
	}
}

// fill types into fields: a selector and a value each.
func (v *visitor) fill(pairs ...string) {
	v.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		v.does(chromedp.SetValue(chromedp.CSS(pairs[i]), pairs[i+1]))
	}
}

// choose chooses the option whose value holds a part.
func (v *visitor) choose(selector, part string) {
	v.t.Helper()
	found, err := chromedp.Run(v.tab, chromedp.AttributesAll(chromedp.CSSAll(selector+` option`)))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, option := range found {
		if strings.Contains(option["value"], part) {
			v.fill(selector, option["value"])
			return
		}
	}
	v.t.Fatalf("%s offers no %q: %v", selector, part, found)
}

func (v *visitor) value(selector string) string {
	v.t.Helper()
	return v.run(chromedp.Value(chromedp.CSS(selector)))
}

// content is all text of an element, seen or not.
func (v *visitor) content(selector string) string {
	v.t.Helper()
	return v.run(chromedp.TextContent(chromedp.CSS(selector)))
}

// source is the whole page.
func (v *visitor) source() string {
	v.t.Helper()
	return v.run(chromedp.OuterHTML(chromedp.CSS("html")))
}

func (v *visitor) run(what chromedp.Action[string]) string {
	v.t.Helper()
	got, err := chromedp.Run(v.tab, what)
	if err != nil {
		v.t.Fatal(err)
	}
	return got
}

// reads is told that an element says all of some parts.
func (v *visitor) reads(selector string, parts ...string) {
	v.t.Helper()
	got := withoutYear(browsertest.Text(v.t, v.tab, selector))
	for _, part := range parts {
		if !strings.Contains(got, withoutYear(part)) {
			v.t.Fatalf("%s does not read %q in %s:\n%s", v.name, part, selector, got)
		}
	}
}

// not is told that an element does not say something.
func (v *visitor) not(selector, part string) {
	v.t.Helper()
	if got := browsertest.Text(v.t, v.tab, selector); strings.Contains(got, part) {
		v.t.Fatalf("%s reads %q in %s:\n%s", v.name, part, selector, got)
	}
}

// noComplaints looks at what the browser said. What a page refuses with a status is told
// there too, and is no fault of the page.
func (v *visitor) noComplaints() {
	v.t.Helper()
	for _, message := range v.complained() {
		if !strings.Contains(message, "status of 400") {
			v.t.Errorf("the browser of %s complains: %s", v.name, message)
		}
	}
}

// shoot draws the page for our own eyes, if SCREENSHOTS names a folder.
func (v *visitor) shoot(name string) {
	v.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	shot, err := chromedp.Run(v.tab, chromedp.FullScreenshot(100))
	if err == nil {
		v.in.shots++
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, fmt.Sprintf("season-%02d-%s-%s.png", v.in.shots, v.name, name)), shot, 0o644)
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

// api asks the interface for programs.
func (in *installation) api(token, path string) (status int, body string) {
	in.t.Helper()
	ask, err := http.NewRequestWithContext(context.Background(), http.MethodGet, in.web+"/api/v1"+path, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	ask.Header.Set("Authorization", "Bearer "+token)
	return answered(browser.Do(ask))
}

// within is eventually for what takes longer by its nature.
func (in *installation) within(limit time.Duration, what string, ok func() bool) {
	in.t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			in.t.Fatalf("waited %s in vain for %s:\n%s", limit, what, tail(in.bot))
		}
	}
}

// orderly stops the bot, and has it complain of nothing.
func (in *installation) orderly() {
	in.t.Helper()
	if status := in.bot.stop(in.t); status != exitOK {
		in.t.Errorf("the bot ended with %d:\n%s", status, tail(in.bot))
	}
	if lines := errorsIn(in.bot.output()); len(lines) > 0 {
		in.t.Errorf("errors in the log:\n%s", strings.Join(lines, "\n"))
	}
}
