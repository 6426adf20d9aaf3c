package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"batsignal/bot"
	"batsignal/oncall"
	"batsignal/oncall/access"
)

func TestTokensOfPrograms(t *testing.T) {
	w := newAPIWorld(t)
	reader := w.program(t, "li", access.Read)
	for name, want := range map[string]string{
		"Cache-Control": "private, no-store", "Vary": "Authorization", "Content-Type": "application/json", "X-Content-Type-Options": "nosniff", "Set-Cookie": "",
	} {
		if got := reader.get("/me").must(t, http.StatusOK).Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	nobody := &program{world: w, t: t, doc: reader.doc}
	got := nobody.get("/people")
	got.refused(t, http.StatusUnauthorized, "unproven", "", "Authorization: Bearer bst_")
	if h := got.Header().Get("WWW-Authenticate"); h != `Bearer realm="batsignal"` {
		t.Errorf("WWW-Authenticate: %s", h)
	}
	forged := &program{world: w, t: t, doc: reader.doc, token: "bst_" + access.Fresh()}
	got = forged.get("/people")
	got.refused(t, http.StatusUnauthorized, "unproven", "", "not known here")
	if h := got.Header().Get("WWW-Authenticate"); !strings.Contains(h, `error="invalid_token"`) {
		t.Errorf("WWW-Authenticate: %s", h)
	}

	got = reader.call(http.MethodPost, "/people/li/absences", map[string]any{"from": "2026-03-02T00:00:00Z", "until": "2026-03-03T00:00:00Z"})
	got.refused(t, http.StatusForbidden, "forbidden", "", "lacks the scope schedule:write")
	if h := got.Header().Get("WWW-Authenticate"); !strings.Contains(h, `scope="schedule:write"`) {
		t.Errorf("WWW-Authenticate: %s", h)
	}
	if err := w.access.RevokeToken(ctx, w.as("li"), reader.id); err != nil {
		t.Fatal(err)
	}
	reader.get("/me").refused(t, http.StatusUnauthorized, "unproven", "", "was revoked")

	old := w.program(t, "li", access.Read)
	w.tell("wait 264h\n")
	old.get("/me").refused(t, http.StatusUnauthorized, "unproven", "", "This token ended")
	if log := w.log.String(); strings.Contains(log, old.token) || strings.Contains(log, reader.token) {
		t.Error("a token is in the log")
	}
}

// A cookie says nothing here, so that no page can make a browser ask in somebody's name.
func TestCookiesCountForNothing(t *testing.T) {
	w := newAPIWorld(t)
	v := w.enters("maria")
	if a := v.read("/api/v1/me"); a.Code != http.StatusUnauthorized {
		t.Errorf("status %d: %s", a.Code, a.body)
	}
	w.get("/api/v1/nothing").says(t, http.StatusNotFound, `"kind":"not found"`)
	p := w.program(t, "maria")
	p.call(http.MethodPatch, "/people", nil).refused(t, http.StatusMethodNotAllowed, "invalid", "", "cannot be done")
}

func TestATokenThatAsksTooOften(t *testing.T) {
	w := newAPIWorld(t)
	p, other := w.program(t, "li"), w.program(t, "sam")
	for range 600 {
		if a := p.get("/me"); a.Code != http.StatusOK {
			t.Fatal(a.body)
		}
	}
	got := p.get("/me")
	got.refused(t, http.StatusTooManyRequests, "limited", "", "600 times a minute")
	if got.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %q", got.Header().Get("Retry-After"))
	}
	other.get("/me").must(t, http.StatusOK)
	w.tell("wait 1s\n")
	p.get("/me").must(t, http.StatusOK)
}

