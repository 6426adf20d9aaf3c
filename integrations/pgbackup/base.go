package pgbackup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
)

// writeBase copies a whole cluster. The write-ahead log that makes it consistent, and the
// manifest of all files, are in the same tar.
func (s *Source) writeBase(ctx context.Context, r *job.Run, w io.Writer) (backup.Taken, error) {
	d, err := parseDSN(s.DSN)
	if err != nil {
		return backup.Taken{}, err
	}
	conn, err := d.connect(ctx, s.Name, "")
	if err != nil {
		return backup.Taken{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	server, err := ask(ctx, conn)
	if err != nil {
		return backup.Taken{}, err
	}
	bin, err := find(ctx, s.BinDir, server.major(), false, "pg_basebackup")
	if err != nil {
		return backup.Taken{}, err
	}
	var tablespaces int
	if err := conn.QueryRow(ctx, otherTablespaces).Scan(&tablespaces); err != nil {
		return backup.Taken{}, err
	}
	if server.major() < 13 || tablespaces > 0 {
		return backup.Taken{}, fault.New(fault.Unready, "A base backup of %s is not one stream with a manifest (it has tablespaces, or is older than PostgreSQL 13): take a dump.", s.Name)
	}
	taken := backup.Taken{At: s.Now(), Facts: [][2]string{{factVersion, server.version()}, {factDatabase, server.database},
		{factSystem, strconv.FormatInt(server.system, 10)}, {factSuperuser, server.superuser}}}
	if taken.Sentinel, err = s.plant(ctx, r, conn); err != nil {
		return backup.Taken{}, err
	}
	answers, err := s.asked(ctx, conn, "")
	if err != nil {
		return backup.Taken{}, err
	}
	taken.Facts = append(taken.Facts, answers...)
	r.Doing(ctx, "copying the cluster")
	zipped, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return backup.Taken{}, err
	}
	out := &counting{w: zipped, tell: func(n int64) { r.Progress(n, 0, job.UnitBytes) }}
	c := d.command(bin.path("pg_basebackup"), "", "--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast", "--no-password",
		"--manifest-checksums=SHA256", "--label=batsignal")
	c.Stdout = out
	_, err = c.Run(ctx)
	if out.err != nil {
		return backup.Taken{}, out.err
	}
	if err != nil {
		return backup.Taken{}, s.failed(ctx, "pg_basebackup", err)
	}
	return taken, zipped.Close()
}

// counting counts what is written, and remembers what went wrong.
type counting struct {
	w    io.Writer
	n    int64
	err  error
	tell func(int64)
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	c.tell(c.n)
	if err != nil {
		c.err = err
	}
	return n, err
}

// unpackBase writes the files of a cluster into an empty directory of the scratch one, as
// the account's. What is wrong with the backup is a [fault.Error] of [fault.Invalid].
func unpackBase(dir string, as throwaway.Account, r io.Reader, tell func(int64)) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return backup.NotProven{Cause: err}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	defer root.Close()
	from := &errReader{r: r}
	damaged := func(err error) error {
		if from.err != nil {
			return from.err
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends too early")
		}
		return fault.Wrap(fault.Invalid, err, "The backup is damaged: %v.", err)
	}
	zipped, err := gzip.NewReader(from)
	if err != nil {
		return damaged(err)
	}
	var done int64
	for files := tar.NewReader(zipped); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged(err)
		}
		name := filepath.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return backup.NotProven{Cause: err}
			}
		case tar.TypeReg:
			f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
				return damaged(fmt.Errorf("the file %q does not fit", h.Name))
			}
			if err != nil {
				return backup.NotProven{Cause: err}
			}
			to := &counting{w: f, tell: func(int64) {}}
			n, err := io.Copy(to, files)
			err = errors.Join(err, f.Close())
			if to.err != nil {
				return backup.NotProven{Cause: to.err}
			}
			if err != nil {
				return damaged(err)
			}
			done += n
			tell(done)
		default:
			return damaged(fmt.Errorf("%q is neither a file nor a directory", h.Name))
		}
		if as.UID != 0 {
			if err := root.Lchown(name, as.UID, as.GID); err != nil {
				return backup.NotProven{Cause: err}
			}
		}
	}
	if _, err := io.Copy(io.Discard, zipped); err != nil { // its own checksum is at the end
		return damaged(err)
	}
	if as.UID != 0 {
		return os.Lchown(dir, as.UID, as.GID)
	}
	return nil
}
