package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
)

// told is somebody of the roster, on the terminal.
func (w *world) told(handle string) oncall.Actor {
	return oncall.Actor{PersonID: w.person(handle).ID, Handle: handle, Network: "console", Room: "#ops"}
}

// actionsOf sets a few actions up: of a meeting, of an incident, and of neither.
func actionsOf(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.meets(ops, evening, weekly)
	w.tell(fire + "li #inc-1-openssl: #action sam tests the package")
	for _, text := range []string{"kevin orders pizza by 2026-02-28", "maria sweeps the floor"} {
		if _, err := w.actions.Add(ctx, w.told("maria"), text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.actions.Done(ctx, w.told("maria"), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := w.actions.Drop(ctx, w.told("maria"), 5, "it is clean"); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestActionsByWhatIsAskedFor(t *testing.T) {
	w := actionsOf(t)
	texts := map[string]string{
		"fan": "kevin replaces the fan", "vendor": "bert writes to the vendor", "package": "sam tests the package", "pizza": "kevin orders pizza", "floor": "maria sweeps the floor",
	}
	for query, want := range map[string]string{
		"":                            "pizza fan package",
		"?state=open":                 "pizza fan package",
		"?state=done":                 "vendor",
		"?state=dropped":              "floor",
		"?state=all":                  "fan vendor package pizza floor",
		"?person=kevin":               "pizza",
		"?person=@Kevin":              "pizza",
		"?person=sam&state=done":      "",
		"?room=%23ops":                "fan pizza",
		"?room=%23OPS":                "fan pizza",
		"?room=%23ops&network=libera": "fan",
		"?incident=INC-1":             "package",
		"?incident=1&state=done":      "",
		"?series=weekly-ops-sync":     "fan",
		"?series=nothing":             "",
	} {
		for _, path := range []string{"/actions", "/actions.json", "/actions.ics"} {
			a := w.get(path + query)
			a.says(t, 200)
			for word, text := range texts {
				// The calendar folds long lines.
				if has := strings.Contains(strings.ReplaceAll(a.body, "\r\n ", ""), text); has != strings.Contains(want, word) {
					t.Errorf("%s%s: %s is there: %v", path, query, word, has)
				}
			}
		}
	}
	a := w.get("/actions")
	a.says(t, 200, `<span class="status late">overdue</span> <span>due <time datetime="2026-02-28T00:00:00Z">28 Feb 2026</time></span>`,
		`<li id="A1">`, `from <a href="/minutes/m/1#i-3"><bdi>weekly-ops-sync</bdi></a>`, `for <a href="/incidents/1">INC-1</a>`, `href="/actions.ics"`)
	if strings.Index(a.body, "pizza") > strings.Index(a.body, "the fan") {
		t.Error("what is due last comes first")
	}
	w.get("/actions?person=kevin&state=all").says(t, 200, `value="kevin"`, "<option selected>all</option>", `href="/actions.json?person=kevin&amp;state=all"`)
	w.get("/actions?person=sam&state=done").says(t, 200, "There is none like that.")
	w.get("/actions?person=nobody").says(t, 404, "Nobody here is called")
	for _, query := range []string{"?state=maybe", "?incident=x", "?room=%ff", "?person=%00", "?series=" + strings.Repeat("x", 201)} {
		if a := w.get("/actions" + query); a.Code != 400 && a.Code != 404 {
			t.Errorf("%s: %d", query, a.Code)
		}
	}
}

func TestActionsForPrograms(t *testing.T) {
	w := actionsOf(t)
	a := w.get("/actions.json?state=all")
	var list struct{ Actions []map[string]any }
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list.Actions) != 5 {
		t.Errorf("%v\n%s", err, a.body)
	}
	if got := a.Header().Get("Content-Type"); got != "application/json" {
		t.Error(got)
	}
	a = w.get("/actions.ics")
	if got := a.Header().Get("Content-Type"); got != "text/calendar; charset=utf-8" || !strings.HasPrefix(a.body, "BEGIN:VCALENDAR\r\n") {
		t.Error(got, a.body)
	}
	if !strings.Contains(strings.ReplaceAll(a.body, "\r\n ", ""), publicURL+"/actions") {
		t.Error(a.body)
	}
}

func TestOneAction(t *testing.T) {
	w := actionsOf(t)
	w.get("/actions/1").says(t, 200, "<h1>A1 <bdi>kevin replaces the fan in rack 4 by friday</bdi></h1>", "due <time", `<p class="text" dir="auto">noted</p>`,
		`in <a href="/minutes/m/1#i-3"><bdi>#ops: Weekly ops sync</bdi></a>`, "!action done")
	a := w.get("/actions/2")
	a.says(t, 200, `<span class="status resolved">done</span> since <time`, "<b><bdi>maria</bdi></b>")
	if strings.Contains(a.body, "action done") {
		t.Error("what is done can be done again")
	}
	w.get("/actions/5").says(t, 200, `<span class="status false">dropped</span>`, "it is clean")
	w.sql(`update action_item set issue_url = 'https://tracker.example/7' where id = 1`)
	w.get("/actions/1").says(t, 200, `<a href="https://tracker.example/7" rel="nofollow noreferrer">`)
	for path, to := range map[string]string{"/actions/A1": "/actions/1", "/actions/a1": "/actions/1", "/actions/01": "/actions/1"} {
		if a := w.get(path); a.Code != 308 || a.Header().Get("Location") != to {
			t.Errorf("%s: %d %s", path, a.Code, a.Header().Get("Location"))
		}
	}
	for _, path := range []string{"/actions/0", "/actions/A", "/actions/-1", "/actions/9", "/actions/99999999999999999999"} {
		w.get(path).says(t, 404)
	}
}

func TestManyActions(t *testing.T) {
	w := newWorld(t)
	w.sql(`insert into action_item (text, created_at) select 'thing ' || n || '.', $1 from generate_series(1, 250) n`, night.Add(-time.Hour))
	a := w.get("/actions")
	a.says(t, 200, "thing 200.", "There are more")
	if strings.Contains(a.body, "thing 201.") {
		t.Error("the page has no end")
	}
	if n := strings.Count(w.get("/actions.ics").body, "BEGIN:VTODO"); n != 250 {
		t.Errorf("%d in the calendar", n)
	}
}
