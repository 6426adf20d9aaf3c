package consul

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"batsignal/oncall/fault"
)

// part is a file of an archive that a test makes.
type part struct{ name, content string }

// archive makes a snapshot out of parts, sums included.
func archive(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	files := tar.NewWriter(zipped)
	for _, p := range parts {
		if err := files.WriteHeader(&tar.Header{Name: p.name, Mode: 0o600, Size: int64(len(p.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(files, p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(files.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sums(parts ...part) part {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256([]byte(p.content)), p.name)
	}
	return part{"SHA256SUMS", b.String()}
}

var (
	goodMeta  = part{"meta.json", `{"Version":1,"ID":"2-14-1764446400000","Index":14,"Term":2,"Size":11}`}
	goodState = part{"state.bin", "state state"}
)

func TestWhatIsNoSnapshotIsRefused(t *testing.T) {
	good := archive(t, goodMeta, goodState, sums(goodMeta, goodState))
	m, err := Check(bytes.NewReader(good))
	if err != nil || m.Index != 14 || m.Size != 11 || m.Term != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	long := part{"meta.json", `{"Index":14,"Size":12}`}
	for name, c := range map[string]struct {
		archive []byte
		says    string
	}{
		"nothing":          {nil, "ends too early"},
		"no gzip":          {[]byte("a page for signing in"), "gzip"},
		"one more byte":    {append(bytes.Clone(good), 0), "follows its end"},
		"two of them":      {append(bytes.Clone(good), good...), "follows its end"},
		"another file":     {archive(t, goodMeta, goodState, part{"x", "y"}, sums(goodMeta, goodState)), "belongs into no snapshot"},
		"a file twice":     {archive(t, goodMeta, goodState, goodState, sums(goodMeta, goodState)), "twice"},
		"no state":         {archive(t, goodMeta, sums(goodMeta)), "no state.bin"},
		"no sums":          {archive(t, goodMeta, goodState), "no SHA256SUMS"},
		"sums of one only": {archive(t, goodMeta, goodState, sums(goodMeta)), "not complete"},
		"other sums":       {archive(t, goodMeta, goodState, sums(goodMeta, part{"state.bin", "other"})), "checksum of its state.bin"},
		"sums of nothing":  {archive(t, goodMeta, goodState, part{"SHA256SUMS", "a b c\n"}), "list of checksums"},
		"another size":     {archive(t, long, goodState, sums(long, goodState)), "11 bytes, and should have 12"},
		"no meta":          {archive(t, part{"meta.json", "{}"}, goodState, sums(part{"meta.json", "{}"}, goodState)), "cannot be understood"},
		"a long meta":      {archive(t, part{"meta.json", strings.Repeat(" ", mostMeta+1)}, goodState), "too long"},
	} {
		_, err := Check(bytes.NewReader(c.archive))
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range good {
		if _, err := Check(bytes.NewReader(good[:n])); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%d of %d bytes: %v", n, len(good), err)
		}
	}
}

func TestATroubledSourceSaysNothingAboutTheSnapshot(t *testing.T) {
	broken := errors.New("the disk is gone")
	good := archive(t, goodMeta, goodState, sums(goodMeta, goodState))
	for _, n := range []int{0, 5, len(good) / 2, len(good)} {
		_, err := Check(io.MultiReader(bytes.NewReader(good[:n]), iotest.ErrReader(broken)))
		if err != broken {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// No bytes have it panic, and what it takes is whole: cut anywhere, it is refused.
func FuzzCheck(f *testing.F) {
	f.Add(archive(f, goodMeta, goodState, sums(goodMeta, goodState)), uint16(40))
	f.Add(archive(f, goodState, goodMeta, sums(goodState, goodMeta)), uint16(0))
	f.Add([]byte("\x1f\x8b"), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		if _, err := Check(bytes.NewReader(data)); err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		if _, err := Check(bytes.NewReader(data[:int(cut)%len(data)])); err == nil {
			t.Fatalf("%d of %d bytes are taken as well", int(cut)%len(data), len(data))
		}
	})
}

func TestWhatChangedMeanwhileIsARange(t *testing.T) {
	before := []countOf{{"rows", counted{10, "5"}}, {"services", counted{2, "7"}}, {"nodes", counted{1, "7"}}}
	after := []countOf{{"rows", counted{10, "6"}}, {"services", counted{2, "7"}}, {"nodes", counted{0, "8"}}}
	got := fmt.Sprint(between(before, after))
	if want := "[[rows 10 to 10] [services 2] [nodes 0 to 1]]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
