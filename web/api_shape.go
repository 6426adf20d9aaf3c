package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
)

// member is one member of a JSON object, as a field of a Go struct stands for it.
type member struct {
	Name     string
	Type     reflect.Type
	Doc      string
	Choices  []string
	Optional bool
	Read     bool // is told, and passed over where a program sends it back
}

// membersOf lists the members of a struct's JSON. The tag doc says what one is, enum lists
// what it may be, and read marks what programs cannot set.
func membersOf(t reflect.Type) []member {
	var out []member
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			out = append(out, membersOf(f.Type)...)
			continue
		case !f.IsExported() || name == "-" || name == "":
			continue
		}
		m := member{Name: name, Type: f.Type, Doc: f.Tag.Get("doc"), Optional: strings.Contains(options, "omitempty"), Read: f.Tag.Get("read") != ""}
		if m.Type.Kind() == reflect.Pointer {
			m.Type = m.Type.Elem()
		}
		if choices := f.Tag.Get("enum"); choices != "" {
			m.Choices = strings.Split(choices, ",")
		}
		out = append(out, m)
	}
	return out
}

// checkShape refuses JSON that is not as a type says: members that are missing, unknown or
// of another kind. Go's own reading would pass over the first two, and a slip in a name
// would wipe out what was there.
func checkShape(t reflect.Type, value any, path string) error {
	bad := func(want string) error {
		if path == "" {
			return wrong("", "The body must be %s.", want)
		}
		return wrong(path, "%s must be %s.", path, want)
	}
	switch t.Kind() {
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			text, ok := value.(string)
			if !ok {
				return bad("an instant such as 2026-03-29T02:30:00Z")
			}
			if _, err := readInstant(text); err != nil {
				return bad("an instant such as 2026-03-29T02:30:00Z")
			}
			return nil
		}
		object, ok := value.(map[string]any)
		if !ok {
			return bad("an object")
		}
		return checkObject(t, object, path)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return bad("a list")
		}
		for i, one := range list {
			if err := checkShape(t.Elem(), one, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.String:
		if _, ok := value.(string); !ok {
			return bad("a text")
		}
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return bad("true or false")
		}
	case reflect.Int, reflect.Int64:
		n, ok := value.(json.Number)
		if !ok {
			return bad("a whole number")
		}
		if whole, err := n.Int64(); err != nil || whole > 1<<31 || whole < -1<<31 {
			return bad("a whole number")
		}
	}
	return nil
}

func checkObject(t reflect.Type, object map[string]any, path string) error {
	members := membersOf(t)
	at := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	known := map[string]bool{}
	for _, m := range members {
		known[m.Name] = true
		value, given := object[m.Name]
		switch {
		case m.Read:
			continue
		case !given && !m.Optional:
			return wrong(at(m.Name), "%s is missing.", at(m.Name))
		case !given:
			continue
		}
		if err := checkShape(m.Type, value, at(m.Name)); err != nil {
			return err
		}
		if text, ok := value.(string); ok && len(m.Choices) > 0 && !slices.Contains(m.Choices, text) {
			return wrong(at(m.Name), "%s is one of %s.", at(m.Name), strings.Join(m.Choices, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !known[name] {
			return wrong(oncall.Clip(at(name), 80), "There is no %s here.", oncall.Clip(at(name), 80))
		}
	}
	return nil
}
