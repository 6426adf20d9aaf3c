package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

func TestValuesOf(t *testing.T) {
	for text, want := range map[string]job.Params{
		"": {}, "  ": {}, "a=1": {"a": "1"}, "A=1 b=x=y": {"a": "1", "b": "x=y"}, `what="two words" n=3`: {"what": "two words", "n": "3"},
		"what=“bent words”": {"what": "bent words"}, "a=": {"a": ""}, `a="" b=1`: {"a": "", "b": "1"}, "a=ü\u00a0b=ö": {"a": "ü", "b": "ö"}, `a=x"y`: {"a": `x"y`},
	} {
		if got, err := valuesOf(text); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"a", "=1", `"a"=1`, `a="x`, `a="x"y`, `a="x"b=1`, "a=1 a=2", "a=1 A=2", "a=1 b", "a =1"} {
		if got, err := valuesOf(text); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// A job takes what is written, whole, or it is refused: options stand before or behind the
// values, and quotes keep words together.
func TestLinesThatAskForJobs(t *testing.T) {
	set, err := NewSet(Options{}, Vocabulary(Services{Jobs: &job.Service{Definitions: []job.Definition{{Name: "backup-own"}, {Name: "unseal-main"}}}}))
	if err != nil {
		t.Fatal(err)
	}
	read := func(line string) (map[string]string, error) {
		e, args, err := set.resolve(line, maxLine)
		if err != nil {
			return nil, err
		}
		return set.parse(e, args)
	}
	for line, want := range map[string]map[string]string{
		`job run echo what="two words" --dry`:                         {"job": "echo", "values": `what="two words"`, "dry": "yes"},
		`job run --dry echo what=x`:                                   {"job": "echo", "values": "what=x", "dry": "yes"},
		`job run echo --reason "a b" what=x`:                          {"job": "echo", "values": "what=x", "reason": "a b"},
		`job run echo what=x --reason “a b” --override`:               {"job": "echo", "values": "what=x", "reason": "a b", "override": "yes"},
		`job run echo -- what="a --dry b"`:                            {"job": "echo", "values": `what="a --dry b"`},
		`backup own --dry`:                                            {"name": "own", "dry": "yes"},
		`snapshot own`:                                                {"name": "own"},
		`unseal main --reason "a restart"`:                            {"name": "main", "reason": "a restart"},
		`job cancel #12 not --now`:                                    {"run": "12", "why": "not --now"},
		`job logs R7 --last=20`:                                       {"run": "7", "last": "20"},
		`job run x ` + strings.TrimSpace(strings.Repeat("a=b ", 120)): {"job": "x", "values": strings.TrimSpace(strings.Repeat("a=b ", 120))},
	} {
		if got, err := read(line); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q:\n%q, %v\nwant %q", line, got, err, want)
		}
	}
	for line, part := range map[string]string{
		"job run":                             "<job>",
		"job run echo --reason":               "--reason needs a value",
		`job run echo --reason "a b`:          "quote",
		"job run echo --dry=yes":              "takes no value",
		"job run echo --dry x=1 --dry":        "twice",
		"job run echo --quickly":              "--quickly",
		"job run echo x=1 --dry y=2":          "did not expect",
		"job show twelve":                     "number",
		"job cancel":                          "<run>",
		"job run " + strings.Repeat("x", 600): "at most 512",
	} {
		if got, err := read(line); err == nil || !strings.Contains(fault.Say(err), part) {
			t.Errorf("%.60q: %q, %v; want %q", line, got, err, part)
		}
	}
	// Three hundred values do not fit into a line, and are read where they do.
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprintf("n%d=%d", i, i)
	}
	if got, err := valuesOf(strings.Join(many, " ")); err != nil || len(got) != 300 || got["n299"] != "299" {
		t.Errorf("%d values, %v", len(got), err)
	}
	if _, err := read("job run echo " + strings.Join(many, " ")); err == nil {
		t.Error("a line of three thousand bytes is read")
	}
}

// Whatever is read, is what was written: written anew, it is read the same.
func FuzzValuesOf(f *testing.F) {
	for _, seed := range []string{"", "a=1", `what="two words" b=2`, "a=“b”", `a="`, "=", "a==b", "a=\"\" b=\u00a0", "a=\xff", "a=1 a=2", `a="x"b=1`, "Ä=1 ä=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := valuesOf(text)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || fault.Say(err) == "" || got != nil {
				t.Fatalf("%q, %v", got, err)
			}
			return
		}
		if strings.TrimSpace(text) == "" != (len(got) == 0) {
			t.Fatalf("%q has %q", text, got)
		}
		var again []string
		for _, name := range slices.Sorted(maps.Keys(got)) {
			value := got[name]
			if name == "" || strings.ToLower(name) != name || strings.ContainsAny(name, "= ") || !strings.Contains(text, value) {
				t.Fatalf("%q gave %q=%q", text, name, value)
			}
			if strings.ContainsFunc(value, isQuote) || !utf8.ValidString(text) {
				return // cannot be quoted
			}
			again = append(again, name+`="`+value+`"`)
		}
		if second, err := valuesOf(strings.Join(again, " ")); err != nil || !maps.Equal(got, second) {
			t.Fatalf("%q, then %q, %v", got, second, err)
		}
	})
}
