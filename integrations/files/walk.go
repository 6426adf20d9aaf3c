package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"batsignal/oncall/fault"
)

// entry is something that is backed up.
type entry struct {
	name string // in the tar: the path without its first slash
	path string
	root *os.Root // below which it is read
	rel  string
	info fs.FileInfo
}

// tree is what there is, in the order of names.
type tree struct {
	roots   []*os.Root
	list    []entry
	skipped []string // with why
	bytes   int64
	files   int
}

func (t *tree) close() {
	for _, r := range t.roots {
		_ = r.Close() // it was only read
	}
}

// walk looks at all files. Nothing is followed: each directory is opened below the one that
// was configured.
func (s *Source) walk(ctx context.Context) (t *tree, err error) {
	t = &tree{}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	for _, p := range s.c.Paths {
		all := []string{p}
		pattern := strings.ContainsAny(p, `*?[\`)
		if pattern {
			if all, err = filepath.Glob(p); err != nil {
				return t, err
			}
		}
		if len(all) == 0 {
			return t, fault.New(fault.NotFound, "No file is like %s. If there are none any more, take it out of the paths.", p)
		}
		for _, one := range all {
			if err := s.walkOne(ctx, t, one, pattern); err != nil {
				return t, err
			}
		}
	}
	slices.SortFunc(t.list, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	t.list = slices.CompactFunc(t.list, func(a, b entry) bool { return a.name == b.name }) // of paths in one another
	for _, e := range t.list {
		if e.name == manifestName || e.name == sentinelName {
			return t, fault.New(fault.Invalid, "/%s cannot be backed up: a file of this name is put beside the others. Exclude it.", e.name)
		}
		if e.info.Mode().IsRegular() {
			t.files++
			t.bytes += e.info.Size()
		}
	}
	switch {
	case t.files == 0:
		return t, fault.New(fault.NotFound, "There is not one file in %s. A backup of nothing is none.", strings.Join(s.c.Paths, ", "))
	case t.files > s.c.Files:
		return t, fault.New(fault.Limited, "There are %d files, and the limit is %d. Exclude what need not be kept, or raise the limit.", t.files, s.c.Files)
	}
	return t, s.limit(t.bytes)
}

func (s *Source) limit(bytes int64) error {
	if bytes > s.c.Bytes {
		return fault.New(fault.Limited, "The files have more than %d bytes, which is the limit. Exclude what need not be kept, or raise the limit.", s.c.Bytes)
	}
	return nil
}

func (s *Source) walkOne(ctx context.Context, t *tree, top string, pattern bool) error {
	if excluded(s.c.Exclude, top) || s.beside(top) {
		return nil
	}
	info, err := os.Lstat(top)
	switch {
	case err != nil:
		return cannot(err, top)
	case info.Mode()&fs.ModeSymlink != 0 && !pattern:
		return fault.New(fault.Invalid, "%s is a symbolic link, and only the link would be kept. Name what it points to.", top)
	case !info.IsDir():
		root, err := os.OpenRoot(filepath.Dir(top))
		if err != nil {
			return cannot(err, top)
		}
		t.roots = append(t.roots, root)
		t.add(top, root, filepath.Base(top), info)
		return nil
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return cannot(err, top)
	}
	t.roots = append(t.roots, root)
	return fs.WalkDir(root.FS(), ".", func(rel string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := path.Join(top, rel)
		if errors.Is(err, fs.ErrNotExist) && rel != "." {
			return nil // it went away meanwhile
		}
		if err != nil {
			return cannot(err, at)
		}
		if excluded(s.c.Exclude, at) || s.beside(at) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return cannot(err, at)
		}
		t.add(at, root, rel, info)
		if len(t.list) > 4*s.c.Files { // directories and links count as well, before they fill the memory
			return fault.New(fault.Limited, "%s holds too much: the limit is %d files. Exclude what need not be kept, or raise the limit.", top, s.c.Files)
		}
		return nil
	})
}

func (t *tree) add(at string, root *os.Root, rel string, info fs.FileInfo) {
	switch info.Mode().Type() {
	case 0, fs.ModeDir, fs.ModeSymlink:
		t.list = append(t.list, entry{strings.TrimPrefix(at, "/"), at, root, rel, info})
	default:
		t.skipped = append(t.skipped, at+" ("+kindOf(info.Mode())+")")
	}
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	}
	return "a device"
}

func cannot(err error, at string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.NotFound, err, "%s is not there. If it is gone for good, take it out of the paths.", at)
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(fault.Forbidden, err, "%s cannot be read by us. Let us read it, or exclude it.", at)
	}
	return fault.Wrap(fault.Unready, err, "%s cannot be read. The log has why.", at)
}
