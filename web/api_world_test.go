package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents/alert"
	"batsignal/incidents/announcement"
	"batsignal/incidents/reminder"
	"batsignal/incidents/runbook"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/oncall/access"
	"batsignal/oncall/component"
	"batsignal/oncall/tree"
	"batsignal/web"
)

// newAPIWorld is a world with schedules in which commands are written down, as they are
// where the bot runs.
func newAPIWorld(t testing.TB) *world {
	t.Helper()
	var set *command.Set
	w := newScheduleWorld(t, func(o *web.Options) {
		var err error
		set, err = command.NewSet(command.Options{Now: o.Now, Recorder: bot.Record{DB: o.DB, Me: "test"}}, command.Vocabulary(command.Services{
			DB: o.DB, Incidents: o.Incidents, People: o.People, Rota: o.Rota, Access: o.Access, Skills: o.Skills,
			Components: &component.Service{DB: o.DB, Now: o.Now},
		}))
		if err != nil {
			t.Fatal(err)
		}
		o.Commands = set
		joined(o)
		o.Alerts = &alert.Service{DB: o.DB, Now: o.Now, Log: o.Log}
		o.Jobs = &job.Service{DB: o.DB, Now: o.Now, Log: o.Log, Queue: o.Incidents.Queue, Incidents: o.Incidents}
		o.Announcements = &announcement.Service{DB: o.DB, Now: o.Now, Log: o.Log, Queue: o.Incidents.Queue, Incidents: o.Incidents}
		o.Reminders = &reminder.Service{DB: o.DB, Now: o.Now, Log: o.Log, Queue: o.Incidents.Queue}
		o.Runbooks = &runbook.Service{DB: o.DB, Now: o.Now, Log: o.Log, Queue: o.Incidents.Queue, Incidents: o.Incidents}
		o.Clock = &clockwork.Service{DB: o.DB, Now: o.Now, Log: o.Log, Queue: o.Incidents.Queue, Jobs: o.Jobs}
		o.Tree = &tree.Service{
			DB: o.DB, Now: o.Now, People: o.People, Rota: o.Rota, Skills: o.Skills, Components: &component.Service{DB: o.DB, Now: o.Now, Log: o.Log},
		}
	})
	w.set = set
	return w
}

// everyScope is a token for everything.
var everyScope = []access.Scope{access.Read, access.RosterWrite, access.ScheduleWrite, access.PolicyWrite, access.Command, access.AdminScope}

// program asks in somebody's name. Whatever it is answered must be as the OpenAPI document
// says.
type program struct {
	*world
	t     testing.TB
	token string
	id    int64
	doc   *document
}

// program gives somebody a token, for everything if no scopes are named.
func (w *world) program(t testing.TB, handle string, scopes ...access.Scope) *program {
	t.Helper()
	if scopes == nil {
		scopes = everyScope
	}
	text, token, err := w.access.CreateToken(ctx, w.as(handle), "a test", scopes, w.Now().Add(240*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return &program{world: w, t: t, token: text.Reveal(), id: token.ID, doc: readDocument(t, w)}
}

// reply is what a program is answered.
type reply struct {
	answer
	json map[string]any
}

// call asks for something; headers are names and values in turn. A body that is a text is
// sent as it is.
func (p *program) call(method, path string, body any, headers ...string) reply {
	p.t.Helper()
	var sent string
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		sent = b
	case yaml:
		sent, kind = string(b), "application/yaml"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			p.t.Fatal(err)
		}
		sent = string(text)
	}
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(sent))
	if sent != "" {
		r.Header.Set("Content-Type", kind)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := reply{answer: p.do(r)}
	if strings.HasPrefix(out.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal([]byte(out.body), &out.json); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, out.body)
		}
	}
	p.doc.fits(p.t, method, path, sent, kind, out)
	return out
}

type yaml string

func (p *program) get(path string) reply { p.t.Helper(); return p.call(http.MethodGet, path, nil) }

// must fails unless the status is the one, and returns the reply.
func (r reply) must(t testing.TB, status int) reply {
	t.Helper()
	if r.Code != status {
		t.Fatalf("status %d, want %d: %s", r.Code, status, r.body)
	}
	return r
}

// at finds what stands at a path of the answer, such as "items.0.handle"; nil is nothing.
func (r reply) at(path string) any {
	var here any = r.json
	for _, part := range strings.Split(path, ".") {
		switch v := here.(type) {
		case map[string]any:
			here = v[part]
		case []any:
			n := 0
			for _, digit := range part {
				n = n*10 + int(digit-'0')
			}
			if n >= len(v) {
				return nil
			}
			here = v[n]
		default:
			return nil
		}
	}
	return here
}

// all collects one member of each item.
func (r reply) all(member string) (list []any) {
	items, _ := r.json["items"].([]any)
	for _, one := range items {
		list = append(list, one.(map[string]any)[member])
	}
	return list
}

// refused fails unless the answer is a refusal of that kind, about that field.
func (r reply) refused(t testing.TB, status int, kind, field, says string) {
	t.Helper()
	got := func(member string) string { text, _ := r.at("error." + member).(string); return text }
	if r.Code != status || got("kind") != kind || got("field") != field || !strings.Contains(got("say"), says) {
		t.Errorf("status %d, want %d, %s, field %q and %q: %s", r.Code, status, kind, field, says, r.body)
	}
}

