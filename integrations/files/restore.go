package files

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// restore extracts a tar below a directory, and nowhere else. What is no file, directory or
// link is refused, as is a name that leads out. Nobody's rights come with it but ours: no
// owners, no setuid, no attributes.
func restore(ctx context.Context, root *os.Root, from io.Reader, bytes int64, files int) (links int, err error) {
	tr := tar.NewReader(interruptible{ctx, from})
	for count := 0; ; count++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return links, nil
		}
		if err != nil {
			return links, fmt.Errorf("the tar cannot be read on after %d entries: %w", count, err)
		}
		if count > 8*files { // directories, links, and files that were read again
			return links, errors.New("the tar holds far more than was written")
		}
		name := path.Clean(h.Name)
		if !filepath.IsLocal(name) || strings.ContainsRune(name, 0) {
			return links, fmt.Errorf("the tar holds %q, which leads out of it", h.Name)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o700)
		case tar.TypeReg:
			if bytes -= h.Size; bytes < 0 {
				return links, errors.New("the tar holds far more bytes than was written")
			}
			err = restoreFile(root, name, h, tr)
		case tar.TypeSymlink:
			links++
			if err = makeWay(root, name); err == nil {
				err = root.Symlink(h.Linkname, name)
			}
		default:
			err = fmt.Errorf("the tar holds %q, which is no file, directory or link", h.Name)
		}
		if err != nil {
			return links, err
		}
	}
}

// makeWay makes the directory of a file, and removes an earlier file of its name.
func makeWay(root *os.Root, name string) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func restoreFile(root *os.Root, name string, h *tar.Header, from io.Reader) error {
	if err := makeWay(root, name); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	err = errors.Join(err, f.Chmod(h.FileInfo().Mode().Perm()|0o600), f.Close())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return root.Chtimes(name, h.ModTime, h.ModTime)
}
