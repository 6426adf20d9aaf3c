package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"batsignal/integrations/job"
	"batsignal/web"
)

// A run is followed as it happens: how far it is, what it logs, and its end. What somebody is
// typing meanwhile stays.
func TestARunIsFollowedAsItHappens(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	j := newJobWorld(t, func(o *web.Options) { o.PublicURL = "http://127.0.0.1" })
	j.listenOn(job.Channel, j.runs)
	base := "http://127.0.0.1:" + j.serve()
	t.Cleanup(j.runs.Close)
	j.work.do = backsUp
	r := j.ask("li", job.Ask{Job: "failover", Params: job.Params{"host": "db2.example.org"}, Reason: "db1 answers nothing"})
	path := fmt.Sprintf("%s/jobs/runs/%d", base, r.ID)
	do(t, tab, chromedp.Navigate(base+j.loginLink("kevin")), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("h1")),
		chromedp.Navigate(path), chromedp.SendKeys(chromedp.CSS("#why-not"), "not today"))
	until(t, tab, "it listens", `document.getElementById("following").textContent.includes("as they happen")`)
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`window.stayed = 1`)); err != nil {
		t.Fatal(err)
	}
	// Something else of it changes, and what was typed is still there.
	j.sql(`update job_run set said = 'db2 is two minutes behind' where id = $1`, r.ID)
	j.runs.Publish(fmt.Sprint(r.ID))
	until(t, tab, "news come", `document.getElementById("run-now").textContent.includes("two minutes behind")`)
	until(t, tab, "what was typed stays", `document.getElementById("why-not").value === "not today"`)
	j.sql(`update job_run set said = '' where id = $1`, r.ID)

	if _, err := j.jobs.Approve(ctx, j.as("kevin"), r.ID, ""); err != nil {
		t.Fatal(err)
	}
	until(t, tab, "the form goes", `document.getElementById("why-not") === null && document.getElementById("run-now").textContent.includes("queued")`)

	// begun and end are what the run waits for in between.
	told, end, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	j.work.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		r.Doing(ctx, "copying the tables")
		r.Progress(1_200_000_000, 3_000_000_000, job.UnitBytes)
		return job.Result{Said: "db2 is the main one."}, r.Step(ctx, "copy", "", nil, func(ctx context.Context) error {
			r.Logf(ctx, "table page: 48,113 rows")
			close(told)
			<-end
			return nil
		})
	}
	go func() {
		defer close(over)
		j.works(r.ID)
	}()
	<-told
	until(t, tab, "the bar comes", `document.querySelector("#run-now progress")?.value === 1200000000`)
	until(t, tab, "it says how far", `document.getElementById("run-now").textContent.includes("1.2 GB of 3.0 GB (40 %)")`)
	until(t, tab, "the log comes", `document.getElementById("log").textContent.includes("48,113 rows")`)
	close(end)
	<-over
	until(t, tab, "the end comes", `document.getElementById("run-now").textContent.includes("db2 is the main one.")`)
	until(t, tab, "it stops listening", `document.getElementById("following").textContent.includes("It is over")`)
	if stayed, err := chromedp.Run(tab, chromedp.Evaluate[bool](`window.stayed === 1`)); err != nil || !stayed {
		t.Errorf("the page was loaded anew: %v", err)
	}

	do(t, tab, chromedp.Navigate(base+"/jobs"))
	until(t, tab, "the list listens", `document.getElementById("following").textContent.includes("as they happen")`)
	j.ask("li", job.Ask{Job: "mend"})
	until(t, tab, "a new run comes", `document.getElementById("jobs-now").textContent.includes("mend")`)
	for _, message := range complained() {
		t.Errorf("the browser complains: %s", message)
	}
}

// Only people who are signed in hear of runs, and only of those there are.
func TestWhoHearsOfRuns(t *testing.T) {
	j := newJobWorld(t)
	r := j.ask("li", job.Ask{Job: "mend"})
	path := fmt.Sprintf("/jobs/runs/%d", r.ID)
	noor := j.enters("noor")
	j.get(path+"/events").says(t, http.StatusSeeOther)
	noor.read("/jobs/runs/99/events").says(t, http.StatusNotFound)
	noor.read(path).says(t, http.StatusOK, `data-events="`+path+`/events"`, `<noscript><meta http-equiv="refresh"`)
	j.works(r.ID)
	noor.read(path).lacks(t, "data-events", "http-equiv")

	quiet := newJobWorld(t, func(o *web.Options) { o.Runs = nil })
	quiet.ask("li", job.Ask{Job: "mend"})
	maria := quiet.enters("maria")
	maria.read(path).lacks(t, "data-events")
	maria.read(path+"/events").says(t, http.StatusServiceUnavailable, "reload the page instead")
	if !strings.Contains(maria.read("/jobs").body, `http-equiv="refresh"`) {
		t.Error("a page that nobody tells anything does not ask again")
	}
}
