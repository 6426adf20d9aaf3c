package pagerdutyfake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"batsignal/integrations/pagerduty/pagerdutyfake"
)

// client is anybody's: it knows nothing but the documentation.
type client struct {
	*testing.T
	fake *pagerdutyfake.Fake
}

func (c client) do(method, path, body string, headers ...string) (int, map[string]any) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.fake.URL+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(resp.Body)
	var answer map[string]any
	if json.Unmarshal(raw, &answer) != nil && len(raw) > 0 {
		c.Fatalf("%s", raw)
	}
	return resp.StatusCode, answer
}

func (c client) event(key, action, dedup string) (int, map[string]any) {
	c.Helper()
	return c.do("POST", "/v2/enqueue", fmt.Sprintf(
		`{"routing_key":%q,"event_action":%q,"dedup_key":%q,"payload":{"summary":"s","source":"x","severity":"info"}}`, key, action, dedup))
}

func (c client) rest(method, path, body string) (int, map[string]any) {
	c.Helper()
	return c.do(method, path, body, "Authorization: Token token="+c.fake.Token, "From: Ada@example.org")
}

func newClient(t *testing.T) (client, *pagerdutyfake.User, *pagerdutyfake.Service) {
	f := pagerdutyfake.Run(t, pagerdutyfake.Options{})
	ada := f.AddUser("Ada", "ada@example.org")
	return client{t, f}, ada, f.AddService("Web", ada)
}

func TestAnAlertRingsOnceUntilItIsResolved(t *testing.T) {
	c, ada, web := newClient(t)
	for _, step := range []struct {
		action string
		rings  int
		status string
	}{
		{"acknowledge", 0, ""},
		{"trigger", 1, "triggered"},
		{"trigger", 1, "triggered"},
		{"acknowledge", 1, "acknowledged"},
		{"trigger", 1, "acknowledged"},
		{"resolve", 1, "resolved"},
		{"resolve", 1, "resolved"},
		{"acknowledge", 1, "resolved"},
		{"trigger", 2, "triggered"},
	} {
		status, answer := c.event(web.RoutingKey, step.action, "disk")
		if status != 202 || answer["status"] != "success" || answer["dedup_key"] != "disk" {
			t.Fatal(status, answer)
		}
		i, _ := c.fake.ByKey("disk")
		if n := len(c.fake.Rings()); n != step.rings || i.Status != step.status {
			t.Errorf("after %s: %d rings, %q", step.action, n, i.Status)
		}
	}
	if c.fake.Rings()[1].User != ada.ID {
		t.Error("somebody else was rung")
	}
}

func TestWhatTheEventsAPIRefuses(t *testing.T) {
	c, _, web := newClient(t)
	for body, want := range map[string]string{
		`{`:                       "Invalid JSON",
		`{}`:                      "'routing_key' is missing or blank",
		`{"routing_key":"short"}`: "wrong length",
		`{"routing_key":"` + strings.Repeat("x", 32) + `"}`:                                     "Invalid routing key",
		`{"routing_key":"` + web.RoutingKey + `","event_action":"x"}`:                           "'event_action' is invalid",
		`{"routing_key":"` + web.RoutingKey + `","event_action":"resolve"}`:                     "'dedup_key' is missing",
		`{"routing_key":"` + web.RoutingKey + `","event_action":"trigger"}`:                     "'payload.summary' is missing",
		`{"event_action":"trigger","payload":{"summary":"` + strings.Repeat("x", 1025) + `"}}`:  "'summary' is too long",
		`{"event_action":"trigger","payload":{"severity":"dreadful"}}`:                          "'payload.severity' is invalid",
		`{"event_action":"resolve","dedup_key":"` + strings.Repeat("x", 256) + `","payload":5}`: "'dedup_key' is too long",
	} {
		status, answer := c.do("POST", "/v2/enqueue", body)
		if status != 400 || answer["status"] != "invalid event" || !strings.Contains(fmt.Sprint(answer["errors"]), want) {
			t.Errorf("%.80s: %d %v", body, status, answer)
		}
	}
	if status, _ := c.do("POST", "/v2/enqueue", strings.Repeat(" ", 512<<10+1)); status != 413 {
		t.Error(status)
	}
	if status, answer := c.do("POST", "/v2/enqueue", `{"routing_key":"`+web.RoutingKey+`","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"info"}}`); status != 202 || answer["dedup_key"] == "" {
		t.Error(status, answer)
	}
}

func TestTroubleIsMadeOnPurpose(t *testing.T) {
	c, _, web := newClient(t)
	c.fake.FailEvents(2, 429)
	for _, want := range []int{429, 429, 202} {
		if status, _ := c.event(web.RoutingKey, "trigger", "a"); status != want {
			t.Errorf("%d, not %d", status, want)
		}
	}
	c.fake.LoseEvents(1)
	if status, _ := c.event(web.RoutingKey, "trigger", "b"); status != 0 || len(c.fake.Rings()) != 2 {
		t.Error("it was answered, or not carried out", status)
	}
	c.fake.AcceptAndDrop(true)
	if status, _ := c.event(web.RoutingKey, "trigger", "c"); status != 202 || len(c.fake.Rings()) != 2 || len(c.fake.Events()) != 3 {
		t.Error(status, c.fake.Rings())
	}
	c.fake.AcceptAndDrop(false)
	await, release := c.fake.StallEvents()
	answered := make(chan int)
	go func() {
		status, _ := c.event(web.RoutingKey, "trigger", "d")
		answered <- status
	}()
	await()
	release()
	if status := <-answered; status != 503 {
		t.Error(status)
	}
	c.fake.FailREST(1, 429, 7)
	if status, answer := c.rest("GET", "/users", ""); status != 429 || answer["error"] == nil {
		t.Error(status, answer)
	}
}

