package files

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/oncall/fault"
	"batsignal/oncall/wholefile"
)

// Write implements [backup.Source].
func (s *Source) Write(ctx context.Context, r *job.Run, w io.Writer) (backup.Taken, error) {
	value := rand.Text() + "\n"
	if s.c.Sentinel != "" {
		if err := wholefile.Replace(s.c.Sentinel, []byte(value), 0o600); err != nil {
			return backup.Taken{}, fault.Wrap(fault.Unready, err, "The sentinel %s cannot be written. Its directory must be there, and ours to write to.", s.c.Sentinel)
		}
	} else {
		r.Logf(ctx, "No sentinel is planted among the files, since none is configured: level 4 is not reached, and the backup never counts as verified.")
	}
	copies, err := s.copyAll(ctx, r)
	if err != nil {
		return backup.Taken{}, err
	}
	at := s.c.Now()
	t, err := s.walk(ctx)
	if err != nil {
		return backup.Taken{}, err
	}
	defer t.close()
	tellSkipped(ctx, r, t.skipped)
	r.Doing(ctx, fmt.Sprintf("reading %d files", t.files))
	p := &packer{s: s, r: r, copies: copies, sums: manifest{}, of: t.bytes}
	p.tw = tar.NewWriter(w)
	for _, e := range t.list {
		if err := p.add(ctx, e); err != nil {
			return backup.Taken{}, err
		}
	}
	for of := range copies {
		if p.sums[of[1:]] == "" {
			return backup.Taken{}, fault.New(fault.Conflict, "%s was copied, but is not among the files.", of)
		}
	}
	sum := sha256.Sum256([]byte(value))
	sentinel := hex.EncodeToString(sum[:])
	if s.c.Sentinel == "" {
		err = p.extra(sentinelName, value, at)
	} else if p.sums[s.c.Sentinel[1:]] != sentinel {
		err = fault.New(fault.Conflict, "The sentinel %s was written, but is not among the files as it was. Somebody else may write it.", s.c.Sentinel)
	}
	if err != nil {
		return backup.Taken{}, err
	}
	text := p.sums.text()
	if err := errors.Join(p.extra(manifestName, text, at), p.tw.Close()); err != nil {
		return backup.Taken{}, err
	}
	return backup.Taken{At: at, Sentinel: sentinel, Facts: facts(p.sums, p.bytes, p.newest, text)}, nil
}

// facts are what is the same of what was written and of what is restored.
func facts(m manifest, bytes int64, newest time.Time, text string) [][2]string {
	sum := sha256.Sum256([]byte(text))
	return [][2]string{
		{"files", fmt.Sprint(len(m))}, {"bytes", fmt.Sprint(bytes)}, {"newest file", newest.UTC().Format(time.RFC3339)},
		{"manifest", hex.EncodeToString(sum[:])},
	}
}

func tellSkipped(ctx context.Context, r *job.Run, skipped []string) {
	const most = 20
	for i, what := range skipped {
		if i == most {
			r.Logf(ctx, "And %d more that are no files.", len(skipped)-most)
			return
		}
		r.Logf(ctx, "Left out: %s.", what)
	}
}

// packer writes files into a tar.
type packer struct {
	s      *Source
	r      *job.Run
	tw     *tar.Writer
	copies map[string]string
	sums   manifest
	bytes  int64     // of files, each once
	newest time.Time // of files, but the sentinel
	read   int64     // all that was read
	of     int64
}

// tries is how often a file is read that changes while it is read.
const tries = 3

func (p *packer) add(ctx context.Context, e entry) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !e.info.Mode().IsRegular() {
		return p.place(e)
	}
	for n := range tries {
		same, err := p.file(ctx, e)
		if errors.Is(err, errGone) && n == 0 {
			p.r.Logf(ctx, "%s went away before it was read.", e.path)
			return nil
		}
		if err != nil || same {
			return err
		}
		p.r.Logf(ctx, "%s changed while it was read. It is read again.", e.path)
	}
	return fault.New(fault.Conflict, "%s changed each of %d times that it was read, so that no copy of it is whole. Have it copied first (copies), or exclude it.", e.path, tries)
}

