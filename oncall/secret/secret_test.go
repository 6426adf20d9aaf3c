package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestNothingPrintsTheValue(t *testing.T) {
	const canary = "hunter2-canary"
	s := struct {
		Name string
		Key  Text
	}{"x", New(canary)}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", s.Key)
		fmt.Fprintf(&out, verb+"\n", &s)
	}
	_ = json.NewEncoder(&out).Encode(s)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "s", s, "k", s.Key)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "s", s, "k", s.Key)

	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
		t.Fatalf("the value was printed:\n%s", out.String())
	}
	if s.Key.Reveal() != canary {
		t.Fatal("Reveal lost the value")
	}
}
