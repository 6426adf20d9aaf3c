package vault

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
)

func FuzzKeyOfAReceiver(f *testing.F) {
	raw := append([]byte{0x98}, make([]byte, 40)...)
	text := base64.StdEncoding.EncodeToString(raw)
	f.Add(text)
	f.Add("-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: x\n\n" + text + "\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n")
	f.Fuzz(func(t *testing.T, key string) {
		bare, err := Receiver{Handle: "anna", Key: key}.bare()
		if err != nil {
			return
		}
		raw, err := base64.StdEncoding.DecodeString(bare)
		if err != nil || len(raw) < 32 || strings.ContainsAny(bare, "\r\n -") {
			t.Errorf("%q became %q", key, bare)
		}
	})
}

// archive is a snapshot with a state.
func archive(state string, damage func(name string, body []byte) []byte) []byte {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	metaText := []byte(`{"Index":7,"Term":2,"Version":1}`)
	sums := fmt.Sprintf("%x  meta.json\n%x  state.bin\n", sha256.Sum256(metaText), sha256.Sum256([]byte(state)))
	for _, file := range []struct {
		name string
		body []byte
	}{{"meta.json", metaText}, {"state.bin", []byte(state)}, {"SHA256SUMS", []byte(sums)}} {
		body := damage(file.name, file.body)
		_ = w.WriteHeader(&tar.Header{Name: file.name, Mode: 0o600, Size: int64(len(body))}) // into memory
		_, _ = w.Write(body)
	}
	_ = w.Close()
	_ = zip.Close()
	return out.Bytes()
}

func TestASnapshotIsLookedThrough(t *testing.T) {
	same := func(_ string, b []byte) []byte { return b }
	whole := archive("state", same)
	var copied bytes.Buffer
	m, err := inspect(io.TeeReader(bytes.NewReader(whole), &copied))
	if err != nil || m.Index != 7 || !bytes.Equal(copied.Bytes(), whole) {
		t.Fatalf("%+v %v, %d of %d bytes", m, err, copied.Len(), len(whole))
	}
	for _, name := range []string{"meta.json", "state.bin", "SHA256SUMS"} {
		bad := archive("state", func(n string, b []byte) []byte {
			if n != name {
				return b
			}
			return bytes.ReplaceAll(b, []byte{b[3]}, []byte("7"))
		})
		if _, err := inspect(bytes.NewReader(bad)); err == nil {
			t.Errorf("%s was changed, and nobody noticed", name)
		}
	}
	for n := range whole {
		if _, err := inspect(bytes.NewReader(whole[:n])); err == nil {
			t.Fatalf("%d of %d bytes are a whole snapshot", n, len(whole))
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(archive("state", func(_ string, b []byte) []byte { return b }))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = inspect(bytes.NewReader(b)) })
}
