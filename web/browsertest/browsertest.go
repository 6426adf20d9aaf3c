// Package browsertest starts a real browser for tests of the pages, and looks at them
// through it: what stands there, what happens when a button is pressed, and what the
// browser complains of. It knows nothing of what the pages are about.
package browsertest

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"batsignal/migrations/childtest"
)

// Start starts a Chromium with one tab that can reach nothing but this machine; the name
// batsignal.test is this machine too. The browser ends with the test, and after patience
// in any case: whatever is still waited for then fails. Without a Chromium the test is
// skipped, or fails where CI is set.
func Start(t *testing.T, patience time.Duration) (tab context.Context) {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		childtest.Lacks(t, errors.New("no Chromium here, so the pages are not tried in a browser (Debian: apt install chromium-headless-shell)"))
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		// A page that moves by itself is hard to hit, and a click before its first painting
		// would be dropped without a word.
		chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("allow-pre-commit-input", true),
		chromedp.Flag("host-resolver-rules", "MAP batsignal.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	timed, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	alloc, cancel := chromedp.NewExecAllocator(timed, options...)
	t.Cleanup(cancel)
	return opened(t, alloc)
}

// Another opens a tab of the same browser for somebody else: it shares no cookies with
// any other.
func Another(t *testing.T, tab context.Context) context.Context {
	t.Helper()
	return opened(t, tab, chromedp.WithNewBrowserContext())
}

func opened(t *testing.T, in context.Context, options ...chromedp.ContextOption) context.Context {
	t.Helper()
	tab, cancel := chromedp.NewContext(in, options...)
	t.Cleanup(cancel)
	Do(t, tab, chromedp.Navigate("about:blank"))
	return tab
}

// Do does one step after the other.
func Do(t *testing.T, tab context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		if err := chromedp.Do(tab, step); err != nil {
			t.Fatalf("step %d of %d: %v", i+1, len(steps), err)
		}
	}
}

// Press clicks on what leads to another page, waits for that page and returns its status.
func Press(t *testing.T, tab context.Context, selector string) (status int) {
	t.Helper()
	answer, err := chromedp.RunResponse(tab, chromedp.Click(chromedp.CSS(selector)))
	if err != nil {
		t.Fatalf("pressing %s: %v", selector, err)
	}
	return int(answer.Status)
}

// Text is what can be read in an element.
func Text(t *testing.T, tab context.Context, selector string) string {
	t.Helper()
	got, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		t.Fatalf("reading %s: %v", selector, err)
	}
	return got
}

// Until waits for a page to say yes to an expression of its script.
func Until(t *testing.T, tab context.Context, what, expression string) {
	t.Helper()
	var err error
	for yes := false; !yes; {
		if tab.Err() != nil {
			t.Fatalf("%s: never came: %v", what, err)
		}
		// A page that is only just there, or changes at this moment, may fail to answer.
		if yes, err = chromedp.Run(tab, chromedp.Evaluate[bool](expression)); !yes {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// WithoutScript turns the script of pages off, or on again.
func WithoutScript(t *testing.T, tab context.Context, off bool) {
	t.Helper()
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
		t.Fatal(err)
	}
}

// Complaints collects what the browser says on its console from now on: errors of the
// script, and whatever our own policy refused.
func Complaints(t *testing.T, tab context.Context) func() []string {
	t.Helper()
	var mu sync.Mutex
	var found []string
	listening, stop := context.WithCancel(tab)
	messages := chromedp.Console(listening)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			mu.Lock()
			found = append(found, m.String())
			mu.Unlock()
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(found)
	}
}
