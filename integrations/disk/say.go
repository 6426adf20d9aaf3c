package disk

import (
	"errors"
	"io/fs"
	"syscall"

	"batsignal/oncall/fault"
)

// none tells whether an error says that a file is not there. A file where a folder should be
// says so as well.
func none(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// said puts an error of the disk into words for people, without its paths: which place it
// is, they know.
func said(err error, done string) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(fault.Limited, err, "The disk of this place is full. Make room on it, or choose a larger one.")
	case errors.Is(err, syscall.EROFS):
		return fault.Wrap(fault.Forbidden, err, "The disk of this place can only be read. Mount it for writing, and look at why it is not.")
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(fault.Forbidden, err, "The directory of this place cannot be %s by us. It must belong to whom we run as.", done)
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTEMPTY):
		return fault.Wrap(fault.Conflict, err, "In this place stands a folder where the file should be, or a file where its folder should be. Choose another key.")
	case none(err):
		return fault.Wrap(fault.Unready, err, "The directory of this place is not there. Mount its disk, or make it.")
	}
	return fault.Wrap(fault.Unready, err, "The directory of this place cannot be %s. The log has why; the disk may be failing.", done)
}
