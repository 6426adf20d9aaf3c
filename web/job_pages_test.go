package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/job"
)

// jobPaths are the pages about jobs of a busy world, where a share is waited for.
func jobPaths(session int64) []string {
	return []string{
		"/jobs", "/jobs/backup-wiki", "/jobs/failover", "/jobs/runs", "/jobs/runs/1", "/jobs/runs/2", "/jobs/runs/3", "/jobs/runs/4", "/jobs/runs/5", "/jobs/runs/5?cancel",
		"/vaults", fmt.Sprintf("/vaults/shares/%d", session), fmt.Sprintf("/vaults/shares/%d?took=3", session),
		"/backups", "/backups?job=backup-wiki", "/backups/1", "/backups/2", "/runbooks", "/runbooks/turn", "/runbooks/runs/1", "/runbooks/runs/1?stop",
		"/announcements", "/announcements/1", "/announcements/2", "/announcements/2?edit", "/calendar", "/reminders/1", "/reminders/2",
	}
}

// Every page can be read aloud, by whoever is known; nobody else sees that there is one.
func TestWhoSeesThePagesOfJobs(t *testing.T) {
	j := newJobWorld(t)
	session := j.busyJobs()
	maria, noor := j.enters("maria"), j.enters("noor")
	for _, path := range jobPaths(session) {
		if a := j.get(path); a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Header().Get("Location"), "/sign-in?next=") {
			t.Errorf("%s: nobody gets %d", path, a.Code)
		}
		page := maria.read(path)
		page.says(t, http.StatusOK)
		page.lacks(t, "<no value>", "%!")
		// Only those that follow a run have a script: ours.
		follows, policy := path == "/jobs" || strings.HasPrefix(path, "/jobs/runs/"), wantPolicy
		if follows {
			policy = wantScriptPolicy
		}
		if n := strings.Count(page.body, "<script"); n > 1 || (n == 1) != follows {
			t.Errorf("%s has %d scripts", path, n)
		}
		t.Run(path, func(t *testing.T) { readAloud(t, page.body) })
		if got := page.Header().Get("Content-Security-Policy"); got != policy {
			t.Errorf("%s: %q", path, got)
		}
		known := noor.read(path)
		known.says(t, http.StatusOK)
		t.Run("known "+path, func(t *testing.T) { readAloud(t, known.body) })
		form := `(?s)<main.*<form`
		if shares := strings.HasPrefix(path, "/vaults/shares/") && !strings.Contains(path, "took"); regexp.MustCompile(form).MatchString(known.body) != shares {
			t.Errorf("%s: there is a form for whoever is only known: %v", path, !shares)
		}
	}
	j.get("/").lacks(t, `href="/jobs"`)
	noor.read("/").says(t, http.StatusOK, `href="/jobs"`)
	for path, page := range map[string]string{
		"/jobs/failover": "/account", "/jobs/runs/4/approve": "/account", "/jobs/runs/4/deny": "/account", "/jobs/runs/5/cancel": "/account", "/jobs/backup-wiki/pause": "/account",
		"/backups/1/hold": "/account", "/runbooks/turn": "/account", "/runbooks/runs/1": "/account", "/announcements": "/account", "/announcements/2": "/account",
		"/freezes": "/account", "/freezes/1/lift": "/account", "/reminders": "/account", "/reminders/1": "/account",
	} {
		noor.fill(page, path, nil).says(t, http.StatusForbidden)
		maria.postForm(path, nil).says(t, http.StatusForbidden) // without the token of a form
		if a := j.do(httptest.NewRequest(http.MethodPost, path, nil)); a.Code != http.StatusForbidden {
			t.Errorf("%s: nobody gets %d", path, a.Code)
		}
	}
	for _, path := range []string{
		"/jobs/none", "/jobs/runs/x", "/jobs/runs/999", "/vaults/shares/999", "/vaults/shares/x", "/backups/999", "/backups/x", "/backups?job=none", "/runbooks/none", "/runbooks/runs/999",
		"/runbooks/runs/x", "/announcements/999", "/announcements/x", "/reminders/999", "/reminders/x",
	} {
		maria.read(path).says(t, http.StatusNotFound)
	}
}

