// Package sftp owns keeping files in a directory of another host, by SFTP.
//
// It runs nothing there and needs no shell: the account may be one that can do nothing else.
// It does not make the directory, seals nothing, and trusts a host by a key that it was told
// before, never at first sight.
//
// A file that is being written stands beside its place under a name that no key can have.
// Each call opens a connection of its own, so that none that died in the night is found dead
// by the next backup. Links in the directory are the host's: only it can confine them.
package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// Config says where, and who we are there.
type Config struct {
	Addr string // host and port
	User string
	Dir  string // absolute, or from where the account begins
	// KeyFile is our private key, in a file that nobody else may read. It has no passphrase,
	// since nobody would be there to type it.
	KeyFile string
	// The host's key, by either of: a file as ssh keeps it, or "SHA256:…".
	KnownHosts  string
	Fingerprint string
	// Quiet is how long the host may say nothing before it counts as gone; 0 is a minute.
	Quiet time.Duration
}

// Place is a directory of another host.
type Place struct {
	cfg    Config
	places chan struct{} // as many connections as may be at once
	// shown is which sort of key the host showed that was the right one, +1.
	shown atomic.Int32
}

var (
	_ place.Place   = (*Place)(nil)
	_ place.Sweeper = (*Place)(nil)
)

// atOnce is how many connections there are at most: hosts refuse some of ten that begin.
const atOnce = 4

// New checks what can be checked without asking the host.
func New(c Config) (*Place, error) {
	host, port, err := net.SplitHostPort(c.Addr)
	switch {
	case err != nil || host == "" || port == "":
		return nil, fault.New(fault.Invalid, "The host %q must be written with its port, like backup.example.org:22.", c.Addr)
	case c.User == "" || c.KeyFile == "":
		return nil, fault.New(fault.Invalid, "The host needs the name of an account, and the file of its private key.")
	case c.Dir == "" || path.Clean(c.Dir) == "/":
		return nil, fault.New(fault.Invalid, "The host needs a directory for the files, which is not / itself.")
	case (c.KnownHosts == "") == (c.Fingerprint == ""):
		return nil, fault.New(fault.Invalid, "The host needs its key: either a file of known hosts, or the fingerprint as ssh-keygen -l shows it.")
	case c.Fingerprint != "" && !strings.HasPrefix(c.Fingerprint, "SHA256:"):
		return nil, fault.New(fault.Invalid, "The fingerprint %q of the host must begin with SHA256:, as ssh-keygen -l shows it.", c.Fingerprint)
	}
	if c.Quiet == 0 {
		c.Quiet = time.Minute
	}
	return &Place{cfg: c, places: make(chan struct{}, atOnce)}, nil
}

// at is where something is on the host.
func (p *Place) at(name string) string { return path.Join(p.cfg.Dir, name) }

// with does something over a connection.
func (p *Place) with(ctx context.Context, do func(*sftp.Client) error) error {
	c, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	return c.said(do(c.Client))
}

// Get reads a file.
func (p *Place) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := place.CheckKey(key); err != nil {
		return nil, err
	}
	c, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	info, err := c.Lstat(p.at(key))
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	var f *sftp.File
	if err == nil {
		f, err = c.Open(p.at(key))
	}
	if errors.Is(err, fs.ErrNotExist) {
		c.close()
		return nil, place.None(key)
	}
	if err != nil {
		err = c.said(err)
		c.close()
		return nil, err
	}
	return newReading(c, f, info.Size()), nil
}

// Delete removes a file, and the folders of its key that are empty then.
func (p *Place) Delete(ctx context.Context, key string) error {
	if err := place.CheckKey(key); err != nil {
		return err
	}
	return p.with(ctx, func(c *sftp.Client) error {
		info, err := c.Lstat(p.at(key))
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.Remove(p.at(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		p.prune(c, path.Dir(key))
		return nil
	})
}

// List lists files. Whatever is no ordinary file under a name that a key can have is not ours.
func (p *Place) List(ctx context.Context, prefix string) (list []place.File, err error) {
	if err := place.CheckPrefix(prefix); err != nil {
		return nil, err
	}
	err = p.with(ctx, func(c *sftp.Client) error {
		if _, err := c.Stat(p.cfg.Dir); err != nil {
			return err // nothing there is not the same as no files
		}
		return p.walk(ctx, c, path.Dir(prefix+"x"), func(name string, info fs.FileInfo) error {
			if strings.HasPrefix(name, prefix) && place.CheckKey(name) == nil {
				list = append(list, place.File{Key: name, Size: info.Size(), StoredAt: info.ModTime().UTC()})
			}
			return nil
		})
	})
	slices.SortFunc(list, func(a, b place.File) int { return strings.Compare(a.Key, b.Key) })
	return list, err
}

// Check writes a small file, and removes it.
func (p *Place) Check(ctx context.Context) error {
	return p.with(ctx, func(c *sftp.Client) error {
		f, name, err := p.draft(c, ".")
		if err != nil {
			return err
		}
		_, err = f.Write([]byte("batsignal asks whether it can write here\n"))
		return errors.Join(err, f.Close(), c.Remove(name))
	})
}

// Sweep removes what was left of files that were being written, and that the host has not
// changed since before.
func (p *Place) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	err = p.with(ctx, func(c *sftp.Client) error {
		return p.walk(ctx, c, ".", func(name string, info fs.FileInfo) error {
			if !strings.HasPrefix(path.Base(name), draftPrefix) || !info.ModTime().Before(before) {
				return nil
			}
			switch err := c.Remove(p.at(name)); {
			case errors.Is(err, fs.ErrNotExist):
				return nil // it is finished, or somebody else swept
			case err != nil:
				return err
			}
			removed++
			p.prune(c, path.Dir(name))
			return nil
		})
	})
	return removed, err
}

// deepest is how many folders are in each other at most; keys have no more.
const deepest = 260

// walk visits the ordinary files below a folder. It follows no links.
func (p *Place) walk(ctx context.Context, c *sftp.Client, folder string, visit func(name string, info fs.FileInfo) error) error {
	if strings.Count(folder, "/") > deepest {
		return nil
	}
	entries, err := c.ReadDirContext(ctx, p.at(folder))
	if err != nil {
		if info, e := c.Lstat(p.at(folder)); errors.Is(e, fs.ErrNotExist) || e == nil && !info.IsDir() {
			return nil // it is not there, or was deleted meanwhile
		}
		return err
	}
	for _, info := range entries {
		name := path.Join(folder, path.Base(info.Name())) // the host's word leads nowhere else
		switch {
		case info.IsDir() && info.Name() != "." && info.Name() != "..":
			err = p.walk(ctx, c, name, visit)
		case info.Mode().IsRegular():
			err = visit(name, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
