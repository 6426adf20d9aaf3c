package dial

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// replaceFile writes a file as a whole: after a crash there is the old one or the new one.
// Only its owner may read it.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return syncFolder(path)
}

// appendFile adds to a file, and returns when it is on disk.
func appendFile(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) // #nosec G304 -- a name of ours in the operator's own state directory
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = addWhole(f, info.Size(), content)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return syncFolder(path)
}

// addWhole adds to a file of a size, or leaves it as it was: on a full disk half a line would
// stay, in which the next one would go on.
func addWhole(f interface {
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

// syncFolder has the name of a new file outlive a power cut as well.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = d.Sync()
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}