// A run is asked for, looked at, agreed to, and done.
func TestPagesOfARun(t *testing.T) {
	j := newJobWorld(t)
	li, kevin, maria := j.enters("li"), j.enters("kevin"), j.enters("maria")

	// What it would do, without doing it.
	look := li.fill("/jobs/backup-wiki", "/jobs/backup-wiki", url.Values{"do": {"look"}, "reason": {"only to see"}})
	look.says(t, http.StatusSeeOther)
	dry := li.read(look.Header().Get("Location"))
	dry.says(t, http.StatusOK, "What it would do", "It would store 2 copies.", `href="/jobs/backup-wiki?reason=only&#43;to&#43;see"`)
	if strings.Contains(dry.body, "http-equiv") {
		t.Error("what is over is read again")
	}
	li.read("/jobs/backup-wiki?reason=only+to+see").says(t, http.StatusOK, `value="only to see"`)
	j.work.plan = nil
	li.fill("/jobs/backup-wiki", "/jobs/backup-wiki", url.Values{"do": {"look"}}).says(t, http.StatusServiceUnavailable, "The database of the wiki does not answer.", "Ask for it")

	// What is wrong is said in the form, which keeps what was typed.
	li.fill("/jobs/failover", "/jobs/failover", url.Values{"value-host": {"no host"}, "value-zone": {"us"}, "reason": {"db1 is slow"}, "do": {"ask"}}).
		says(t, http.StatusBadRequest, "it must be a host name", `value="no host"`, "<option selected>us", `value="db1 is slow"`)
	li.fill("/jobs/failover", "/jobs/failover", url.Values{"value-host": {"db2"}, "incident": {"99"}}).says(t, http.StatusNotFound, "There is no INC-99", `value="db2"`)
	asked := li.fill("/jobs/failover", "/jobs/failover", url.Values{"value-host": {"db2"}, "reason": {"db1 is slow"}, "do": {"ask"}})
	asked.says(t, http.StatusSeeOther)
	path := asked.Header().Get("Location")
	li.read(path).says(t, http.StatusOK, "You asked for it, so somebody else has to agree.", `http-equiv="refresh"`, "Announce it")
	li.read(path).lacks(t, "Agree to it")
	li.fill("/account", path+"/approve", nil).says(t, http.StatusForbidden, "somebody else has to agree")

	// Nobody loses what they write, so a page with a field is not read again by itself.
	page := kevin.read(path)
	page.says(t, http.StatusOK, "Do you agree?", "Agree to it", "Refuse it", "db1 is slow")
	page.lacks(t, "http-equiv")
	kevin.fill(path, path+"/approve", nil).says(t, http.StatusSeeOther)
	kevin.fill("/account", path+"/deny", url.Values{"reason": {"too late"}}).says(t, http.StatusConflict, "does not wait for anybody to agree")
	kevin.read(path).says(t, http.StatusOK, "queued", "1 of 1", `href="/people/kevin"`, `content="5"`, "?cancel")
	j.works(runOf(path))
	over := kevin.read(path)
	over.says(t, http.StatusOK, "succeeded", "The wiki is backed up: 812 MB in 2 places.", "48,113", "wiki.dump.age", "pg_dump of wiki: 103 tables", "Ask for it again", "value-host=db2")
	over.lacks(t, "http-equiv", "?cancel", "Agree to it")

	// One person is enough to refuse.
	j.ask("li", job.Ask{Job: "failover", Params: job.Params{"host": "db2"}})
	kevin.fill("/jobs/runs/3", "/jobs/runs/3/deny", url.Values{"reason": {"not on a sunday"}}).says(t, http.StatusSeeOther)
	li.read("/jobs/runs/3").says(t, http.StatusOK, "Refused by", "not on a sunday")

	// Only admins do what is for admins.
	li.read("/jobs/rekey-main").lacks(t, "<h2 id=\"ask-head\"")
	li.fill("/account", "/jobs/rekey-main", nil).says(t, http.StatusForbidden, "Only admins ask for rekey-main")
	maria.fill("/jobs/rekey-main", "/jobs/rekey-main", url.Values{"do": {"ask"}}).says(t, http.StatusSeeOther)
	li.read("/jobs/runs/4").says(t, http.StatusOK, "An administrator has to agree.")
	maria.fill("/jobs/runs/4?cancel", "/jobs/runs/4/cancel", url.Values{"reason": {"a mistake"}}).says(t, http.StatusSeeOther)
	maria.read("/jobs/runs/4").says(t, http.StatusOK, "cancelled", "a mistake")
	maria.fill("/account", "/jobs/runs/4/cancel", nil).says(t, http.StatusConflict, "is over")
}

func runOf(path string) (id int64) {
	_, _ = fmt.Sscanf(path, "/jobs/runs/%d", &id)
	return id
}

