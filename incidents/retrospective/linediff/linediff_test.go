package linediff

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawn(lines []Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, [...]string{" ", "-", "+"}[l.Op]+l.Text)
	}
	return strings.Join(out, "|")
}

func TestOf(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"", "", ""}, {"a\n", "a\n", " a"}, {"", "a\n", "+a"}, {"a", "", "-a"}, {"a\n", "a", " a"},
		{"a\nb\nc\n", "a\nx\nc\n", " a|-b|+x| c"},
		{"a\nb\nc\n", "a\nc\n", " a|-b| c"},
		{"a\nc\n", "a\nb\nc\n", " a|+b| c"},
		{"a\nb\n", "b\na\n", "-a| b|+a"},
		{"a\n\nb\n", "a\n\n\nb\n", " a| |+| b"},
	} {
		if got := drawn(Of(c.before, c.after)); got != c.want {
			t.Errorf("%q to %q: %s, want %s", c.before, c.after, got, c.want)
		}
	}
}

// text is a text of few different lines, so that they repeat.
func text(t *rapid.T, name string) string {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c", "d"}), 0, 30).Draw(t, name)
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func only(lines []Line, not Op) []string {
	var out []string
	for _, l := range lines {
		if l.Op != not {
			out = append(out, l.Text)
		}
	}
	return out
}

// longest is how many lines two texts have in common at most, found the slow way.
func longest(a, b []string) int {
	best := make([][]int, len(a)+1)
	for i := range best {
		best[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			best[i+1][j+1] = max(best[i][j+1], best[i+1][j])
			if a[i] == b[j] {
				best[i+1][j+1] = best[i][j] + 1
			}
		}
	}
	return best[len(a)][len(b)]
}

func TestADiffMakesBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := text(t, "before"), text(t, "after")
		lines := Of(before, after)
		if !slices.Equal(only(lines, Added), split(before)) || !slices.Equal(only(lines, Removed), split(after)) {
			t.Fatalf("%q to %q is not %s", before, after, drawn(lines))
		}
		same := 0
		for _, l := range lines {
			if l.Op == Same {
				same++
			}
		}
		if want := longest(split(before), split(after)); same != want {
			t.Fatalf("%d lines in common, want %d: %s", same, want, drawn(lines))
		}
	})
}

func TestMerge(t *testing.T) {
	const base = "a\nb\nc\nd\n"
	for _, c := range []struct {
		mine, theirs, want string
		ok                 bool
	}{
		{base, base, base, true},
		{"a\nB\nc\nd\n", "a\nb\nc\nD\n", "a\nB\nc\nD\n", true},
		{"a\nB\nc\nd\n", "a\nX\nc\nd\n", "", false},
		{"a\nB\nc\nd\n", "a\nB\nc\nd\n", "a\nB\nc\nd\n", true},
		{"a\nb\nc\nd\ne\n", "0\na\nb\nc\nd\n", "0\na\nb\nc\nd\ne\n", true},
		{"a\nd\n", "a\nb\nc\nD\n", "", false},
		{"", "a\nb\nc\nd\n", "", true},
		{"", "a\nb\nc\nd\ne\n", "", false},
	} {
		got, ok := Merge(base, c.mine, c.theirs)
		if got != c.want || ok != c.ok {
			t.Errorf("%q and %q: %q, %v", c.mine, c.theirs, got, ok)
		}
	}
}

// Whatever two people do, nothing is made up, and who changed nothing changes nothing.
func TestMergeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, mine, theirs := text(t, "base"), text(t, "mine"), text(t, "theirs")
		if got, ok := Merge(base, mine, base); !ok || got != mine {
			t.Fatalf("mine alone: %q, %v", got, ok)
		}
		if got, ok := Merge(base, base, theirs); !ok || got != theirs {
			t.Fatalf("theirs alone: %q, %v", got, ok)
		}
		one, ok1 := Merge(base, mine, theirs)
		two, ok2 := Merge(base, theirs, mine)
		if one != two || ok1 != ok2 {
			t.Fatalf("%q, %v but the other way %q, %v", one, ok1, two, ok2)
		}
		for _, line := range split(one) {
			if !slices.Contains(split(mine), line) && !slices.Contains(split(theirs), line) {
				t.Fatalf("%q is of neither", line)
			}
		}
	})
}

// Texts that have nothing in common are told so soon.
func TestFarApart(t *testing.T) {
	a := strings.Repeat("a\n", 100_000)
	b := strings.Repeat("b\n", 100_000)
	if n := len(Of(a, b)); n != 200_000 {
		t.Errorf("%d lines", n)
	}
	if _, ok := Merge("x\n", a, b); ok {
		t.Error("they were merged")
	}
}