func TestWhatIsSentIsReadStrictly(t *testing.T) {
	w := newAPIWorld(t)
	p := w.program(t, "maria")
	for _, c := range []struct {
		name, body, field, says string
		status                  int
	}{
		{"nothing", "", "", "Content-Type", http.StatusUnsupportedMediaType},
		{"no JSON", "{", "", "one JSON value", http.StatusBadRequest},
		{"two values", `{"line":"help"} {}`, "", "one JSON value", http.StatusBadRequest},
		{"a list", `[]`, "", "an object", http.StatusBadRequest},
		{"a slip", `{"lines":"help"}`, "line", "is missing", http.StatusBadRequest},
		{"more", `{"line":"help","x":1}`, "x", "no x here", http.StatusBadRequest},
		{"capitals", `{"Line":"help"}`, "line", "is missing", http.StatusBadRequest},
		{"a number", `{"line":7}`, "line", "a text", http.StatusBadRequest},
		{"null", `{"line":null}`, "line", "a text", http.StatusBadRequest},
		{"two lines", `{"line":"help\nhelp"}`, "line", "one line", http.StatusBadRequest},
		{"too long", `{"line":"` + strings.Repeat("a", 40<<10) + `"}`, "", "longer than", http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.call(http.MethodPost, "/commands", c.body).refused(t, c.status, "invalid", c.field, c.says)
		})
	}
	for path, field := range map[string]string{
		"/people?limit=0":                                "limit",
		"/people?limit=501":                              "limit",
		"/people?lmit=5":                                 "lmit",
		"/audit?after=x":                                 "after",
		"/oncall?at=tomorrow":                            "at",
		"/oncall?at=0001-01-01T00:00:00Z":                "at",
		"/schedules/fixers/shifts?from=2026":             "from",
		"/policies/try":                                  "role",
		"/policies/try?role=coordination&at=x":           "at",
		"/coverage?days=61":                              "days",
		"/people/li/absences?until=1990-01-01T00:00:00Z": "until",
		"/people/li/absences?from=2026-01-01T00:00:00Z&until=2028-01-01T00:00:00Z": "until",
		"/policies/try?role=coordination&severity=5":                               "severity",
		"/oncall?role=coordination&role=x":                                         "role",
	} {
		p.get(path).refused(t, http.StatusBadRequest, "invalid", field, "")
	}
	p.get("/oncall?role=nobody").refused(t, http.StatusNotFound, "not found", "", "The roles are")
}

func TestPeopleByProgram(t *testing.T) {
	w := newAPIWorld(t)
	li, maria := w.program(t, "li"), w.program(t, "maria")

	first := li.get("/people?limit=4").must(t, http.StatusOK)
	next, _ := first.at("next").(string)
	rest := li.get("/people?limit=500&after="+next).must(t, http.StatusOK)
	if all := append(first.all("handle"), rest.all("handle")...); len(all) != 9 || all[0] != "aiko" || all[8] != "tunde" || rest.at("next") != nil {
		t.Errorf("%v, then %v", all, rest.at("next"))
	}
	me := li.get("/people/li").must(t, http.StatusOK)
	tag := me.Header().Get("ETag")
	profile := me.json
	profile["work"] = map[string]any{"days": "mon-fri", "hours": "09:00-18:00"}
	profile["languages"] = []any{"zh", "en"}
	li.call(http.MethodPut, "/people/li", profile).refused(t, http.StatusPreconditionRequired, "invalid", "", "If-Match")
	li.call(http.MethodPut, "/people/li", profile, "If-Match", "3").refused(t, http.StatusBadRequest, "invalid", "", "quotes")
	saved := li.call(http.MethodPut, "/people/li", profile, "If-Match", tag).must(t, http.StatusOK)
	if saved.at("work.hours") != "09:00-18:00" || saved.Header().Get("ETag") == tag {
		t.Error(saved.body)
	}
	// An older version is told what there is now, and writes nothing.
	profile["name"] = "Li the second"
	late := maria.call(http.MethodPut, "/people/li", profile, "If-Match", tag)
	late.refused(t, http.StatusPreconditionFailed, "conflict", "", "li was quicker")
	if late.at("current.name") != "Li Wei" || late.at("current.work.days") != "mon-fri" {
		t.Error(late.body)
	}
	// What is of somebody else is theirs, unless an administrator's program says it is one.
	w.program(t, "sam").call(http.MethodPut, "/people/li", profile, "If-Match", saved.Header().Get("ETag")).refused(t, http.StatusForbidden, "forbidden", "", "Only li or an administrator")
	w.program(t, "maria", access.RosterWrite).call(http.MethodPut, "/people/li", profile, "If-Match", saved.Header().Get("ETag")).must(t, http.StatusForbidden)
	maria.call(http.MethodPut, "/people/li", profile, "If-Match", saved.Header().Get("ETag")).must(t, http.StatusOK)

	profile["zone"], profile["region"] = "Mars/Olympus", "atlantis"
	bad := maria.call(http.MethodPut, "/people/li", profile, "If-Match", `"3"`)
	bad.refused(t, http.StatusBadRequest, "invalid", "region", "")
	if bad.at("error.fields.zone") == nil || bad.at("error.fields.region") == nil {
		t.Error(bad.body)
	}
	profile["awake"] = "late"
	maria.call(http.MethodPut, "/people/li", profile, "If-Match", `"3"`).refused(t, http.StatusBadRequest, "invalid", "awake", "")
	li.get("/people/nobody").must(t, http.StatusNotFound)
}

