package ledger

import (
	"bytes"
	"strings"
	"testing"

	"batsignal/oncall/fault"
)

func TestAnExportIsEnough(t *testing.T) {
	h := newHouse(t)
	h.story(t, recordA, recordB)
	var text bytes.Buffer
	if err := h.book(t).Export(&text); err != nil {
		t.Fatal(err)
	}
	b, err := Import(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := b.Verify([]Seen{{Size: 6, Prefix: h.log.last.Prefix()}}, h.vkey); err != nil || r.Err() != nil || r.Leaves != 6 || r.Seen != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	// As it comes from a computer that ends lines otherwise.
	if b, err := Import(strings.NewReader(strings.ReplaceAll(text.String(), "\n", "\r\n"))); err != nil || len(b.Leaves) != 6 || len(b.Notes) != 6 {
		t.Errorf("%+v, %v", b, err)
	}
	for name, other := range map[string]string{
		"nothing":  "",
		"no title": strings.TrimPrefix(text.String(), exportTitle+"\n"),
		"cut off":  text.String()[:text.Len()-20],
		"too long": exportTitle + "\n" + strings.Repeat("x", 2*longestLine),
	} {
		if b, err := Import(strings.NewReader(other)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
	// A line that was left out, or changed, is found, whatever is done to the rest.
	for name, other := range map[string]string{
		"an entry less": strings.Replace(text.String(), b.Leaves[3]+"\n", "", 1),
		"a letter":      strings.Replace(text.String(), "INC-7", "INC-8", 1),
		"a head less":   strings.Replace(text.String(), b.Notes[2]+"\n", "", 1),
		"no heads":      strings.SplitAfter(text.String(), "\n\n")[0],
	} {
		b, err := Import(strings.NewReader(other))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r, err := b.Verify(nil, h.vkey); err != nil || r.Err() == nil {
			t.Errorf("%s is not found: %v", name, err)
		}
	}
}

// After a hole nothing is right any more, and that is not told a thousand times.
func TestFindingsAreFew(t *testing.T) {
	log, vkey := newLog(t)
	b := bookOf(t, log, 1000)
	b.Leaves = append(b.Leaves[:10:10], b.Leaves[11:]...)
	r, err := b.Verify(nil, vkey)
	if err != nil || len(r.Findings) == 0 || len(r.Findings) > 4*mostAlike {
		t.Errorf("%d findings, %v", len(r.Findings), err)
	}
	if all := strings.Join(r.Findings, "\n"); !strings.Contains(all, "Where entry 10 should be, there is entry 11") || !strings.Contains(all, "more.") {
		t.Error(all)
	}
	if !strings.Contains(r.Says(), "not sound") || !strings.Contains(r.Err().Error(), "findings in all") {
		t.Error(r.Says(), r.Err())
	}
}

// bookOf makes a ledger without a database.
func bookOf(t testing.TB, log *Log, n int) (b Book) {
	t.Helper()
	tr, counts := &tree{}, map[string]int64{}
	for i := range int64(n) {
		l := Leaf{Seq: i, At: noon, Type: TypeProof, Record: []string{recordA, recordB, recordC}[i%3], Lane: "F"}
		l.OwnerSeq = counts[l.Record]
		counts[l.Record]++
		body, err := l.Body()
		if err == nil {
			err = tr.add(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		root, err := tr.root(i + 1)
		if err != nil {
			t.Fatal(err)
		}
		h, err := sign(log.Signer, i+1, root)
		if err != nil {
			t.Fatal(err)
		}
		b.Leaves, b.Notes = append(b.Leaves, body), append(b.Notes, h.Note)
	}
	return b
}

func FuzzImport(f *testing.F) {
	log, vkey := newLog(f)
	var text bytes.Buffer
	if err := bookOf(f, log, 3).Export(&text); err != nil {
		f.Fatal(err)
	}
	f.Add(text.String())
	f.Add(exportTitle + "\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := Import(strings.NewReader(text))
		if err != nil {
			return
		}
		r, err := b.Verify([]Seen{{Size: 1}}, vkey)
		if err != nil || r.Err() == nil && (len(b.Leaves) != len(b.Notes) || r.Seen != 1) {
			t.Errorf("%+v, %v", r, err)
		}
		var again bytes.Buffer
		if err := b.Export(&again); err != nil {
			t.Fatal(err)
		}
		c, err := Import(&again)
		if err != nil || len(c.Leaves) != len(b.Leaves) || len(c.Notes) != len(b.Notes) {
			t.Errorf("%d and %d, then %d and %d, %v", len(b.Leaves), len(b.Notes), len(c.Leaves), len(c.Notes), err)
		}
	})
}
