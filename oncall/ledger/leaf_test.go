package ledger

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"batsignal/oncall/unseal"
)

// The leaves, their hashes and the roots of the design's vectors.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/tlog.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Leaves []string
		Hashes []string `json:"leaf_hash"`
		Roots  []string `json:"root"`
	}
	if err := json.Unmarshal(raw, &v); err != nil || len(v.Leaves) != 3 {
		t.Fatalf("%d leaves, %v", len(v.Leaves), err)
	}
	tr := &tree{}
	for i, body := range v.Leaves {
		l, err := ParseLeaf(body)
		if err != nil || l.Seq != int64(i) || l.OwnerSeq != int64(i) || l.Record != "r1" {
			t.Errorf("%+v, %v", l, err)
		}
		if err := tr.add(body); err != nil {
			t.Fatal(err)
		}
		root, err := tr.root(int64(i) + 1)
		if err != nil || root.String() != v.Roots[i] || tr.leaf(int64(i)).String() != v.Hashes[i] || tlog.RecordHash([]byte(body)) != tr.leaf(int64(i)) {
			t.Errorf("leaf %d: root %s, leaf %s, %v", i, root, tr.leaf(int64(i)), err)
		}
	}
}

func TestALeafHasOneForm(t *testing.T) {
	of := int64(3)
	full := Leaf{
		Seq: 9, At: noon, Type: TypeDialed, Record: "r1", OwnerSeq: 4, Incident: "INC-7", Lane: unseal.LaneDial, Role: "network", By: []string{"dora", "carl"},
		Of: &of, Key: "page-12/1", Epoch: 2, Hash: "ab+/=", Result: "accepted", Note: "a <b> & ü",
	}
	body, err := full.Body()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"v":1,"seq":9,"at":"2026-03-29T12:00:00Z","type":"dialed","rec":"r1","owner_seq":4,"incident":"INC-7","lane":"B","role":"network",` +
		`"by":["dora","carl"],"of":3,"key":"page-12/1","epoch":2,"hash":"ab+/=","result":"accepted","note":"a <b> & ü"}`
	if body != want {
		t.Errorf("%s\n%s", body, want)
	}
	if again, err := ParseLeaf(body); err != nil || again.Key != full.Key || *again.Of != of || !again.At.Equal(noon) {
		t.Errorf("%+v, %v", again, err)
	}
	for name, other := range map[string]string{
		"space":          strings.Replace(want, `:9,`, `: 9,`, 1),
		"order":          `{"seq":9,"v":1,"type":"dialed"}`,
		"twice":          `{"v":1,"seq":9,"seq":9,"type":"dialed"}`,
		"version":        `{"v":2,"seq":9,"type":"dialed"}`,
		"unknown field":  `{"v":1,"seq":9,"type":"dialed","extra":1}`,
		"escaped letter": strings.Replace(want, "network", `netw\u006frk`, 1),
		"direction":      strings.Replace(want, "network", "net\u202ework", 1),
		"later":          `{"v":1,"seq":9,"type":"dialed","of":9}`,
		"local time":     strings.Replace(want, "12:00:00Z", "14:00:00+02:00", 1),
		"no object":      `7`,
		"nothing":        ``,
		"type":           `{"v":1,"seq":9,"type":"Dialed"}`,
		"owner_seq":      `{"v":1,"seq":9,"type":"dialed","owner_seq":0}`,
		"after the end":  want + " ",
	} {
		if l, err := ParseLeaf(other); err == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

// Whatever comes from people and providers, no address gets into what can never be taken
// back, and nothing that turns the direction of a line.
func TestNoAddressGetsIntoTheLedger(t *testing.T) {
	for text, want := range map[string]string{
		"accepted":                            "accepted",
		"no answer from +49 170 1234567":      "no answer from …",
		"call to (030) 1234-5678 failed":      "call to (…failed",
		"maria@example.org bounced":           "… bounced",
		"POST https://hooks.example/k3y: 404": "POST … 404",
		"until 2026-03-29 12:00":              "until 2026-03-29 12:00",
		"code 21610":                          "code 21610",
		"a\u202eb\x00c\nd":                    "abc d",
		strings.Repeat("ä", 400):              strings.Repeat("ä", longestNote-1) + "…",
	} {
		got := Leaf{Note: text}.tidied().Note
		if text == "call to (030) 1234-5678 failed" {
			if strings.Contains(got, "1234") {
				t.Errorf("%q is kept as %q", text, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%q is kept as %q", text, got)
		}
	}
}

func FuzzLeaf(f *testing.F) {
	f.Add(`{"v":1,"seq":0,"type":"escrow.sealed","rec":"r1","owner_seq":0}`)
	f.Add(`{"v":1,"seq":9,"at":"2026-03-29T12:00:00Z","type":"dialed","rec":"r1","owner_seq":4,"by":["dora"],"of":3,"note":"ü"}`)
	f.Fuzz(func(t *testing.T, body string) {
		l, err := ParseLeaf(body)
		if err != nil {
			return
		}
		if again, err := l.Body(); err != nil || again != body {
			t.Errorf("%q became %q, %v", body, again, err)
		}
		if tidied := l.tidied(); tidied.Role != l.Role || len(tidied.By) != len(l.By) {
			t.Errorf("%q is not tidy", body)
		}
	})
}

func FuzzTidy(f *testing.F) {
	f.Add("call +49 170 1234567 or maria@example.org", 20)
	f.Fuzz(func(t *testing.T, s string, most int) {
		if most < 1 || most > 1000 {
			return
		}
		once := tidy(s, most)
		if tidy(once, most) != once || len([]rune(once)) > most {
			t.Errorf("%q: %q", s, once)
		}
		l := Leaf{Type: TypeRevealAsked, Result: s, Note: s, Role: s, By: []string{s, s}}.tidied()
		if err := l.check(); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	})
}
