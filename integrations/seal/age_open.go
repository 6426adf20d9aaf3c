package seal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/wholefile"
)

// errClosed is what comes of writing to what is closed.
var errClosed = errors.New("it is closed")

// longestIdentity is in bytes; a file of identities has a few lines.
const longestIdentity = 64 << 10

// AgeOpener opens age files by a file of identities.
type AgeOpener struct {
	ids  []age.Identity
	name string
}

// NewAgeOpener reads a file of identities, as age-keygen made it, or a secret key of SSH
// without a passphrase. Nobody but its owner may read it. Errors are sentences for the
// operator, and never hold what stands in the file.
func NewAgeOpener(file string) (*AgeOpener, error) {
	content, err := readKey(file)
	if err != nil {
		return nil, err
	}
	defer content.Wipe()
	text := content.RevealBytes()
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return sshOpener(file, text)
	}
	o := &AgeOpener{}
	var names []string
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		id, name, err := ageIdentity(string(line))
		if err != nil { // which may hold the line
			return nil, fault.New(fault.Invalid, "Line %d of %s is no identity of age that can be used here. It begins with \"AGE-SECRET-KEY-\", as age-keygen makes it.", n, file)
		}
		o.ids, names = append(o.ids, id), append(names, name)
	}
	if len(o.ids) == 0 {
		return nil, fault.New(fault.Invalid, "%s holds no identity. It is the file that age-keygen made.", file)
	}
	o.name = strings.Join(names, ", ")
	return o, nil
}

// ageIdentity reads a line. The library keeps keys as strings, so they cannot be wiped.
func ageIdentity(line string) (id age.Identity, name string, err error) {
	if strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1") {
		of, err := age.ParseHybridIdentity(line)
		if err != nil {
			return nil, "", err
		}
		return of, of.Recipient().String(), nil
	}
	of, err := age.ParseX25519Identity(line)
	if err != nil {
		return nil, "", err
	}
	return of, of.Recipient().String(), nil
}

func sshOpener(file string, text []byte) (*AgeOpener, error) {
	id, err := agessh.ParseIdentity(text)
	if err != nil {
		var locked *ssh.PassphraseMissingError
		if errors.As(err, &locked) {
			return nil, fault.New(fault.Invalid, "The key of SSH in %s has a passphrase, which nobody would type at night. Make an identity with age-keygen for restore tests.", file)
		}
		return nil, fault.New(fault.Invalid, "%s is no secret key of SSH that age can open with: they are ed25519 and rsa.", file)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s is no secret key of SSH.", file)
	}
	return &AgeOpener{ids: []age.Identity{id}, name: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}, nil
}

// readKey reads a file that only its owner may read.
func readKey(file string) (secret.Bytes, error) {
	content, err := wholefile.ReadPrivate(file, longestIdentity)
	var shared wholefile.SharedError
	switch {
	case errors.As(err, &shared):
		return secret.Bytes{}, fault.New(fault.Forbidden, "Others can read the key in %s. If they may have done so, make another one; else chmod 600 it.", file)
	case errors.Is(err, fs.ErrNotExist):
		return secret.Bytes{}, fault.Wrap(fault.NotFound, err, "There is no key at %s. Put it there, or name the place where it is.", file)
	case err != nil:
		return secret.Bytes{}, fault.Wrap(fault.Unready, err, "The key in %s cannot be read.", file)
	}
	return secret.NewBytes(content), nil
}

// Name implements [Opener].
func (o *AgeOpener) Name() string { return o.name }

// Open implements [Opener].
func (o *AgeOpener) Open(ctx context.Context, r io.Reader) (io.ReadCloser, error) {
	from := &source{ctx: ctx, r: r}
	plain, err := age.Decrypt(from, o.ids...)
	if err != nil {
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			return nil, fault.Wrap(fault.Conflict, err, "The key of %s does not open this file: it was not sealed to it.", brief(o.name))
		}
		return nil, from.blame(err)
	}
	return &ageReader{from: from, plain: plain}, nil
}

// ageReader tells whose fault it is when a file cannot be read on.
type ageReader struct {
	from  *source
	plain io.Reader
	err   error
}

func (r *ageReader) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.plain.Read(b)
	if err != nil && err != io.EOF {
		err = r.from.blame(err)
	}
	r.err = err
	return n, err
}

func (r *ageReader) Close() error {
	r.err = errClosed
	return nil
}

// source is what a sealed file is read from. It remembers what went wrong there: that says
// nothing about the file.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.r.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// blame gives the error of the source, or else says that the file is bad.
func (s *source) blame(err error) error {
	if s.err != nil {
		return s.err
	}
	return fault.Wrap(fault.Conflict, err, "The sealed file is damaged or cut off, and is no proof of anything. Use another copy of it.")
}
