package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"syscall"
	"time"
)

// known is what was read of a file, as long as it looks the same.
type known struct {
	ino        uint64
	size       int64
	mtim, ctim syscall.Timespec
	sum        string
}

// settles is how old a change must be before what was read counts for good: clocks of file
// systems are coarse, and two changes may have one time.
const settles = 2 * time.Second

// Changed gives a checksum of names, rights, owners and contents. It is another one if
// anything changed but times, and the sentinel. After the first time it reads only files that
// look as if they had changed.
func (s *Source) Changed(ctx context.Context) (string, error) {
	t, err := s.walk(ctx)
	if err != nil {
		return "", err
	}
	defer t.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := sha256.New()
	next := make(map[string]known, len(t.list))
	whole := false
	defer func() { // what was read of a tree that takes long is not read again
		if !whole && s.known != nil {
			maps.Copy(s.known, next)
		} else {
			s.known = next
		}
	}()
	for _, e := range t.list {
		if e.path == s.c.Sentinel {
			continue
		}
		what := ""
		switch {
		case e.info.Mode().IsRegular():
			k, err := s.look(ctx, e)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return "", err
			}
			next[e.path], what = k, k.sum
		case !e.info.IsDir():
			if what, err = e.root.Readlink(e.rel); err != nil {
				return "", cannot(err, e.path)
			}
		}
		var uid, gid uint32
		if stat, ok := e.info.Sys().(*syscall.Stat_t); ok {
			uid, gid = stat.Uid, stat.Gid
		}
		fmt.Fprintf(all, "%q %v %d %d %q\n", e.name, e.info.Mode(), uid, gid, what)
	}
	whole = true
	return hex.EncodeToString(all.Sum(nil)), nil
}

// look gives what a file holds, without reading it if it was read before.
func (s *Source) look(ctx context.Context, e entry) (known, error) {
	f, err := e.root.OpenFile(e.rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return known{}, err
		}
		return known{}, cannot(err, e.path)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return known{}, cannot(err, e.path)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return known{}, fs.ErrNotExist
	}
	k := known{ino: stat.Ino, size: stat.Size, mtim: stat.Mtim, ctim: stat.Ctim}
	if before, seen := s.known[e.path]; seen {
		k.sum = before.sum
		if k == before {
			return k, nil
		}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.LimitReader(interruptible{ctx, f}, s.c.Bytes)); err != nil {
		return known{}, cannot(err, e.path)
	}
	k.sum = hex.EncodeToString(hash.Sum(nil))
	if age := s.c.Now().Sub(time.Unix(k.ctim.Unix())); age < settles {
		k.ino = 0 // it is read again next time
	}
	return k, nil
}
