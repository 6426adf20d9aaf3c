package pgbackup

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strings"
	"time"
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
