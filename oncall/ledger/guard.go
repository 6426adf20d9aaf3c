package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Guard keeps the last head that was signed and committed, where whoever can write to the
// database cannot.
type Guard interface {
	// Last is the note of the kept head; "" if none was ever kept.
	Last() (string, error)
	// Keep replaces it. When it returns, a power cut does not undo it.
	Keep(signed string) error
}

// FileGuard keeps the head in a file, which is replaced as a whole.
type FileGuard struct{ Path string }

// Last implements [Guard].
func (g FileGuard) Last() (string, error) {
	text, err := os.ReadFile(g.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err == nil && len(text) == 0 {
		// We never write an empty one, and "none was ever kept" must not be had by emptying it.
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("the last head of the ledger cannot be read from %s: %w", g.Path, err)
	}
	return string(text), nil
}

// Keep implements [Guard].
func (g FileGuard) Keep(signed string) error {
	if err := replace(g.Path, signed); err != nil {
		return fmt.Errorf("the last head of the ledger cannot be kept in %s: %w", g.Path, err)
	}
	return nil
}

// replace writes a file aside, has it and its directory on the disk, and puts it in place.
func replace(path, text string) (err error) {
	dir := filepath.Dir(path)
	aside, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = aside.Close()           // closed already, perhaps
			_ = os.Remove(aside.Name()) // renamed already, perhaps
		}
	}()
	if _, err = aside.WriteString(text); err != nil {
		return err
	}
	if err = errors.Join(aside.Sync(), aside.Close()); err != nil {
		return err
	}
	if err = os.Rename(aside.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir) // #nosec G304 -- a name of ours in the operator's own state directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