// document is the OpenAPI document, read as anybody else's program reads it.
type document struct {
	Paths      map[string]map[string]map[string]any
	Components struct{ Schemas map[string]map[string]any }
}

func readDocument(t testing.TB, w *world) *document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(w.get("/api/v1/openapi.json").body), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

var part = regexp.MustCompile(`\\\{[a-z]+\\\}`)

// operation finds what a method and an address mean; an address without parts goes first.
func (d *document) operation(method, path string) (template string, found map[string]any) {
	path, _, _ = strings.Cut(path, "?")
	for template, methods := range d.Paths {
		if o := methods[strings.ToLower(method)]; o != nil && template == path {
			return template, o
		}
	}
	for template, methods := range d.Paths {
		fits := regexp.MustCompile("^" + part.ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$")
		if o := methods[strings.ToLower(method)]; o != nil && fits.MatchString(path) {
			return template, o
		}
	}
	return "", nil
}

// fits fails unless the answer, and what was sent if it was taken, are as the document says.
func (d *document) fits(t testing.TB, method, path, sent, kind string, got reply) {
	t.Helper()
	template, o := d.operation(method, path)
	if o == nil {
		if got.Code != http.StatusNotFound && got.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s %s is not in the document, and answers %d", method, path, got.Code)
		}
		return
	}
	responses := o["responses"].(map[string]any)
	response, known := responses[itoa(got.Code)].(map[string]any)
	if !known {
		t.Errorf("%s %s answers %d, which the document does not say: %s", method, template, got.Code, got.body)
		return
	}
	content, has := response["content"].(map[string]any)
	if has != (got.body != "") {
		t.Errorf("%s %s answers %q, and the document says that there is content: %v", method, template, got.body, has)
		return
	}
	if schema, ok := content["application/json"].(map[string]any); ok {
		d.check(t, schema["schema"], got.json, method+" "+template, false)
	}
	if got.Code >= 300 || sent == "" {
		return
	}
	body, _ := o["requestBody"].(map[string]any)
	if body == nil {
		return
	}
	taken := body["content"].(map[string]any)[kind].(map[string]any)["schema"]
	if kind == "application/json" {
		var value any
		if err := json.Unmarshal([]byte(sent), &value); err != nil {
			t.Fatal(err)
		}
		d.check(t, taken, value, method+" "+template+" takes", true)
	}
}

func itoa(n int) string { text, _ := json.Marshal(n); return string(text) }

// check fails unless a value is what a schema says. Members that the schema does not name
// are wrong here: the document would be silent about them. sent is for bodies.
func (d *document) check(t testing.TB, schema, value any, at string, sent bool) {
	t.Helper()
	for _, problem := range d.problems(schema.(map[string]any), value, at, sent) {
		t.Error(problem)
	}
}

func (d *document) problems(schema map[string]any, value any, at string, sent bool) (list []string) {
	if ref, ok := schema["$ref"].(string); ok {
		named, there := d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if !there {
			return []string{at + ": there is no " + ref}
		}
		return d.problems(named, value, at, sent)
	}
	if choices, ok := schema["oneOf"].([]any); ok {
		fits := 0
		for _, one := range choices {
			if len(d.problems(one.(map[string]any), value, at, sent)) == 0 {
				fits++
			}
		}
		if fits != 1 {
			return []string{at + ": fits " + itoa(fits) + " of the choices"}
		}
		return nil
	}
	wrong := func() []string {
		text, _ := json.Marshal(value)
		return []string{at + ": " + string(text) + " is no " + schema["type"].(string)}
	}
	switch schema["type"] {
	case nil:
	case "object":
		object, ok := value.(map[string]any)
		if !ok {
			return wrong()
		}
		return d.objectProblems(schema, object, at, sent)
	case "array":
		items, ok := value.([]any)
		if !ok {
			return wrong()
		}
		for i, one := range items {
			list = append(list, d.problems(schema["items"].(map[string]any), one, at+"["+itoa(i)+"]", sent)...)
		}
	case "string":
		text, ok := value.(string)
		if !ok {
			return wrong()
		}
		if _, err := time.Parse(time.RFC3339, text); schema["format"] == "date-time" && err != nil {
			return []string{at + ": " + text + " is no instant"}
		}
		if enum, ok := schema["enum"].([]any); ok && !holds(enum, text) {
			return []string{at + ": " + text + " is not listed"}
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return wrong()
		}
	case "integer", "number":
		n, ok := value.(float64)
		if !ok || (schema["type"] == "integer" && n != float64(int64(n))) {
			return wrong()
		}
	default:
		return []string{at + ": a type that nobody knows"}
	}
	return list
}

func (d *document) objectProblems(schema, object map[string]any, at string, sent bool) (list []string) {
	if every, ok := schema["additionalProperties"].(map[string]any); ok {
		for name, value := range object {
			list = append(list, d.problems(every, value, at+"."+name, sent)...)
		}
		return list
	}
	properties := schema["properties"].(map[string]any)
	for name, value := range object {
		property, known := properties[name].(map[string]any)
		if !known {
			list = append(list, at+"."+name+" is not in the document")
			continue
		}
		list = append(list, d.problems(property, value, at+"."+name, sent)...)
	}
	for _, name := range schema["required"].([]any) {
		property, _ := properties[name.(string)].(map[string]any)
		if _, there := object[name.(string)]; !there && (!sent || property["readOnly"] != true) {
			list = append(list, at+"."+name.(string)+" is missing")
		}
	}
	return list
}

func holds(list []any, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}
