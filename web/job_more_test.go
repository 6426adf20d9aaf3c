package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"

	"batsignal/incidents/announcement"
	"batsignal/integrations/snapshot"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

// A share goes to the run that waits for it, and is seen nowhere on the way.
func TestPagesOfShares(t *testing.T) {
	j := newJobWorld(t)
	session := j.isSealed()
	path := fmt.Sprintf("/vaults/shares/%d", session)
	li, kevin := j.enters("li"), j.enters("kevin")
	li.read("/vaults").says(t, http.StatusOK, "does not serve", "The rest can go on for 3 h 40 min more.", "Shares are needed", `href="`+path+`"`)
	li.read("/jobs/runs/1").says(t, http.StatusOK, "It waits for shares.", `href="`+path+`"`)
	form := li.read(path)
	form.says(t, http.StatusOK, "1 of 3", "for node <bdi>a</bdi>", `type="password"`, `autocomplete="off"`, "It is stored and shown nowhere.", j.key.Recipient())
	form.lacks(t, "http-equiv", "<script")

	// What is no share is refused, and not repeated, in whichever field it stands.
	for _, field := range []string{"share", "sealed"} {
		for _, text := range []string{"no share at all", aShare[:40], "canary-canary-canary"} {
			a := li.fill(path, path, url.Values{field: {text}})
			a.says(t, http.StatusBadRequest, `role="alert"`)
			a.lacks(t, text)
		}
	}
	li.fill(path, path, url.Values{"sealed": {aShare}}).lacks(t, aShare)

	took := li.fill(path, path, url.Values{"share": {" " + aShare + "\n"}})
	took.says(t, http.StatusSeeOther)
	after := li.read(took.Header().Get("Location"))
	after.says(t, http.StatusOK, "Share 99 is handed in", "Thank you", `http-equiv="refresh"`)
	var sealed []byte
	if err := j.DB.QueryRow(ctx, `select sealed from share_handed`).Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	opened, err := j.key.Open(sealed)
	if err != nil || string(opened.Value.RevealBytes()) != "a canary that nobody may see: abc" {
		t.Errorf("the run cannot open it: %v", err)
	}
	if strings.Contains(j.log.String(), aShare) || strings.Contains(j.log.String(), "canary that") {
		t.Error("the share is in the log")
	}

	// One that was encrypted elsewhere; and, once all shares are registered, only by who holds one.
	text, _, err := share.Submit(j.key.Recipient(), secret.New(aShare))
	if err != nil {
		t.Fatal(err)
	}
	kevin.fill(path, path, url.Values{"sealed": {text}}).says(t, http.StatusSeeOther)
	j.registers("li")
	kevin.fill(path, path, url.Values{"sealed": {text}}).says(t, http.StatusSeeOther) // the other four are not
	j.sql(`update vault_node set shares = 1 where shares > 0`)
	kevin.fill(path, path, url.Values{"share": {aShare}}).says(t, http.StatusForbidden, "have their holders, and you are none of them")
	j.sql(`update share_session set state = 'closed', ended_at = $1, progress = 3`, j.Now())
	li.read(path).says(t, http.StatusOK, "No share is needed here any more")
	li.read(path+"?took=99").says(t, http.StatusOK, "There were enough shares.", "See what came of it")
	li.fill("/account", path, url.Values{"share": {aShare}}).says(t, http.StatusConflict, "takes no more shares")
}

