package seal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
)

// PGP seals as OpenPGP files, by the gpg of the machine. It asks no keyring of it.
type PGP struct {
	files        []string
	compress     bool
	scratch      string
	fingerprints []string
}

// PGPOptions are how an OpenPGP file is made.
type PGPOptions struct {
	// Keys are files of public keys, one key each, as gpg --export makes them, with or
	// without armor. At least two are needed.
	Keys []string
	// Compress has gpg compress, for what is not compressed already.
	Compress bool
	// Scratch is where gpg has a directory for a while; "" is that of the system.
	Scratch string
}

// NewPGP makes a sealer. Keys that are expired, revoked, twice the same or not for encrypting
// are refused by name. Errors are sentences for the operator.
func NewPGP(ctx context.Context, o PGPOptions) (*PGP, error) {
	if len(o.Keys) < fewest {
		return nil, fault.New(fault.Invalid, "Backups are sealed to at least %d people's keys, and here are %d. Have another person export theirs (gpg --export FINGERPRINT), and name the file.", fewest, len(o.Keys))
	}
	p := &PGP{files: append([]string(nil), o.Keys...), compress: o.Compress, scratch: o.Scratch}
	home, err := p.home()
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(home) }() // nothing of ours is in it
	p.fingerprints, err = p.check(ctx, home)
	return p, err
}

// home makes a directory that gpg takes for its own and in which there is nothing.
func (p *PGP) home() (string, error) { return os.MkdirTemp(p.scratch, "batsignal-gpg-") }

// gpg is a call of it that asks nobody anything and starts nothing.
func gpg(home string, args ...string) argv.Command {
	return argv.Command{Path: "gpg", Home: home, Args: append([]string{
		"--homedir", home, "--no-options", "--batch", "--no-tty", "--no-greeting", "--exit-on-status-write-error"}, args...)}
}

// check reads the keys, and gives their fingerprints. A key that was good when we began may
// have expired since.
func (p *PGP) check(ctx context.Context, home string) (fingerprints []string, err error) {
	for _, file := range p.files {
		if _, err := os.Stat(file); err != nil {
			return nil, fault.Wrap(fault.NotFound, err, "There is no key at %s. Put it there (gpg --export FINGERPRINT), or name the place where it is.", file)
		}
		out, err := gpg(home, "--no-autostart", "--with-colons", "--show-keys", "--", file).Run(ctx)
		if errors.Is(err, argv.ErrMissing) || ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "%s is no file of a public key that gpg can read.", file)
		}
		k, err := onlyKey(file, out.Stdout)
		if err != nil {
			return nil, err
		}
		for _, other := range fingerprints {
			if other == k.fingerprint {
				return nil, fault.New(fault.Invalid, "The key of %s is named twice. Name another person's key: one that is lost must not lose the backups.", k.owner)
			}
		}
		fingerprints = append(fingerprints, k.fingerprint)
	}
	return fingerprints, nil
}

// Suffix implements [Sealer].
func (*PGP) Suffix() string { return "gpg" }

// Recipients implements [Sealer]: fingerprints.
func (p *PGP) Recipients() []string { return append([]string(nil), p.fingerprints...) }

// Opening implements [Sealer]. KEY is imported before, with gpg --import.
func (*PGP) Opening() string { return "gpg --import KEY && gpg --decrypt FILE" }

// Seal implements [Sealer]. gpg goes on until Close, or until ctx ends.
func (p *PGP) Seal(ctx context.Context, w io.Writer) (io.WriteCloser, error) {
	home, err := p.home()
	if err != nil {
		return nil, err
	}
	if _, err := p.check(ctx, home); err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	args := []string{"--no-autostart", "--trust-model", "always", "--no-encrypt-to", "--output", "-"}
	if !p.compress {
		args = append(args, "--compress-algo", "none")
	}
	for _, file := range p.files {
		args = append(args, "--recipient-file", file)
	}
	in, out, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	running, cancel := context.WithCancelCause(ctx)
	s := &pgpWriter{in: out, ctx: running, cancel: cancel, ended: make(chan struct{})}
	// Were w a file, gpg would write to it by itself, and end it well when we die.
	to := &sink{w: w}
	c := gpg(home, append(args, "--encrypt")...)
	c.Stdin, c.Stdout = in, to
	go func() {
		defer close(s.ended)
		_, err := c.Run(running)
		// Whoever still writes hears that nobody reads.
		s.err = errors.Join(to.err, err, in.Close(), os.RemoveAll(home))
	}()
	return s, nil
}

// sink remembers why what gpg wrote could not be passed on.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}

// pgpWriter is what gpg reads.
type pgpWriter struct {
	in     *os.File
	ctx    context.Context // of gpg
	cancel context.CancelCauseFunc
	failed error
	closed bool
	ended  chan struct{}
	err    error // once it ended
}

func (s *pgpWriter) Write(b []byte) (int, error) {
	if s.closed {
		return 0, errClosed
	}
	if s.failed != nil {
		return 0, s.failed
	}
	n, err := s.in.Write(b)
	if err != nil { // nobody reads any more, for a reason that gpg knows
		<-s.ended
		s.failed = sealFailed(s.err, err)
		return n, s.failed
	}
	return n, nil
}

// Close ends the input of gpg, which makes the file whole. If something failed before, gpg is
// ended first, so that it does not take the end of its input for that of a whole file.
func (s *pgpWriter) Close() error {
	if s.closed {
		return errClosed
	}
	s.closed = true
	defer s.cancel(nil)
	if s.failed == nil {
		s.failed = context.Cause(s.ctx)
	}
	if s.failed != nil {
		s.cancel(s.failed)
		<-s.ended
	}
	err := s.in.Close()
	<-s.ended
	if s.failed != nil {
		return s.failed
	}
	if s.err != nil {
		return sealFailed(s.err, nil)
	}
	return err
}

func sealFailed(err, otherwise error) error {
	var ended *argv.ExitError
	switch {
	case err == nil:
		return otherwise
	case errors.As(err, &ended):
		return fault.Wrap(fault.Unready, err, "gpg could not seal: %s", strings.TrimSuffix(ended.Error(), ".")+".")
	}
	return fmt.Errorf("sealing by gpg: %w", err)
}