// errGone is a file that was there a moment before.
var errGone = errors.New("it is gone")

// place adds a directory or a link.
func (p *packer) place(e entry) error {
	link := ""
	var xattrs map[string]string
	var err error
	if e.info.IsDir() {
		d, err := e.root.Open(e.rel)
		if err == nil {
			xattrs, err = attributes(d)
			err = errors.Join(err, d.Close())
		}
		if err != nil {
			return cannot(err, e.path)
		}
	} else if link, err = e.root.Readlink(e.rel); err != nil {
		return cannot(err, e.path)
	}
	h, err := header(e, e.info, link, xattrs)
	if err != nil {
		return err
	}
	return p.tw.WriteHeader(h)
}

// file adds a file. If it changed meanwhile, what was added is not what it is: it is added
// once more, and whoever extracts takes the last one.
func (p *packer) file(ctx context.Context, e entry) (same bool, err error) {
	f, err := e.root.OpenFile(e.rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, errGone
		}
		return false, cannot(err, e.path)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return false, cannot(err, e.path)
	}
	if !before.Mode().IsRegular() {
		return false, fault.New(fault.Conflict, "%s was a file, and is none any more. Start the backup again.", e.path)
	}
	xattrs, err := attributes(f)
	if err != nil {
		return false, cannot(err, e.path)
	}
	h, err := header(e, before, "", xattrs)
	if err != nil {
		return false, err
	}
	content := f
	if at, ok := p.copies[e.path]; ok { // owner and rights of the file, content of its copy
		if content, err = os.Open(at); err != nil {
			return false, fault.Wrap(fault.Conflict, err, "What copies %s wrote no copy.", e.path)
		}
		defer content.Close()
		if before, err = content.Stat(); err != nil {
			return false, err
		}
		h.Size = before.Size()
	}
	if err := p.s.limit(p.bytes + h.Size); err != nil {
		return false, err
	}
	if err := p.tw.WriteHeader(h); err != nil {
		return false, err
	}
	hash := sha256.New()
	to := counted{io.MultiWriter(p.tw, hash), &p.read, p.r, max(p.of, p.read+h.Size)}
	n, err := io.CopyN(to, interruptible{ctx, content}, h.Size)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if n < h.Size { // it became shorter; the tar needs what was announced
		if _, err := io.CopyN(p.tw, zeros{}, h.Size-n); err != nil {
			return false, err
		}
		return false, nil
	}
	after, err := content.Stat()
	if err != nil {
		return false, err
	}
	if changed(before, after) {
		return false, nil
	}
	p.sums[e.name] = hex.EncodeToString(hash.Sum(nil))
	p.bytes += h.Size
	if e.path != p.s.c.Sentinel && h.ModTime.After(p.newest) {
		p.newest = h.ModTime
	}
	return true, nil
}

// extra adds a file of ours.
func (p *packer) extra(name, text string, at time.Time) error {
	if name != manifestName {
		sum := sha256.Sum256([]byte(text))
		p.sums[name] = hex.EncodeToString(sum[:])
		p.bytes += int64(len(text))
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o600, ModTime: at.UTC().Truncate(time.Second), Format: tar.FormatPAX}
	if err := p.tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.WriteString(p.tw, text)
	return err
}

// header is how something stands in the tar: the same for the same file.
func header(e entry, info fs.FileInfo, link string, xattrs map[string]string) (*tar.Header, error) {
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s cannot be put into a tar.", e.path)
	}
	h.Name = e.name
	if info.IsDir() {
		h.Name += "/"
	}
	h.Format = tar.FormatPAX
	h.AccessTime, h.ChangeTime = time.Time{}, time.Time{}
	for name, value := range xattrs {
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords["SCHILY.xattr."+name] = value
	}
	return h, nil
}

// changed tells whether a file is another one than before.
func changed(before, after fs.FileInfo) bool {
	a, ok := before.Sys().(*syscall.Stat_t)
	b, also := after.Sys().(*syscall.Stat_t)
	return !ok || !also || a.Size != b.Size || a.Mtim != b.Mtim || a.Ctim != b.Ctim
}

type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(b []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
