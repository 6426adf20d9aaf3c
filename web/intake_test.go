package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"batsignal/incidents/alert"
	"batsignal/oncall"
	"batsignal/web"
)

// alertWorld is a world in which a monitoring tool has a key.
type alertWorld struct {
	*world
	alerts *alert.Service
	key    string
}

func newAlertWorld(t testing.TB, change ...func(*web.Options)) *alertWorld {
	t.Helper()
	a := &alertWorld{}
	a.world = newScheduleWorld(t, append([]func(*web.Options){func(o *web.Options) {
		a.alerts = &alert.Service{DB: o.DB, Now: o.Now, Log: o.Log}
		o.Alerts = a.alerts
	}}, change...)...)
	a.sql(`insert into escalation_policy (name, title, steps, changed_at) values ('infra', 'Infrastructure', '[{"targets": [{"kind": "person", "name": "li"}]}]', $1)`, night)
	text, _, err := a.alerts.AddKey(ctx, oncall.Actor{}, alert.Key{Name: "prometheus", Policy: "infra"})
	if err != nil {
		t.Fatal(err)
	}
	a.key = text.Reveal()
	return a
}

// sends posts a body as a tool does, from no browser.
func (a *alertWorld) sends(path, body string, headers ...string) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return a.do(r)
}

// stands lists every alert.
func (a *alertWorld) stands() string {
	a.t.Helper()
	list, err := alert.List(ctx, a.DB, alert.Query{Past: true})
	if err != nil {
		a.t.Fatal(err)
	}
	var all []string
	for _, one := range list {
		all = append(all, fmt.Sprintf("%s %s %d×%d %s", one.DedupKey, one.State, one.Severity, one.Count, one.Summary))
	}
	return strings.Join(all, "; ")
}

