package pgbackup

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"batsignal/oncall/fault"
)

// packed makes a backup of a dump's bytes.
func packed(t testing.TB, dump []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	p := newPieces(&out, time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC))
	file := p.file("db1-x.dump")
	if err := errors.Join(p.small(contentsFile, []byte(`{"format":1,"databases":[{"name":"x","file":"db1-x.dump","encoding":"UTF8"}]}`)), p.small(rolesFile, []byte("select 1;"))); err != nil {
		t.Fatal(err)
	}
	for rest := dump; len(rest) > 0; { // in writes of any size
		n := min(len(rest), 1+rand.N(3<<20))
		if _, err := file.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := errors.Join(file.Close(), p.end()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unpacked(r io.Reader) ([]byte, error) {
	u := newUnpacking(r)
	c, err := u.contents()
	if err != nil {
		return nil, err
	}
	if _, err := u.small(rolesFile); err != nil {
		return nil, err
	}
	dump, err := io.ReadAll(u.file(c.Databases[0].File))
	if err != nil {
		return nil, err
	}
	return dump, u.end()
}

func TestPiecesFitTogether(t *testing.T) {
	for _, size := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3*pieceSize + 77} {
		dump := make([]byte, size)
		for i := range dump {
			dump[i] = byte(i * 7)
		}
		got, err := unpacked(bytes.NewReader(packed(t, dump)))
		if err != nil || !bytes.Equal(got, dump) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
	}
}

func TestWhatIsNotWholeIsRefused(t *testing.T) {
	good := packed(t, []byte("PGDMP and so on"))
	for n := range good {
		if _, err := unpacked(bytes.NewReader(good[:n])); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("%d of %d bytes: %v", n, len(good), err)
		}
	}
	if _, err := unpacked(bytes.NewReader(append(bytes.Clone(good), 0))); fault.KindOf(err) != fault.Invalid {
		t.Errorf("one more byte: %v", err)
	}
	for _, word := range []string{"PGDMP", "select", `"UTF8"`, "db1-x.dump.00000000", "SHA256SUMS"} {
		at := bytes.Index(good, []byte(word))
		bad := bytes.Clone(good)
		bad[at+1] ^= 1
		if _, err := unpacked(bytes.NewReader(bad)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", word, err)
		}
	}
	broken := errors.New("the disk is gone")
	for _, n := range []int{0, 100, 600, len(good) / 2} {
		if _, err := unpacked(io.MultiReader(bytes.NewReader(good[:n]), iotest.ErrReader(broken))); err != broken {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestNamesOfDatabasesBecomeNamesOfFiles(t *testing.T) {
	for name, want := range map[string]string{"shop": "db3-shop.dump", "../../etc": "db3-_etc.dump", "a b;c": "db3-a_b_c.dump", "": "db3-.dump", "größe": "db3-gr_e.dump"} {
		if got := fileOf(3, name); got != want {
			t.Errorf("%q: %s", name, got)
		}
	}
	if got := fileOf(1, strings.Repeat("x", 200)); len(got) > 100-9 { // what a tar takes, with the number of the piece
		t.Errorf("%s", got)
	}
}

// No bytes have it panic or loop, and what it takes is a backup that we may have written.
func FuzzUnpack(f *testing.F) {
	f.Add(packed(f, []byte("PGDMP and so on")))
	f.Add([]byte("PGDMP"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := unpacked(bytes.NewReader(data)); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
	})
}
