package write_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/write"
)

// part is as much of JSON Schema as ours uses.
type part struct {
	Schema      string          `json:"$schema"`
	Ref         string          `json:"$ref"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Type        string          `json:"type"`
	Const       any             `json:"const"`
	Enum        []string        `json:"enum"`
	Pattern     string          `json:"pattern"`
	Minimum     *float64        `json:"minimum"`
	Items       *part           `json:"items"`
	Properties  map[string]part `json:"properties"`
	Required    []string        `json:"required"`
	Additional  *bool           `json:"additionalProperties"`
	Defs        map[string]part `json:"$defs"`
}

func schemaOf(t testing.TB) part {
	t.Helper()
	var whole part
	d := json.NewDecoder(bytes.NewReader(write.Schema()))
	d.DisallowUnknownFields()
	if err := d.Decode(&whole); err != nil {
		t.Fatal(err)
	}
	return whole
}

// check holds a value against a part of the schema.
func (p part) check(whole part, at string, value any) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, at+": "+fmt.Sprintf(format, args...))
	}
	if p.Ref != "" {
		p = whole.Defs[strings.TrimPrefix(p.Ref, "#/$defs/")]
	}
	if p.Const != nil && value != p.Const {
		fault("is %v, want %v", value, p.Const)
	}
	switch v := value.(type) {
	case string:
		if p.Type != "string" && p.Enum == nil || p.Enum != nil && !slices.Contains(p.Enum, v) {
			fault("a string %q", v)
		}
		if p.Pattern != "" && !regexp.MustCompile(p.Pattern).MatchString(v) {
			fault("%q does not match", v)
		}
	case float64:
		if p.Type != "integer" && p.Const == nil || v != float64(int(v)) || p.Minimum != nil && v < *p.Minimum {
			fault("a number %v", v)
		}
	case bool:
		if p.Type != "boolean" {
			fault("a boolean")
		}
	case []any:
		if p.Type != "array" {
			fault("a list")
			return faults
		}
		for i, one := range v {
			faults = append(faults, p.Items.check(whole, fmt.Sprintf("%s[%d]", at, i), one)...)
		}
	case map[string]any:
		for _, name := range p.Required {
			if _, ok := v[name]; !ok {
				fault("lacks %s", name)
			}
		}
		for name, one := range v {
			sub, ok := p.Properties[name]
			if !ok {
				fault("has %s", name)
				continue
			}
			faults = append(faults, sub.check(whole, at+"."+name, one)...)
		}
	default:
		fault("is %v", value)
	}
	return faults
}

// checkJSON holds a document against the schema, and reads it as programs would.
func checkJSON(t testing.TB, page string) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(page), &value); err != nil {
		t.Fatal(err)
	}
	whole := schemaOf(t)
	for _, fault := range whole.check(whole, "minutes", value) {
		t.Error(fault)
	}
	var m write.Minutes
	d := json.NewDecoder(strings.NewReader(page))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		t.Error(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Error("something follows the minutes")
	}
}

func TestJSONIsAsTheSchemaSays(t *testing.T) {
	for _, m := range corpustest.All(t) {
		for _, d := range oursOf(t, m) {
			t.Run(m.Name, func(t *testing.T) { checkJSON(t, drawn(t, d, "json")) })
		}
	}
	checkJSON(t, drawn(t, evenings(), "json"))
}

// TestSchemaIsThatOfTheStruct holds the schema against the Go types, name by name.
func TestSchemaIsThatOfTheStruct(t *testing.T) {
	whole := schemaOf(t)
	types := map[string]reflect.Type{
		"share": reflect.TypeFor[write.Share](), "item": reflect.TypeFor[write.Item](),
		"owner": reflect.TypeFor[write.Owner](), "person": reflect.TypeFor[write.Person](),
	}
	if got, want := slices.Sorted(maps.Keys(whole.Defs)), slices.Sorted(maps.Keys(types)); !slices.Equal(got, want) {
		t.Errorf("the schema defines %v, want %v", got, want)
	}
	sameFields(t, "minutes", whole, reflect.TypeFor[write.Minutes]())
	for name, typ := range types {
		sameFields(t, name, whole.Defs[name], typ)
	}
}

func sameFields(t *testing.T, name string, p part, typ reflect.Type) {
	t.Helper()
	var fields, required []string
	for field := range typ.Fields() {
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields = append(fields, tag)
		if options != "omitempty" {
			required = append(required, tag)
		}
		kind := map[reflect.Kind]string{reflect.String: "string", reflect.Int: "integer", reflect.Bool: "boolean", reflect.Slice: "array"}[field.Type.Kind()]
		if sub := p.Properties[tag]; sub.Type != kind && sub.Enum == nil && sub.Const == nil {
			t.Errorf("%s.%s is %q in the schema and %s in Go", name, tag, sub.Type, field.Type)
		}
	}
	slices.Sort(fields)
	slices.Sort(required)
	if got := slices.Sorted(maps.Keys(p.Properties)); !slices.Equal(got, fields) {
		t.Errorf("%s has %v in the schema and %v in Go", name, got, fields)
	}
	slices.Sort(p.Required)
	if !slices.Equal(p.Required, required) {
		t.Errorf("%s requires %v in the schema and %v in Go", name, p.Required, required)
	}
	if p.Additional == nil || *p.Additional {
		t.Errorf("%s allows any other field", name)
	}
}

// TestEveryFieldIsDocumented looks each name up in the page about our JSON.
func TestEveryFieldIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/minutes-json.md")
	if err != nil {
		t.Fatal(err)
	}
	whole := schemaOf(t)
	parts := slices.Collect(maps.Values(whole.Defs))
	for _, p := range append(parts, whole) {
		for name := range p.Properties {
			if !strings.Contains(string(page), "| `"+name+"` |") {
				t.Errorf("docs/minutes-json.md does not tell what %q is", name)
			}
		}
	}
}
