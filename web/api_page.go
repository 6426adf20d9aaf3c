package web

import (
	"net/http"
	"reflect"
	"strings"

	"batsignal/oncall/access"
)

// apiBody explains to people what programs can do.
type apiBody struct {
	Path   string
	Prefix string // of tokens
	Scopes []access.ScopeHelp
	Groups []apiGroup
}

// apiGroup is the operations under one heading.
type apiGroup struct {
	Title      string
	Operations []apiEntry
}

// apiEntry explains one operation.
type apiEntry struct {
	operation
	Address string
	Rights  string
	Body    []apiMember
	Answer  []apiMember
}

// apiMember is a line of what is sent or answered.
type apiMember struct {
	Name, Kind, Doc string
	Optional, Read  bool
}

// reference is the page about the API, drawn from the table of its operations.
func (p *api) reference(w http.ResponseWriter, r *http.Request) error {
	body := apiBody{Path: apiPath, Prefix: access.TokenPrefix, Scopes: access.Scopes()}
	at := map[string]int{}
	for _, o := range p.operations {
		i, known := at[o.Group]
		if !known {
			i = len(body.Groups)
			at[o.Group] = i
			body.Groups = append(body.Groups, apiGroup{Title: o.Group})
		}
		entry := apiEntry{operation: o, Address: apiPath + o.Path, Rights: o.rights()}
		if o.in != nil {
			entry.Body = explained(o.in, "", true)
		}
		if o.out != nil {
			entry.Answer = explained(o.out, "", false)
		}
		body.Groups[i].Operations = append(body.Groups[i].Operations, entry)
	}
	return p.render(w, r, http.StatusOK, "api", view{Title: "API", Here: "/api", Body: body})
}

// explained lists the members of a type with those of what it holds: layers[].zone.
func explained(t reflect.Type, path string, sent bool) (out []apiMember) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for _, m := range membersOf(t) {
		if sent && m.Read {
			continue
		}
		kind, inner, suffix := kindOf(m.Type)
		if len(m.Choices) > 0 {
			kind = strings.Join(m.Choices, ", ")
		}
		out = append(out, apiMember{Name: path + m.Name, Kind: kind, Doc: m.Doc, Optional: m.Optional, Read: m.Read})
		if inner != nil {
			out = append(out, explained(inner, path+m.Name+suffix+".", sent)...)
		}
	}
	return out
}

// kindOf names a type for people; inner is the object that it is or holds, nil if it holds
// none, and suffix how that is written.
func kindOf(t reflect.Type) (kind string, inner reflect.Type, suffix string) {
	switch name := schemaWord(t); {
	case name != "":
		return name, nil, ""
	case t.Kind() == reflect.Slice:
		kind, inner, suffix = kindOf(t.Elem())
		if kind == "object" {
			return "list", inner, "[]" + suffix
		}
		return "list of " + kind + "s", inner, "[]" + suffix
	case t.Kind() == reflect.Struct:
		return "object", t, ""
	}
	return "anything", nil, ""
}

// schemaWord names a type that holds no other; "" is one that does.
func schemaWord(t reflect.Type) string {
	drawn, _ := schemas{}.of(t).(map[string]any)
	switch kind, _ := drawn["type"].(string); {
	case drawn["format"] == "date-time":
		return "instant"
	case drawn["$ref"] == "#/components/schemas/Reply":
		return "reply"
	case kind == "string":
		return "text"
	case kind == "integer", kind == "number":
		return "number"
	case kind == "boolean":
		return "true or false"
	case t.Kind() != reflect.Struct && t.Kind() != reflect.Slice:
		return "anything"
	}
	return ""
}
