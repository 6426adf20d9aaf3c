package redact_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"batsignal/oncall/redact"
)

func write(t testing.TB, pieces ...string) string {
	t.Helper()
	var out strings.Builder
	w := redact.NewWriter(&out)
	for _, p := range pieces {
		if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// In whatever pieces something comes, what comes out is what the whole would give.
func TestPiecesAreJudgedAsAWhole(t *testing.T) {
	var all strings.Builder
	for i, p := range planted {
		all.WriteString("a line\n" + strings.Replace(p.text, "%", p.secret, 1) + []string{"\n", "\r\n", "\r", "\n\n"}[i%4])
		if strings.Contains(p.secret, "PRIVATE KEY") && !strings.Contains(p.secret, "END ") {
			all.WriteString("-----END PRIVATE KEY-----\n")
		}
	}
	text := all.String()
	want := redact.Text(text)
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var pieces []string
		for rest := text; rest != ""; {
			n := min(len(rest), 1+r.IntN([]int{1, 3, 20, 300}[r.IntN(4)]))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if got := write(t, pieces...); got != want {
			t.Fatalf("%q\nbecame %q\nwant %q", pieces, got, want)
		}
	}
}

func TestWhatHasNoEnd(t *testing.T) {
	for _, c := range []struct {
		pieces []string
		want   string
	}{
		{[]string{"pass", "word=hun", "ter2"}, "password=[taken out: a password]"},
		{[]string{"-----BEGIN PRIVATE KEY-----\nMII\n", "MII"}, "[taken out: a private key]"},
		{[]string{strings.Repeat("x", 70_000), "password=y", "\nnext\n"}, "[taken out: a line that is too long]\nnext\n"},
		{[]string{strings.Repeat("x", 70_000) + "\n", "next\r"}, "[taken out: a line that is too long]\nnext\r"},
		{[]string{"-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MII\n", 20_000), "next\n"}, "next\n"},
	} {
		got := write(t, c.pieces...)
		if len(c.pieces) == 2 && c.pieces[1] == "next\n" { // the rest of the flood comes as it is
			if !strings.HasPrefix(got, "[taken out: a private key]\n") || !strings.HasSuffix(got, c.want) {
				t.Errorf("%q", got[:80])
			}
		} else if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAWriterTellsWhatFailed(t *testing.T) {
	w := redact.NewWriter(full{})
	if n, err := io.WriteString(w, "no end"); n != 6 || err != nil {
		t.Error(n, err)
	}
	if _, err := io.WriteString(w, "\n"); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

func FuzzText(f *testing.F) {
	for i, p := range planted {
		f.Add("before ", strings.Replace(p.text, "%", " ", 1), uint(i), 3)
	}
	f.Add("password=[taken out: a password]", "]", uint(0), 1)
	f.Add("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", uint(7), 9)
	f.Fuzz(func(t *testing.T, before, after string, n uint, size int) {
		p := planted[n%uint(len(planted))]
		text := before + "\n" + strings.Replace(p.text, "%", p.secret, 1) + "\n" + after
		got := redact.Text(text)
		if strings.Contains(got, p.secret) && !strings.Contains(before+after, p.secret) && len(p.secret) > 12 {
			t.Errorf("%q is in %q", p.secret, got)
		}
		if again := redact.Text(got); again != got {
			t.Errorf("%q became %q", got, again)
		}
		if len(text) > 10_000 {
			return
		}
		size = max(1, min(size, 1000))
		var pieces []string
		for rest := text; rest != ""; {
			cut := min(len(rest), size)
			pieces, rest = append(pieces, rest[:cut]), rest[cut:]
		}
		if whole := write(t, pieces...); strings.Contains(whole, p.secret) && !strings.Contains(before+after, p.secret) && len(p.secret) > 12 {
			t.Errorf("%q is in %q, written in pieces", p.secret, whole)
		} else if whole != got {
			t.Errorf("in pieces %q, as a whole %q", whole, got)
		}
	})
}
