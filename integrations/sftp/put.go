package sftp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/pkg/sftp"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// draftPrefix begins the names of files that are being written. No key has a tilde.
const draftPrefix = "~"

const (
	mode       = 0o600
	folderMode = 0o700
	// ahead is how many pieces of 32 KiB are on their way before the first is answered: as
	// much as the usual server has room for.
	ahead = 64
)

// What servers may know beside the protocol.
const (
	knowsRename = "posix-rename@openssh.com" // over what stands there
	knowsSync   = "fsync@openssh.com"
)

// Put keeps a file.
func (p *Place) Put(ctx context.Context, key string, r io.Reader, size int64) (place.Kept, error) {
	if err := place.CheckKey(key); err != nil {
		return place.Kept{}, err
	}
	meter := place.NewMeter(ctx, r, size)
	err := p.with(ctx, func(c *sftp.Client) error {
		folder := path.Dir(key)
		f, name, err := p.draftBelow(c, folder)
		if err != nil {
			return err
		}
		err = fill(c, f, meter)
		if err == nil {
			err = p.rename(c, name, key)
		}
		if err != nil {
			_ = c.Remove(name) // if it stays, Sweep removes it
			p.prune(c, folder)
		}
		return err
	})
	if meter.Failed() != nil {
		return place.Kept{}, meter.Failed()
	}
	if err != nil {
		return place.Kept{}, err
	}
	return meter.Kept(), nil
}

// fill writes a file until what is measured ends, and has it outlive a power cut where the
// host knows how.
func fill(c *sftp.Client, f *sftp.File, meter *place.Meter) error {
	_, err := f.ReadFromWithConcurrency(meter, ahead)
	if err == nil {
		err = meter.Failed()
	}
	if _, knows := c.HasExtension(knowsSync); knows && err == nil {
		err = f.Sync()
	}
	if err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil && info.Size() != meter.Kept().Size {
			err = fmt.Errorf("the host has %d bytes, and was given %d", info.Size(), meter.Kept().Size)
		}
	}
	return errors.Join(err, f.Close())
}

// rename puts a finished file in its place.
func (p *Place) rename(c *sftp.Client, name, key string) error {
	if info, err := c.Lstat(p.at(key)); err == nil && info.IsDir() {
		return errFolder
	}
	if _, knows := c.HasExtension(knowsRename); knows {
		return c.PosixRename(name, p.at(key))
	}
	if _, err := c.Lstat(p.at(key)); err == nil {
		return fault.New(fault.Conflict, "The host cannot replace a file as a whole. Delete the one that stands there first, or use a server that can, as OpenSSH.")
	}
	return c.Rename(name, p.at(key))
}

// draftBelow makes the folders of a key and begins a file in the last of them. Somebody may
// delete the last file of such a folder meanwhile, and the folder with it.
func (p *Place) draftBelow(c *sftp.Client, folder string) (f *sftp.File, name string, err error) {
	for range 100 {
		if err = p.makeFolders(c, folder); err == nil {
			if f, name, err = p.draft(c, folder); err == nil {
				return f, name, nil
			}
		}
		if !errors.Is(err, fs.ErrNotExist) || folder == "." {
			break
		}
		if _, err := c.Stat(p.cfg.Dir); err != nil {
			return nil, "", err
		}
	}
	return nil, "", err
}

// draft begins a file in a folder that only we may read.
func (p *Place) draft(c *sftp.Client, folder string) (*sftp.File, string, error) {
	name := p.at(path.Join(folder, draftPrefix+rand.Text()))
	f, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, "", err
	}
	if err := f.Chmod(mode); err != nil {
		return nil, "", errors.Join(err, f.Close(), c.Remove(name))
	}
	return f, name, nil
}

// makeFolders makes a folder and those above it.
func (p *Place) makeFolders(c *sftp.Client, folder string) error {
	if folder == "." {
		return nil
	}
	above := "."
	for name := range strings.SplitSeq(folder, "/") {
		above = path.Join(above, name)
		made := c.Mkdir(p.at(above))
		if made == nil {
			if err := c.Chmod(p.at(above), folderMode); err != nil {
				return err
			}
			continue
		}
		// Servers do not say that it is there already, only that it went wrong.
		switch info, err := c.Stat(p.at(above)); {
		case err != nil:
			return made
		case !info.IsDir():
			return errFolder
		}
	}
	return nil
}

// prune removes a folder and those above it, as far as they are empty.
func (p *Place) prune(c *sftp.Client, folder string) {
	for ; folder != "."; folder = path.Dir(folder) {
		if err := c.RemoveDirectory(p.at(folder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return // it is not empty
		}
	}
}
