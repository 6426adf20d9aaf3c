package ledger

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestHeadIsACheckpoint(t *testing.T) {
	log, vkey := newLog(t)
	h, err := sign(log.Signer, 812, [32]byte{0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f, 0x70, 0x81, 0x99})
	if err != nil {
		t.Fatal(err)
	}
	if h.Line() != "Ledger 812 1a2b3c4d5e6f7081" {
		t.Error(h.Line())
	}
	want := "ledger.example.org\n812\nGis8TV5vcIGZAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— ledger.example.org "
	if !strings.HasPrefix(h.Note, want) {
		t.Errorf("%q", h.Note)
	}
	if again, err := ParseHead(h.Note, vkey, vkey); err != nil || again != h {
		t.Errorf("%+v, %v", again, err)
	}
	_, other := newLog(t)
	for name, c := range map[string][2]string{
		"other size": {strings.Replace(h.Note, "812", "813", 1), vkey},
		"other key":  {h.Note, other},
		"no key":     {h.Note, "nonsense"},
		"zero":       {strings.Replace(h.Note, "812", "0812", 1), vkey},
		"no note":    {"hello", vkey},
	} {
		if got, err := ParseHead(c[0], c[1]); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := ParseHead(h.Note); err == nil {
		t.Error("checked without a key")
	}
}

// A head under the name of one ledger that is signed by the key of another is none.
func TestHeadOfAnotherName(t *testing.T) {
	skey, vkey, err := note.GenerateKey(nil, "other.example.org")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: headText("ledger.example.org", 1, [32]byte{})}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := ParseHead(string(signed), vkey); err == nil {
		t.Errorf("%+v", h)
	}
}

func TestAHeadIsFoundInAnyChatLog(t *testing.T) {
	for line, want := range map[string]string{
		"Ledger 812 1a2b3c4d5e6f7081":                                         "812 1a2b3c4d5e6f7081",
		"[12:00:01] <batsignal> Ledger 812 1a2b3c4d5e6f7081":                  "812 1a2b3c4d5e6f7081",
		"2026-03-29T12:00:01+0000 -batsignal:#ops- Ledger 0 e3b0c44298fc1c14": "0 e3b0c44298fc1c14",
		`{"text":"Ledger 7 0000000000000001","user":"U1"}`:                    "7 0000000000000001",
		"Ledger 812 1a2b3c4d5e6f70":                                           "",
		"Ledger 812 1a2b3c4d5e6f708100":                                       "",
		"Ledger 0812 1a2b3c4d5e6f7081":                                        "",
		"Ledger 9999999999999999999999 1a2b3c4d5e6f7081":                      "",
		"ledger 812 1a2b3c4d5e6f7081":                                         "",
		"":                                                                    "",
	} {
		size, prefix, ok := ParseLine(line)
		got := ""
		if ok {
			got = fmt.Sprint(size, " ", prefix)
		}
		if got != want {
			t.Errorf("%q: %q", line, got)
		}
	}
	log := "a\nLedger 1 0000000000000001 and Ledger 2 0000000000000002\r\n" + strings.Repeat("x", 200_000) + " Ledger 4 0000000000000004\nLedger 3 0000000000000003"
	seen, err := SeenIn(strings.NewReader(log), "ops.log")
	if err != nil || len(seen) != 3 || seen[1] != (Seen{2, "0000000000000002", "line 2 of ops.log"}) || seen[2].Where != "line 4 of ops.log" {
		t.Errorf("%+v, %v", seen, err)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add("[12:00] <batsignal> Ledger 812 1a2b3c4d5e6f7081")
	f.Fuzz(func(t *testing.T, line string) {
		size, prefix, ok := ParseLine(line)
		if ok && !strings.Contains(line, fmt.Sprintf("Ledger %d %s", size, prefix)) {
			t.Errorf("%q: %d %s", line, size, prefix)
		}
		seen, err := SeenIn(strings.NewReader(line), "x")
		if err != nil || ok && len(line) < 60_000 && !strings.Contains(line, "\n") && (len(seen) == 0 || seen[0].Size != size) {
			t.Errorf("%q: %v, %v", line, seen, err)
		}
	})
}

func FuzzHead(f *testing.F) {
	log, _ := newLog(f)
	h, err := sign(log.Signer, 812, [32]byte{1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(h.Note)
	f.Fuzz(func(t *testing.T, signed string) {
		h, name, err := readHead(signed)
		if err == nil && !strings.HasPrefix(signed, headText(name, h.Size, h.Hash)) {
			t.Errorf("%q", signed)
		}
	})
}
