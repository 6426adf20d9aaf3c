// Package disk owns keeping files in a directory: of a disk, a stick, or a file system of
// another host that is mounted here.
//
// It does not mount anything and does not make the directory itself, since what is written
// to where nothing is mounted lies on the wrong disk. It seals nothing.
//
// A file that is being written stands beside its place, under a name that no key can have,
// locked by whoever writes it. So a reader never sees half of a file, and what a kill left is
// told from what is still being written.
package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// Disk is a place in a directory.
type Disk struct{ dir string }

var (
	_ place.Place   = (*Disk)(nil)
	_ place.Sweeper = (*Disk)(nil)
)

// New makes a place of a directory, by its absolute path. Whether it is there is asked anew
// by each call: it may be mounted later.
func New(dir string) (*Disk, error) {
	if !filepath.IsAbs(dir) || filepath.Clean(dir) == "/" {
		return nil, fault.New(fault.Invalid, "The directory %q of a place must be an absolute path, and not / itself.", dir)
	}
	return &Disk{filepath.Clean(dir)}, nil
}

// root opens the directory, which nothing below leaves: no key and no symbolic link.
func (d *Disk) root() (*os.Root, error) {
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return nil, said(err, "opened")
	}
	return root, nil
}

// Get reads a file.
func (d *Disk) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	root, err := d.at(ctx, key)
	if err != nil {
		return nil, err
	}
	defer root.Close() // what was opened in it stays open
	f, err := root.OpenFile(key, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if none(err) {
			return nil, place.None(key)
		}
		return nil, said(err, "read")
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close() // nothing was read
		if err != nil {
			return nil, said(err, "read")
		}
		return nil, place.None(key)
	}
	return place.Reading{Context: ctx, ReadCloser: f}, nil
}

// Delete removes a file, and the folders of its key that are empty then.
func (d *Disk) Delete(ctx context.Context, key string) error {
	root, err := d.at(ctx, key)
	if err != nil {
		return err
	}
	defer root.Close()
	if info, err := root.Lstat(key); none(err) || err == nil && info.IsDir() {
		return nil
	}
	if err := root.Remove(key); err != nil && !none(err) {
		return said(err, "deleted")
	}
	if err := syncFolder(root, path.Dir(key)); err != nil && !none(err) {
		return said(err, "deleted")
	}
	prune(root, path.Dir(key))
	return nil
}

// List lists files. Whatever is no ordinary file under a name that a key can have is not ours.
func (d *Disk) List(ctx context.Context, prefix string) ([]place.File, error) {
	if err := place.CheckPrefix(prefix); err != nil {
		return nil, err
	}
	root, err := d.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var list []place.File
	err = walk(ctx, root, path.Dir(prefix+"x"), func(name string, entry fs.DirEntry) error {
		if !strings.HasPrefix(name, prefix) || place.CheckKey(name) != nil {
			return nil
		}
		info, err := entry.Info()
		if none(err) {
			return nil // deleted just now
		}
		if err != nil {
			return err
		}
		list = append(list, place.File{Key: name, Size: info.Size(), StoredAt: info.ModTime().UTC()})
		return nil
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, said(err, "listed")
	}
	slices.SortFunc(list, func(a, b place.File) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

// Check writes a small file, and removes it.
func (d *Disk) Check(ctx context.Context) error {
	root, err := d.root()
	if err != nil {
		return err
	}
	defer root.Close()
	f, name, err := draft(root, ".")
	if err != nil {
		return said(err, "written to")
	}
	_, err = f.WriteString("batsignal asks whether it can write here\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, root.Remove(name), f.Close()); err != nil {
		return said(err, "written to")
	}
	return ctx.Err()
}

// Sweep removes what a kill left of files that were being written.
func (d *Disk) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	root, err := d.root()
	if err != nil {
		return 0, err
	}
	defer root.Close()
	err = walk(ctx, root, ".", func(name string, entry fs.DirEntry) error {
		if !strings.HasPrefix(path.Base(name), draftPrefix) {
			return nil
		}
		info, err := entry.Info()
		if none(err) || err == nil && !info.ModTime().Before(before) {
			return nil
		}
		if err != nil {
			return err
		}
		gone, err := clearDraft(root, name)
		if gone {
			removed++
			prune(root, path.Dir(name))
		}
		return err
	})
	if ctx.Err() != nil {
		return removed, context.Cause(ctx)
	}
	if err != nil {
		return removed, said(err, "swept")
	}
	return removed, nil
}

// at checks a key and opens the directory.
func (d *Disk) at(ctx context.Context, key string) (*os.Root, error) {
	if err := place.CheckKey(key); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return d.root()
}

// walk visits the ordinary files below a folder. It follows no symbolic links.
func walk(ctx context.Context, root *os.Root, folder string, visit func(name string, entry fs.DirEntry) error) error {
	return fs.WalkDir(root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case none(err):
			return nil // it is not there, or was deleted meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !entry.Type().IsRegular():
			return nil
		}
		return visit(name, entry)
	})
}