func TestAbsencesByProgram(t *testing.T) {
	w := newAPIWorld(t)
	li, sam := w.program(t, "li"), w.program(t, "sam")
	away := map[string]any{"from": "2026-03-02T00:00:00Z", "until": "2026-03-05T00:00:00+01:00", "note": "skiing"}
	noted := li.call(http.MethodPost, "/people/li/absences", away).must(t, http.StatusCreated)
	if noted.at("absence.until") != "2026-03-04T23:00:00Z" || noted.at("shifts.0.schedule") != "fixers" {
		t.Error(noted.body)
	}
	again := li.call(http.MethodPost, "/people/li/absences", away).must(t, http.StatusCreated)
	if again.at("absence.id") != noted.at("absence.id") {
		t.Error("a repeat is another absence")
	}
	sam.call(http.MethodPost, "/people/li/absences", away).must(t, http.StatusForbidden)
	mine := li.get("/people/li/absences").must(t, http.StatusOK)
	theirs := sam.get("/people/li/absences").must(t, http.StatusOK)
	if mine.at("items.0.note") != "skiing" || theirs.at("items.0.note") != nil || theirs.at("items.0.id") != mine.at("items.0.id") {
		t.Errorf("%s, and to sam %s", mine.body, theirs.body)
	}
	id := itoa(int(mine.at("items.0.id").(float64)))
	sam.call(http.MethodDelete, "/people/li/absences/"+id, nil).must(t, http.StatusForbidden)
	sam.call(http.MethodDelete, "/people/sam/absences/"+id, nil).must(t, http.StatusForbidden)
	w.program(t, "maria").call(http.MethodDelete, "/people/sam/absences/"+id, nil).must(t, http.StatusNotFound)
	if left := li.get("/people/li/absences"); len(left.all("id")) != 1 {
		t.Error("it is gone by another address")
	}
	li.call(http.MethodDelete, "/people/li/absences/"+id, nil).must(t, http.StatusNoContent)
	li.call(http.MethodDelete, "/people/li/absences/"+id, nil).must(t, http.StatusNotFound)
}

