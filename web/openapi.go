package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"batsignal/bot/command"
	"batsignal/oncall/access"
)

// schemas draws JSON schemas of Go types: those of the operations, and what they hold.
type schemas map[string]any

// openAPI draws the document of all operations. It is drawn from the same table as the
// routes, and its schemas are those by which bodies are checked.
func openAPI(operations []operation, version string) map[string]any {
	if version == "" {
		version = "unknown"
	}
	drawn := schemas{}
	refusal := drawn.of(reflect.TypeFor[apiRefusal]())
	paths := map[string]any{}
	for _, o := range operations {
		at, _ := paths[o.Path].(map[string]any)
		if at == nil {
			at = map[string]any{}
			paths[o.Path] = at
		}
		at[strings.ToLower(o.Method)] = drawn.operation(o, refusal)
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Batsignal", "version": version,
			"description": "Everything that the chat can do, a program can do. Members and operations are only ever added: pass over what you do not know.",
		},
		"servers":  []any{map[string]any{"url": apiPath}},
		"security": []any{map[string]any{"token": []any{}}},
		"paths":    paths,
		"components": map[string]any{
			"schemas": map[string]any(drawn),
			"securitySchemes": map[string]any{"token": map[string]any{
				"type": "http", "scheme": "bearer", "description": "A token of the account page, which begins with " + access.TokenPrefix + ".",
			}},
		},
	}
}

var pathPart = regexp.MustCompile(`\{([a-z]+)\}`)

// partHelp says what stands in an address.
var partHelp = map[string]string{
	"handle": "A person's handle.",
	"name":   "The name of it.",
	"id":     "Its number.",
	"ref":    "The request: C12.",
	"number": "The incident: 7 or INC-7.",
	"alert":  "The alert: 12 or A12.",
}

func (s schemas) operation(o operation, refusal any) map[string]any {
	params := []any{}
	for _, found := range pathPart.FindAllStringSubmatch(o.Path, -1) {
		kind := "string"
		if found[1] == "id" {
			kind = "integer"
		}
		params = append(params, map[string]any{
			"name": found[1], "in": "path", "required": true, "description": partHelp[found[1]], "schema": map[string]any{"type": kind},
		})
	}
	for _, q := range o.Query {
		params = append(params, map[string]any{"name": q.Name, "in": "query", "required": q.Needed, "description": q.Help, "schema": q.schema()})
	}
	header := func(name, help string, required bool) {
		params = append(params, map[string]any{"name": name, "in": "header", "required": required, "description": help, "schema": map[string]any{"type": "string"}})
	}
	if o.Guard.NeedsVersion() {
		header("If-Match", "The ETag of the version that is changed.", o.Guard == guarded)
	}
	if o.Guard == creating {
		header("If-None-Match", "* to make what is not there yet.", false)
	}
	if o.Keyed {
		header(idempotencyKey, "What comes twice with the same key is done once.", false)
	}
	out := map[string]any{
		"operationId": o.Name, "tags": []any{o.Group}, "summary": o.Summary, "description": o.rights(), "parameters": params, "responses": s.responses(o, refusal),
	}
	if o.Public {
		out["security"] = []any{}
	} else {
		out["x-scope"] = string(o.Scope)
	}
	if o.in != nil {
		out["requestBody"] = map[string]any{"required": true, "content": s.content(o.in)}
	}
	return out
}

// rights says in a sentence what it takes.
func (o operation) rights() string {
	switch {
	case o.Public:
		return "It needs no token."
	case o.Scope == access.AdminScope:
		return "It needs a token of an administrator with the scope " + string(o.Scope) + "."
	case o.Admin:
		return "It needs a token of an administrator with the scopes " + string(o.Scope) + " and " + string(access.AdminScope) + "."
	}
	return "It needs a token with the scope " + string(o.Scope) + "."
}

func (q param) schema() map[string]any {
	switch q.Kind {
	case numberParam:
		return map[string]any{"type": "integer"}
	case instantParam:
		return map[string]any{"type": "string", "format": "date-time"}
	}
	out := map[string]any{"type": "string"}
	if len(q.Choices) > 0 {
		out["enum"] = q.Choices
	}
	return out
}

// content is a body or an answer of a type.
func (s schemas) content(t reflect.Type) map[string]any {
	if t == reflect.TypeFor[yamlText]() {
		return map[string]any{yamlType: map[string]any{"schema": map[string]any{"type": "string"}}}
	}
	return jsonContent(s.of(t))
}

