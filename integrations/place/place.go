// Package place owns what it means to keep sealed files somewhere: on a disk, in a bucket,
// on another host. Each sort of place is a package beside this one (disk, s3, sftp, restic).
//
// It does not seal (package seal does), does not decide what is kept how long
// (snapshot/retention does), and does not remember what is where (package snapshot does).
package place

import (
	"context"
	"errors"
	"io"
	"time"
)

// Place keeps files under keys. A key is a relative path of [A-Za-z0-9._-] and "/". All
// methods may be called at once; all tell errors in words that people understand, without
// the secrets and addresses of the place.
type Place interface {
	// Put keeps what r gives until it ends, whole or not at all: under its key stands what
	// stood there before, until everything is stored and durable. The size and SHA-256 are of
	// what was read from r. size is how much to expect in bytes, -1 if that is not known.
	Put(ctx context.Context, key string, r io.Reader, size int64) (Kept, error)
	// Get reads a file; [ErrNone] if there is none.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes a file; one that is not there is no error. [ErrLocked] if the place does
	// not let it go yet.
	Delete(ctx context.Context, key string) error
	// List lists the files whose keys begin with prefix, in the order of their keys.
	List(ctx context.Context, prefix string) ([]File, error)
	// Check asks whether it is there and can be written to, without leaving anything.
	Check(ctx context.Context) error
}

// SelfSealing is a place that seals what it keeps by itself, with keys of its own, like a
// repository of restic: it is given what is not sealed.
type SelfSealing interface {
	Place
	// SealedBy says by what, in a few words.
	SealedBy() string
	// Opening is how one reads a file by hand, without us: one line of shell that writes it to
	// its output, in which KEY is the key of the file.
	Opening() string
}

// Keyed is a place that seals by itself and knows which keys open what it keeps.
type Keyed interface {
	// Keys names the keys that open it now, each alone; never the keys themselves.
	Keys(ctx context.Context) ([]string, error)
}

// Sweeper is a place in which a Put that was cut off may leave something behind.
type Sweeper interface {
	// Sweep removes what was begun before an instant and never finished.
	Sweep(ctx context.Context, before time.Time) (removed int, err error)
}

// Kept is what was stored.
type Kept struct {
	Size   int64  // bytes
	SHA256 string // in hex
}

// File is one file of a place.
type File struct {
	Key      string
	Size     int64
	StoredAt time.Time // as the place says
}

// What a place answers.
var (
	ErrNone   = errors.New("there is no such file")
	ErrLocked = errors.New("the place does not let it go yet")
)

// Named is a place of the installation.
type Named struct {
	Name    string // as in the file of jobs
	OffSite bool   // it survives when the building of everything else burns
	Place
}
