package pagerduty_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"batsignal/integrations/pagerduty"
)

const aKey = "0123456789abcdef0123456789ABCDEF"

// alertmanager is an event as Prometheus' Alertmanager sends it.
const alertmanager = `{"routing_key":"` + aKey + `","dedup_key":"ab12","event_action":"trigger",
"payload":{"summary":"[FIRING:1] DiskFull\n(sda)","source":"Alertmanager","severity":"critical","timestamp":"2015-07-17T08:42:58.315+0000",
"component":"mysql","group":"prod","class":"disk","custom_details":{"load avg":0.75,"ping time":"1500ms","html":"<b>"}},
"images":[{"src":"https://img.example.org/a.png","href":"https://example.org/","alt":"graph"},{"src":"http://plain.example.org/a.png"},7],
"links":[{"href":"https://example.org/","text":"runbook"},{"href":"javascript:alert(1)","text":"x"}],
"client":"Alertmanager","client_url":"https://am.example.org"}`

func TestAnEventIsRead(t *testing.T) {
	e, err := pagerduty.Decode([]byte(alertmanager))
	if err != nil {
		t.Fatal(err)
	}
	if e.RoutingKey.Reveal() != aKey || e.DedupKey != "ab12" || e.Action != pagerduty.Trigger || e.Severity != pagerduty.Critical {
		t.Errorf("%+v", e)
	}
	if e.Summary != "[FIRING:1] DiskFull (sda)" || e.Source != "Alertmanager" || e.Component != "mysql" || e.Group != "prod" || e.Class != "disk" {
		t.Errorf("%+v", e)
	}
	if want := time.Date(2015, 7, 17, 8, 42, 58, 315e6, time.UTC); !e.At.Equal(want) {
		t.Error(e.At)
	}
	if got := string(e.Details); got != `{"html":"<b>","load avg":0.75,"ping time":"1500ms"}` {
		t.Error(got)
	}
	if len(e.Links) != 1 || e.Links[0] != (pagerduty.Link{Href: "https://example.org/", Text: "runbook"}) {
		t.Errorf("a link that is none was kept: %+v", e.Links)
	}
	if len(e.Images) != 1 || e.Images[0].Src != "https://img.example.org/a.png" || e.ClientURL != "https://am.example.org" {
		t.Errorf("%+v", e)
	}
}

