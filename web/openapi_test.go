package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

// What the document names is what is routed, no more and no less.
func TestTheDocumentIsTheRoutes(t *testing.T) {
	w := newAPIWorld(t)
	d := readDocument(t, w)
	routed := map[string]bool{}
	err := chi.Walk(w.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if path, ok := strings.CutPrefix(route, "/api/v1/"); ok {
			routed[method+" /"+path] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			key := strings.ToUpper(method) + " " + path
			if !routed[key] {
				t.Errorf("%s is in the document and nowhere else", key)
			}
			delete(routed, key)
			name := o["operationId"].(string)
			if names[name] {
				t.Errorf("two operations are called %s", name)
			}
			names[name] = true
			if o["summary"] == "" || o["description"] == "" {
				t.Errorf("%s is not explained", key)
			}
		}
	}
	for key := range routed {
		t.Errorf("%s is not in the document", key)
	}
	if len(names) < 40 {
		t.Errorf("only %d operations", len(names))
	}
}

// The document holds together: everything that it refers to is there, and everything that
// is there is referred to and explained.
func TestTheDocumentHoldsTogether(t *testing.T) {
	w := newAPIWorld(t)
	a := w.get("/api/v1/openapi.json")
	a.says(t, http.StatusOK, `"openapi":"3.1.0"`)
	d := readDocument(t, w)
	referred := map[string]bool{}
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				referred[strings.TrimPrefix(ref, "#/components/schemas/")] = true
			}
			for _, one := range v {
				walk(one)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	var whole any
	if err := json.Unmarshal([]byte(a.body), &whole); err != nil {
		t.Fatal(err)
	}
	walk(whole)
	for name := range referred {
		if d.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
	for name := range d.Components.Schemas {
		if !referred[name] {
			t.Errorf("nothing refers to the schema %s", name)
		}
		if strings.ContainsAny(name, "[]./*") || name[0] < 'A' || name[0] > 'Z' {
			t.Errorf("a schema is called %q", name)
		}
	}
}

// A checker that lets everything pass would make every other test here worthless.
func TestTheCheckerFindsWhatIsWrong(t *testing.T) {
	d := readDocument(t, newAPIWorld(t))
	person := d.Components.Schemas["Person"]
	good := func() map[string]any {
		return map[string]any{"handle": "li", "name": "Li", "zone": "UTC", "awake": "07:00-23:00", "languages": []any{"de"}, "version": 1.0}
	}
	if problems := d.problems(person, good(), "", false); problems != nil {
		t.Fatal(problems)
	}
	for name, spoil := range map[string]func(map[string]any){
		"missing":        func(p map[string]any) { delete(p, "zone") },
		"another type":   func(p map[string]any) { p["zone"] = 7.0 },
		"unknown":        func(p map[string]any) { p["mail"] = "x" },
		"null":           func(p map[string]any) { p["languages"] = nil },
		"in a list":      func(p map[string]any) { p["languages"] = []any{1.0} },
		"not whole":      func(p map[string]any) { p["version"] = 1.5 },
		"in an object":   func(p map[string]any) { p["work"] = map[string]any{"days": "mon"} },
		"not an object":  func(p map[string]any) { p["work"] = "never" },
		"missing number": func(p map[string]any) { delete(p, "version") },
	} {
		bad := good()
		spoil(bad)
		if d.problems(person, bad, "", false) == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
	shift := d.Components.Schemas["Absence"]
	if d.problems(shift, map[string]any{"id": 1.0, "from": "soon", "until": "2026-03-01T00:00:00Z"}, "", false) == nil {
		t.Error("an instant that is none was not found")
	}
}

func TestThePageOfTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	a := w.get("/api")
	a.says(t, http.StatusOK, "PUT /api/v1/schedules/{name}", "layers[].windows[].hours", "schedule:write", `id="runCommand"`)
	if strings.Contains(a.body, "<script") {
		t.Error("the page has a script")
	}
	for path := range readDocument(t, w).Paths {
		if !strings.Contains(a.body, "/api/v1"+path+"<") {
			t.Errorf("%s is not on the page", path)
		}
	}
}
