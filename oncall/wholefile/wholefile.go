// Package wholefile owns files that are there whole or not at all, power cuts included, and
// those that nobody else may read: keys, what was signed last, who may confirm. What root
// writes belongs to whom its folder does: else the process that it is for could not read it.
//
// What is written stands beside the file first, under one name with ".new" at its end: what
// a kill left there goes when somebody writes the file again.
package wholefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Replace writes a file: whoever reads it sees the old one or the new one.
func Replace(path string, content []byte, mode fs.FileMode) error {
	return write(path, mode, false, bytesOf(content))
}

// Create writes a file that is not there yet, else it fails with [fs.ErrExist].
func Create(path string, content []byte, mode fs.FileMode) error {
	return write(path, mode, true, bytesOf(content))
}

// Fill is [Create] for what is written bit by bit.
func Fill(path string, mode fs.FileMode, fill func(w io.Writer) error) error {
	return write(path, mode, true, fill)
}

// Append adds to a file, which it makes if there is none: all of it or nothing.
func Append(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, mode) // #nosec G304 -- the caller names it, no request
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() == 0 {
		err = give(f)
	}
	if err == nil {
		err = add(f, info.Size(), content)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncFolder(path)
}

// add adds to a file of a size, or leaves it as it was: on a full disk half a line would
// stay, in which the next one would go on.
func add(f interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
}, size int64, content []byte) error {
	_, err := f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		err = errors.Join(err, f.Truncate(size))
	}
	return err
}

// SharedError is why a file that others may read or write is not used.
type SharedError struct {
	Path string
	Mode fs.FileMode
}

func (e SharedError) Error() string {
	return fmt.Sprintf("%s can be read or written by others: chmod 600 it", e.Path)
}

// ReadPrivate reads a file that only its owner may read or write, else it fails with a
// [SharedError]. One that is longer than most is refused.
func ReadPrivate(path string, most int64) ([]byte, error) {
	f, err := os.Open(path) // #nosec G304 -- the caller names it, no request
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, SharedError{path, mode}
	}
	var content bytes.Buffer
	content.Grow(int(min(info.Size(), most)) + bytes.MinRead) // once, so that no half of a key stays in memory
	if _, err := content.ReadFrom(io.LimitReader(f, most+1)); err != nil {
		return nil, err
	}
	if int64(content.Len()) > most {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it has more than %d bytes", most)}
	}
	return content.Bytes(), nil
}

// write puts a file in place, over another one or not.
func write(path string, mode fs.FileMode, once bool, fill func(w io.Writer) error) error {
	f, err := draft(path+".new", mode)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // last, since it ends the lock; what counts was synced
	if err := place(f, path, once, fill); err != nil {
		if stands(f) {
			_ = unlink(f.Name()) // if it stays, the next one removes it
		}
		return err
	}
	return syncFolder(path)
}

func place(f *os.File, path string, once bool, fill func(w io.Writer) error) error {
	if once {
		switch _, err := os.Lstat(path); {
		case err == nil:
			return &fs.PathError{Op: "open", Path: path, Err: syscall.EEXIST}
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if err := fill(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if !stands(f) { // as another user's process does that cannot lock it
		return &fs.PathError{Op: "rename", Path: f.Name(), Err: errors.New("somebody else took it away")}
	}
	if once { // others than us may make the file meanwhile
		switch err := os.Link(f.Name(), path); {
		case err == nil:
			return unlink(f.Name())
		case errors.Is(err, fs.ErrExist):
			return &fs.PathError{Op: "open", Path: path, Err: syscall.EEXIST}
		} // else a stick, as those that are carried about, which knows no links
	}
	return os.Rename(f.Name(), path)
}

// draft makes the file that stands beside another one until it takes its place. It is locked
// until it is closed or its writer dies, so that no two write it, or make the same file.
func draft(name string, mode fs.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode) // #nosec G304 -- the caller names it, no request
		if err == nil {
			if err = errors.Join(give(f), lock(f)); err == nil && stands(f) {
				return f, nil
			}
			err = errors.Join(err, f.Close()) // somebody took it for one that a kill left
		} else if errors.Is(err, fs.ErrExist) {
			err = clearDraft(name)
		}
		if err != nil {
			return nil, err
		}
	}
}

// clearDraft waits for whoever writes a draft, and removes it if it is still there: it was
// left by a kill. Another user's, as an operator's who was root, cannot be waited for.
func clearDraft(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NOFOLLOW, 0) // #nosec G304 -- the caller names it, no request
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission):
		return unlink(name)
	case err != nil:
		return err
	}
	if err = lock(f); err == nil && stands(f) {
		err = unlink(name)
	}
	return errors.Join(err, f.Close())
}

// unlink is os.Remove, and leaves folders alone.
func unlink(name string) error {
	if err := syscall.Unlink(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "unlink", Path: name, Err: err}
	}
	return nil
}

// give makes a file of root's that of whom its folder belongs to.
func give(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	folder, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	owner, ok := folder.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if ours, err := f.Stat(); err != nil || sameOwner(ours, owner) { // a stick may know no owners
		return err
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

func sameOwner(info fs.FileInfo, of *syscall.Stat_t) bool {
	is, ok := info.Sys().(*syscall.Stat_t)
	return ok && is.Uid == of.Uid && is.Gid == of.Gid
}

func lock(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// stands tells whether a file is still the one of its name.
func stands(f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(ours, there)
}

func bytesOf(content []byte) func(w io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

// syncFolder has the name of a new file outlive a power cut as well.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
