package archive

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// oldFile is the file that may be there already. What is written to it is compared.
type oldFile struct {
	file *os.File // nil: there is none like it
	part []byte
}

// openOld opens a file if it is a plain one with that permission.
func openOld(root *os.Root, name string, mode fs.FileMode) *oldFile {
	st, err := root.Lstat(name)
	if err != nil || st.Mode() != mode { // a link and a pipe have other bits
		return &oldFile{}
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // it may be a pipe by now
	if err != nil {
		return &oldFile{}
	}
	old := &oldFile{file: f}
	if st, err := f.Stat(); err != nil || st.Mode() != mode {
		old.close()
	}
	return old
}

// Write compares the next bytes. It never fails.
func (o *oldFile) Write(p []byte) (int, error) {
	if o.file == nil {
		return len(p), nil
	}
	if cap(o.part) < len(p) {
		o.part = make([]byte, len(p))
	}
	if n, err := io.ReadFull(o.file, o.part[:len(p)]); err != nil || !bytes.Equal(p[:n], o.part[:n]) {
		o.close()
	}
	return len(p), nil
}

// isSame tells whether everything was the same, up to the end.
func (o *oldFile) isSame() bool {
	if o.file == nil {
		return false
	}
	n, err := o.file.Read(make([]byte, 1))
	return n == 0 && err == io.EOF
}

func (o *oldFile) close() {
	if o.file != nil {
		_ = o.file.Close() // it was only read
		o.file = nil
	}
}
