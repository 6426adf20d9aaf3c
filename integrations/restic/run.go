package restic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Why restic did not do it.
var (
	errNoRepository = errors.New("there is no repository")
	errThere        = errors.New("there is a repository already")
	errBusy         = errors.New("somebody else works in the repository")
)

// between is how long to wait before a repository that somebody works in is tried again.
const between = 500 * time.Millisecond

// run runs restic, again while others have the repository locked.
func (p *Place) run(ctx context.Context, c argv.Command) (argv.Output, error) {
	return p.patiently(ctx, func() (argv.Output, bool, error) {
		out, err := p.once(ctx, c)
		again := true
		if to, is := c.Stdout.(*counted); is {
			again = to.n == 0 // what was given cannot be taken back
		}
		if to, is := c.Stdout.(*bytes.Buffer); is && err != nil {
			to.Reset()
		}
		return out, again, err
	})
}

// runFed runs restic on a stream. Where the stream breaks off, restic is ended before it sees
// the end of its input, which it would take for that of the file.
func (p *Place) runFed(ctx context.Context, c argv.Command, src *source) (argv.Output, error) {
	return p.patiently(ctx, func() (argv.Output, bool, error) {
		if !src.again() {
			return argv.Output{}, false, fault.Wrap(fault.Unready, errBusy, "restic gave up in the middle, since somebody else locked the repository. Store it anew.")
		}
		from, to, err := os.Pipe()
		if err != nil {
			return argv.Output{}, false, err
		}
		running, stop := context.WithCancel(ctx)
		defer stop()
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			buf := make([]byte, 64<<10) // with the pipe's own, far less than can be given again
			// Without the short cuts between files: what is given must be seen.
			if _, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{src}, buf); err != nil {
				stop()
				return
			}
			_ = to.Close() // the end of the file
		}()
		c.Stdin = from
		out, err := p.once(running, c)
		_ = from.Close() // which ends who still gives to it
		<-fed
		_ = to.Close() // it may be closed already
		return out, true, err
	})
}

// patiently tries something until nobody else has the repository locked. A lock of a program
// of this host that is dead is removed.
func (p *Place) patiently(ctx context.Context, try func() (out argv.Output, again bool, err error)) (argv.Output, error) {
	waiting, cancel := context.WithTimeout(ctx, p.cfg.Patience)
	defer cancel()
	for {
		out, again, err := try()
		if ctx.Err() != nil {
			return out, context.Cause(ctx)
		}
		if !errors.Is(err, errBusy) || !again {
			return out, err
		}
		_ = p.unlock(ctx) // if it does not work, the next try tells
		pause := time.NewTimer(between)
		select {
		case <-pause.C:
		case <-waiting.Done():
			pause.Stop()
			if ctx.Err() != nil {
				return out, context.Cause(ctx)
			}
			return out, err
		}
	}
}

// once runs restic once.
func (p *Place) once(ctx context.Context, c argv.Command) (argv.Output, error) {
	c.Path = p.cfg.Program
	c.Secrets = map[string]secret.Text{"repository": p.cfg.Repository, "password": p.cfg.Password}
	c.Env = []string{"RESTIC_REPOSITORY_FILE=@repository@", "RESTIC_PASSWORD_FILE=@password@"}
	if p.cfg.AccessKey != "" {
		c.Secrets["keys"] = secret.New(fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", p.cfg.AccessKey, p.cfg.SecretKey.Reveal()))
		c.Env = append(c.Env, "AWS_SHARED_CREDENTIALS_FILE=@keys@")
	}
	if p.cfg.CacheDir != "" {
		c.Args = append([]string{"--cache-dir", argv.Literal(p.cfg.CacheDir)}, c.Args...)
	} else {
		c.Args = append([]string{"--no-cache"}, c.Args...)
	}
	out, err := c.Run(ctx)
	return out, p.said(err, out.Stderr)
}

// lock is what restic tells of a lock.
type lock struct {
	Hostname string `json:"hostname"`
	PID      int    `json:"pid"`
}

// unlock removes locks if there is one that a program of this host left which is dead.
// restic then looks at each of them itself, and leaves those of the living.
func (p *Place) unlock(ctx context.Context) error {
	out, err := p.once(ctx, argv.Command{Args: []string{"list", "locks", "--no-lock", "--quiet"}})
	if err != nil {
		return err
	}
	here, err := os.Hostname()
	if err != nil {
		return fault.Wrap(fault.Internal, err, "This machine does not know its own name.")
	}
	for id := range strings.FieldsSeq(out.Stdout) {
		out, err := p.once(ctx, argv.Command{Args: []string{"cat", "lock", id, "--no-lock", "--quiet"}})
		if err != nil {
			continue // it is gone by now
		}
		var l lock
		if json.Unmarshal([]byte(out.Stdout), &l) != nil || l.Hostname != here || l.PID <= 0 || !errors.Is(syscall.Kill(l.PID, 0), syscall.ESRCH) {
			continue
		}
		_, err = p.once(ctx, argv.Command{Args: []string{"unlock", "--quiet"}})
		return err
	}
	return nil
}

// said puts an error of restic's into words for people, and keeps for the log what it wrote,
// without where the repository is.
func (p *Place) said(err error, wrote string) error {
	var exit *argv.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	text := exit.Stderr
	hidden := []string{p.cfg.Repository.Reveal()}
	if u, err := url.Parse(hidden[0][strings.Index(hidden[0], ":")+1:]); err == nil && u.User != nil {
		if password, there := u.User.Password(); there {
			hidden = append(hidden, password)
		}
	}
	for _, h := range hidden {
		text = strings.ReplaceAll(text, h, "(hidden)")
	}
	cause := &argv.ExitError{Program: exit.Program, Code: exit.Code, Stderr: text}
	has := func(any ...string) bool {
		for _, words := range any {
			if strings.Contains(wrote, words) {
				return true
			}
		}
		return false
	}
	switch { // by words, and by the numbers that newer versions end with
	case exit.Code == 10, has("Is there a repository at the following location", "unable to open config file"):
		return fault.Wrap(fault.Unready, errors.Join(errNoRepository, cause), "There is no repository of restic where it should be. Mount its disk, or make it with restic init.")
	case has("config file already exists", "repository master key and config already initialized"):
		return fault.Wrap(fault.Conflict, errors.Join(errThere, cause), "There is a repository of restic already.")
	case exit.Code == 11, has("already locked"):
		return fault.Wrap(fault.Unready, errors.Join(errBusy, cause), "Somebody else works in the repository of restic. Try again later; if nobody does, have a look with restic list locks.")
	case exit.Code == 12, has("wrong password", "no key found"):
		return fault.Wrap(fault.Forbidden, cause, "The password does not open the repository of restic. Look at which one belongs to it.")
	case has("no space left", "disk quota exceeded"):
		return fault.Wrap(fault.Limited, cause, "The disk of the repository of restic is full. Make room on it.")
	case has("repository contains errors", "ciphertext verification failed", "invalid data returned", "does not match"):
		return fault.Wrap(fault.Conflict, cause, "The repository of restic is damaged: restic finds errors in it. Keep what there is, and look with restic check --read-data.")
	}
	return fault.Wrap(fault.Unready, cause, "restic could not do it. The log has what it wrote.")
}