func jsonContent(schema any) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": schema}}
}

// responses are the answers of an operation: the good one, and every refusal.
func (s schemas) responses(o operation, refusal any) map[string]any {
	good := map[string]any{"description": http.StatusText(o.Status)}
	if o.out != nil {
		good["content"] = s.content(o.out)
	}
	if o.Guard != unguarded && o.out != nil {
		good["headers"] = map[string]any{"ETag": map[string]any{"description": "The version, for If-Match.", "schema": map[string]any{"type": "string"}}}
	}
	out := map[string]any{strconv.Itoa(o.Status): good}
	for _, status := range o.refusals() {
		out[strconv.Itoa(status)] = map[string]any{"description": http.StatusText(status), "content": jsonContent(refusal)}
	}
	return out
}

// refusals are the statuses with which an operation may refuse.
func (o operation) refusals() []int {
	list := []int{http.StatusBadRequest, http.StatusInternalServerError}
	if !o.Public {
		list = append(list, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	}
	if o.Method != http.MethodGet {
		list = append(list, http.StatusConflict)
	}
	if o.in != nil {
		list = append(list, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if o.Guard.NeedsVersion() {
		list = append(list, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
	}
	return list
}

// of is the schema of a type; a struct gets a name, and is drawn once.
func (s schemas) of(t reflect.Type) any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case reflect.TypeFor[command.Reply]():
		s["Reply"] = replySchema()
		return named("Reply")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		name := schemaName(t)
		if _, drawn := s[name]; !drawn {
			s[name] = nil // holds the place, should it hold itself
			s[name] = s.object(t)
		}
		return named(name)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{} // anything
}

func (s schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []any{}
	for _, m := range membersOf(t) {
		one := map[string]any{}
		if drawn, ok := s.of(m.Type).(map[string]any); ok {
			for key, value := range drawn {
				one[key] = value
			}
		}
		if m.Doc != "" {
			one["description"] = m.Doc
		}
		if len(m.Choices) > 0 {
			one["enum"] = m.Choices
		}
		if m.Read {
			one["readOnly"] = true
		}
		if !m.Optional {
			required = append(required, m.Name)
		}
		properties[m.Name] = one
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

func named(name string) map[string]any {
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

// schemaName is what the document calls a type: apiList[apiPerson] is PersonList.
func schemaName(t reflect.Type) string {
	name, of, generic := strings.Cut(t.Name(), "[")
	name = strings.TrimPrefix(name, "api")
	if !generic {
		return name
	}
	of = strings.TrimSuffix(of, "]")
	return strings.TrimPrefix(of[strings.LastIndex(of, ".")+1:], "api") + name
}

// replySchema is that of what a command answers, which writes itself.
func replySchema() map[string]any {
	text := map[string]any{"type": "string"}
	texts := map[string]any{"type": "array", "items": text}
	block := func(kind string, members map[string]any) any {
		required := []any{"type"}
		properties := map[string]any{"type": map[string]any{"type": "string", "enum": []string{kind}}}
		for name, schema := range members {
			required, properties[name] = append(required, name), schema
		}
		return map[string]any{"type": "object", "properties": properties, "required": required}
	}
	fact := map[string]any{"type": "object", "properties": map[string]any{"name": text, "value": text}, "required": []any{"name", "value"}}
	action := map[string]any{
		"type": "object", "required": []any{"label", "command"},
		"properties": map[string]any{"label": text, "command": text, "says": text, "grave": map[string]any{"type": "boolean"}},
	}
	return map[string]any{
		"type": "object", "required": []any{"private", "blocks"},
		"description": "Blocks of meaning, in order. More types may come: pass over those that you do not know.",
		"properties": map[string]any{
			"private": map[string]any{"type": "boolean", "description": "It is for whoever asked only."},
			"blocks": map[string]any{"type": "array", "items": map[string]any{"oneOf": []any{
				block("line", map[string]any{"text": text}),
				block("code", map[string]any{"text": text}),
				block("facts", map[string]any{"facts": map[string]any{"type": "array", "items": fact}}),
				block("list", map[string]any{"title": text, "items": texts}),
				block("table", map[string]any{"head": texts, "rows": map[string]any{"type": "array", "items": texts}}),
				block("actions", map[string]any{"actions": map[string]any{"type": "array", "items": action}}),
				block("link", map[string]any{"text": text, "url": text}),
			}}},
		},
	}
}
