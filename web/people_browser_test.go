package web_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"batsignal/oncall"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/skill"
	"batsignal/oncall/tree"
	"batsignal/web"
)

// Somebody looks after themselves in a browser that runs no script.
func TestAPersonWithoutScript(t *testing.T) {
	tab := browser(t)
	withoutScript(t, tab, true)
	w, address := seenAt(t, "127.0.0.1")
	do(t, tab,
		chromedp.Navigate(address+w.loginLink("tunde")),
		chromedp.Click(chromedp.CSS("main button")),
		chromedp.WaitVisible(chromedp.CSS("header .self button")),
		chromedp.Click(chromedp.CSS("header .self a")),
		chromedp.WaitVisible(chromedp.CSS("#profile")),
		chromedp.SetValue(chromedp.CSS("#profile-zone"), "Moon/Base"),
		chromedp.Click(chromedp.CSS("#profile .save")),
		chromedp.WaitVisible(chromedp.CSS("#profile-zone-problem")),
	)
	if got := text(t, tab, "#profile-zone-problem"); !strings.Contains(got, "is not a time zone I know") {
		t.Errorf("beside the zone: %s", got)
	}
	do(t, tab,
		chromedp.SetValue(chromedp.CSS("#profile-zone"), "Europe/Berlin"),
		chromedp.SetValue(chromedp.CSS("#profile-works-from"), "09:00"),
		chromedp.SetValue(chromedp.CSS("#profile-works-until"), "17:00"),
		chromedp.SetValue(chromedp.CSS("#profile-languages"), "en yo"),
		chromedp.Click(chromedp.CSS("#profile .save")),
		chromedp.WaitVisible(chromedp.CSS(".outcome")),
		chromedp.SetValue(chromedp.CSS("#away-when"), "2026-03-09 to 2026-03-20"),
		chromedp.SetValue(chromedp.CSS("#away-note"), "a wedding"),
		chromedp.Click(chromedp.CSS("form[action$='absences#absences'] button")),
		chromedp.WaitVisible(chromedp.CSS("#absences .made")),
	)
	if got := text(t, tab, "#absences .made"); !strings.Contains(got, "Europe/Berlin") {
		t.Errorf("it is understood as: %s", got)
	}
	do(t, tab,
		chromedp.Click(chromedp.CSS("form[action$='absences#absences'] button")),
		chromedp.WaitVisible(chromedp.CSS("#absences .things li")),
	)
	p := w.person("tunde")
	away, err := rota.AbsencesAfter(ctx, w.DB, p.ID, w.Now())
	if err != nil || p.Zone != "Europe/Berlin" || p.WorksFrom == nil || p.Languages != "en yo" || len(away) != 1 || away[0].Note != "a wedding" {
		t.Errorf("%+v is away %+v: %v", p, away, err)
	}
}

// TestPeopleScreenshots draws the pages about people, for our own eyes, as
// TestScreenshots does the others.
func TestPeopleScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	w := newTreeWorld(t, func(o *web.Options) {
		o.PublicURL = "http://127.0.0.1"
		o.Access.PublicURL = o.PublicURL
	})
	address := "http://127.0.0.1:" + w.serve()
	shoot := func(name, path string) {
		for _, width := range []int64{1280, 360} {
			for _, scheme := range []string{"light", "dark"} {
				if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				}); err != nil {
					t.Fatal(err)
				}
				do(t, tab, chromedp.EmulateViewport(width, 800))
				if path != "" {
					do(t, tab, chromedp.Navigate(address+path))
				}
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
	w.busy()
	rules, err := tree.Export(ctx, w.DB)
	if err != nil {
		t.Fatal(err)
	}
	treeText := string(tree.Encode(rules))
	w.agrees("maria", oncall.Terms{Words: "Yes, ring me when openssl is on fire"})
	quiet, until, calls := 23*60, 7*60, 6
	w.agrees("maria", oncall.Terms{Words: "Yes, ring me when openssl is on fire", Routes: []string{"chat", "mail"}, QuietFrom: &quiet, QuietUntil: &until, Calls: &calls})
	skills := &skill.Service{DB: w.DB, Now: w.Now}
	for _, handle := range []string{"maria", "li"} {
		if _, err := skills.Say(ctx, w.as(handle), "security-expert"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := w.rota.AddAbsence(ctx, w.as("maria"), true, schedule.Absence{From: w.Now().AddDate(0, 0, 9), Until: w.Now().AddDate(0, 0, 20), Note: "skiing"}); err != nil {
		t.Fatal(err)
	}
	w.sql(`update membership set approved_at = null where role = 'package-fixing' and person_id = $1`, w.person("sam").ID)
	if _, _, err := w.People.Invite(ctx, w.as("maria"), []string{"qa", "coordination"}, "met at the conference"); err != nil {
		t.Fatal(err)
	}
	link := strings.TrimPrefix(w.loginLink("maria"), publicURL)
	link = link[strings.Index(link, "/sign-in"):]
	do(t, tab, chromedp.Navigate(address+"/people/tunde"))
	shoot("person-public", "/people/tunde")
	do(t, tab, chromedp.Navigate(address+link), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("header .self button")))
	shoot("people-all", "/people/all")
	shoot("people-rosters", "/people")
	shoot("person-own", "/people/maria")
	shoot("person-admin", "/people/sam")
	shoot("roster", "/rosters/package-fixing?from=2026-02&until=2026-04")
	shoot("invitations", "/invitations")
	do(t, tab, chromedp.Navigate(address+"/import"), chromedp.SetValue(chromedp.CSS("#text"), strings.Replace(treeText, "Package fixers", "Fixers of packages", 1)),
		chromedp.Click(chromedp.CSS("button.save")), chromedp.WaitVisible(chromedp.CSS("#plan")))
	shoot("import", "")
	// A form that somebody else was quicker with.
	do(t, tab, chromedp.Navigate(address+"/people/maria"), chromedp.SetValue(chromedp.CSS("#profile-name"), "Maria O."))
	p := w.person("maria")
	f := p.Profile()
	f.Languages, f.Name = "es en", "Maria Ortega Ruiz"
	if _, err := w.People.SetProfile(ctx, w.as("li"), p.ID, p.Version, f); err != nil {
		t.Fatal(err)
	}
	do(t, tab, chromedp.Click(chromedp.CSS("#profile .save")), chromedp.WaitVisible(chromedp.CSS(".clash")))
	shoot("person-clash", "")
	do(t, tab, chromedp.Navigate(address+"/audit"))
	do(t, tab, chromedp.Click(chromedp.CSS("summary")))
	shoot("audit", "")
}
