package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"batsignal/incidents/alert"
	"batsignal/web"
)

// alertsOf lists the alerts that are not over, the oldest first.
func (a *alertWorld) open() []alert.Alert {
	a.t.Helper()
	list, err := alert.List(ctx, a.DB, alert.Query{})
	if err != nil {
		a.t.Fatal(err)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// Somebody reads what is wrong, says that they look at it, and that it is over.
func TestPagesOfAlerts(t *testing.T) {
	a := newAlertWorld(t)
	a.sends("/intake/"+a.key, `[{"summary":"disk full","dedup":"d","source":"db1","url":"https://wiki.example/disk","details":{"free":0}},{"summary":"queue is long","dedup":"q","severity":"warning"}]`)
	disk, queue := a.open()[0].Ref(), a.open()[1].Ref()

	// Who is not signed in reads nothing of it, and does not see the entry.
	a.get("/alerts").says(t, http.StatusSeeOther)
	a.get("/alerts/"+disk).says(t, http.StatusSeeOther)
	a.get("/").lacks(t, "/alerts")

	li := a.enters("li")
	list := li.read("/alerts")
	list.says(t, http.StatusOK, "disk full", "queue is long", "Nobody has answered yet", `href="/policies/infra"`, `href="/alerts/`+disk+`"`)
	list.lacks(t, "/alerts/keys")
	page := li.read("/alerts/" + disk)
	page.says(t, http.StatusOK, "disk full", "https://wiki.example/disk", "free", "Acknowledge all that came with it", "1 other alert of its group is not over")
	readAloud(t, page.body)
	li.read("/alerts/"+strings.ToLower(disk)).says(t, http.StatusPermanentRedirect)
	li.read("/alerts/A999999").says(t, http.StatusNotFound)
	li.read("/alerts/x").says(t, http.StatusNotFound)

	li.fill("/alerts/"+disk, "/alerts/"+disk+"/ack", nil).says(t, http.StatusSeeOther)
	li.read("/alerts/"+disk+"?did=acked").says(t, http.StatusOK, "It is acknowledged.", "by <a href=\"/people/li\">")
	maria := a.enters("maria")
	again := maria.fill("/alerts/"+disk, "/alerts/"+disk+"/ack", nil)
	if to := again.Header().Get("Location"); !strings.HasSuffix(to, "did=before") {
		t.Error(to)
	}
	maria.fill("/alerts/"+queue, "/alerts/"+queue+"/ack", url.Values{"all": {"yes"}}).says(t, http.StatusSeeOther)
	li.read("/alerts").says(t, http.StatusOK, "looks at it")
	li.fill("/alerts/"+disk, "/alerts/"+disk+"/resolve", url.Values{"all": {"yes"}}).says(t, http.StatusSeeOther)
	li.read("/alerts").says(t, http.StatusOK, "Nothing is open.")
	past := li.read("/alerts?state=past&key=prometheus")
	past.says(t, http.StatusOK, "disk full", "Over")
	li.read("/alerts?state=past&key=other").says(t, http.StatusOK, "Nothing is over yet")
	group := past.found(t, `(/alerts\?group=[0-9]+)`)
	whole := li.read(group)
	whole.says(t, http.StatusOK, "disk full", "queue is long")
	readAloud(t, whole.body)
	li.read("/alerts?group=999999").says(t, http.StatusNotFound)
	li.post("/alerts/"+disk, nil).says(t, http.StatusMethodNotAllowed)
	if a := a.do(httptest.NewRequest(http.MethodPost, "/alerts/"+disk+"/ack", nil)); a.Code < 400 {
		t.Errorf("nobody did something: %d", a.Code)
	}
}

// Administrators make keys, see each once, and revoke them.
func TestPagesOfKeys(t *testing.T) {
	a := newAlertWorld(t)
	a.enters("li").read("/alerts/keys").says(t, http.StatusForbidden)
	maria := a.enters("maria")
	first := maria.read("/alerts/keys")
	first.says(t, http.StatusOK, "prometheus", "infra")
	readAloud(t, first.body)
	form := url.Values{"name": {"core"}, "policy": {"infra"}, "severity-critical": {"1"}, "severity-error": {"2"}, "severity-warning": {"3"}, "severity-info": {"4"}, "severity-other": {"3"}}
	made := maria.fill("/alerts/keys", "/alerts/keys", form)
	made.says(t, http.StatusOK, publicURL+"/intake/")
	key := made.found(t, `id="made-key" readonly value="([a-z0-9]{32})"`)
	readAloud(t, made.body)
	a.sends("/intake/"+key, `[{"summary":"x","severity":"critical"},{"summary":"y","severity":"odd"}]`).says(t, http.StatusAccepted)
	if open := a.open(); open[0].Severity != 1 || open[1].Severity != 3 {
		t.Errorf("%+v", open)
	}
	now := maria.read("/alerts/keys")
	now.says(t, http.StatusOK, "critical is 1, other words are 3", "2 alerts are open")
	now.lacks(t, key)
	form.Set("name", "Not a name")
	maria.fill("/alerts/keys", "/alerts/keys", form).says(t, http.StatusBadRequest, "cannot be the name of a key")
	form.Set("name", "core")
	maria.fill("/alerts/keys", "/alerts/keys", form).says(t, http.StatusConflict, "There is a key called core already")
	maria.fill("/alerts/keys", "/alerts/keys/core/revoke", nil).says(t, http.StatusSeeOther)
	maria.fill("/alerts/keys", "/alerts/keys/core/revoke", nil).says(t, http.StatusNotFound)
	a.sends("/intake/"+key, `{"summary":"x"}`).says(t, http.StatusNotFound)
	maria.read("/alerts/keys?did=revoked").says(t, http.StatusOK, "The key is revoked.", "Revoked")
	maria.read("/audit?kind=alert+key").says(t, http.StatusOK, "made an alert key", "revoked an alert key")
}

// Words of a sender are shown letter by letter and do no harm.
func TestHostileAlerts(t *testing.T) {
	a := newAlertWorld(t)
	li := a.enters("li")
	for i, text := range hostile {
		body := fmt.Sprintf(`{"dedup":"h%d","summary":%q,"source":%q,"component":%q,"class":%q,"group":%q,"details":%q}`, i, text, text, text, text, text, text)
		a.sends("/intake/"+a.key, strings.ToValidUTF8(body, "?"))
	}
	for _, one := range append([]string{"/alerts"}, refs(a.open())...) {
		page := li.read(one)
		page.says(t, http.StatusOK)
		readAloud(t, page.body)
		page.lacks(t, "<script>alert", "<img src=x", "javascript:alert(1)\"")
	}
}

func refs(list []alert.Alert) (paths []string) {
	for _, one := range list {
		paths = append(paths, "/alerts/"+one.Ref())
	}
	return paths
}

// Programs do the same.
func TestAPIOfAlerts(t *testing.T) {
	a := newAlertWorld(t)
	p := a.program(t, "maria")
	made := p.call("POST", "/alerts/keys", map[string]any{"name": "api", "policy": "infra", "severities": map[string]any{"info": 3}}).must(t, http.StatusCreated)
	key, _ := made.at("routing_key").(string)
	a.sends("/intake/"+key, `[{"summary":"one","dedup":"1","severity":"info"},{"summary":"two","dedup":"2"}]`).says(t, http.StatusAccepted)
	a.sends("/intake/"+a.key, `{"summary":"other","dedup":"o"}`).says(t, http.StatusAccepted)
	list := p.get("/alerts?key=api").must(t, http.StatusOK)
	ref, _ := list.at("items.1.ref").(string)
	if list.at("items.0.summary") != "two" || list.at("items.1.severity") != 3.0 || list.at("items.2") != nil {
		t.Error(list.body)
	}
	p.call("POST", "/alerts/"+ref+"/ack", map[string]any{}).must(t, http.StatusOK)
	if got := p.get("/alerts/"+ref).must(t, http.StatusOK); got.at("state") != "acknowledged" || got.at("acknowledged_by") != "maria" {
		t.Error(got.body)
	}
	p.call("POST", "/alerts/"+ref+"/resolve", map[string]any{"all": true}).must(t, http.StatusOK)
	if got := p.get("/alerts?state=all&limit=2").must(t, http.StatusOK); got.at("next") == nil || got.at("items.1.state") != "resolved" {
		t.Error(got.body)
	}
	p.get("/alerts?state=resolved").must(t, http.StatusOK)
	p.get("/alerts/A99999").must(t, http.StatusNotFound)
	keys := p.get("/alerts/keys").must(t, http.StatusOK)
	if keys.at("items.0.name") != "api" || keys.at("items.0.routing_key") != nil {
		t.Error(keys.body)
	}
	p.call("DELETE", "/alerts/keys/api", nil).must(t, http.StatusNoContent)
	li := a.program(t, "li")
	li.get("/alerts").must(t, http.StatusOK)
	li.get("/alerts/keys").must(t, http.StatusForbidden)
}

// What the document names is what is routed, with alerts as well.
func TestTheDocumentHasAlerts(t *testing.T) {
	a := newAlertWorld(t, func(o *web.Options) {})
	d := readDocument(t, a.world)
	for _, path := range []string{"/alerts", "/alerts/{alert}", "/alerts/keys/{name}"} {
		if d.Paths[path] == nil {
			t.Errorf("%s is not in the document", path)
		}
	}
}
