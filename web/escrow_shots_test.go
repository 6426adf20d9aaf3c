package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"batsignal/oncall/ledger"
	"batsignal/oncall/unseal"
	"batsignal/web"
)

// TestLedgerScreenshots draws the pages of the ledger, for our own eyes, as TestScreenshots
// does the others.
func TestLedgerScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	w := newEscrowWorld(t, newWorld)
	address := "http://127.0.0.1:" + w.serve()
	shoot := func(name, path string) { t.Helper(); shootAll(t, tab, folder, name, address+path) }
	w.inForce()
	w.tell(fire)
	record := w.seals("li")
	w.writes(ledger.Leaf{Type: ledger.TypeProof, Record: record, Lane: unseal.LaneOwner})
	w.seen("#ops")
	w.writes(ledger.Leaf{Type: ledger.TypeRevealAsked, Incident: "INC-1", Lane: unseal.LaneReveal, By: []string{"maria"}})
	w.tell("wait 5s")
	w.opens(record, unseal.LaneDial, "maria", "kevin")
	w.seen("#ops")
	w.writes(ledger.Leaf{Type: ledger.TypeRevealAsked, Incident: "INC-1", Note: "</bdi><script>alert(1)</script> moc.live\u202e the record allows nobody to open it at night, and what somebody wrote here is very long"})
	shoot("ledger", "/ledger")
	shoot("leaf", "/ledger/4")
	shoot("ledger-check", "/ledger/check")
}

// TestCheckScreenshots draws what a check says.
func TestCheckScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	withoutScript(t, tab, true)
	w := newEscrowWorld(t, newWorld).inForce()
	address := "http://127.0.0.1:" + w.serve()
	w.opens(w.seals("li"), unseal.LaneDial, "maria", "kevin")
	statement, err := w.log.MakeStatement(ctx, w.board, w.Now(), w.person("li").ID)
	w.must(err)
	for name, text := range map[string]string{"proven": statement, "unfit": "Ledger 3 0123456789abcdef", "problem": "what is this"} {
		for _, width := range []int64{1280, 360} {
			do(t, tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate(address+"/ledger/check"),
				chromedp.SetValue(chromedp.CSS("#text"), text), chromedp.Click(chromedp.CSS("main form button")), chromedp.WaitVisible(chromedp.CSS("#text-problem, main .card")))
			shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
			w.must(err)
			w.must(os.WriteFile(filepath.Join(folder, fmt.Sprintf("ledger-check-%s-%d.png", name, width)), shot, 0o644))
		}
	}
}

// TestCustodyScreenshots draws the page of custody.
func TestCustodyScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	w := newEscrowWorld(t, newWorld, func(o *web.Options) {
		o.Custody = written(t, "place host of the bot: root\nplace host of the switchboard: frieda\nplace backups: root, Ada, Bert, Carla, Dana, Eve\n")
	})
	address := "http://127.0.0.1:" + w.serve()
	shoot := func(name, path string) { t.Helper(); shootAll(t, tab, folder, name, address+path) }
	shoot("custody-none", "/custody")
	w.inForce()
	for n := 1; n <= 2; n++ {
		w.handsIn(w.drills(n, w.Now()))
	}
	shoot("custody", "/custody?drilled=2&keyring=1")
	w.tell("wait 840h")
	shoot("custody-late", "/custody")
}
