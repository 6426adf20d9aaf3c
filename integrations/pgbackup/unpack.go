package pgbackup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"batsignal/oncall/fault"
)

// unpacking reads the tar back, in order.
type unpacking struct {
	from *errReader
	tar  *tar.Reader
	next *tar.Header // read, and not yet used
	sums strings.Builder
}

// errReader counts, and remembers an error of the source, which says nothing about the backup.
type errReader struct {
	r   io.Reader
	n   int64
	err error
}

func (e *errReader) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	e.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}

func newUnpacking(r io.Reader) *unpacking {
	from := &errReader{r: r}
	return &unpacking{from: from, tar: tar.NewReader(from)}
}

// damaged is what is said of a backup that is not whole, unless it could not be read at all.
func (u *unpacking) damaged(err error) error {
	if u.from.err != nil {
		return u.from.err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
	}
	return fault.Wrap(fault.Invalid, err, "The backup is damaged: %v.", err)
}

func (u *unpacking) peek() (*tar.Header, error) {
	if u.next == nil {
		h, err := u.tar.Next()
		if err != nil {
			return nil, u.damaged(err)
		}
		u.next = h
	}
	return u.next, nil
}

// small reads a whole file, which must come next.
func (u *unpacking) small(name string) ([]byte, error) {
	h, err := u.peek()
	if err != nil {
		return nil, err
	}
	if h.Name != name || h.Size > mostSmall {
		return nil, u.damaged(fmt.Errorf("%q comes where %s should", h.Name, name))
	}
	u.next = nil
	content, err := io.ReadAll(u.tar)
	if err != nil {
		return nil, u.damaged(err)
	}
	fmt.Fprintf(&u.sums, "%x  %s\n", sha256.Sum256(content), name)
	return content, nil
}

// contents reads the first file.
func (u *unpacking) contents() (contents, error) {
	text, err := u.small(contentsFile)
	if err != nil {
		return contents{}, err
	}
	var c contents
	if json.Unmarshal(text, &c) != nil || c.Format != 1 || len(c.Databases) == 0 {
		return contents{}, u.damaged(errors.New("what it holds cannot be understood"))
	}
	return c, nil
}

// file gives the content of one that was cut into pieces, which must come next.
func (u *unpacking) file(name string) *joining { return &joining{u: u, name: name, sum: sha256.New()} }

// end reads the sums and compares them with what was read; nothing may follow.
func (u *unpacking) end() error {
	want := u.sums.String()
	h, err := u.peek()
	if err != nil {
		return err
	}
	const block = 512 // of a tar; the file is filled up to one, and two empty ones follow
	whole := u.from.n + (h.Size+block-1)/block*block + 2*block
	said, err := u.small(sumsFile)
	if err != nil {
		return err
	}
	if string(said) != want {
		return u.damaged(errors.New("its checksums are wrong"))
	}
	if _, err := u.tar.Next(); err == nil {
		return u.damaged(errors.New("something follows its end"))
	} else if !errors.Is(err, io.EOF) {
		return u.damaged(err)
	}
	if u.from.n != whole {
		return u.damaged(io.ErrUnexpectedEOF)
	}
	if _, err := io.ReadFull(u.from, make([]byte, 1)); !errors.Is(err, io.EOF) {
		return u.damaged(errors.New("something follows its end"))
	}
	return nil
}

// joining puts pieces together again.
type joining struct {
	u    *unpacking
	name string
	n    int
	open bool
	sum  hash.Hash
	done bool
	err  error // what is wrong with the backup, or with reading it
}

func (j *joining) Read(b []byte) (int, error) {
	for {
		if j.err != nil {
			return 0, j.err
		}
		if j.done {
			return 0, io.EOF
		}
		if j.open {
			n, err := j.u.tar.Read(b)
			_, _ = j.sum.Write(b[:n]) // it never fails
			if errors.Is(err, io.EOF) {
				j.open, err = false, nil
			}
			if err != nil {
				j.err = j.u.damaged(err)
			}
			if n > 0 {
				return n, nil
			}
			continue
		}
		h, err := j.u.peek()
		switch {
		case err != nil:
			j.err = err
		case h.Name == fmt.Sprintf("%s.%08d", j.name, j.n):
			j.u.next, j.open = nil, true
			j.n++
		case j.n == 0:
			j.err = j.u.damaged(fmt.Errorf("%q comes where %s should", h.Name, j.name))
		default:
			j.done = true
			fmt.Fprintf(&j.u.sums, "%s  %s\n", hex.EncodeToString(j.sum.Sum(nil)), j.name)
		}
	}
}
