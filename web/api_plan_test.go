package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/access"
	"batsignal/oncall/component"
	"batsignal/oncall/rota"
)

// weekends is a schedule as a program sends it.
const weekends = `{"name":"weekends","title":"Weekends","role":"release-engineering","zone":"Europe/Berlin","layers":[
	{"name":"first","starts":"2026-03-02 09:00","unit":"week","turns":[1],"members":["aiko","ana","kevin"],
	 "windows":[{"days":"sat,sun","hours":"09:00-21:00"}]},
	{"name":"behind","starts":"2026-03-02 09:00","ends":"2026-06-01 09:00","unit":"day","turns":[4,3],"members":["kevin","ana"],"shadow":true}]}`

func TestSchedulesByProgram(t *testing.T) {
	w := newAPIWorld(t)
	maria, li := w.program(t, "maria"), w.program(t, "li")
	li.call(http.MethodPost, "/schedules", weekends).refused(t, http.StatusForbidden, "forbidden", "", "for administrators")
	w.program(t, "maria", access.ScheduleWrite).call(http.MethodPost, "/schedules", weekends).refused(t, http.StatusForbidden, "forbidden", "", "lacks the scope admin")
	made := maria.call(http.MethodPost, "/schedules", weekends).must(t, http.StatusCreated)
	if made.Header().Get("Location") != "/api/v1/schedules/weekends" || made.Header().Get("ETag") == "" {
		t.Errorf("%v", made.Header())
	}
	maria.call(http.MethodPost, "/schedules", weekends).must(t, http.StatusConflict)

	// Two who change the same: what is read can be sent back, once.
	read := li.get("/schedules/weekends").must(t, http.StatusOK)
	if read.at("layers.0.windows.0.days") != "sat,sun" || read.at("layers.1.ends") != "2026-06-01 09:00" || read.at("layers.1.shadow") != true {
		t.Error(read.body)
	}
	tag := read.Header().Get("ETag")
	mine, theirs := read.json, strings.Replace(weekends, "Weekends", "Saturdays", 1)
	first := maria.call(http.MethodPut, "/schedules/weekends", theirs, "If-Match", tag).must(t, http.StatusOK)
	mine["title"] = "Sundays"
	second := maria.call(http.MethodPut, "/schedules/weekends", mine, "If-Match", tag)
	second.refused(t, http.StatusPreconditionFailed, "conflict", "", "changed weekends")
	if second.at("current.title") != "Saturdays" || tagged(second.at("current.version")) != first.Header().Get("ETag") {
		t.Error(second.body)
	}
	if now := li.get("/schedules/weekends"); now.at("title") != "Saturdays" {
		t.Error("it was overwritten: " + now.body)
	}
	maria.call(http.MethodPut, "/schedules/weekends", mine, "If-Match", first.Header().Get("ETag")).must(t, http.StatusOK)

	for field, spoil := range map[string][2]string{
		"layers[0].members[1]":       {`"ana","kevin"],`, `"nobody","kevin"],`},
		"layers[0].starts":           {"2026-03-02 09:00", "soon"},
		"layers[0].windows[0].days":  {"sat,sun", "someday"},
		"layers[0].windows[0].hours": {"09:00-21:00", "9"},
		"layers[0].unit":             {`"week"`, `"year"`},
		"layers[1].turns[0]":         {"[4,3]", `["4"]`},
		"layers[1].turns":            {"[4,3]", "[0]"},
		"layers[0].membrs":           {`"members":["aiko"`, `"membrs":[],"members":["aiko"`},
		"zone":                       {"Europe/Berlin", "Berlin"},
		"role":                       {"release-engineering", "cooking"},
		"title":                      {`"title":"Weekends",`, ""},
	} {
		bad := strings.Replace(strings.Replace(weekends, spoil[0], spoil[1], 1), `"weekends"`, `"others"`, 1)
		maria.call(http.MethodPost, "/schedules", bad).refused(t, http.StatusBadRequest, "invalid", field, "")
	}
	if list := li.get("/schedules").must(t, http.StatusOK).all("name"); len(list) != 3 {
		t.Error(list)
	}
	li.get("/schedules/week").refused(t, http.StatusNotFound, "not found", "", "weekends")
	last := li.get("/schedules/weekends").Header().Get("ETag")
	maria.call(http.MethodDelete, "/schedules/weekends", nil).must(t, http.StatusPreconditionRequired)
	maria.call(http.MethodDelete, "/schedules/weekends", nil, "If-Match", tag).must(t, http.StatusPreconditionFailed)
	maria.call(http.MethodDelete, "/schedules/weekends", nil, "If-Match", last).must(t, http.StatusNoContent)
	li.get("/schedules/weekends").must(t, http.StatusNotFound)
}

