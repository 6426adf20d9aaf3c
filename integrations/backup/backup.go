// Package backup owns the work around every backup, whatever is backed up: it is taken as one
// stream, sealed, stored in several places and noted (package snapshot), later read back,
// opened, restored and proven, and in the end deleted by the rule of retention.
//
// It does not know what is backed up: that is a [Source], in a package of its own each (files,
// consul, vault, pgbackup). It does not store (package place does) and does not seal (package
// seal does). Volume snapshots, which are no streams, come later beside it.
package backup

import (
	"context"
	"io"
	"time"

	"batsignal/integrations/job"
)

// Source is something that is backed up. One whose steps leave something is a [job.Undoer]
// as well.
type Source interface {
	// Write writes a backup as one stream to w. Just before, it plants a sentinel where it
	// can: a random value that must be found in what is restored.
	Write(ctx context.Context, r *job.Run, w io.Writer) (Taken, error)
	// Prove restores a backup, as [Source.Write] wrote it, where it does no harm, and asks
	// what was restored. It leaves nothing behind. The error tells why it is proven not to be
	// restorable; what kept it from finding out is a [NotProven].
	Prove(ctx context.Context, r *job.Run, from io.Reader, of Taken) (Proof, error)
	// Suffix is what the stream is, in the name of its file: "tar", "pgdump", "consul.tgz".
	Suffix() string
	// Restoring is how one restores it by hand, with stock tools only, from the opened file,
	// which is called backup.SUFFIX. Lines that begin with four spaces are for a shell, others
	// are prose. It is stored beside each backup.
	Restoring() string
}

// Taken is what a source tells of a backup that it wrote.
type Taken struct {
	At       time.Time
	Sentinel string      // SHA-256 of the planted value, in hex; "" if none could be planted
	Facts    [][2]string // "rows of person", "103"; compared with what is restored
}

// Proof is what a restored backup answered.
type Proof struct {
	// Level is how far it was proven: 2 the tool's own check, 3 restored, 4 the application
	// answers and the sentinel is there. Lower ones are found by this package.
	Level  int
	Facts  [][2]string
	Tool   string // what restored it, with its version
	Detail string // one sentence
}

// NotProven is why a backup could not be put to the test: it says nothing about the backup.
type NotProven struct{ Cause error }

func (e NotProven) Error() string { return e.Cause.Error() }

// Unwrap gives the cause.
func (e NotProven) Unwrap() error { return e.Cause }
