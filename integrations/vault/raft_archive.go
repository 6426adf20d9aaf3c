package vault

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// meta is what a snapshot says of itself.
type meta struct {
	Index   uint64 // of the last change in it
	Term    uint64
	Version int
}

// smallest is how long its small files may be, in bytes.
const smallest = 1 << 20

// inspect reads a snapshot of raft to its end: a gzipped tar of meta.json, state.bin and
// their sums. What they hold is encrypted, and stays so. The error is fault.Invalid.
func inspect(from io.Reader) (m meta, err error) {
	buffered := bufio.NewReader(from)
	zip, err := gzip.NewReader(buffered)
	if err != nil {
		return m, notWhole(errNotWhole)
	}
	sums, want := map[string]string{}, ""
	for archive := tar.NewReader(zip); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, notWhole(err)
		}
		sum := sha256.New()
		body := io.TeeReader(archive, sum)
		switch head.Name {
		case "meta.json":
			err = json.NewDecoder(io.LimitReader(body, smallest)).Decode(&m)
		case "SHA256SUMS":
			var text []byte
			text, err = io.ReadAll(io.LimitReader(body, smallest))
			want = string(text)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, body)
		}
		if err != nil {
			return m, notWhole(err)
		}
		sums[head.Name] = hex.EncodeToString(sum.Sum(nil))
	}
	// The sum of the compressed stream stands behind the archive, and whoever copies the
	// stream gets all of it only if it is read.
	if _, err := io.Copy(io.Discard, zip); err != nil {
		return m, notWhole(err)
	}
	if _, err := io.Copy(io.Discard, buffered); err != nil {
		return m, notWhole(err)
	}
	return m, check(want, sums)
}

// check compares the sums that the snapshot names with those of what is in it.
func check(want string, sums map[string]string) error {
	seen := 0
	for line := range strings.Lines(want) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			continue
		}
		if sums[name] != sum {
			return notWhole(fmt.Errorf("%q is not what its sum says", name))
		}
		if name == "state.bin" || name == "meta.json" {
			seen++
		}
	}
	if seen < 2 {
		return notWhole(errNotWhole)
	}
	return nil
}
