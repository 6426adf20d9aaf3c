package web_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"batsignal/incidents/announcement"
	"batsignal/incidents/reminder"
	"batsignal/incidents/runbook"
	"batsignal/integrations/job"
	"batsignal/integrations/job/freeze"
	"batsignal/integrations/snapshot"
	"batsignal/web"
)

// busyJobs has something on every page of jobs.
func (j *jobWorld) busyJobs() (session int64) {
	j.t.Helper()
	must := func(err error) {
		j.t.Helper()
		if err != nil {
			j.t.Fatal(err)
		}
	}
	j.tell(fire)
	now := j.Now()
	done := j.ask("li", job.Ask{Job: "backup-wiki", Reason: "before the update"})
	j.works(done.ID)
	j.fails("kevin")
	j.ask("li", job.Ask{Job: "backup-wiki", Dry: true})
	j.ask("li", job.Ask{Job: "failover", Params: job.Params{"host": "db2.example.org"}, Reason: "db1 answers nothing", Override: true, Incident: 1})
	j.goesOn("li")
	j.keeps("backup-wiki", now.Add(-50*time.Hour), snapshot.Successful)
	j.keeps("backup-wiki", now.Add(-30*time.Hour), snapshot.Failed)
	j.keeps("backup-git", now.Add(-5*time.Hour), snapshot.Successful)
	j.registers("li")
	session = j.isSealed()
	j.sql(`update job_schedule set alarmed_at = $1, told_at = $1 where job = 'backup-wiki'`, now.Add(-3*time.Hour))
	a, err := j.announces.Draft(ctx, j.as("li"), announcement.NewDraft{What: announcement.Outage, Text: "The wiki is away from 22:00 to 23:00 UTC for an update.\nPages can be read, and not changed.", Incident: 1})
	must(err)
	_, err = j.announces.Approve(ctx, j.as("kevin"), a.ID, 1)
	must(err)
	_, err = j.announces.Send(ctx, j.as("kevin"), a.ID)
	must(err)
	_, err = j.announces.Draft(ctx, j.as("li"), announcement.NewDraft{What: announcement.News, Text: "The fixed packages are on all mirrors. Please update today."})
	must(err)
	_, err = freeze.Add(ctx, j.DB, now, j.as("li"), now.Add(-time.Hour), now.Add(30*time.Hour), "release week")
	must(err)
	_, err = freeze.Add(ctx, j.DB, now, j.as("li"), now.Add(240*time.Hour), now.Add(300*time.Hour), "the holidays")
	must(err)
	every := 150
	_, err = j.reminders.Add(ctx, j.as("li"), reminder.Reminder{What: reminder.Rhythm, Title: "reboot the build hosts", Every: &every, Ahead: 7, Owner: "kevin"})
	must(err)
	_, err = j.reminders.Add(ctx, j.as("li"), reminder.Reminder{What: reminder.End, Title: "warranty of rack 3", DueOn: now.AddDate(0, 2, 0), Means: "a new disk takes five days"})
	must(err)
	told, err := j.runbooks.Start(ctx, runbook.By{Actor: j.as("li")}, "turn", 1)
	must(err)
	_, err = j.runbooks.Next(ctx, runbook.By{Actor: j.as("li")}, runbook.Said{Run: told.Run.ID})
	must(err)
	_, err = j.runbooks.Done(ctx, runbook.By{Actor: j.as("li")}, runbook.Said{Run: told.Run.ID})
	must(err)
	return session
}

// TestJobScreenshots draws the pages about jobs, for our own eyes.
func TestJobScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	j := newJobWorld(t, func(o *web.Options) { o.PublicURL = "http://127.0.0.1" })
	session := j.busyJobs()
	base := "http://127.0.0.1:" + j.serve()
	only := os.Getenv("SCREENSHOTS_ONLY")
	withoutScript(t, tab, true)
	do(t, tab, chromedp.Navigate(base+j.loginLink("maria")), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("h1")))
	for name, path := range map[string]string{
		"jobs": "/jobs", "job": "/jobs/failover", "job-times": "/jobs/backup-wiki", "runs": "/jobs/runs", "run-done": "/jobs/runs/1", "run-failed": "/jobs/runs/2",
		"run-dry": "/jobs/runs/3", "run-asked": "/jobs/runs/4", "run-running": "/jobs/runs/5", "run-cancel": "/jobs/runs/5?cancel",
		"vaults": "/vaults", "share": fmt.Sprintf("/vaults/shares/%d", session), "share-took": fmt.Sprintf("/vaults/shares/%d?took=3", session),
		"backups": "/backups", "backup": "/backups/1", "runbooks": "/runbooks", "runbook": "/runbooks/turn", "runbook-run": "/runbooks/runs/1", "runbook-stop": "/runbooks/runs/1?stop",
		"announcements": "/announcements", "announcement-sent": "/announcements/1", "announcement-draft": "/announcements/2", "announcement-edit": "/announcements/2?edit",
		"calendar": "/calendar", "reminder": "/reminders/1", "reminder-end": "/reminders/2", "incident": "/incidents/1", "status-jobs": "/status",
	} {
		if only == "" || strings.Contains(","+only+",", ","+name+",") {
			t.Log(name)
			shootAll(t, tab, folder, name, base+path)
		}
	}
}

// TestAShareGoesInWithoutScript hands a share in as somebody does in a browser that runs no
// script, such as Tor Browser at its level "Safer".
func TestAShareGoesInWithoutScript(t *testing.T) {
	tab := browser(t)
	withoutScript(t, tab, true)
	j := newJobWorld(t, func(o *web.Options) { o.PublicURL = "http://127.0.0.1" })
	session := j.isSealed()
	base := "http://127.0.0.1:" + j.serve()
	do(t, tab, chromedp.Navigate(base+j.loginLink("li")), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("header .self button")),
		chromedp.Navigate(base+"/vaults"), chromedp.Click(chromedp.CSS("main a.button")),
		chromedp.SendKeys(chromedp.CSS("#share"), aShare), chromedp.Click(chromedp.CSS("main form button")), chromedp.WaitNotPresent(chromedp.CSS("#share")), chromedp.WaitVisible(chromedp.CSS("main [role=status]")))
	if got := text(t, tab, "main"); !strings.Contains(got, "Share 99 is handed in") {
		t.Errorf("li reads: %s", got)
	}
	var n int
	if err := j.DB.QueryRow(ctx, `select count(*) from share_handed where session_id = $1`, session).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d shares are handed in: %v", n, err)
	}
}
