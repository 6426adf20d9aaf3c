package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"batsignal/oncall/wholefile"
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
	if err := wholefile.Replace(g.Path, []byte(signed), 0o600); err != nil {
		return fmt.Errorf("the last head of the ledger cannot be kept in %s: %w", g.Path, err)
	}
	return nil
}
