package archive

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
)

// Stage is where files wait until all of them are written: then they appear together.
// Each is made under another name beside its place, flushed to disk and renamed, so
// that whoever reads, or a crash, finds the old one or the new one and never a part.
//
// Write may be called by several goroutines.
type Stage struct {
	root *os.Root

	mu    sync.Mutex
	files []staged
}

type staged struct {
	name, temp string
	same       bool // it is there already
}

// NewStage makes an empty one below a directory, which stays open as long.
func NewStage(root *os.Root) *Stage { return &Stage{root: root} }

// Outcome is what became of one file.
type Outcome struct {
	Name string
	Same bool // it was there already, and was left alone
}

// Write makes one file. Its directory must be there. On an error there is none.
func (s *Stage) Write(name string, mode fs.FileMode, fill func(io.Writer) error) (err error) {
	switch st, err := s.root.Lstat(name); {
	case err == nil && st.IsDir():
		return &fs.PathError{Op: "write", Path: name, Err: errors.New("is a directory")}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temp := path.Join(path.Dir(name), ".batsignal-"+rand.Text())
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	keep := false
	defer func() {
		if !keep {
			_ = f.Close()           // after another error, or again
			_ = s.root.Remove(temp) // the same
		}
	}()
	old := openOld(s.root, name, mode)
	defer old.close()
	if err := fill(io.MultiWriter(f, old)); err != nil {
		return err
	}
	if old.isSame() {
		s.add(staged{name: name, same: true})
		return nil
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	keep = true
	s.add(staged{name: name, temp: temp})
	return nil
}

func (s *Stage) add(f staged) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, f)
}

// Commit puts every file in its place. The outcomes are sorted by name.
func (s *Stage) Commit() (all []Outcome, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dirs := map[string]bool{}
	for i, f := range s.files {
		if !f.same {
			if err := s.root.Rename(f.temp, f.name); err != nil {
				return nil, err
			}
			s.files[i].temp = ""
			dirs[path.Dir(f.name)] = true
		}
		all = append(all, Outcome{f.name, f.same})
	}
	s.files = nil
	for dir := range dirs {
		if err := s.flush(dir); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b Outcome) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all, nil
}

// flush makes the renaming of files in a directory outlive a loss of power.
func (s *Stage) flush(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Discard removes what was written and not put in its place.
func (s *Stage) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if f.temp != "" {
			_ = s.root.Remove(f.temp) // what is left over does no harm
		}
	}
	s.files = nil
}
