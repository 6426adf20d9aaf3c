package web

import (
	"strings"
	"testing"

	"batsignal/bot/command"
)

// TestTheWholeReferenceIsRead reads the page of the real vocabulary: every command
// of its table must be found, with the usage that the table gives it.
func TestTheWholeReferenceIsRead(t *testing.T) {
	set, err := command.NewSet(command.Options{Prefix: "%", Emergency: "notruf"}, command.Vocabulary(command.Services{}))
	if err != nil {
		t.Fatal(err)
	}
	intro, groups := readReference(set.Reference())
	if len(intro) == 0 || len(groups) < 4 {
		t.Fatalf("%d lines before %d groups", len(intro), len(groups))
	}
	usages := map[string]bool{}
	ids := map[string]bool{}
	var check func(docs []commandDoc)
	check = func(docs []commandDoc) {
		for _, d := range docs {
			usages[d.Usage] = true
			if len(d.Words) == 0 || !strings.HasPrefix(d.Name, "%") || ids[d.ID()] {
				t.Errorf("%+v", d)
			}
			if len(d.Subs) == 0 && len(d.Facts) < 2 {
				t.Errorf("%s: example and permission are missing", d.Name)
			}
			ids[d.ID()] = true
			check(d.Subs)
		}
	}
	for _, g := range groups {
		check(g.Commands)
	}
	found := 0
	for line := range strings.SplitSeq(set.ReferenceTable(), "\n") {
		_, rest, isRow := strings.Cut(line, "| `")
		usage, _, _ := strings.Cut(rest, "` |")
		if !isRow {
			continue
		}
		found++
		if usage = strings.ReplaceAll(usage, `\|`, "|"); !usages[usage] {
			t.Errorf("%s is not explained", usage)
		}
	}
	if found < 20 {
		t.Errorf("the table has %d rows", found)
	}
}

func TestSpans(t *testing.T) {
	for in, want := range map[string]string{
		"plain":              "plain",
		"a `b | c` d":        "a {b | c} d",
		`a \* b \_ \\`:       `a * b _ \`,
		"a &lt;b>":           "a <b>",
		"`no end":            "`no end",
		"`a``b`":             "{a}{b}",
		"in `&lt;` as it is": "in {&lt;} as it is",
	} {
		var b strings.Builder
		for _, s := range spans(in) {
			if s.Code {
				b.WriteString("{" + s.Text + "}")
			} else {
				b.WriteString(s.Text)
			}
		}
		if b.String() != want {
			t.Errorf("%q: %q, want %q", in, b.String(), want)
		}
	}
}

func FuzzReference(f *testing.F) {
	f.Add("# x\n\n## G\n\n### `!a`\n\nwords\n- Usage: `!a <b>`\n#### `!a b`\n- x")
	f.Add("#### `x`\n### y\n- `a:b`: c\n## `")
	f.Fuzz(func(t *testing.T, page string) {
		_, groups := readReference(page)
		for _, g := range groups {
			for _, d := range g.Commands {
				_ = d.ID()
			}
		}
	})
}