func tagged(version any) string { text, _ := json.Marshal(version); return `"` + string(text) + `"` }

func TestShiftsByProgram(t *testing.T) {
	w := newAPIWorld(t)
	w.busy()
	li := w.program(t, "li")
	from, until := w.Now(), w.Now().Add(20*24*time.Hour)
	query := "?from=" + from.Format(time.RFC3339) + "&until=" + until.Format(time.RFC3339)
	got := li.get("/schedules/fixers/shifts"+query).must(t, http.StatusOK)
	book, err := rota.Load(ctx, w.DB, from, until)
	if err != nil {
		t.Fatal(err)
	}
	shifts := book.Shifts(w.schedule("fixers"), from, until)
	items := got.json["items"].([]any)
	if len(items) != len(shifts) {
		t.Fatalf("%d shifts, want %d", len(items), len(shifts))
	}
	covered := 0
	for i, sh := range shifts {
		one := items[i].(map[string]any)
		if one["from"] != sh.From.UTC().Format(time.RFC3339) || one["person"] != w.handle(sh.Person) || one["away"] != sh.Away || one["shadow"] != sh.Shadow {
			t.Errorf("%v is not %+v", one, sh)
		}
		if sh.Of != 0 {
			covered++
			if one["of"] != w.handle(sh.Of) {
				t.Errorf("%v is not %+v", one, sh)
			}
		}
	}
	if covered == 0 {
		t.Error("nothing was decided, so this shows little")
	}
	own := li.get("/people/li/shifts"+query).must(t, http.StatusOK)
	for _, who := range own.all("person") {
		if who != "li" {
			t.Errorf("a shift of %v", who)
		}
	}
	// Who is on is what chat says.
	on := li.get("/oncall?role=package-fixing&at=2026-03-02T12:00:00Z").must(t, http.StatusOK)
	there := book.On(w.schedule("fixers"), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	if on.at("items.0.on.0.handle") != w.handle(there[0].Person) || on.at("items.0.on.0.until") != there[0].Until.UTC().Format(time.RFC3339) {
		t.Error(on.body)
	}
	if all := li.get("/oncall").must(t, http.StatusOK); len(all.all("role")) != 5 {
		t.Error(all.body)
	}
	li.get("/fairness?schedule=fixers"+strings.Replace(query, "?", "&", 1)).must(t, http.StatusOK)
	li.get("/fairness").must(t, http.StatusOK)
}

func (w *world) handle(id int64) (handle string) {
	w.t.Helper()
	if err := w.DB.QueryRow(ctx, "select handle from person where id = $1", id).Scan(&handle); err != nil {
		w.t.Fatal(err)
	}
	return handle
}

func TestOverridesByProgram(t *testing.T) {
	w := newAPIWorld(t)
	li, sam, maria := w.program(t, "li"), w.program(t, "sam"), w.program(t, "maria")
	in := map[string]any{"from": "2026-03-10T08:00:00Z", "until": "2026-03-10T20:00:00Z", "person": "sam", "note": "I am up anyway"}
	li.call(http.MethodPost, "/schedules/fixers/overrides", in).refused(t, http.StatusForbidden, "forbidden", "", "Only they themselves")
	added := sam.call(http.MethodPost, "/schedules/fixers/overrides", in).must(t, http.StatusCreated)
	if again := sam.call(http.MethodPost, "/schedules/fixers/overrides", in); again.at("id") != added.at("id") {
		t.Error("a repeat is another one: " + again.body)
	}
	in["person"], in["instead"] = "tunde", "nobody-here"
	maria.call(http.MethodPost, "/schedules/fixers/overrides", in).refused(t, http.StatusBadRequest, "invalid", "instead", "")
	list := li.get("/schedules/fixers/overrides").must(t, http.StatusOK)
	if list.at("items.0.person") != "sam" || list.at("items.0.instead") != nil {
		t.Error(list.body)
	}
	id := itoa(int(added.at("id").(float64)))
	li.call(http.MethodDelete, "/schedules/fixers/overrides/"+id, nil).must(t, http.StatusForbidden)
	maria.call(http.MethodDelete, "/schedules/office/overrides/"+id, nil).refused(t, http.StatusNotFound, "not found", "", "office has no such override")
	sam.call(http.MethodDelete, "/schedules/fixers/overrides/"+id, nil).must(t, http.StatusNoContent)
	sam.call(http.MethodDelete, "/schedules/fixers/overrides/"+id, nil).must(t, http.StatusNotFound)
}

func TestCoverByProgram(t *testing.T) {
	w := newAPIWorld(t)
	li, sam, tunde := w.program(t, "li"), w.program(t, "sam"), w.program(t, "tunde")
	ask := map[string]any{"schedule": "fixers", "from": "2026-03-10T00:00:00Z", "until": "2026-03-16T00:00:00Z", "note": "a wedding"}
	asked := li.call(http.MethodPost, "/covers", ask).must(t, http.StatusCreated)
	ref := asked.at("ref").(string)
	if asked.at("person") != "li" || asked.at("state") != "open" || asked.Header().Get("Location") != "/api/v1/covers/"+ref {
		t.Error(asked.body)
	}
	if open := sam.get("/covers?schedule=fixers").must(t, http.StatusOK); open.at("items.0.ref") != ref {
		t.Error(open.body)
	}
	tunde.call(http.MethodPost, "/covers/"+ref+"/decline", nil).must(t, http.StatusOK)
	sam.call(http.MethodPost, "/covers/"+ref+"/accept", nil).must(t, http.StatusOK)
	tunde.call(http.MethodPost, "/covers/"+ref+"/accept", nil).refused(t, http.StatusConflict, "conflict", "", "sam")
	if done := li.get("/covers/"+ref).must(t, http.StatusOK); done.at("state") != "accepted" || done.at("decided_by") != "sam" {
		t.Error(done.body)
	}
	swap := map[string]any{
		"schedule": "fixers", "from": "2026-03-24T08:00:00Z", "until": "2026-03-25T08:00:00Z", "of": "li",
		"return": map[string]any{"from": "2026-03-26T08:00:00Z", "until": "2026-03-27T08:00:00Z"},
	}
	swapped := sam.call(http.MethodPost, "/covers", swap).must(t, http.StatusCreated)
	if swapped.at("return.from") == nil || swapped.at("of") != "li" {
		t.Error(swapped.body)
	}
	ref = swapped.at("ref").(string)
	tunde.call(http.MethodPost, "/covers/"+ref+"/withdraw", nil).must(t, http.StatusForbidden)
	sam.call(http.MethodPost, "/covers/"+ref+"/withdraw", nil).must(t, http.StatusOK)
	swap["schedule"] = "none-such"
	li.call(http.MethodPost, "/covers", swap).refused(t, http.StatusBadRequest, "invalid", "schedule", "")
	li.get("/covers/C999").must(t, http.StatusNotFound)
	li.get("/covers/x").must(t, http.StatusBadRequest)
}

func TestCoverageByProgram(t *testing.T) {
	w := newAPIWorld(t)
	w.sql("update role set minimum = 3 where name = 'package-fixing'")
	li := w.program(t, "li")
	all := li.get("/coverage").must(t, http.StatusOK)
	one := li.get("/coverage?role=package-fixing&days=3").must(t, http.StatusOK)
	if len(all.all("role")) != 5 || len(one.all("role")) != 1 || one.at("items.0.gaps.0.want") != 3.0 || one.at("items.0.sentences.0") == nil {
		t.Error(one.body)
	}
	spans := one.at("items.0.spans").([]any)
	for i := 1; i < len(spans); i++ {
		if spans[i].(map[string]any)["from"] != spans[i-1].(map[string]any)["until"] {
			t.Errorf("the spans have a break: %v, %v", spans[i-1], spans[i])
		}
	}
	if all.at("items.0.spans") != nil || len(spans) < 2 {
		t.Errorf("%d spans", len(spans))
	}
}

const night2 = `{"title":"At night","repeats":2,"steps":[
	{"targets":[{"kind":"schedule","name":"fixers"},{"kind":"room","name":"#ops"}],"wait_seconds":120},
	{"targets":[{"kind":"role","name":"package-fixing"}],"all":true}]}`

func TestPoliciesByProgram(t *testing.T) {
	w := newAPIWorld(t)
	maria, li := w.program(t, "maria"), w.program(t, "li")
	li.call(http.MethodPut, "/policies/dusk", night2, "If-None-Match", "*").must(t, http.StatusForbidden)
	maria.call(http.MethodPut, "/policies/dusk", night2).refused(t, http.StatusPreconditionRequired, "invalid", "", "If-None-Match: *")
	made := maria.call(http.MethodPut, "/policies/dusk", night2, "If-None-Match", "*").must(t, http.StatusOK)
	again := maria.call(http.MethodPut, "/policies/dusk", night2, "If-None-Match", "*")
	if again.must(t, http.StatusPreconditionFailed).at("current.title") != "At night" {
		t.Error(again.body)
	}
	read := li.get("/policies/dusk").must(t, http.StatusOK)
	if read.at("steps.0.wait_seconds") != 120.0 || read.Header().Get("ETag") != made.Header().Get("ETag") {
		t.Error(read.body)
	}
	next := read.json
	next["repeats"] = 0
	saved := maria.call(http.MethodPut, "/policies/dusk", next, "If-Match", made.Header().Get("ETag")).must(t, http.StatusOK)
	maria.call(http.MethodPut, "/policies/dusk", next, "If-Match", made.Header().Get("ETag")).must(t, http.StatusPreconditionFailed)
	next["steps"] = []any{map[string]any{"targets": []any{map[string]any{"kind": "dog", "name": "rex"}}}}
	maria.call(http.MethodPut, "/policies/dusk", next, "If-Match", saved.Header().Get("ETag")).refused(t, http.StatusBadRequest, "invalid", "steps[0].targets[0].kind", "")

	maria.call(http.MethodPut, "/roles/package-fixing/policy", map[string]any{"severity": 0, "policy": "dusk"}).must(t, http.StatusOK)
	if list := li.get("/policies").must(t, http.StatusOK); list.at("uses.0.role") != "package-fixing" || list.at("uses.0.policy") != "dusk" {
		t.Error(list.body)
	}
	tried := li.get("/policies/try?role=package-fixing&severity=2&at=2026-03-02T12:00:00Z").must(t, http.StatusOK)
	if tried.at("policy") != "dusk" || tried.at("events.0.rooms.0") != "#ops" || tried.at("events.0.ring.0") == nil {
		t.Error(tried.body)
	}
	maria.call(http.MethodDelete, "/policies/dusk", nil, "If-Match", saved.Header().Get("ETag")).must(t, http.StatusConflict)
	maria.call(http.MethodPut, "/roles/package-fixing/policy", map[string]any{"severity": 0, "policy": ""}).must(t, http.StatusOK)
	maria.call(http.MethodDelete, "/policies/dusk", nil, "If-Match", saved.Header().Get("ETag")).must(t, http.StatusNoContent)
	li.get("/policies/dusk").must(t, http.StatusNotFound)
}

func TestComponentsByProgram(t *testing.T) {
	w := newAPIWorld(t)
	parts := component.Service{DB: w.DB, Now: w.Now, Log: w.logger}
	if _, _, err := parts.Add(ctx, w.as("maria"), component.Change{Component: "openssl", Name: "sam", Admin: true, New: true}); err != nil {
		t.Fatal(err)
	}
	li := w.program(t, "li")
	one := li.get("/components/openssl").must(t, http.StatusOK)
	if one.at("owners.0.handle") != "sam" || one.at("owners.0.rank") != "owner" {
		t.Error(one.body)
	}
	li.get("/components/opensl").refused(t, http.StatusNotFound, "not found", "", "openssl")
}

func TestTheTreeByProgram(t *testing.T) {
	w := newAPIWorld(t)
	maria, li := w.program(t, "maria"), w.program(t, "li")
	there := li.get("/tree").must(t, http.StatusOK)
	if there.Header().Get("Content-Type") != "application/yaml" || !strings.Contains(there.body, "fixers") {
		t.Fatal(there.body)
	}
	next := yaml(strings.Replace(there.body, "Package fixers", "Fixers of packages", 1))
	li.call(http.MethodPost, "/tree/plan", next).must(t, http.StatusForbidden)
	maria.call(http.MethodPost, "/tree/plan", string(next)).must(t, http.StatusUnsupportedMediaType)
	plan := maria.call(http.MethodPost, "/tree/plan", next).must(t, http.StatusOK)
	if plan.at("changes.0.kind") != "schedule" || plan.at("changes.0.does") != "change" || plan.at("changes.1") != nil {
		t.Fatal(plan.body)
	}
	print := plan.at("fingerprint").(string)
	maria.call(http.MethodPost, "/tree/apply", next).refused(t, http.StatusBadRequest, "invalid", "fingerprint", "")
	bad := maria.call(http.MethodPost, "/tree/plan", yaml("batsignal: 1\nroles:\n  - {nam: x}\n"))
	if bad.must(t, http.StatusBadRequest).at("error.problems.0.says") == nil {
		t.Error(bad.body)
	}
	maria.call(http.MethodPost, "/tree/apply?fingerprint="+print, next).must(t, http.StatusOK)
	if now := li.get("/schedules/fixers"); now.at("title") != "Fixers of packages" {
		t.Error(now.body)
	}
	// What was planned before something changed is not applied.
	maria.call(http.MethodPost, "/tree/apply?fingerprint="+print, yaml(there.body)).must(t, http.StatusConflict)
}

// Of any number who change the same version at the same time, one does.
func TestOneOfManyProgramsWins(t *testing.T) {
	w := newAPIWorld(t)
	maria := w.program(t, "maria")
	tag := maria.get("/roles/package-fixing/roster").must(t, http.StatusOK).Header().Get("ETag")
	const many = 8
	codes := make(chan int, many)
	for i := range many {
		go func() {
			r := httptest.NewRequest(http.MethodPut, "/api/v1/roles/package-fixing/roster", strings.NewReader(`{"order":["sam"],"minimum":`+itoa(i)+`}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+maria.token)
			r.Header.Set("If-Match", tag)
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, r)
			codes <- rec.Code
		}()
	}
	count := map[int]int{}
	for range many {
		count[<-codes]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusPreconditionFailed] != many-1 {
		t.Errorf("answers: %v", count)
	}
}
