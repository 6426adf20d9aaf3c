package switchboard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// replaceFile writes a file so that at every moment, power cuts included, either the old
// one or the new one is there. Its caller is the only one who writes it.
func replaceFile(dir, name string, content []byte) error {
	// Always the same name: one that a kill left behind is written over.
	f, err := os.OpenFile(filepath.Join(dir, name+".new"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // #nosec G304 -- a name of ours in the operator's own state directory
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	d, err := os.Open(dir) // #nosec G304 -- a name of ours in the operator's own state directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readFile reads a file that only its owner may read. A missing one is empty.
func readFile(dir, name string, most int64) ([]byte, os.FileInfo, error) {
	f, err := os.Open(filepath.Join(dir, name)) // #nosec G304 -- a name of ours in the operator's own state directory
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case info.Mode().Perm()&0o077 != 0:
		return nil, nil, fmt.Errorf("%s can be read or written by others: chmod 600 it", f.Name())
	case info.Size() > most:
		return nil, nil, fmt.Errorf("%s has %d bytes, more than we ever write", f.Name(), info.Size())
	}
	content := make([]byte, info.Size())
	if _, err := f.ReadAt(content, 0); err != nil && info.Size() > 0 {
		return nil, nil, err
	}
	return content, info, nil
}

// lockFile takes a lock that ends with the process, or when the file is closed.
func lockFile(dir, name string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- a name of ours in the operator's own state directory
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		if err = syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
