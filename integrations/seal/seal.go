// Package seal owns how backups are sealed: as files that the usual tools open without us,
// age's and OpenPGP's, for several people's keys at once.
//
// It keeps no keys: recipients are public, and identities are read from files by whoever
// restores. It does not store.
package seal

import (
	"context"
	"io"
)

// Sealer seals streams.
type Sealer interface {
	// Seal gives a writer: what goes in comes out of w sealed. Only Close makes it whole.
	Seal(ctx context.Context, w io.Writer) (io.WriteCloser, error)
	// Suffix is the end of the names of sealed files: "age", "gpg".
	Suffix() string
	// Recipients are who can open it, as their public keys are written.
	Recipients() []string
	// Opening is how one opens a file by hand, with stock tools: one line of shell in which
	// FILE is the sealed file and KEY the reader's own key.
	Opening() string
}

// Opener opens streams with one identity.
type Opener interface {
	// Name says whose key it is: its public part.
	Name() string
	// Open gives what was sealed. What it reads is whole and genuine only once it ended
	// without an error.
	Open(ctx context.Context, r io.Reader) (io.ReadCloser, error)
}
