package consul

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

	"batsignal/oncall/fault"
)

// Meta is what a snapshot says of itself.
type Meta struct {
	ID      string
	Index   uint64 // of Raft: how many changes it holds
	Term    uint64
	Version int
	Size    int64 // of the state, in bytes
}

// mostMeta limits what is read into memory: both are a few hundred bytes.
const mostMeta = 1 << 20

// Check reads a snapshot to its end and tells whether it is whole: a gzip of a tar with
// meta.json, state.bin and SHA256SUMS, which all fit. It holds nothing of it in memory.
// What is wrong is a [fault.Error] of [fault.Invalid]; errors of r are given as they are.
func Check(r io.Reader) (Meta, error) {
	from := &errReader{r: bufio.NewReaderSize(r, 64<<10)}
	m, err := check(from)
	if from.err != nil {
		return Meta{}, from.err
	}
	if err != nil {
		return Meta{}, fault.Wrap(fault.Invalid, err, "The snapshot is damaged: %v.", err)
	}
	return m, nil
}

// errReader remembers an error of the source, which says nothing about the snapshot.
type errReader struct {
	r   *bufio.Reader
	err error
}

func (e *errReader) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}

// ReadByte keeps gzip from reading ahead, so that we see what follows it.
func (e *errReader) ReadByte() (byte, error) {
	b, err := e.r.ReadByte()
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return b, err
}

var errCutOff = errors.New("it ends too early")

// cutOff names the usual damage in words.
func cutOff(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errCutOff
	}
	return err
}

func check(from *errReader) (Meta, error) {
	zipped, err := gzip.NewReader(from)
	if err != nil {
		return Meta{}, cutOff(err)
	}
	zipped.Multistream(false)
	var m Meta
	sums := map[string]string{}
	var said string
	var state int64
	for files := tar.NewReader(zipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Meta{}, cutOff(err)
		}
		if _, twice := sums[h.Name]; twice {
			return Meta{}, fmt.Errorf("it holds %q twice", h.Name)
		}
		sum := sha256.New()
		content := io.TeeReader(files, sum)
		switch h.Name {
		case "meta.json":
			if err := readMeta(content, &m); err != nil {
				return Meta{}, err
			}
		case "state.bin":
			n, err := io.Copy(sum, files)
			if err != nil {
				return Meta{}, cutOff(err)
			}
			state = n
		case "SHA256SUMS":
			text, err := readSmall(content)
			if err != nil {
				return Meta{}, err
			}
			said = string(text)
		default:
			return Meta{}, fmt.Errorf("it holds %q, which belongs into no snapshot", h.Name)
		}
		sums[h.Name] = hex.EncodeToString(sum.Sum(nil))
	}
	if err := agree(sums, said); err != nil {
		return Meta{}, err
	}
	if state != m.Size {
		return Meta{}, fmt.Errorf("its state has %d bytes, and should have %d", state, m.Size)
	}
	return m, rest(zipped, from)
}

// rest reads what follows the tar, so that the gzip's own checksum is looked at.
func rest(zipped *gzip.Reader, from *errReader) error {
	if _, err := io.Copy(io.Discard, zipped); err != nil {
		return cutOff(err)
	}
	if _, err := from.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its end")
	}
	return nil
}

func readSmall(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, mostMeta+1))
	if err != nil {
		return nil, cutOff(err)
	}
	if len(text) > mostMeta {
		return nil, errors.New("what it says of itself is too long")
	}
	return text, nil
}

func readMeta(r io.Reader, m *Meta) error {
	text, err := readSmall(r)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, m) != nil || m.Index == 0 || m.Size <= 0 {
		return errors.New("what it says of itself cannot be understood")
	}
	return nil
}

// agree compares the sums that the snapshot names with what was read.
func agree(sums map[string]string, said string) error {
	for _, name := range []string{"meta.json", "state.bin", "SHA256SUMS"} {
		if sums[name] == "" {
			return fmt.Errorf("it has no %s", name)
		}
	}
	listed := map[string]bool{}
	for line := range strings.Lines(said) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok || name == "SHA256SUMS" || sums[name] == "" {
			return errors.New("its list of checksums cannot be understood")
		}
		if sum != sums[name] {
			return fmt.Errorf("the checksum of its %s is wrong", name)
		}
		listed[name] = true
	}
	if !listed["meta.json"] || !listed["state.bin"] {
		return errors.New("its list of checksums is not complete")
	}
	return nil
}
