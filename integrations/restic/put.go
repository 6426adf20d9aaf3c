package restic

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/place"
	"batsignal/oncall/fault"
)

// tidying is how long there is for removing what came to nothing.
const tidying = time.Minute

// Put keeps a file.
func (p *Place) Put(ctx context.Context, key string, r io.Reader, size int64) (place.Kept, error) {
	if err := place.CheckKey(key); err != nil {
		return place.Kept{}, err
	}
	meter := place.NewMeter(ctx, r, size)
	mark := tagUnfinished + rand.Text()
	id, err := p.backup(ctx, key, mark, meter)
	if err == nil {
		kept := meter.Kept()
		// Without a lock: it only gives a name to what is there, while whoever else works here
		// for hours has one.
		_, err = p.run(ctx, argv.Command{Args: []string{"tag", "--quiet", "--no-lock", "--set",
			fmt.Sprintf("%s%s,%s%d,%s%s", tagKey, key, tagSize, kept.Size, tagSum, kept.SHA256), id}})
		if err == nil {
			err = p.settle(ctx, key, kept.SHA256)
		}
		if err == nil {
			return kept, nil
		}
	}
	if id != "" {
		p.forgetUnfinished(ctx, mark)
	}
	if failed := meter.Failed(); failed != nil {
		return place.Kept{}, failed
	}
	return place.Kept{}, err
}

// backup makes a snapshot of a stream, and gives its id.
func (p *Place) backup(ctx context.Context, key, mark string, meter *place.Meter) (id string, err error) {
	src := &source{r: meter}
	args := []string{"backup", "--json", "--quiet", "--host", host, "--tag", mark}
	do := func() (argv.Output, error) {
		return p.runFed(ctx, argv.Command{Args: append(args, "--stdin", "--stdin-filename", key)}, src)
	}
	switch empty := src.empty(); {
	case meter.Failed() != nil:
		return "", meter.Failed()
	case empty: // which restic takes for a mistake, unless it is a file
		dir, err := emptyFile(key)
		if dir != "" {
			defer func() { _ = os.RemoveAll(dir) }() // it holds nothing
		}
		if err != nil {
			return "", err
		}
		do = func() (argv.Output, error) { return p.run(ctx, argv.Command{Dir: dir, Args: append(args, "--", key)}) }
	}
	err = p.made(ctx, func() error {
		out, err := do()
		if err != nil {
			return err
		}
		id = summary(out.Stdout)
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case !errors.Is(src.err, io.EOF):
		return id, fault.New(fault.Internal, "restic ended before it had read everything. The log of the run may tell why; store it anew.")
	case id == "":
		return "", fault.New(fault.Internal, "What restic answers cannot be read: it may be of a version that we do not know.")
	}
	return id, nil
}

// emptyFile makes an empty file in a directory of its own.
func emptyFile(key string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "batsignal-restic-"); err != nil {
		return "", err
	}
	at := filepath.Join(dir, filepath.FromSlash(key))
	return dir, errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, nil, 0o600))
}

// summary is the id of the snapshot of which the last line of a backup tells; "" is none.
func summary(stdout string) string {
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var s struct {
		Type string `json:"message_type"`
		ID   string `json:"snapshot_id"`
	}
	if json.Unmarshal([]byte(lines[len(lines)-1]), &s) != nil || s.Type != "summary" {
		return ""
	}
	return s.ID
}

// settle makes sure that a file is there now, and forgets what it replaced if that can be done
// at once: the newest counts, and Sweep does it later.
func (p *Place) settle(ctx context.Context, key, sum string) error {
	of, err := p.snapshots(ctx, tagKey+key)
	if err != nil {
		return err
	}
	ours := slices.IndexFunc(of, func(s snapshot) bool { return s.tag(tagSum) == sum })
	if ours < 0 {
		return fault.New(fault.Conflict, "restic stored the file, and does not have it now: somebody else may have put or deleted it at the same time. Store it anew.")
	}
	if older := of[ours+1:]; len(older) > 0 {
		soon := *p
		soon.cfg.Patience = time.Millisecond // whoever works here may do so for hours
		_ = soon.forget(ctx, false, older)
	}
	return nil
}

// forgetUnfinished forgets a snapshot that came to nothing, if there is one. If it stays,
// nobody takes it for a file, and Sweep removes it.
func (p *Place) forgetUnfinished(ctx context.Context, mark string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidying)
	defer cancel()
	if of, err := p.snapshots(ctx, mark); err == nil && len(of) > 0 {
		_ = p.forget(ctx, false, of)
	}
}

// mostAgain is how much of a stream can be given twice. restic takes its locks before it
// reads, but we fill its pipe at once.
const mostAgain = 256 << 10

// source is a stream of which the beginning can be given again, to a second restic where the
// first did not get to it.
type source struct {
	r    io.Reader
	head []byte
	at   int  // of the head, where it is given again
	long bool // more than the head was given
	err  error
}

// again has the stream begin anew; there is false if too much of it is gone.
func (s *source) again() bool {
	s.at = 0
	return !s.long
}

// empty reads the beginning, and tells whether there is none.
func (s *source) empty() bool {
	var first [512]byte
	for {
		if n, err := s.Read(first[:]); n > 0 || err != nil {
			return n == 0 && errors.Is(err, io.EOF)
		}
	}
}

// Read reads on.
func (s *source) Read(b []byte) (int, error) {
	if s.at < len(s.head) {
		n := copy(b, s.head[s.at:])
		s.at += n
		return n, nil
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(b)
	s.err = err
	if !s.long && len(s.head)+n <= mostAgain {
		s.head = append(s.head, b[:n]...)
		s.at = len(s.head)
	} else {
		s.long, s.head, s.at = true, nil, 0
	}
	return n, err
}