// While a run goes on, its bar moves; when it failed, one reads why.
func TestARunGoesOnAndFails(t *testing.T) {
	j := newJobWorld(t)
	id := j.goesOn("li")
	li := j.enters("li")
	path := fmt.Sprintf("/jobs/runs/%d", id)
	li.read(path).says(t, http.StatusOK, `<progress max="3100000000" value="1200000000"`, "1.2 GB of 3.1 GB (38 %)", "copying the tables", "table page: 48,113 rows", `<meta http-equiv="refresh" content="5">`, "under way")
	li.read("/jobs").says(t, http.StatusOK, "<h2>Now</h2>", "<progress", `http-equiv="refresh"`)
	li.read(path+"?cancel").says(t, http.StatusOK, "Cancel this run?", "what it did so far is taken back", "Let it go on")
	li.read(path+"?cancel").lacks(t, "http-equiv")
	li.fill(path+"?cancel", path+"/cancel", url.Values{"reason": {"wrong machine"}}).says(t, http.StatusSeeOther)
	li.read(path).says(t, http.StatusOK, "Cancelled by", "wrong machine")
	failed := j.fails("li")
	li.read(fmt.Sprintf("/jobs/runs/%d", failed)).says(t, http.StatusOK, "failed", "The database of the wiki took no connection.", "timeout expired")
	j.sql(`update job_run set state = 'undoing', outcome = 'failed', ended_at = null, stuck_at = $2, leased_until = $2 where id = $1`, failed, j.Now())
	li.read(fmt.Sprintf("/jobs/runs/%d", failed)).says(t, http.StatusOK, "cleaning up", "Something is left behind")
	for _, state := range []string{"timed_out", "lost", "expired"} {
		j.sql(`update job_run set state = $2, outcome = '', ended_at = $3, leased_until = null where id = $1`, failed, state, j.Now())
		li.read(fmt.Sprintf("/jobs/runs/%d", failed)).says(t, http.StatusOK, job.State(state).Words())
	}
}

// In a freeze the form says so, and takes a reason and an override.
func TestPagesInAFreeze(t *testing.T) {
	j := newJobWorld(t)
	li := j.enters("li")
	li.fill("/calendar", "/freezes", url.Values{"time": {"now until tomorrow"}, "title": {"release week"}}).says(t, http.StatusSeeOther)
	li.read("/jobs/failover").says(t, http.StatusOK, "Nothing risky is done now", "release week", `name="override"`)
	li.read("/jobs/backup-wiki").lacks(t, `name="override"`)
	form := url.Values{"value-host": {"db2"}, "do": {"ask"}}
	li.fill("/jobs/failover", "/jobs/failover", form).says(t, http.StatusConflict, "nothing risky is done now", `value="db2"`)
	form.Set("override", "yes")
	li.fill("/jobs/failover", "/jobs/failover", form).says(t, http.StatusBadRequest, "takes a reason", `name="override" value="yes" checked`)
	form.Set("reason", "db1 burns")
	to := li.fill("/jobs/failover", "/jobs/failover", form)
	to.says(t, http.StatusSeeOther)
	li.read(to.Header().Get("Location")).says(t, http.StatusOK, "2 other people have", "in spite of a freeze")
}

// When a job runs by itself, and that somebody paused it.
func TestTimesOfJobs(t *testing.T) {
	j := newJobWorld(t)
	li := j.enters("li")
	li.read("/jobs").says(t, http.StatusOK, "at 02:30 every day, Europe/Berlin", "never ran")
	li.fill("/jobs/backup-wiki", "/jobs/backup-wiki/pause", nil).says(t, http.StatusSeeOther)
	li.read("/jobs").says(t, http.StatusOK, "Paused", "paused</span>")
	li.fill("/jobs/backup-wiki", "/jobs/backup-wiki/pause", nil).says(t, http.StatusConflict, "is paused already", "Have it run by itself again")
	li.fill("/jobs/backup-wiki", "/jobs/backup-wiki/resume", nil).says(t, http.StatusSeeOther)
	li.read("/jobs/backup-wiki").says(t, http.StatusOK, "Pause it until somebody resumes it")
	j.sql(`update job_schedule set alarmed_at = $1, held_at = $1`, j.Now().Add(-time.Hour))
	li.read("/jobs").says(t, http.StatusOK, "1 job is overdue.", "Overdue:", "and never did", "Held back")
	li.fill("/account", "/jobs/mend/pause", nil).says(t, http.StatusNotFound)
	li.read("/jobs/runs").says(t, http.StatusOK, "Nothing was asked for so far.")
}
