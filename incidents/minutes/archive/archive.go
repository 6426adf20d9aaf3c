// Package archive owns the files of minutes on disk: where they are, who may read
// them, and that nobody ever sees half of one. It never leaves its directory, whatever
// a meeting is called and whatever links somebody put there.
//
// What stands in the files is for package write.
package archive

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"batsignal/incidents/minutes/write"
)

// Permissions of files: of those that the world may read, and of restricted ones.
const (
	Open   fs.FileMode = 0o644
	Closed fs.FileMode = 0o600
)

// ModeOf is the permission of a meeting's files.
func ModeOf(d write.Doc) fs.FileMode {
	if d.Restricted {
		return Closed
	}
	return Open
}

// Dir keeps minutes as files below one directory, each meeting's where its pattern of
// names says.
type Dir struct {
	Path    string
	Formats []string // endings; nil is all that the meeting's dialect has
}

// Put writes the files of a meeting: all of them, or none. Those that are there
// already and right are left alone.
func (d Dir) Put(ctx context.Context, doc write.Doc) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(d.Path, 0o755); err != nil {
		return fmt.Errorf("the directory of the minutes: %w", err)
	}
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return fmt.Errorf("the directory of the minutes: %w", err)
	}
	defer root.Close()
	name := doc.Path()
	if err := makeDirs(root, path.Dir(name)); err != nil {
		return fmt.Errorf("the directory of %s below %s: %w", name, d.Path, err)
	}
	stage := NewStage(root)
	defer stage.Discard()
	for _, f := range Select(FormatsFor(doc.Dialect), d.Formats) {
		if err := stage.Write(name+"."+f.Ext, ModeOf(doc), func(w io.Writer) error { return f.Write(w, doc) }); err != nil {
			return fmt.Errorf("%s.%s below %s: %w", name, f.Ext, d.Path, err)
		}
	}
	if _, err := stage.Commit(); err != nil {
		return fmt.Errorf("%s below %s: %w", name, d.Path, err)
	}
	return nil
}

// makeDirs makes a directory and those above it. What it makes the world may enter,
// whatever the umask: a web server is somebody else.
func makeDirs(root *os.Root, dir string) error {
	if dir == "." || dir == "/" {
		return nil
	}
	if st, err := root.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	if err := makeDirs(root, path.Dir(dir)); err != nil {
		return err
	}
	switch err := root.Mkdir(dir, 0o755); {
	case err == nil:
		return root.Chmod(dir, 0o755)
	case !os.IsExist(err):
		return err
	}
	st, err := root.Stat(dir) // another process was quicker, or it is no directory
	if err == nil && !st.IsDir() {
		err = &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
	}
	return err
}
