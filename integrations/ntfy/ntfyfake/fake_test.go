package ntfyfake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"batsignal/integrations/ntfy/ntfyfake"
)

// The requests of ntfy's documentation, and the answers that it shows.
func TestItSpeaksAsDocumented(t *testing.T) {
	s := ntfyfake.Start(t, ntfyfake.Options{})
	phone := s.Phone("mytopic")
	do := func(method, path, body string, headers ...string) (int, string) {
		req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		out, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(out)
	}
	status, out := do("POST", "/mytopic", "Backup successful", "Title", "Backup", "Priority", "urgent", "Tags", "a,b")
	var m ntfyfake.Message
	if json.Unmarshal([]byte(out), &m) != nil || status != 200 || m.ID == "" || m.Event != "message" || m.Priority != 5 || m.Title != "Backup" || len(m.Tags) != 2 {
		t.Errorf("%d %s", status, out)
	}
	if status, out = do("POST", "/", `{"topic":"mytopic","message":"50%","sequence_id":"dl-1"}`); status != 200 || !strings.Contains(out, `"sequence_id":"dl-1"`) {
		t.Errorf("%d %s", status, out)
	}
	if status, _ = do("PUT", "/mytopic/dl-1", "100%"); status != 200 || len(phone.Shows()) != 2 || phone.Shows()[1].Message != "100%" || phone.Rung() != 3 {
		t.Errorf("%d, %+v, rung %d", status, phone.Shows(), phone.Rung())
	}
	if status, out = do("GET", "/mytopic/json?poll=1&since=10m", ""); status != 200 || strings.Count(out, "\n") != 3 {
		t.Errorf("%d %s", status, out)
	}
	if status, _ = do("PUT", "/mytopic/dl-1/clear", ""); status != 200 || len(phone.Shows()) != 1 {
		t.Errorf("%d, %+v", status, phone.Shows())
	}
	if status, _ = do("DELETE", "/mytopic/"+m.ID, ""); status != 200 || len(phone.Shows()) != 0 {
		t.Errorf("%d, %+v", status, phone.Shows())
	}
	for path, want := range map[string]string{
		`{"topic":"a b","message":"x"}`:  "40009",
		`{"topic":"docs","message":"x"}`: "40010",
		`{`:                              "40024",
		`{"topic":"mytopic","message":"` + strings.Repeat("x", 4097) + `"}`: "41301",
		`{"topic":"mytopic","message":"x","actions":[{"action":"dance"}]}`:  "40018",
		`{"topic":"mytopic","message":"x","sequence_id":"not/a/sequence"}`:  "40049",
		`{"topic":"mytopic","message":"x","priority":6}`:                    "40007",
	} {
		if status, out = do("POST", "/", path); status/100 != 4 || !strings.Contains(out, `"code":`+want) {
			t.Errorf("%.60s: %d %s", path, status, out)
		}
	}
}