func TestWhatOnlyAdornsAnEventNeverLosesIt(t *testing.T) {
	for name, body := range map[string]string{
		"an unknown time":           `{"routing_key":"K","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"info","timestamp":"yesterday"}}`,
		"numbers for words":         `{"routing_key":"K","event_action":"TRIGGER","payload":{"summary":5,"source":true,"severity":"Info","timestamp":17,"group":1.5}}`,
		"details that are a word":   `{"routing_key":"K","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"info","custom_details":"oh"}}`,
		"links that are none":       `{"routing_key":"K","event_action":"trigger","links":"x","images":{},"payload":{"summary":"s","source":"x","severity":"info"}}`,
		"a list where a word is":    `{"routing_key":"K","event_action":"trigger","client":[1],"payload":{"summary":"s","source":"x","severity":"info","class":{}}}`,
		"a newline behind the key":  `{"routing_key":"K\n","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"info"}}`,
		"a resolve with everything": `{"routing_key":"K","event_action":"resolve","dedup_key":"a","payload":{"summary":"","source":"x","severity":"dreadful"}}`,
	} {
		e, err := pagerduty.Decode([]byte(strings.ReplaceAll(body, `"K`, `"`+aKey)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e.Action == pagerduty.Resolve && e.Severity != "" {
			t.Errorf("%s: %q", name, e.Severity)
		}
	}
}

func TestALongSummaryIsCutAndNotRefused(t *testing.T) {
	body := func(summary string) []byte {
		return fmt.Appendf(nil, `{"routing_key":"%s","event_action":"trigger","payload":{"summary":"%s","source":"x","severity":"info"}}`, aKey, summary)
	}
	e, err := pagerduty.Decode(body(strings.Repeat("ü", 1024)))
	if err != nil || e.Shortened || utf8.RuneCountInString(e.Summary) != 1024 {
		t.Error(err, e.Shortened)
	}
	e, err = pagerduty.Decode(body(strings.Repeat("ü", 1025)))
	if err != nil || !e.Shortened || utf8.RuneCountInString(e.Summary) != 1024 || !strings.HasSuffix(e.Summary, "ü…") {
		t.Error(err, e.Shortened, utf8.RuneCountInString(e.Summary))
	}
}

func TestRefusalsAreThoseOfPagerDuty(t *testing.T) {
	for _, c := range []struct{ body, says string }{
		{``, "not a JSON object"},
		{`[1]`, "not a JSON object"},
		{`{"payload":`, "not a JSON object"},
		{`{}`, "'routing_key' is missing or blank"},
		{`{"routing_key":"` + aKey + `"}`, "'event_action' is missing or blank"},
		{`{"routing_key":"short","event_action":"trigger"}`, "'routing_key' is the wrong length"},
		{`{"routing_key":"` + aKey + `","event_action":"shout"}`, "'event_action' is invalid"},
		{`{"routing_key":"` + aKey + `","event_action":"resolve"}`, "'dedup_key' is missing or blank"},
		{`{"routing_key":"` + aKey + `","event_action":"resolve","dedup_key":"` + strings.Repeat("k", 256) + `"}`, "'dedup_key' is too long (maximum is 255 characters)"},
		{`{"routing_key":"` + aKey + `","event_action":"resolve","dedup_key":"a\u0000b"}`, "'dedup_key' holds control characters"},
		{`{"routing_key":"` + aKey + `","event_action":"resolve","dedup_key":["a"]}`, "'dedup_key' must be a string"},
		{`{"routing_key":"` + aKey + `","event_action":"trigger"}`, "'payload' is missing"},
		{`{"routing_key":"` + aKey + `","event_action":"trigger","payload":{"summary":" \n","source":"x","severity":"info"}}`, "'payload.summary' is missing or blank"},
		{`{"routing_key":"` + aKey + `","event_action":"trigger","payload":{"summary":"s","severity":"info"}}`, "'payload.source' is missing or blank"},
		{`{"routing_key":"` + aKey + `","event_action":"trigger","payload":{"summary":"s","source":"x"}}`, "'payload.severity' is missing or blank"},
		{`{"routing_key":"` + aKey + `","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"dreadful"}}`, "'payload.severity' is invalid"},
		{`{"service_key":"` + aKey + `","event_type":"trigger","description":"x"}`, "Events API v1"},
		{`{"routing_key":"` + aKey + `","payload":{"summary":"deployed","timestamp":"2020-07-17T08:42:58Z","source":"ci"}}`, "change events are not taken here"},
	} {
		_, err := pagerduty.Decode([]byte(c.body))
		var refusal *pagerduty.EventError
		if !errors.As(err, &refusal) || refusal.Status() != 400 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		var answer struct {
			Status, Message string
			Errors          []string
		}
		if json.Unmarshal(refusal.Body(), &answer) != nil || answer.Status != "invalid event" || answer.Message != "Event object is invalid" || len(answer.Errors) == 0 {
			t.Errorf("%s", refusal.Body())
		}
		if bytes.Contains(refusal.Body(), []byte(aKey)) {
			t.Errorf("the answer holds the key: %s", refusal.Body())
		}
	}
	var refusal *pagerduty.EventError
	if _, err := pagerduty.Decode(make([]byte, pagerduty.LargestEvent+1)); !errors.As(err, &refusal) || refusal.Status() != 413 {
		t.Error(err)
	}
}

func TestDetailsFitIntoADatabase(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 100) + `1` + strings.Repeat(`]}`, 100)
	for sent, want := range map[string]string{
		`{"a\u0000":"x\u0000y","\ud800":1e999999}`: `{"a":"xy","` + "\uFFFD" + `":"1e999999"}`,
		`[1,2.50,"<&>"]`: `[1,2.50,"<&>"]`,
		`null`:           ``,
		deep:             "…",
	} {
		e, err := pagerduty.Decode([]byte(`{"routing_key":"` + aKey + `","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"info","custom_details":` + sent + `}}`))
		if err != nil || sent == deep && !strings.Contains(string(e.Details), want) || sent != deep && string(e.Details) != want {
			t.Errorf("%v: %s", err, e.Details)
		}
	}
}

func TestAnswersToEvents(t *testing.T) {
	if got := string(pagerduty.Accepted("k\"")); got != `{"dedup_key":"k\"","message":"Event processed","status":"success"}` {
		t.Error(got)
	}
	if a, b := pagerduty.NewDedupKey(), pagerduty.NewDedupKey(); a == b || len(a) != 32 {
		t.Error(a, b)
	}
	if !json.Valid(pagerduty.Throttled()) || !strings.Contains(pagerduty.UnknownKey().Error(), "not known here") {
		t.Error("an answer cannot be read")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(alertmanager))
	f.Add([]byte(`{"routing_key":"` + aKey + `","event_action":"resolve","dedup_key":"x"}`))
	f.Add([]byte(`{"payload":{"custom_details":[{"a":1e400}]},"links":[{}],"event_action":5}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := pagerduty.Decode(body)
		if err != nil {
			var refusal *pagerduty.EventError
			if !errors.As(err, &refusal) || !json.Valid(refusal.Body()) {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(e.RoutingKey.Reveal()) != 32 || e.DedupKey == "" && e.Action != pagerduty.Trigger || utf8.RuneCountInString(e.DedupKey) > 255 {
			t.Fatalf("%+v", e)
		}
		if e.Action == pagerduty.Trigger && (e.Summary == "" || e.Source == "" || e.Severity == "") {
			t.Fatalf("%+v", e)
		}
		for _, s := range []string{e.DedupKey, e.Summary, e.Source, e.Component, e.Group, e.Class, e.Client, e.ClientURL} {
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 2048 || strings.ContainsAny(s, "\x00\r\n") {
				t.Fatalf("%q", s)
			}
		}
		if e.Details != nil && (!json.Valid(e.Details) || bytes.Contains(e.Details, []byte(`\u0000`)) && !bytes.Contains(body, []byte(`\\`))) {
			t.Fatalf("%s", e.Details)
		}
	})
}