// What is backed up, whether it would come back, and what is kept in any case.
func TestPagesOfBackups(t *testing.T) {
	j := newJobWorld(t)
	now, li := j.Now(), j.enters("li")
	li.read("/backups").says(t, http.StatusOK, "2 backups are not as they should be.", "There is none yet.")
	good := j.keeps("backup-git", now.Add(-5*time.Hour), snapshot.Successful)
	j.keeps("backup-wiki", now.Add(-50*time.Hour), snapshot.Successful)
	bad := j.keeps("backup-wiki", now.Add(-30*time.Hour), snapshot.Failed)
	j.keeps("backup-wiki", now.Add(-29*time.Hour), snapshot.Validating)
	page := li.read("/backups")
	page.says(t, http.StatusOK, "1 backup is not as it should be.", "as it should be", "not verified", "the restore of snapshot 3 failed", "not fresh", "tested now")
	path := fmt.Sprintf("/backups/%d", good)
	li.read(path).says(t, http.StatusOK, "verified", "off site", "read back", "level 4 of 4", "The wiki answered with its front page.", "812 MB", "48,113")
	li.read(fmt.Sprintf("/backups/%d", bad)).says(t, http.StatusOK, "does not restore")
	li.fill(path, path+"/hold", nil).says(t, http.StatusBadRequest, "Say why it must not be deleted.")
	li.fill(path, path+"/hold", url.Values{"why": {strings.Repeat("x", 201)}}).says(t, http.StatusBadRequest, strings.Repeat("x", 201))
	li.fill(path, path+"/hold", url.Values{"why": {"for the lawyers"}}).says(t, http.StatusSeeOther)
	li.read(path).says(t, http.StatusOK, "Held by", "for the lawyers", "It may be deleted again")
	li.fill(path, path+"/release", nil).says(t, http.StatusSeeOther)
	li.fill(path, path+"/release", nil).says(t, http.StatusConflict, "is not held")
	for range 9 {
		now = now.Add(-time.Hour)
		j.keeps("backup-git", now.Add(-60*time.Hour), "")
	}
	li.read("/backups").says(t, http.StatusOK, `href="/backups?job=backup-git"`)
	li.read("/backups?job=backup-git").lacks(t, "backup-wiki", "All of them")
}

// Two people tell the world.
func TestPagesOfAnnouncements(t *testing.T) {
	j := newJobWorld(t)
	j.tell(fire)
	li, kevin := j.enters("li"), j.enters("kevin")
	const list = "/announcements"
	li.fill(list, list, url.Values{"what": {"news"}, "text": {" "}}).says(t, http.StatusBadRequest, "What is missing is the text", `value="news" selected`)
	li.fill(list, list, url.Values{"text": {"The wiki is away."}, "incident": {"99"}}).says(t, http.StatusNotFound)
	li.fill(list, list, url.Values{"text": {"The wiki is away."}, "incident": {"soon"}}).says(t, http.StatusBadRequest, "An incident has a number", "The wiki is away.</textarea>")
	li.read(list+"?run=7&incident=1").says(t, http.StatusOK, `name="run" value="7"`, `value="1" selected`)
	made := li.fill(list, list, url.Values{"what": {"outage"}, "text": {"The wiki is away.\r\nIt takes an hour."}, "incident": {"1"}})
	made.says(t, http.StatusSeeOther)
	path := made.Header().Get("Location")
	own := li.read(path)
	own.says(t, http.StatusOK, "The wiki is away.<br>It takes an hour.", "You wrote it, so somebody else has to agree.", "INC-1")
	own.lacks(t, "I agree to this text", "Send it now")
	li.fill(path, path, url.Values{"do": {"approve"}, "version": {"1"}}).says(t, http.StatusForbidden, "You wrote it")
	li.fill(path, path, url.Values{"do": {"send"}}).says(t, http.StatusConflict, "has to approve")
	kevin.fill(path, path, url.Values{"do": {"approve"}}).says(t, http.StatusBadRequest, "lacks the version")

	// Whoever agrees agrees to what they read.
	li.fill(path+"?edit", path, url.Values{"do": {"edit"}, "version": {"1"}, "text": {"The wiki is away until 23:00 UTC."}}).says(t, http.StatusSeeOther)
	kevin.fill(path, path, url.Values{"do": {"approve"}, "version": {"1"}}).says(t, http.StatusConflict, "was changed since you read it", `name="version" value="2"`)
	kevin.fill(path+"?edit", path, url.Values{"do": {"edit"}, "version": {"1"}, "text": {"My own words."}}).
		says(t, http.StatusConflict, "Somebody changed the text since you read it", "until 23:00 UTC.", "My own words.</textarea>", `name="version" value="2"`)
	kevin.fill(path, path, url.Values{"do": {"approve"}, "version": {"2"}}).says(t, http.StatusSeeOther)
	kevin.read(path).says(t, http.StatusOK, "agreed, not sent", "Send it now", "1 room and 1 mailing list")
	kevin.fill(path, path, url.Values{"do": {"send"}}).says(t, http.StatusSeeOther)
	sent := kevin.read(path)
	sent.says(t, http.StatusOK, "Where it went", "announce@lists.example", "waiting", `http-equiv="refresh"`)
	sent.lacks(t, "Change the text", "Send it now")
	kevin.fill("/account", path, url.Values{"do": {"drop"}}).says(t, http.StatusConflict, "A correction is a new one")
	kevin.fill("/account", path, url.Values{"do": {"shout"}}).says(t, http.StatusBadRequest)
	kevin.fill("/account", "/announcements/99", url.Values{"do": {"drop"}}).says(t, http.StatusNotFound)
	a, err := j.announces.Draft(ctx, j.as("li"), announcement.NewDraft{What: announcement.News, Text: "Never mind."})
	if err != nil {
		t.Fatal(err)
	}
	path = fmt.Sprintf("/announcements/%d", a.ID)
	kevin.fill(path, path, url.Values{"do": {"drop"}}).says(t, http.StatusSeeOther)
	kevin.read(list).says(t, http.StatusOK, "dropped", "Past")
}