func TestTheRESTAPI(t *testing.T) {
	c, ada, web := newClient(t)
	for i := range 30 {
		c.fake.AddUser(fmt.Sprint("U", i), fmt.Sprint(i, "@example.org"))
	}
	if status, answer := c.do("GET", "/users", ""); status != 401 || answer["error"] == nil {
		t.Error(status, answer)
	}
	if status, _ := c.do("GET", "/users", "", "Authorization: Bearer "+c.fake.Token); status != 200 {
		t.Error(status)
	}
	_, answer := c.rest("GET", "/users", "")
	if len(answer["users"].([]any)) != 25 || answer["more"] != true {
		t.Error(answer)
	}
	_, answer = c.rest("GET", "/users?offset=25&limit=100", "")
	if len(answer["users"].([]any)) != 6 || answer["more"] != false {
		t.Error(answer)
	}
	for path, want := range map[string]int{"/services/" + web.ID: 200, "/services/NONE": 404, "/nothing": 404, "/oncalls?limit=0": 400, "/abilities": 200, "/v2/enqueue": 404} {
		if status, _ := c.do("GET", path, "", "Authorization: Token token="+c.fake.Token); status != want && path != "/v2/enqueue" {
			t.Errorf("%s: %d", path, status)
		}
	}
	create := `{"incident":{"type":"incident","title":"down","incident_key":"k","service":{"id":"` + web.ID + `","type":"service_reference"}}}`
	if status, answer := c.do("POST", "/incidents", create, "Authorization: Token token="+c.fake.Token); status != 400 {
		t.Error("it needs a From", status, answer)
	}
	if status, answer := c.rest("POST", "/incidents", create); status != 201 || answer["incident"].(map[string]any)["incident_key"] != "k" {
		t.Error(status, answer)
	}
	if status, answer := c.rest("POST", "/incidents", create); status != 400 || !strings.Contains(fmt.Sprint(answer), "matching dedup key") {
		t.Error(status, answer)
	}
	id := c.fake.Only().ID
	if status, _ := c.rest("PUT", "/incidents", `{"incidents":[{"id":"`+id+`","type":"incident","status":"acknowledged"}]}`); status != 200 || c.fake.Only().By != ada.ID {
		t.Error(status)
	}
	if status, answer := c.rest("GET", "/incidents?statuses[]=resolved", ""); status != 200 || len(answer["incidents"].([]any)) != 0 {
		t.Error(answer)
	}
	if status, answer := c.rest("GET", "/incidents/"+id, ""); status != 200 || answer["incident"].(map[string]any)["status"] != "acknowledged" {
		t.Error(answer)
	}
	// Incidents whose alerts have keys have none, and are found by them.
	c.event(web.RoutingKey, "trigger", "disk")
	_, answer = c.rest("GET", "/incidents?incident_key=disk", "")
	found := answer["incidents"].([]any)
	if len(found) != 1 || found[0].(map[string]any)["incident_key"] != nil {
		t.Fatal(found)
	}
	_, answer = c.rest("GET", "/incidents/"+found[0].(map[string]any)["id"].(string)+"/alerts", "")
	if answer["alerts"].([]any)[0].(map[string]any)["alert_key"] != "disk" {
		t.Error(answer)
	}
}

// inbox is a receiver of webhooks that does not look at signatures.
type inbox struct {
	mu   sync.Mutex
	got  []string
	fail int
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var e struct {
		Event struct {
			Type  string `json:"event_type"`
			Agent struct{ Type string }
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fail > 0 {
		i.fail--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&e) != nil || r.Header.Get("X-Webhook-Id") == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	i.got = append(i.got, e.Event.Type+" by "+e.Event.Agent.Type+" "+fmt.Sprint(strings.Count(r.Header.Get("X-PagerDuty-Signature"), "v1=")))
}

func TestWebhooksAreSent(t *testing.T) {
	c, ada, web := newClient(t)
	in := &inbox{fail: 2}
	server := httptest.NewServer(in)
	defer server.Close()
	if len(c.fake.Subscribe(server.URL)) < 32 {
		t.Error("the secret is short")
	}
	c.event(web.RoutingKey, "trigger", "disk")
	i, _ := c.fake.ByKey("disk")
	c.fake.Settled()
	c.fake.Rotate()
	c.fake.Hold()
	c.event(web.RoutingKey, "acknowledge", "disk")
	c.fake.RunOut(i.ID)
	c.fake.Annotate(ada, i.ID, "looking")
	c.fake.Resolve(ada, i.ID)
	c.fake.ReleaseBackwards()
	c.fake.Settled()
	want := "incident.triggered by inbound_integration_reference 1, incident.resolved by user_reference 2, incident.annotated by user_reference 2, " +
		"incident.unacknowledged by service_reference 2, incident.acknowledged by inbound_integration_reference 2"
	if got := strings.Join(in.got, ", "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if d := c.fake.Deliveries(); len(d[0].Status) != 3 || len(d) != 5 {
		t.Errorf("%+v", d)
	}
	c.fake.Again()
	c.fake.Settled()
	if len(in.got) != 10 {
		t.Error(len(in.got))
	}
}
