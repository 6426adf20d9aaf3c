package pagerduty

import (
	"bytes"
	"encoding/json"
	"strings"
)

// deepest is how many lists and objects of a sender's details may lie within each other.
const deepest = 32

// tame writes free JSON anew so that every database takes it: valid letters without
// U+0000, numbers that a float can hold, not too deep. Nil stays nil.
func tame(raw json.RawMessage) json.RawMessage {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil || v == nil {
		return nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // it is shown in logs and pages that escape by themselves
	if e.Encode(tamed(v, deepest)) != nil {
		return nil
	}
	return bytes.TrimSpace(out.Bytes())
}

func tamed(v any, depth int) any {
	if depth == 0 {
		return "…"
	}
	switch v := v.(type) {
	case string:
		return tameText(v)
	case json.Number:
		if _, err := v.Float64(); err != nil || len(v) > 32 {
			return v.String()
		}
	case []any:
		for i := range v {
			v[i] = tamed(v[i], depth-1)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, x := range v {
			out[tameText(name)] = tamed(x, depth-1)
		}
		return out
	}
	return v
}

func tameText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
