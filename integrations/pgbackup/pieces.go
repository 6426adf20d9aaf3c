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
	"regexp"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

// A dump is a tar. The size of a file stands before it in a tar, and of what pg_dump writes
// it is not known: so that nothing has to be put aside on a disk first, it is cut into
// pieces. contents.json is the first file, SHA256SUMS the last: without it, it was cut off.
const (
	pieceSize    = 4 << 20
	contentsFile = "contents.json"
	rolesFile    = "roles.sql"
	sumsFile     = "SHA256SUMS"
	mostSmall    = 16 << 20 // of roles.sql and the like, read into memory
)

// contents is the first file.
type contents struct {
	Format    int        `json:"format"`
	Made      time.Time  `json:"made"`
	Databases []database `json:"databases"`
}

// database is one that was dumped.
type database struct {
	Name     string `json:"name"`
	File     string `json:"file"` // without the number of the piece
	Encoding string `json:"encoding"`
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// fileOf is what the dump of the n-th database is called.
func fileOf(n int, name string) string {
	name = notInNames.ReplaceAllString(name, "_")
	return fmt.Sprintf("db%d-%.60s.dump", n, name)
}

// pieces writes the tar.
type pieces struct {
	tar  *tar.Writer
	at   time.Time
	sums strings.Builder
}

func newPieces(w io.Writer, at time.Time) *pieces { return &pieces{tar: tar.NewWriter(w), at: at} }

// small writes a whole file.
func (p *pieces) small(name string, content []byte) error {
	if name != sumsFile {
		fmt.Fprintf(&p.sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	return p.piece(name, content)
}

func (p *pieces) piece(name string, content []byte) error {
	if err := p.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: p.at, Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err := p.tar.Write(content)
	return err
}

// end writes the sums, and closes it.
func (p *pieces) end() error {
	if err := p.small(sumsFile, []byte(p.sums.String())); err != nil {
		return err
	}
	return p.tar.Close()
}

// file begins a file whose size is not known. It must be closed before anything else.
func (p *pieces) file(name string) *cutting {
	return &cutting{to: p, name: name, sum: sha256.New(), buf: make([]byte, 0, pieceSize)}
}

// cutting cuts what is written to it into pieces.
type cutting struct {
	to   *pieces
	name string
	n    int
	buf  []byte
	sum  hash.Hash
	size int64
	err  error // of the tar; it stays
	tell func(int64)
}

func (c *cutting) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n := min(len(b)-done, pieceSize-len(c.buf))
		c.buf = append(c.buf, b[done:done+n]...)
		done += n
		if len(c.buf) == pieceSize {
			if err := c.flush(); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

func (c *cutting) flush() error {
	if c.err != nil {
		return c.err
	}
	_, _ = c.sum.Write(c.buf) // it never fails
	c.size += int64(len(c.buf))
	c.err = c.to.piece(fmt.Sprintf("%s.%08d", c.name, c.n), c.buf)
	c.n++
	c.buf = c.buf[:0]
	if c.tell != nil {
		c.tell(c.size)
	}
	return c.err
}

// Close writes the last piece.
func (c *cutting) Close() error {
	if len(c.buf) > 0 || c.n == 0 {
		if err := c.flush(); err != nil {
			return err
		}
	}
	fmt.Fprintf(&c.to.sums, "%x  %s\n", c.sum.Sum(nil), c.name)
	return nil
}

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
	if _, err := u.tar.Next(); !errors.Is(err, io.EOF) {
		return u.damaged(errors.New("something follows its end"))
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