// Freezes are set and lifted; what is to be remembered is done, renewed and given away.
func TestPagesOfTheCalendar(t *testing.T) {
	j := newJobWorld(t)
	li := j.enters("li")
	li.read("/calendar").says(t, http.StatusOK, "Nothing is frozen now.", "Nothing risky is done on Fridays (Europe/Berlin)", "Nothing so far.")
	li.fill("/calendar", "/freezes", url.Values{"time": {"whenever"}, "title": {"release"}}).says(t, http.StatusBadRequest, `value="whenever"`, `value="release"`, "<details open>")
	li.fill("/calendar", "/freezes", url.Values{"time": {"now until tomorrow"}}).says(t, http.StatusBadRequest, "A freeze has a title")
	li.fill("/calendar", "/freezes", url.Values{"time": {"now until tomorrow"}, "title": {"release"}}).says(t, http.StatusSeeOther)
	li.read("/calendar").says(t, http.StatusOK, "Nothing risky is done now", "End it now", "F1")
	li.fill("/calendar", "/freezes/1/lift", nil).says(t, http.StatusSeeOther)
	li.fill("/calendar", "/freezes/F1/lift", nil).says(t, http.StatusConflict, "was lifted by li already")
	li.fill("/calendar", "/freezes/x/lift", nil).says(t, http.StatusNotFound)

	add := func(form url.Values) answer { return li.fill("/calendar", "/reminders", form) }
	add(url.Values{"what": {"rhythm"}, "title": {"reboot"}, "every": {"often"}}).says(t, http.StatusBadRequest, "A rhythm is a number of days", `value="often"`, `value="reboot"`)
	add(url.Values{"what": {"end"}, "title": {"warranty"}}).says(t, http.StatusBadRequest, "Say on which day it ends", `value="end" selected`)
	add(url.Values{"what": {"end"}, "title": {"warranty"}, "day": {"soon"}}).says(t, http.StatusBadRequest, "Write the day like")
	made := add(url.Values{"what": {"rhythm"}, "title": {"reboot"}, "every": {"150"}, "ahead": {"7"}, "owner": {"kevin"}})
	made.says(t, http.StatusSeeOther)
	path := made.Header().Get("Location")
	li.read(path).says(t, http.StatusOK, "every 150 days", "kevin", "It was done today")
	li.fill(path, path, url.Values{"do": {"done"}, "note": {"all nine"}}).says(t, http.StatusSeeOther)
	li.read(path).says(t, http.StatusOK, "all nine")
	li.fill(path, path, url.Values{"do": {"done"}, "note": {"again"}}).says(t, http.StatusConflict, "was done today already", `value="again"`)
	li.fill(path, path, url.Values{"do": {"owner"}, "owner": {"priya"}}).says(t, http.StatusSeeOther)
	li.read("/calendar").says(t, http.StatusOK, "priya")
	add(url.Values{"what": {"rhythm"}, "title": {"Reboot"}, "every": {"9"}}).says(t, http.StatusConflict, "with the title")
	end := add(url.Values{"what": {"end"}, "title": {"warranty"}, "day": {"2026-06-30"}, "means": {"a disk takes five days"}}).Header().Get("Location")
	li.fill(end, end, url.Values{"do": {"renew"}, "day": {"2026-05-01"}}).says(t, http.StatusBadRequest, "Write a later day", `value="2026-05-01"`)
	li.fill(end, end, url.Values{"do": {"renew"}, "day": {"2029-06-30"}}).says(t, http.StatusSeeOther)
	li.read(end).says(t, http.StatusOK, "ends 2029-06-30", "Its end means")
	li.fill(end, end, url.Values{"do": {"remove"}}).says(t, http.StatusSeeOther)
	li.read(end).lacks(t, "It was renewed")
	li.read("/calendar").lacks(t, "warranty")
}