// PagerDuty's own client for Go pages us when it is given another base URL, and nothing
// else of it is changed.
func TestPagerDutysOwnClient(t *testing.T) {
	a := newAlertWorld(t)
	server := httptest.NewServer(a.handler)
	defer server.Close()
	client := pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(server.URL))
	c, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	e := &pagerduty.V2Event{
		RoutingKey: a.key, Action: "trigger",
		Payload: &pagerduty.V2Payload{
			Summary: "disk full", Source: "db1", Severity: "critical", Component: "postgres", Group: "prod", Class: "disk", Timestamp: "2026-03-01T03:00:00Z",
			Details: map[string]any{"free": 0},
		},
		Client: "Prometheus", ClientURL: "https://prometheus.example/graph",
		Links: []any{map[string]string{"href": "https://runbook.example/disk", "text": "runbook"}},
	}
	got, err := client.ManageEventWithContext(c, e)
	if err != nil || got.Status != "success" || got.DedupKey == "" {
		t.Fatalf("%+v %v", got, err)
	}
	one, err := alert.List(ctx, a.DB, alert.Query{})
	if err != nil || len(one) != 1 {
		t.Fatal(one, err)
	}
	first := one[0]
	if first.DedupKey != got.DedupKey || first.Severity != 2 || first.Component != "postgres" || first.Part != "prod" || first.Class != "disk" ||
		first.Details != `{"free":0}` || len(first.Links) != 2 || first.Links[1] != (alert.Link{Href: "https://runbook.example/disk", Text: "runbook"}) {
		t.Errorf("%+v", first)
	}
	for _, action := range []string{"trigger", "acknowledge", "resolve"} {
		e.Action, e.DedupKey = action, got.DedupKey
		if again, err := client.ManageEventWithContext(c, e); err != nil || again.DedupKey != got.DedupKey {
			t.Errorf("%s: %+v %v", action, again, err)
		}
	}
	if s := a.stands(); s != got.DedupKey+" resolved 2×2 disk full" {
		t.Error(s)
	}

	// What is wrong is told in PagerDuty's shape, as its library reads it.
	e.RoutingKey = strings.Repeat("x", 32)
	_, err = client.ManageEventWithContext(c, e)
	var api pagerduty.APIError
	if !errors.As(err, &api) || api.StatusCode != http.StatusBadRequest {
		t.Errorf("%v", err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var refused pagerduty.EventsAPIV2Error
	if err := json.Unmarshal([]byte(a.sends("/v2/enqueue", string(body)).body), &refused); err != nil || refused.APIError.ErrorObject.Status != "invalid event" ||
		len(refused.APIError.ErrorObject.Errors) != 1 {
		t.Errorf("%+v %v", refused, err)
	}
}

// A key that sends too much is told to come back, in PagerDuty's shape.
func TestFloodOfRequests(t *testing.T) {
	a := newAlertWorld(t)
	a.alerts.Rate, a.alerts.Burst = 1, 2
	event := fmt.Sprintf(`{"routing_key":%q,"event_action":"trigger","dedup_key":"d","payload":{"summary":"s","source":"h","severity":"error"}}`, a.key)
	for range 3 {
		a.sends("/v2/enqueue", event).says(t, http.StatusAccepted, `"status":"success"`, `"message":"Event processed"`, `"dedup_key":"d"`)
	}
	refused := a.sends("/v2/enqueue", event)
	refused.says(t, http.StatusTooManyRequests, "throttle exceeded")
	if refused.Header().Get("Retry-After") == "" {
		t.Error("it is not said when to come back")
	}
	a.sends("/intake/"+a.key, `{"summary":"x"}`).says(t, http.StatusTooManyRequests)
	if s := a.stands(); s != "d triggered 2×3 s" {
		t.Error(s)
	}
}

// The answer comes after the commit: while the database cannot commit, there is none that
// says yes.
func TestNoYesWithoutACommit(t *testing.T) {
	a := newAlertWorld(t)
	a.sends("/intake/"+a.key, `{"summary":"before"}`).says(t, http.StatusAccepted)
	tx, err := a.DB.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `select id from alert_key for update`); err != nil {
		t.Fatal(err)
	}
	done := make(chan answer)
	go func() { done <- a.sends("/intake/"+a.key, `{"summary":"held"}`) }()
	for waiting := 0; waiting == 0; { // it has come as far as the lock
		if err := a.DB.QueryRow(ctx, `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case early := <-done:
		t.Errorf("answered before the commit: %d", early.Code)
	default:
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	late := <-done
	late.says(t, http.StatusAccepted)
	if s := a.stands(); !strings.Contains(s, "held") {
		t.Error(s)
	}
}

// What PagerDuty shows in its documentation is taken; what it refuses is refused.
func TestPagerDutysExamples(t *testing.T) {
	a := newAlertWorld(t)
	for body, want := range map[string]int{
		`{"payload":{"summary":"Example alert on host1.example.com","timestamp":"2015-07-17T08:42:58.315+0000","source":"monitoringtool:cloudvendor:central-region-dc-01:852559987:cluster/api-stats-prod-003","severity":"info","component":"postgres","group":"prod-datapipe","class":"deploy","custom_details":{"ping time":"1500ms","load avg":0.75}},"routing_key":"KEY","dedup_key":"samplekeyhere","images":[{"src":"https://www.pagerduty.com/wp-content/uploads/2016/05/pagerduty-logo-green.png","href":"https://example.com/","alt":"Example text"}],"links":[{"href":"https://example.com/","text":"Link text"}],"event_action":"trigger","client":"Sample Monitoring Service","client_url":"https://monitoring.example.com"}`: http.StatusAccepted,
		`{"routing_key":"KEY","dedup_key":"samplekeyhere","event_action":"acknowledge"}`:                                  http.StatusAccepted,
		`{"routing_key":"KEY","dedup_key":"samplekeyhere","event_action":"resolve"}`:                                      http.StatusAccepted,
		`{"routing_key":"KEY","dedup_key":"nobody's","event_action":"resolve"}`:                                           http.StatusAccepted,
		`{"routing_key":"KEY","event_action":"resolve"}`:                                                                  http.StatusBadRequest,
		`{"routing_key":"KEY","event_action":"trigger","payload":{"summary":"s","source":"h","severity":"catastrophic"}}`: http.StatusBadRequest,
		`{"routing_key":"short","event_action":"trigger","payload":{"summary":"s","source":"h","severity":"error"}}`:      http.StatusBadRequest,
		`not json`: http.StatusBadRequest,
		``:         http.StatusBadRequest,
		`{"routing_key":"KEY","event_action":"trigger","payload":{"summary":"` + strings.Repeat("x", 520<<10) + `"}}`: http.StatusRequestEntityTooLarge,
	} {
		got := a.sends("/v2/enqueue", strings.ReplaceAll(body, "KEY", a.key), "Content-Type", "application/json")
		if got.Code != want {
			t.Errorf("%.120s: %d, want %d: %s", body, got.Code, want, got.body)
		}
		var says map[string]any
		if err := json.Unmarshal([]byte(got.body), &says); err != nil || says["status"] == nil || says["message"] == nil {
			t.Errorf("%.120s: %q", body, got.body)
		}
	}
	a.sends("/v2/change/enqueue", `{}`).says(t, http.StatusBadRequest, "change events")
	a.get("/v2/enqueue").says(t, http.StatusMethodNotAllowed)
}

// Scripts send what they have at hand: an object, a list, a form, packed.
func TestScripts(t *testing.T) {
	a := newAlertWorld(t)
	to := "/intake/" + a.key
	a.sends(to, `{"summary":"disk full","source":"db1","severity":"warning","url":"https://x.example/1","details":{"free":0}}`).says(t, http.StatusAccepted, `"did":"triggered"`, `"alert":"A`)
	a.sends(to, `{"summary":"disk full","source":"db1"}`, "Content-Type", "application/x-www-form-urlencoded").says(t, http.StatusAccepted, `"did":"repeated"`)
	a.sends(to, `{"summary":"disk full","source":"db1","state":"resolved"}`).says(t, http.StatusAccepted, `"did":"resolved"`)
	a.sends(to, `summary=queue+is+long&severity=info&dedup=q`, "Content-Type", "application/x-www-form-urlencoded").says(t, http.StatusAccepted, `"dedup_key":"q"`)
	a.sends(to, `[{"summary":"one","dedup":1},{"summary":"two","dedup":2},{"dedup":1,"state":"acknowledged"}]`).says(t, http.StatusAccepted,
		`"dedup_key":"1"`, `"dedup_key":"2"`, `"did":"acknowledged"`)
	a.sends(to, `[]`).says(t, http.StatusAccepted, `"alerts":[]`)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"summary":"packed","dedup":"p"}`))
	_ = z.Close()
	a.sends(to, packed.String(), "Content-Encoding", "gzip").says(t, http.StatusAccepted)
	a.sends(to, "no gzip", "Content-Encoding", "gzip").says(t, http.StatusBadRequest)
	before := a.stands()
	for _, body := range []string{``, `{}`, `{"summary":{}}`, `"x"`, `[{"summary":"good"},{}]`, `{"summary":"x","state":"odd"}`, `foo=bar`, `{"dedup":"a\nb"}`,
		`[` + strings.Repeat(`{"summary":"x"},`, alert.MostEvents) + `{"summary":"x"}]`} {
		a.sends(to, body).says(t, http.StatusBadRequest, `"status":"invalid event"`)
	}
	var bomb bytes.Buffer
	z = gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 10<<20))
	_ = z.Close()
	a.sends(to, bomb.String(), "Content-Encoding", "gzip").says(t, http.StatusRequestEntityTooLarge)
	if after := a.stands(); after != before {
		t.Errorf("a refusal stored something: %s", after)
	}
	a.sends("/intake/"+strings.Repeat("y", 32), `{"summary":"x"}`).says(t, http.StatusNotFound)
	a.sends("/intake/", `{"summary":"x"}`).says(t, http.StatusNotFound)
	a.sends("/intake/"+a.key+"/x", `{"summary":"x"}`).says(t, http.StatusNotFound)
}

// The key is a secret of whoever sends: no log, figure, page or record has it.
func TestTheKeyIsNowhere(t *testing.T) {
	a := newAlertWorld(t)
	a.sends("/intake/"+a.key, `{"summary":"x"}`).says(t, http.StatusAccepted)
	a.sends("/intake/"+a.key, `{`).says(t, http.StatusBadRequest)
	a.sends("/v2/enqueue", fmt.Sprintf(`{"routing_key":%q,"event_action":"trigger"}`, a.key)).says(t, http.StatusBadRequest)
	a.get("/intake/"+a.key).says(t, http.StatusMethodNotAllowed)
	maria := a.enters("maria")
	seen := a.log.String() + a.get("/metrics").body + maria.read("/alerts/keys").body + maria.read("/audit").body
	if strings.Contains(seen, a.key) {
		t.Error("the key is seen")
	}
	for _, text := range []string{"/intake/{key}", "/v2/enqueue"} {
		if !strings.Contains(seen, text) {
			t.Errorf("%s is not counted", text)
		}
	}
}

// Neither session nor form token is asked of a tool, and another site's page gets nothing
// by a visitor's cookie, since no cookie counts.
func TestToolsAreNoBrowsers(t *testing.T) {
	a := newAlertWorld(t)
	a.sends("/intake/"+a.key, `{"summary":"x"}`, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").says(t, http.StatusAccepted)
}

// A server that takes no alerts has no such address.
func TestNoAlerts(t *testing.T) {
	w := newWorld(t)
	w.do(httptest.NewRequest(http.MethodPost, "/v2/enqueue", strings.NewReader("{}"))).says(t, http.StatusNotFound)
	w.get("/alerts").says(t, http.StatusNotFound)
}

// Whatever is sent, the answer is JSON and nothing breaks.
func FuzzIntake(f *testing.F) {
	f.Add("/v2/enqueue", []byte(`{"routing_key":"KEY","event_action":"trigger","payload":{"summary":"s","source":"h","severity":"error"}}`))
	f.Add("/intake/KEY", []byte(`[{"summary":"s","details":[1,{"a":"\u0000"}]}]`))
	f.Add("/intake/KEY", []byte("summary=%00%ff"))
	a := newAlertWorld(f)
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		if !strings.HasPrefix(path, "/v2/enqueue") {
			path = "/intake/KEY"
		}
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(bytes.ReplaceAll(body, []byte("KEY"), []byte(a.key))))
		r.URL.Path = strings.ReplaceAll(path, "KEY", a.key)
		got := a.do(r)
		if strings.HasPrefix(r.URL.Path, "/v2/enqueue") && r.URL.Path != "/v2/enqueue" {
			return
		}
		if got.Code >= 500 || !json.Valid([]byte(got.body)) {
			t.Errorf("%s %q: %d %s", path, body, got.Code, got.body)
		}
	})
}

// The manual's examples are taken as they stand.
func TestTheManualOfAlerts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	a := newAlertWorld(t)
	examples := 0
	for _, block := range strings.Split(string(text), "```json\n")[1:] {
		body, _, _ := strings.Cut(block, "```")
		to := "/intake/" + a.key
		if strings.Contains(body, "event_action") {
			to = "/v2/enqueue"
		}
		a.sends(to, strings.ReplaceAll(body, "YOUR-KEY", a.key)).says(t, http.StatusAccepted)
		examples++
	}
	if examples < 3 {
		t.Errorf("%d examples", examples)
	}
}
