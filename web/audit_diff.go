package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"batsignal/incidents/retrospective/linediff"
	"batsignal/oncall"
	"batsignal/oncall/audit"
)

const (
	deepest     = 6   // levels that a record of a change is followed
	mostChanges = 60  // fields that are shown of one change
	mostLines   = 200 // lines that are shown of one field
)

// changedField is one field of a change, before and after.
type changedField struct {
	Name  string
	Lines []linediff.Line
}

// hiddenField is the field of a change that a reader is not shown; "" is none. What
// somebody said in their own words is for nobody else, not even for admins.
func hiddenField(e audit.Entry, reader int64) string {
	if e.Kind == "consent" && (e.Person == nil || *e.Person != reader) {
		return "words"
	}
	return ""
}

// recordFor is a record of a change as a program of a reader gets it.
func recordFor(e audit.Entry, reader int64, record []byte) json.RawMessage {
	hidden := hiddenField(e, reader)
	if hidden == "" || len(record) == 0 {
		return record
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(record, &fields) != nil {
		return nil // better nothing than too much
	}
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return strings.EqualFold(name, hidden) })
	out, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return out
}

// differ tells records of changes to somebody.
type differ struct {
	zone    string           // the reader's
	handles map[int64]string // of the people whom lists name by number
	hidden  string           // a field that is not shown
}

// of lists the fields that differ, each with its lines. What is no JSON is not shown.
func (d differ) of(before, after []byte) []changedField {
	was, is := d.flat(before), d.flat(after)
	names := slices.Sorted(maps.Keys(was))
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, there := was[name]; !there {
			names = append(names, name)
		}
	}
	var out []changedField
	for _, name := range names {
		if slices.Equal(was[name], is[name]) || len(out) == mostChanges {
			continue
		}
		var lines []linediff.Line
		for _, line := range linediff.Of(strings.Join(was[name], "\n"), strings.Join(is[name], "\n")) {
			if line.Text != "" && len(lines) < mostLines {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			out = append(out, changedField{cmp.Or(name, "list"), lines})
		}
	}
	return out
}

// flat makes lines of every field of a record, by the way to it.
func (d differ) flat(record []byte) map[string][]string {
	fields := map[string][]string{}
	if len(record) == 0 {
		return fields
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber()
	if decoder.Decode(&value) == nil {
		d.walk(fields, "", value, 0)
	}
	return fields
}

func (d differ) walk(fields map[string][]string, at string, value any, depth int) {
	switch value := value.(type) {
	case map[string]any:
		if depth == deepest {
			return
		}
		for name, inner := range value {
			if d.hidden == "" || !strings.EqualFold(name, d.hidden) {
				d.walk(fields, joinField(at, fieldWords(name)), inner, depth+1)
			}
		}
	case []any:
		if depth == deepest {
			return
		}
		if line, ok := d.plainList(at, value); ok {
			fields[at] = line
			return
		}
		for i, inner := range value {
			d.walk(fields, joinField(at, fmt.Sprint(i+1)), inner, depth+1)
		}
	default:
		if text := d.text(at, value); text != "" {
			fields[at] = strings.Split(text, "\n")
		}
	}
}

// plainList writes a list of simple values, one on each line.
func (d differ) plainList(at string, list []any) (lines []string, ok bool) {
	for _, value := range list {
		switch value := value.(type) {
		case map[string]any:
			return nil, false
		case []any:
			inner, ok := d.plainList(at, value)
			if !ok {
				return nil, false
			}
			lines = append(lines, strings.Join(inner, " + "))
		default:
			lines = append(lines, d.text(at, value))
		}
	}
	return lines, true
}

// text writes one value as people read it.
func (d differ) text(at string, value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case bool:
		if value {
			return "yes"
		}
		return "no"
	case json.Number:
		n, err := value.Int64()
		if err != nil {
			return value.String()
		}
		return d.number(at, n)
	case string:
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return oncall.Clock(t, d.zone)
		}
		return value
	}
	return fmt.Sprint(value)
}

// number writes a number for what it is: a time of day, days of the week, a person.
func (d differ) number(at string, n int64) string {
	switch strings.TrimSpace(at[strings.LastIndexByte(at, '>')+1:]) {
	case "wakes", "sleeps", "works from", "works until", "quiet from", "quiet until":
		return oncall.Minutes(int(n))
	case "works days":
		return oncall.WriteDays(int(n))
	case "order":
		if handle := d.handles[n]; handle != "" {
			return handle
		}
		return "somebody"
	}
	return fmt.Sprint(n)
}

func joinField(at, name string) string {
	if at == "" {
		return name
	}
	return at + " > " + name
}

// fieldWords writes the name of a field as words: "WorksFrom" is "works from".
func fieldWords(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '_':
			b.WriteByte(' ')
			continue
		case unicode.IsUpper(r) && i > 0 && !strings.HasSuffix(b.String(), " ") && !unicode.IsUpper(rune(name[i-1])):
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// orderIn are the people whom the record of a list names.
func orderIn(record []byte) []int64 {
	var list struct {
		Order []int64 `json:"order"`
	}
	if len(record) == 0 || json.Unmarshal(record, &list) != nil {
		return nil
	}
	return list.Order
}
