package seal

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// PGPOpener opens OpenPGP files with the one secret key of a home directory of gpg.
type PGPOpener struct {
	home       string
	passphrase secret.Text
	name       string
}

// NewPGPOpener asks gpg which secret key is in its home directory, which is the operator's
// and must hold one. The passphrase is empty if the key has none, or an agent knows it.
// Errors are sentences for the operator.
func NewPGPOpener(ctx context.Context, home string, passphrase secret.Text) (*PGPOpener, error) {
	info, err := os.Stat(home)
	if err != nil || !info.IsDir() {
		return nil, fault.Wrap(fault.NotFound, err, "%s is no home directory of gpg. Make one, and import a secret key into it: gpg --homedir %s --import KEY.", home, home)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Forbidden, "Others can look into %s, where a secret key is: chmod 700 it.", home)
	}
	o := &PGPOpener{home: home, passphrase: passphrase}
	out, err := o.run(ctx, gpg(home, "--with-colons", "--list-secret-keys"))
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "gpg cannot tell the secret keys in %s.", home)
	}
	keys := secretKeys(out.Stdout)
	if len(keys) != 1 {
		return nil, fault.New(fault.Invalid, "%s holds %d secret keys, and one is needed, so that it is known whose key opens: gpg --homedir %s --list-secret-keys.", home, len(keys), home)
	}
	o.name = keys[0]
	return o, nil
}

// run runs gpg, and ends the agent that it leaves running, unless somebody had one before.
func (o *PGPOpener) run(ctx context.Context, c argv.Command) (argv.Output, error) {
	theirs := o.agent(ctx)
	out, err := c.Run(ctx)
	ending := context.WithoutCancel(ctx)
	if !theirs && o.agent(ending) {
		_, _ = o.gpgconf("--kill", "gpg-agent").Run(ending) // what stays of it does no harm
		o.awaitNone(ending)
	}
	return out, err
}

// awaitNone waits until the agent that was told to end is gone: the next one who looks would
// take it for somebody's own.
func (o *PGPOpener) awaitNone(ctx context.Context) {
	const every, most = 10 * time.Millisecond, 3 * time.Second
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for range most / every {
		if !o.agent(ctx) {
			return
		}
		<-ticks.C
	}
}

func (o *PGPOpener) gpgconf(args ...string) argv.Command {
	return argv.Command{Path: "gpgconf", Home: o.home, Args: append([]string{"--homedir", o.home}, args...)}
}

// agent tells whether an agent listens for the home directory.
func (o *PGPOpener) agent(ctx context.Context) bool {
	out, err := o.gpgconf("--list-dirs", "agent-socket").Run(ctx)
	if err != nil {
		return false
	}
	socket, err := net.Dial("unix", strings.TrimSpace(out.Stdout))
	if err != nil {
		return false
	}
	_ = socket.Close() // nothing was said
	return true
}

// Name implements [Opener]: its fingerprint.
func (o *PGPOpener) Name() string { return o.name }

// Open implements [Opener].
func (o *PGPOpener) Open(ctx context.Context, r io.Reader) (io.ReadCloser, error) {
	c := gpg(o.home, "--status-fd", "2", "--no-auto-key-retrieve", "--trust-model", "always", "--output", "-")
	if o.passphrase.Empty() {
		c.Args = append(c.Args, "--pinentry-mode", "error")
	} else {
		c.Args = append(c.Args, "--pinentry-mode", "loopback", "--passphrase-file", "@PASS@")
		c.Secrets = map[string]secret.Text{"PASS": o.passphrase}
	}
	c.Args = append(c.Args, "--decrypt")
	running, cancel := context.WithCancelCause(ctx)
	from := &source{ctx: running, r: r}
	out, in := io.Pipe()
	c.Stdin, c.Stdout = from, in
	p := &pgpReader{PipeReader: out, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		said, err := o.run(running, c)
		_ = in.CloseWithError(o.judge(ctx, from, said.Stderr, err)) // it never fails
	}()
	return p, nil
}

// judge tells whether what gpg wrote is whole and genuine. Its status alone does not: of a
// file that was never sealed it is 0 as well.
func (o *PGPOpener) judge(ctx context.Context, from *source, said string, err error) error {
	var ended *argv.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case from.err != nil:
		return from.err
	case err != nil && !errors.As(err, &ended):
		return err
	case err == nil && status(said, "DECRYPTION_OKAY") > 0 && status(said, "DECRYPTION_FAILED") == 0:
		return nil
	case !o.has(ctx): // else a store that cannot be read looks like a key that does not fit
		return fault.Wrap(fault.Unready, err, "gpg has the key %s no more, or cannot read it: look with gpg --homedir %s --list-secret-keys.", o.name, o.home)
	case status(said, "ENC_TO") > 0 && status(said, "NO_SECKEY") >= status(said, "ENC_TO"):
		return fault.Wrap(fault.Conflict, err, "The key %s does not open this file: it was not sealed to it.", o.name)
	case strings.Contains(said, "decryption failed: No secret key"), status(said, "BAD_PASSPHRASE") > 0: // it has the key, and may not use it
		return fault.Wrap(fault.Forbidden, err, "The key %s has a passphrase, and we do not have the right one. Give it in the file of jobs.", o.name)
	}
	return fault.Wrap(fault.Conflict, err, "The sealed file is damaged or cut off, and is no proof of anything. Use another copy of it.")
}

// has tells whether gpg still shows the key.
func (o *PGPOpener) has(ctx context.Context) bool {
	out, err := o.run(ctx, gpg(o.home, "--with-colons", "--list-secret-keys"))
	return err == nil && slices.Contains(secretKeys(out.Stdout), o.name)
}

// status tells how often gpg told a status.
func status(said, word string) (times int) {
	for line := range strings.Lines(said) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "[GNUPG:] "); ok && (rest == word || strings.HasPrefix(rest, word+" ")) {
			times++
		}
	}
	return times
}

// pgpReader is what gpg writes.
type pgpReader struct {
	*io.PipeReader
	cancel context.CancelCauseFunc
	ended  chan struct{}
}

// Close ends gpg, if it is not done, and waits until it is gone.
func (p *pgpReader) Close() error {
	p.cancel(errClosed)
	err := p.PipeReader.Close()
	<-p.ended
	return err
}