func TestRolesByProgram(t *testing.T) {
	w := newAPIWorld(t)
	li, maria := w.program(t, "li"), w.program(t, "maria")
	maria.get("/roles").must(t, http.StatusOK)
	role := li.get("/roles/package-fixing?at=2026-03-02T12:00:00Z").must(t, http.StatusOK)
	if role.at("people.0.schedule") != "fixers" || role.at("people.0.place") != 1.0 || len(role.json["members"].([]any)) != 3 {
		t.Error(role.body)
	}
	roster := maria.get("/roles/package-fixing/roster").must(t, http.StatusOK)
	change := map[string]any{"order": []any{"sam", "li"}, "minimum": 2}
	li.call(http.MethodPut, "/roles/package-fixing/roster", change, "If-Match", roster.Header().Get("ETag")).refused(t, http.StatusForbidden, "forbidden", "", "li is none")
	saved := maria.call(http.MethodPut, "/roles/package-fixing/roster", change, "If-Match", roster.Header().Get("ETag")).must(t, http.StatusOK)
	if got, _ := json.Marshal(saved.at("order")); string(got) != `["sam","li","tunde"]` || saved.at("minimum") != 2.0 {
		t.Error(saved.body)
	}
	maria.call(http.MethodPut, "/roles/package-fixing/roster", change, "If-Match", roster.Header().Get("ETag")).refused(t, http.StatusPreconditionFailed, "conflict", "", "maria was quicker")
	change["order"] = []any{"aiko"}
	maria.call(http.MethodPut, "/roles/package-fixing/roster", change, "If-Match", saved.Header().Get("ETag")).refused(t, http.StatusBadRequest, "invalid", "order[0]", "aiko is not on the roster")

	prefers := maria.get("/roles/package-fixing/prefers").must(t, http.StatusOK)
	maria.call(http.MethodPut, "/roles/package-fixing/prefers", map[string]any{"prefers": []any{[]any{"owner"}}}, "If-Match", prefers.Header().Get("ETag")).must(t, http.StatusOK)
	if got := maria.get("/roles/package-fixing"); got.at("prefers.0.0") != "owner" {
		t.Error(got.body)
	}

	// A yes is one's own; an administrator's word only asks.
	li.call(http.MethodPost, "/roles/coordination/members", map[string]any{"handle": "li", "words": "yes, ring me"}).must(t, http.StatusCreated)
	li.call(http.MethodPost, "/roles/coordination/members", map[string]any{"handle": "sam"}).must(t, http.StatusForbidden)
	maria.call(http.MethodPost, "/roles/coordination/members", map[string]any{"handle": "sam", "words": "he said yes"}).refused(t, http.StatusBadRequest, "invalid", "words", "")
	asked := maria.call(http.MethodPost, "/roles/coordination/members", map[string]any{"handle": "sam"}).must(t, http.StatusCreated)
	if asked.at("active") != false {
		t.Error("somebody was made to say yes: " + asked.body)
	}
	left := li.call(http.MethodDelete, "/roles/package-fixing/members/li", nil).must(t, http.StatusOK)
	if left.at("roles.0") != "package-fixing" || left.at("schedules.0") != "fixers" {
		t.Error(left.body)
	}
	li.call(http.MethodDelete, "/roles/package-fixing/members/tunde", nil).must(t, http.StatusForbidden)
}

func TestIncidentsAndTheRecordByProgram(t *testing.T) {
	w := newAPIWorld(t)
	w.tell(fire)
	li, maria := w.program(t, "li"), w.program(t, "maria")
	list := li.get("/incidents").must(t, http.StatusOK)
	if list.at("items.0.ref") != "INC-1" || list.at("items.0.status") != "open" {
		t.Error(list.body)
	}
	one := li.get("/incidents/INC-1").must(t, http.StatusOK)
	if one.at("title") != "remote code execution in openssl" || one.at("pages.0.handle") == nil || one.at("timeline.0.text") == nil {
		t.Error(one.body)
	}
	short := li.get("/incidents/1?lines=1").must(t, http.StatusOK)
	if len(short.json["timeline"].([]any)) != 1 || short.at("earlier") == 0.0 {
		t.Error(short.body)
	}
	li.get("/incidents/7").must(t, http.StatusNotFound)
	li.get("/incidents/x").must(t, http.StatusNotFound)
	if strings.Contains(one.body, "canary") {
		t.Error("an address is in an answer")
	}

	li.call(http.MethodPost, "/people/li/absences", map[string]any{"from": "2026-03-12T00:00:00Z", "until": "2026-03-15T00:00:00Z"}).must(t, http.StatusCreated)
	all := maria.get("/audit?limit=2").must(t, http.StatusOK)
	if all.at("items.0.by") != "li" || all.at("items.0.from") != "api" || all.at("items.0.kind") != "absence" {
		t.Error(all.body)
	}
	next, _ := all.at("next").(string)
	if more := maria.get("/audit?after="+next).must(t, http.StatusOK); len(more.all("id")) == 0 || more.all("id")[0] == all.all("id")[1] {
		t.Errorf("after %s: %s", next, more.body)
	}
	sams := w.program(t, "sam").get("/audit?kind=absence").must(t, http.StatusOK)
	if len(sams.all("id")) != 0 {
		t.Error("sam reads what concerns li: " + sams.body)
	}
	if lis := li.get("/audit?kind=absence"); len(lis.all("id")) != 1 {
		t.Error(lis.body)
	}

	// What somebody said in their own words is for nobody else, administrators included.
	calls := 6
	w.agrees("li", oncall.Terms{Words: "since my therapy only for openssl", Calls: &calls})
	if own := li.get("/audit?kind=consent").must(t, http.StatusOK); own.at("items.0.after.Words") != "since my therapy only for openssl" {
		t.Error(own.body)
	}
	if theirs := maria.get("/audit?kind=consent").must(t, http.StatusOK); strings.Contains(theirs.body, "therapy") || theirs.at("items.0.after.Calls") != 6.0 {
		t.Error(theirs.body)
	}
}