// People walk through a runbook, on the page.
func TestPagesOfRunbooks(t *testing.T) {
	j := newJobWorld(t)
	j.tell(fire)
	li, kevin := j.enters("li"), j.enters("kevin")
	li.read("/runbooks/turn").says(t, http.StatusOK, "When nothing else helps.", "Start it", "INC-1")
	li.fill("/runbooks/turn", "/runbooks/turn", url.Values{"incident": {"soon"}}).says(t, http.StatusBadRequest, "An incident has a number")
	start := li.fill("/runbooks/turn", "/runbooks/turn", url.Values{"incident": {"1"}})
	start.says(t, http.StatusSeeOther)
	path := start.Header().Get("Location")
	kevin.fill("/runbooks/turn", "/runbooks/turn", url.Values{"incident": {"1"}}).says(t, http.StatusConflict, "started turn here already")
	do := func(v *visitor, step, what string, form url.Values) answer {
		if form == nil {
			form = url.Values{}
		}
		form.Set("do", what)
		form.Set("step", step)
		return v.fill("/account", path, form)
	}
	do(li, "1", "next", nil).says(t, http.StatusSeeOther)
	do(li, "1", "next", nil).says(t, http.StatusConflict)
	li.read(path).says(t, http.StatusOK, "I looked, and it is so")
	do(li, "2", "done", nil).says(t, http.StatusSeeOther)
	do(li, "2", "done", nil).says(t, http.StatusConflict, "it takes two people", "You looked already.")
	li.read(path).lacks(t, "I looked, and it is so")
	kevin.read(path).says(t, http.StatusOK, "One person looked already.")
	do(kevin, "2", "done", nil).says(t, http.StatusSeeOther)
	do(li, "2", "done", nil).says(t, http.StatusSeeOther)
	li.read(path).says(t, http.StatusOK, `<option>yes</option>`, "Decide")
	do(li, "3", "done", url.Values{"choice": {"yes"}, "text": {"all dark"}}).says(t, http.StatusSeeOther)
	li.read(path).says(t, http.StatusOK, "Have it done", `name="fill-zone"`, "which zone", "all dark")
	do(li, "4", "next", url.Values{"fill-zone": {"moon"}}).says(t, http.StatusBadRequest, `value="moon"`)
	do(li, "4", "next", url.Values{"fill-zone": {"us"}}).says(t, http.StatusSeeOther)
	li.read(path).says(t, http.StatusOK, "is waited for", `http-equiv="refresh"`)
	li.read(path+"?stop").lacks(t, "http-equiv")
	li.read("/incidents/1").says(t, http.StatusOK, `href="`+path+`"`, `href="/jobs/runs/1"`, "step 4 of 5")
	j.get("/incidents/1").lacks(t, `href="`+path+`"`, `href="/jobs/runs/1"`)
	do(li, "4", "skip", url.Values{"stopping": {"yes"}}).says(t, http.StatusBadRequest, "Say why", "Abort the runbook", "Go on with it")
	do(li, "4", "abort", url.Values{"text": {"it burns"}}).says(t, http.StatusSeeOther)
	li.read(path).says(t, http.StatusOK, "aborted", "it burns")
	do(li, "4", "jump", nil).says(t, http.StatusBadRequest)
	li.read("/runbooks").says(t, http.StatusOK, "aborted")
}

