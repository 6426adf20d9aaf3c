package write_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/write"
)

// patience is how long a browser may take for a whole test, on the slowest machine.
const patience = 3 * time.Minute

// browser starts a Chromium with one tab that can reach nothing but this machine.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		const why = "no Chromium here, so the pages are not tried in a browser (Debian: apt install chromium)"
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	timed, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	alloc, cancel := chromedp.NewExecAllocator(timed, options...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	do(t, tab, chromedp.Navigate("about:blank"))
	return tab
}

func do(t *testing.T, tab context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, steps...); err != nil {
		t.Fatal(err)
	}
}

// shelf serves the pages of meetings by their names, and remembers what was asked for.
type shelf struct {
	pages map[string]string
	mu    sync.Mutex
	asked []string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	s.mu.Lock()
	s.asked = append(s.asked, name)
	s.mu.Unlock()
	page, ok := s.pages[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, page)
}

// shelved are the pages of the story and of what the corpus has in hostile, foreign
// and long texts.
func shelved(t *testing.T) *shelf {
	s := &shelf{pages: map[string]string{}}
	put := func(name string, d write.Doc) {
		for _, ext := range []string{"html", "log.html"} {
			s.pages[name+"."+ext] = drawn(t, d, ext)
		}
	}
	put("evening", evenings())
	for _, m := range corpustest.All(t) {
		if strings.HasPrefix(m.Name, "s01") || strings.HasPrefix(m.Name, "s04") || strings.HasPrefix(m.Name, "s09") || strings.HasPrefix(m.Name, "s13") || strings.HasPrefix(m.Name, "s16") {
			put(m.Name, oursOf(t, m)[0])
		}
	}
	return s
}

// TestOurPagesFitAnyScreen looks at the pages in a browser: nothing is wider than a
// telephone, nothing is asked for but the page, and nothing runs.
func TestOurPagesFitAnyScreen(t *testing.T) {
	tab := browser(t)
	s := shelved(t)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name := range s.pages {
		for _, width := range []int64{360, 1280} {
			do(t, tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate(server.URL+"/"+name))
			wide, err := chromedp.Run(tab, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
			if err != nil {
				t.Fatal(err)
			}
			if wide > width {
				t.Errorf("%s is %d wide on a screen of %d", name, wide, width)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.asked {
		if s.pages[name] == "" && name != "favicon.ico" {
			t.Errorf("a page asked for %q", name)
		}
	}
}

// TestOurScreenshots draws the pages as people see them, for our own eyes: set
// SCREENSHOTS to a folder. It checks nothing.
func TestOurScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS names no folder to draw the pages into")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	tab := browser(t)
	s := shelved(t)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name := range s.pages {
		for _, width := range []int64{1280, 390} {
			for _, scheme := range []string{"light", "dark"} {
				if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				}); err != nil {
					t.Fatal(err)
				}
				address := server.URL + "/" + name
				if name == "evening.log.html" {
					address += "#l-8"
				}
				do(t, tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate(address))
				shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				file := strings.Join([]string{name, fmt.Sprint(width), scheme, "png"}, ".")
				if err := os.WriteFile(filepath.Join(folder, file), shot, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
