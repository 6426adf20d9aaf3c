package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
)

// TestMinutesScreenshots draws the archive as people see it; see TestScreenshots.
func TestMinutesScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	w := newWorld(t)
	w.tell(fire + longer)
	w.fillArchive()
	port := w.serve()
	for name, path := range map[string]string{
		"minutes": "/minutes", "room": "/minutes/room/libera/ops", "month": "/minutes/2026/02",
		"search": "/minutes/search?q=fan+rack", "search-empty": "/minutes/search", "search-none": "/minutes/search?q=nothing+like+this",
		"meeting": "/minutes/m/2", "meeting-live": "/minutes/m/28", "meeting-incident": "/minutes/m/1", "meeting-night": "/minutes/m/3",
		"log": "/minutes/m/2/log#l-8", "log-night": "/minutes/m/3/log",
		"actions": "/actions", "actions-none": "/actions?person=sam&state=done", "action": "/actions/1", "people-actions": "/people",
		"incident-minutes": "/incidents/1", "no-minutes": "/minutes/ops/none.html",
		"file": "/minutes/ops/2026/ops.2026-02-28-20.00.html", "file-log": "/minutes/ops/2026/ops.2026-02-28-20.00.log.html",
	} {
		shootAll(t, tab, folder, name, "http://127.0.0.1:"+port+path)
	}
}

// shotsFolder is where pictures of pages are drawn to, for our own eyes. Where nobody
// names one, the test that draws them is left out: it can find nothing wrong.
func shotsFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS names no folder to draw the pages into")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// shootAll draws a page on a wide and on a narrow screen, by day and by night, and with
// script.
func shootAll(t *testing.T, tab context.Context, folder, name, address string) {
	t.Helper()
	for _, script := range []string{"off", "on"} {
		for _, width := range []int64{1280, 360} {
			for _, scheme := range []string{"light", "dark"} {
				if script == "on" && (scheme == "dark" || width == 1280) {
					continue // nothing depends on both
				}
				withoutScript(t, tab, script == "off")
				if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				}); err != nil {
					t.Fatal(err)
				}
				do(t, tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate("about:blank"), chromedp.Navigate(address))
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

// fillArchive tells meetings of every sort: over, through midnight, going on, with
// lines that were changed, and other rooms and months.
func (w *world) fillArchive() {
	w.meets(ops, evening, weekly)
	midnight := evening.Add(22 * time.Hour)
	w.meets(dev, evening, `
23:40:00 <anna> #startmeeting Release 4.2
23:41:00 <anna> #topic What is in
23:42:00 <bert> the queue is empty at last
`)
	w.says(dev, midnight.Add(3*time.Hour), "anna", "id-1", "#agreed ship it on Tusday")
	w.change(dev, midnight.Add(3*time.Hour+time.Second), minutes.Edited, "id-1", "#agreed ship it on Tuesday")
	w.says(dev, midnight.Add(3*time.Hour+time.Minute), "bert", "id-2", "#info what I should not have said")
	w.change(dev, midnight.Add(3*time.Hour+2*time.Minute), minutes.Deleted, "id-2", "")
	w.says(dev, midnight.Add(3*time.Hour+3*time.Minute), "anna", "id-3", "#endmeeting")
	for i := range 24 {
		room := incidents.Room{Network: "libera", Room: []string{"#ops", "#mirror-admins", "#security", "##infra-cross-team"}[i%4]}
		w.meets(room, evening.AddDate(0, -i, -1), fmt.Sprintf(`
10:00:00 <anna> #startmeeting %s
10:01:00 <bert> the fan in rack %d is loud
10:02:00 <anna> #agreed number %d
10:03:00 <anna> #endmeeting
`, []string{"Weekly ops sync", "Mirror admins", "Security triage", ""}[i%4], i, i))
	}
	w.meets(ops, night.Truncate(24*time.Hour), `
03:00:00 <maria> #startmeeting Weekly ops sync
03:00:30 <maria> #topic Open actions
03:01:00 <kevin> the fan is ordered, it comes on Wednesday: https://shop.example/orders/2026/03/01/a-very-long-address-that-has-no-blank-in-it-anywhere?and=more&of=that
03:02:00 <maria> #action priya tells the room when it is there
03:02:30 <maria> #topic Mirrors
03:03:00 <tunde> two of them lag behind by an hour
03:03:30 <tunde> #info the Lagos mirror is back
`)
}