// What about jobs needs a look is on the page of the bot's own state, as far as one may
// know it.
func TestTheStatusTellsOfJobs(t *testing.T) {
	j := newJobWorld(t)
	j.busyJobs()
	failed := int64(2)
	j.sql(`update job_run set state = 'undoing', outcome = 'failed', ended_at = null, stuck_at = $2, leased_until = $2 where id = $1`, failed, j.Now())
	j.get("/status").says(t, http.StatusOK, "4 things about jobs need a look.")
	j.get("/status").lacks(t, "backup-wiki", "does not serve")
	j.enters("li").read("/status").says(t, http.StatusOK, "is overdue", "left something behind", "not verified: the restore of snapshot 2 failed", "Vault main does not serve")
	figures := j.get("/metrics")
	figures.says(t, http.StatusOK, `batsignal_job_runs{state="running"} 2`, `batsignal_job_runs{state="undoing"} 1`, `batsignal_job_runs{state="lost"} 0`, "batsignal_job_runs_stuck 1",
		`batsignal_job_last_success_seconds{job="backup-wiki"} 0`, `batsignal_job_overdue{job="backup-wiki"} 1`, `batsignal_backup_age_seconds{job="backup-git"} 18000`,
		`batsignal_backup_verified_age_seconds{job="backup-git"}`, `batsignal_backup_good{job="backup-git"} 1`, `batsignal_backup_good{job="backup-wiki"} 0`, `batsignal_vault_sealed{vault="main"} 1`)
}

