package disk

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"batsignal/integrations/place"
)

// draftPrefix begins the names of files that are being written. No key has a tilde.
const draftPrefix = "~"

const (
	mode       = 0o600
	folderMode = 0o700
	chunk      = 1 << 20
	// behind is after how many bytes the kernel is told to begin writing to the disk, which
	// it would else begin at the end, while we wait.
	behind = 16 << 20
)

// Put keeps a file.
func (d *Disk) Put(ctx context.Context, key string, r io.Reader, size int64) (place.Kept, error) {
	root, err := d.at(ctx, key)
	if err != nil {
		return place.Kept{}, err
	}
	defer root.Close()
	folder := path.Dir(key)
	f, name, err := draftBelow(root, folder)
	if err != nil {
		return place.Kept{}, said(err, "written to")
	}
	defer func() { _ = f.Close() }() // last, since it ends the lock; what counts was synced
	meter := place.NewMeter(ctx, r, size)
	err = fill(f, meter, size)
	if err == nil {
		err = root.Rename(name, key)
	}
	if err != nil {
		_ = root.Remove(name) // if it stays, Sweep removes it
		prune(root, folder)
		if meter.Failed() != nil {
			return place.Kept{}, meter.Failed()
		}
		return place.Kept{}, said(err, "written to")
	}
	if err := syncFolder(root, folder); err != nil {
		return place.Kept{}, said(err, "written to")
	}
	return meter.Kept(), nil
}

// fill writes a file until what is measured ends, and has it outlive a power cut.
func fill(f *os.File, meter *place.Meter, size int64) error {
	fd := int(f.Fd())
	if size > 0 {
		// A disk that is too full says so now, not after hours. Not all know how to reserve.
		if err := unix.Fallocate(fd, 0, 0, size); errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			return err
		}
	}
	buf := make([]byte, chunk)
	var written, told int64
	for {
		// Full chunks, whatever small pieces it comes in.
		n, err := io.ReadFull(meter, buf)
		if n > 0 {
			if _, err := f.Write(buf[:n]); err != nil {
				return err
			}
			written += int64(n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF && meter.Failed() == nil {
			return f.Sync()
		}
		if err != nil {
			return err
		}
		if written-told >= behind {
			_ = unix.SyncFileRange(fd, told, written-told, unix.SYNC_FILE_RANGE_WRITE) // only for speed
			told = written
		}
	}
}

// draftBelow makes the folders of a key and begins a file in the last of them. Somebody may
// delete the last file of such a folder meanwhile, and the folder with it.
func draftBelow(root *os.Root, folder string) (f *os.File, name string, err error) {
	for range 100 {
		if err = makeFolders(root, folder); err == nil {
			if f, name, err = draft(root, folder); err == nil {
				return f, name, nil
			}
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, "", err
}

// draft begins a file in a folder. It is locked until it is closed or its writer dies.
func draft(root *os.Root, folder string) (*os.File, string, error) {
	name := path.Join(folder, draftPrefix+rand.Text())
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return nil, "", err
	}
	if err := lock(f, syscall.LOCK_EX); err != nil && !errors.Is(err, syscall.ENOTSUP) && !errors.Is(err, syscall.ENOLCK) {
		return nil, "", errors.Join(err, f.Close(), root.Remove(name))
	}
	return f, name, nil
}

// clearDraft removes a file that was being written, unless it still is.
func clearDraft(root *os.Root, name string) (gone bool, err error) {
	f, err := root.OpenFile(name, os.O_WRONLY, 0)
	if none(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close() // nothing was written
	if err := lock(f, syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	err = root.Remove(name)
	if none(err) {
		return false, nil // it is finished, or somebody else swept
	}
	return err == nil, err
}

func lock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// makeFolders makes a folder and those above it, such that they outlive a power cut.
func makeFolders(root *os.Root, folder string) error {
	if folder == "." {
		return nil
	}
	above := "."
	for name := range strings.SplitSeq(folder, "/") {
		below := path.Join(above, name)
		switch err := root.Mkdir(below, folderMode); {
		case err == nil:
			if err := syncFolder(root, above); err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrExist):
			return err
		}
		above = below
	}
	return nil
}

// prune removes a folder and those above it, as far as they are empty.
func prune(root *os.Root, folder string) {
	for ; folder != "."; folder = path.Dir(folder) {
		info, err := root.Lstat(folder)
		if err == nil && !info.IsDir() {
			return // a link, which somebody made for a reason
		}
		if err := root.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return // it is not empty
		}
	}
}

// syncFolder has what changed in a folder outlive a power cut.
func syncFolder(root *os.Root, folder string) error {
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) { // some file systems over a network cannot
		err = nil
	}
	return errors.Join(err, f.Close())
}