// What is asked by a program is answered as in chat.
func TestCommandsByProgram(t *testing.T) {
	w := newAPIWorld(t)
	who := &bot.Identity{DB: w.DB, Policy: bot.Policy{Fire: []string{"@roster"}, Confirm: []string{"@roster"}, Admins: []string{"console/maria"}}}
	li, maria := w.program(t, "li"), w.program(t, "maria")
	for _, line := range []string{"oncall", "!oncall package fixing", "help", "policy try coordination", "coverage", "schedule fixers", "status", "me"} {
		caller, err := who.Caller(context.Background(), bot.Heard{Network: "console", Nick: "li", Account: "li"})
		if err != nil {
			t.Fatal(err)
		}
		var want any = map[string]any{}
		chat, err := w.set.Run(ctx, caller, line)
		got := li.call(http.MethodPost, "/commands", map[string]any{"line": line})
		if err != nil {
			if got.Code < 400 || got.at("error.say") != err.Error() {
				t.Errorf("%s: %s, and in chat %v", line, got.body, err)
			}
			continue
		}
		text, _ := json.Marshal(chat)
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		there, _ := json.Marshal(got.at("reply"))
		here, _ := json.Marshal(want)
		if string(there) != string(here) || got.Code != http.StatusOK {
			t.Errorf("%s: %s, and in chat %s", line, there, here)
		}
	}

	// Twice with the same key is once. The same key of somebody else is another.
	fire := map[string]any{"line": "batsignal remote code execution in openssl"}
	first := maria.call(http.MethodPost, "/commands", fire, "Idempotency-Key", "k-1").must(t, http.StatusOK)
	again := maria.call(http.MethodPost, "/commands", fire, "Idempotency-Key", "k-1").must(t, http.StatusOK)
	if first.at("repeated") != false || again.at("repeated") != true || len(again.at("reply.blocks").([]any)) != 0 {
		t.Errorf("%s, then %s", first.body, again.body)
	}
	li.call(http.MethodPost, "/commands", map[string]any{"line": "oncall"}, "Idempotency-Key", "k-1").must(t, http.StatusOK)
	li.call(http.MethodPost, "/commands", map[string]any{"line": "oncall"}, "Idempotency-Key", "a b").refused(t, http.StatusBadRequest, "invalid", "Idempotency-Key", "")

	// A token is no way to sign in, by whatever name.
	for _, line := range []string{"login", "!login link", "LOGIN", "link", "link ABCD"} {
		maria.call(http.MethodPost, "/commands", map[string]any{"line": line}).refused(t, http.StatusForbidden, "forbidden", "", "way to sign in")
	}
	// Nor does it do more than its scopes, whatever its person may.
	weak := w.program(t, "maria", access.Command)
	if got := weak.call(http.MethodPost, "/commands", map[string]any{"line": "roster add sam coordination"}); got.Code != http.StatusForbidden {
		t.Error(got.body)
	}
	maria.call(http.MethodPost, "/commands", map[string]any{"line": "roster add sam coordination"}).must(t, http.StatusOK)
	li.call(http.MethodPost, "/commands", map[string]any{"line": "nonsense"}).must(t, http.StatusBadRequest)
	w.program(t, "li", access.Read).call(http.MethodPost, "/commands", map[string]any{"line": "oncall"}).must(t, http.StatusForbidden)
}
