package gitlabfake_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/forge/gitlabfake"
)

// ask makes a request as curl would.
func ask(t *testing.T, method, address, token string, form url.Values) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("PRIVATE-TOKEN", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, strings.TrimSpace(string(body))
}

func TestWhoMay(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{
		Projects: []gitlabfake.Project{{Path: "group/project"}, {Path: "group/quiet", NoIssues: true}},
		Tokens: []gitlabfake.Token{
			{Text: "all"}, {Text: "reader", Scopes: []string{"read_api"}}, {Text: "git", Scopes: []string{"read_repository"}},
			{Text: "guest", Guest: true}, {Text: "other", Sees: []string{"group/quiet"}},
		},
	})
	issues := s.URL + "/api/v4/projects/group%2Fproject/issues"
	title := url.Values{"title": {"x"}}
	for _, c := range []struct {
		method, address, token string
		form                   url.Values
		status                 int
		says                   string
	}{
		{"GET", issues, "", nil, 401, `{"message":"401 Unauthorized"}`},
		{"GET", issues, "wrong", nil, 401, `{"message":"401 Unauthorized"}`},
		{"GET", issues, "all", nil, 200, `[]`},
		{"GET", issues + "?private_token=all", "", nil, 200, `[]`},
		{"GET", s.URL + "/api/v4/projects/1/issues", "all", nil, 200, `[]`},
		{"GET", s.URL + "/api/v4/projects/group/project/issues", "all", nil, 404, `{"error":"404 Not Found"}`},
		{"GET", s.URL + "/api/v4/projects/group%2Fnone/issues", "all", nil, 404, `{"message":"404 Project Not Found"}`},
		{"GET", issues, "other", nil, 404, `{"message":"404 Project Not Found"}`},
		{"GET", issues, "git", nil, 403, `"error":"insufficient_scope"`},
		{"GET", issues, "reader", nil, 200, `[]`},
		{"POST", issues, "reader", title, 403, `"error":"insufficient_scope"`},
		{"POST", issues, "guest", title, 403, `{"message":"403 Forbidden"}`},
		{"POST", s.URL + "/api/v4/projects/2/issues", "all", title, 403, `{"message":"403 Forbidden"}`},
		{"POST", issues, "all", url.Values{}, 400, `{"error":"title is missing"}`},
		{"POST", issues, "all", url.Values{"title": {" "}}, 400, `{"message":{"title":["can't be blank"]}}`},
		{"POST", issues, "all", url.Values{"title": {strings.Repeat("ü", 256)}}, 400, `is too long (maximum is 255 characters)`},
		{"POST", issues, "all", title, 201, `"state":"opened"`},
		{"GET", issues + "?state=half", "all", nil, 400, `{"error":"state does not have a valid value"}`},
		{"GET", issues + "/1", "all", nil, 200, `"iid":1`},
		{"GET", issues + "/2", "all", nil, 404, `{"message":"404 Not found"}`},
		{"DELETE", issues + "/1", "all", nil, 405, `405`},
	} {
		resp, body := ask(t, c.method, c.address, c.token, c.form)
		if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s %s as %q: %d %s", c.method, c.address, c.token, resp.StatusCode, body)
		}
	}
}

func TestListsAndPages(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{})
	for n := range 45 {
		s.Add("group/project", fmt.Sprintf("issue %d", n+1), "number"+fmt.Sprint(n+1)+" <!-- secretword --> "+strings.Repeat("x", 60))
	}
	s.Close("group/project", 45)
	issues := s.URL + "/api/v4/projects/1/issues"
	for query, want := range map[string]string{
		"":                         "20 of 45, next 2",
		"?per_page=100":            "45 of 45, next ",
		"?per_page=30&page=2":      "15 of 45, next ",
		"?state=closed":            "1 of 1, next ",
		"?state=opened&page=9":     "0 of 44, next ",
		"?search=number7":          "1 of 1, next ",
		"?search=number4":          "7 of 7, next ", // 4 and 40 to 45: from their beginning
		"?search=umber7":           "0 of 0, next ",
		"?search=secretword":       "0 of 0, next ",
		"?search=xxxxxxxxxx":       "0 of 0, next ",
		"?search=number7&in=title": "0 of 0, next ",
		"?labels=none-such":        "0 of 0, next ",
	} {
		resp, body := ask(t, "GET", issues+query, "glpat-canary", nil)
		var list []map[string]any
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%d of %s, next %s", len(list), resp.Header.Get("X-Total"), resp.Header.Get("X-Next-Page"))
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestTheLimit(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{})
	s.Limit(1, 30*time.Second)
	resp, _ := ask(t, "GET", s.URL+"/api/v4/projects/1", "glpat-canary", nil)
	if resp.StatusCode != 200 || resp.Header.Get("RateLimit-Remaining") != "0" {
		t.Error(resp.Status, resp.Header)
	}
	resp, body := ask(t, "GET", s.URL+"/api/v4/projects/1", "glpat-canary", nil)
	if resp.StatusCode != 429 || body != "Retry later" || resp.Header.Get("Retry-After") != "30" {
		t.Error(resp.Status, body, resp.Header)
	}
}

// What it does with a text is what the client must be safe from, so it must be seen to
// do it.
func TestItObeysAndCallsWhatIsNotDefused(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{})
	s.Add("group/project", "ask @anna about #3", "hello @bert\n/close\n/label ~urgent\n  /reopen\n/Assign @carl\n/etc/passwd\n```\n/lock\n```\n````\n/due 2026-12-24\n````\nsee `deadbee` and cafebabe, GL-7, x@y")
	got := s.Issues("group/project")[0]
	if want := []string{"close", "label ~urgent", "assign @carl", "due 2026-12-24"}; !slices.Equal(got.Obeyed, want) {
		t.Errorf("obeyed %q", got.Obeyed)
	}
	if want := []string{"anna", "bert"}; !slices.Equal(got.Mentioned, want) {
		t.Errorf("mentioned %q", got.Mentioned)
	}
	if want := []string{"#3", "cafebabe", "GL-7"}; !slices.Equal(got.Noted, want) {
		t.Errorf("noted %q", got.Noted)
	}
	if got.State != "closed" || got.DueDate != "2026-12-24" || strings.Contains(got.Description, "/close") || !strings.Contains(got.Description, "/lock") {
		t.Errorf("%+v", got)
	}
}
