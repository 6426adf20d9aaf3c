package web_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	address  = regexp.MustCompile(`"\$BAT/api/v1(/[^"]*)"`)
	methodOf = regexp.MustCompile(`-X ([A-Z]+)`)
	bodyOf   = regexp.MustCompile(`(?s)-d '(.*?)'`)
)

// Whatever the manual has people type is there, and takes what they send.
func TestExamplesOfTheManual(t *testing.T) {
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	d := readDocument(t, newAPIWorld(t))
	examples := strings.Split(string(text), "curl ")[1:]
	if len(examples) < 15 {
		t.Errorf("only %d examples are read", len(examples))
	}
	bodies := 0
	for _, line := range examples {
		line, _, _ = strings.Cut(line, "```")
		found := address.FindStringSubmatch(line)
		if found == nil {
			t.Errorf("no address is in %q", line)
			continue
		}
		before, after, _ := strings.Cut(line, found[0])
		one := []string{line, before, found[1], after}
		method := "GET"
		if m := methodOf.FindStringSubmatch(one[1]); m != nil {
			method = m[1]
		}
		template, o := d.operation(method, one[2])
		if o == nil {
			t.Errorf("%s %s is not in the document", method, one[2])
			continue
		}
		_, query, _ := strings.Cut(one[2], "?")
		checkParameters(t, o, method+" "+template, query, one[1])
		body, takes := o["requestBody"].(map[string]any)
		sent := bodyOf.FindStringSubmatch(one[3])
		switch {
		case strings.Contains(one[3], "--data-binary"):
			if body["content"].(map[string]any)["application/yaml"] == nil || !strings.Contains(one[1], "application/yaml") {
				t.Errorf("%s %s takes no file", method, template)
			}
		case takes != (sent != nil):
			t.Errorf("%s %s: takes a body %v, sends one %v", method, template, takes, sent != nil)
		case sent != nil:
			bodies++
			var value any
			if err := json.Unmarshal([]byte(sent[1]), &value); err != nil {
				t.Errorf("%s %s: %v", method, template, err)
				continue
			}
			if !strings.Contains(one[1], "Content-Type: application/json") {
				t.Errorf("%s %s does not say that it sends JSON", method, template)
			}
			d.check(t, body["content"].(map[string]any)["application/json"].(map[string]any)["schema"], value, method+" "+template, true)
		}
	}
	if bodies < 7 {
		t.Errorf("only %d bodies were checked", bodies)
	}
}

// checkParameters fails unless the query is known, and what is needed is there.
func checkParameters(t *testing.T, o map[string]any, at, query, headers string) {
	t.Helper()
	given := map[string]bool{}
	for _, pair := range strings.Split(query, "&") {
		if name, _, ok := strings.Cut(pair, "="); ok {
			given[name] = true
		}
	}
	for _, one := range o["parameters"].([]any) {
		p := one.(map[string]any)
		name := p["name"].(string)
		switch p["in"] {
		case "query":
			if p["required"] == true && !given[name] {
				t.Errorf("%s: %s is missing", at, name)
			}
			delete(given, name)
		case "header":
			if p["required"] == true && !strings.Contains(headers, name+":") {
				t.Errorf("%s: the header %s is missing", at, name)
			}
		}
	}
	for name := range given {
		t.Errorf("%s: there is no parameter %s", at, name)
	}
}

// Every scope and every status that can come is in the manual.
func TestTheManualIsWhole(t *testing.T) {
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	d := readDocument(t, newAPIWorld(t))
	for path, methods := range d.Paths {
		for method, o := range methods {
			for status := range o["responses"].(map[string]any) {
				if status >= "400" && !strings.Contains(string(text), "| "+status+" | `") {
					t.Errorf("%s %s may answer %s, which the manual does not explain", method, path, status)
				}
			}
			if scope, ok := o["x-scope"].(string); ok && !strings.Contains(string(text), "| `"+scope+"` |") {
				t.Errorf("the scope %s is not explained", scope)
			}
		}
	}
	for _, kind := range d.Components.Schemas["Error"]["properties"].(map[string]any)["kind"].(map[string]any)["enum"].([]any) {
		if !strings.Contains(string(text), "| `"+kind.(string)+"` |") {
			t.Errorf("the kind %s is not explained", kind)
		}
	}
}