// Words of people, of tools and of machines are shown letter by letter and do no harm.
func TestHostileJobs(t *testing.T) {
	j := newJobWorld(t)
	session := j.busyJobs()
	li := j.enters("li")
	owner, err := pgx.Connect(ctx, j.base.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(ctx)
	write := func(sql string, args ...any) {
		t.Helper()
		if _, err := owner.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	for i, text := range hostile {
		short := clip(strings.ToValidUTF8(text, "?"), 60)
		write(`update job_run set reason = $1, said = $1, doing = $1, asked_words = $1, unit = left($1, 16), room = $1, evidence = jsonb_build_array(jsonb_build_array($1::text, $1::text)),
			cancel_words = $1, params = jsonb_build_object('host', $1::text)`, short)
		write(`update job_log set text = $1`, short)
		write(`update job_step set name = $1, detail = $1`, short)
		write(`update job_artifact set name = $1, place = $1, key = $1`, short)
		write(`update job_schedule set paused_at = $2, paused_by = $1`, short, j.Now())
		write(`update snapshot set hold = $1, hold_by = $1, facts = jsonb_build_array(jsonb_build_array($1::text, $1::text))`, short)
		write(`update snapshot_copy set key = $1, bad = $1, recipients = array[$1]`, short)
		write(`update snapshot_check set place = left($1, 48), detail = $1`, short)
		write(`update vault_node set detail = $1, version = $1 where node = 'a'`, short)
		write(`insert into rotation_task (key, what, said_by, said_in, at) values ($2, $1, $1, $1, $3)`, short, fmt.Sprint(i), j.Now())
		write(`update announcement set text = $1, made_words = $1, approved_words = $1`, short)
		write(`update announcement_copy set network = $1, detail = $1`, short)
		write(`update freeze_window set title = $1, made_by = $1`, short)
		write(`update reminder set title = $1 || id, means = $1, owner = $1, made_by = $1`, short)
		write(`update runbook_run set started_words = $1`, short)
		write(`update runbook_step_done set note = $1, who = $1`, short)
		for _, path := range append(jobPaths(session), "/status", "/incidents/1") {
			page := li.read(path)
			page.says(t, http.StatusOK)
			readAloud(t, page.body)
			for _, r := range page.body {
				if r != '\n' && (unicode.In(r, unicode.Cc, unicode.Cf) || r == 0x3164 || r == 0x115f || r == 0x2028) {
					t.Errorf("%s holds U+%04X as it is", path, r)
					break
				}
			}
			root, err := html.Parse(strings.NewReader(page.body))
			if err != nil {
				t.Fatal(err)
			}
			for n := range root.Descendants() {
				if n.Type == html.ElementNode && strings.Contains(" iframe svg style object embed base script ", " "+n.Data+" ") && path != "/incidents/1" && !ours(n) {
					t.Errorf("%s: <%s>", path, n.Data)
				}
			}
		}
	}
}

// ours tells whether an element is our own script.
func ours(n *html.Node) bool {
	return n.Data == "script" && n.FirstChild == nil && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool {
		return a.Key == "src" && strings.HasPrefix(a.Val, "/static/live.js?v=")
	})
}

// Programs do the same.
func TestAPIOfJobs(t *testing.T) {
	j := newJobWorld(t)
	j.tell(fire)
	li, kevin := j.program(t, "li"), j.program(t, "kevin")
	list := li.get("/jobs").must(t, http.StatusOK)
	if list.at("items.0.name") != "backup-wiki" || list.at("items.0.times.says") != "at 02:30 every day, Europe/Berlin" || list.at("items.2.approvals") != 1.0 {
		t.Error(list.body)
	}
	dry := li.call("POST", "/jobs/backup-wiki/runs", map[string]any{"dry": true}).must(t, http.StatusCreated)
	if dry.at("plan.1") != "It would store 2 copies." {
		t.Error(dry.body)
	}
	li.call("POST", "/jobs/failover/runs", map[string]any{"params": map[string]any{"host": "no host"}}).must(t, http.StatusBadRequest)
	ask := map[string]any{"params": map[string]any{"host": "db2"}, "reason": "db1 is slow", "incident": 1, "key": "once"}
	asked := li.call("POST", "/jobs/failover/runs", ask).must(t, http.StatusCreated)
	if again := li.call("POST", "/jobs/failover/runs", ask).must(t, http.StatusCreated); again.at("id") != asked.at("id") {
		t.Error(again.body)
	}
	run := fmt.Sprintf("/jobs/runs/%v", asked.at("id"))
	li.call("POST", run+"/approve", map[string]any{}).must(t, http.StatusForbidden)
	if got := kevin.call("POST", run+"/approve", map[string]any{"reason": "go"}).must(t, http.StatusOK); got.at("state") != "queued" {
		t.Error(got.body)
	}
	kevin.call("POST", run+"/deny", map[string]any{}).must(t, http.StatusConflict)
	j.works(int64(asked.at("id").(float64)))
	if got := li.get(run).must(t, http.StatusOK); got.at("state") != "succeeded" || got.at("artifacts.0.place") != "attic" || got.at("incident") != 1.0 {
		t.Error(got.body)
	}
	if got := li.get(run+"/log?after=1").must(t, http.StatusOK); got.at("items.0.n") != 2.0 {
		t.Error(got.body)
	}
	li.call("POST", run+"/cancel", map[string]any{}).must(t, http.StatusConflict)
	if got := li.get("/jobs/runs?job=failover&limit=1").must(t, http.StatusOK); got.at("items.0.id") != asked.at("id") || got.at("next") != nil {
		t.Error(got.body)
	}
	li.get("/jobs/runs/999").must(t, http.StatusNotFound)
	if got := li.call("POST", "/jobs/backup-wiki/pause", nil).must(t, http.StatusOK); got.at("paused_by") != "li" {
		t.Error(got.body)
	}
	li.call("POST", "/jobs/backup-wiki/pause", nil).must(t, http.StatusConflict)
	li.call("POST", "/jobs/backup-wiki/resume", nil).must(t, http.StatusOK)

	id := j.keeps("backup-git", j.Now().Add(-5*time.Hour), snapshot.Successful)
	if got := li.get("/backups").must(t, http.StatusOK); got.at("items.0.job") != "backup-git" || got.at("items.0.good") != true || got.at("items.1.words.0.why") != "there is no backup" {
		t.Error(got.body)
	}
	if got := li.get("/backups/snapshots?job=backup-git").must(t, http.StatusOK); got.at("items.0.copies.1.off_site") != true {
		t.Error(got.body)
	}
	one := fmt.Sprintf("/backups/snapshots/%d", id)
	li.call("POST", one+"/hold", map[string]any{"why": ""}).must(t, http.StatusBadRequest)
	if got := li.call("POST", one+"/hold", map[string]any{"why": "for the lawyers"}).must(t, http.StatusOK); got.at("held_by") != "li" || got.at("tests.0.level") != 4.0 {
		t.Error(got.body)
	}
	li.call("POST", one+"/release", nil).must(t, http.StatusOK)
	li.call("POST", one+"/release", nil).must(t, http.StatusConflict)
	li.get("/backups/snapshots/999").must(t, http.StatusNotFound)

	session := j.isSealed()
	if got := li.get("/vaults").must(t, http.StatusOK); got.at("items.0.serves") != false || got.at("items.0.nodes.0.state") != "sealed" {
		t.Error(got.body)
	}
	open := li.get("/shares").must(t, http.StatusOK)
	if open.at("items.0.id") != float64(session) || open.at("items.0.recipient") != j.key.Recipient() {
		t.Error(open.body)
	}
	sealed, number, err := share.Submit(j.key.Recipient(), secret.New(aShare))
	if err != nil {
		t.Fatal(err)
	}
	_, commitment, err := share.Register("main", secret.New(aShare))
	if err != nil {
		t.Fatal(err)
	}
	li.call("POST", "/shares", map[string]any{"vault": "main", "number": number, "commitment": commitment}).must(t, http.StatusNoContent)
	li.call("POST", fmt.Sprintf("/shares/%d", session), map[string]any{"sealed": aShare}).must(t, http.StatusBadRequest)
	li.call("POST", fmt.Sprintf("/shares/%d", session), map[string]any{"sealed": sealed}).must(t, http.StatusNoContent)
	// One of five has a holder: whoever comes may be another.
	kevin.call("POST", fmt.Sprintf("/shares/%d", session), map[string]any{"sealed": sealed}).must(t, http.StatusNoContent)
	j.sql(`update vault_node set shares = 1 where shares > 0`)
	kevin.call("POST", fmt.Sprintf("/shares/%d", session), map[string]any{"sealed": sealed}).must(t, http.StatusForbidden)
	noor := j.program(t, "noor")
	noor.get("/jobs").must(t, http.StatusOK)
	noor.call("POST", "/jobs/backup-wiki/runs", map[string]any{}).must(t, http.StatusForbidden)
}

// Without jobs there are no pages of them, and nothing leads there.
func TestWithoutJobs(t *testing.T) {
	w := newSignWorld(t)
	li := w.enters("li")
	for _, path := range []string{"/jobs", "/vaults", "/backups", "/runbooks", "/announcements", "/calendar", "/reminders/1"} {
		li.read(path).says(t, http.StatusNotFound)
	}
	li.read("/").lacks(t, `href="/jobs"`)
}
