package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
)

// Prove implements [backup.Source].
func (s *Source) Prove(ctx context.Context, r *job.Run, from io.Reader, of backup.Taken) (backup.Proof, error) {
	dir, err := r.Scratch(ctx, "restored")
	if err != nil {
		return backup.Proof{}, backup.NotProven{Cause: err}
	}
	defer func() { _ = os.RemoveAll(dir) }() // the engine removes it as well
	proof, err := s.prove(ctx, r, dir, from, of)
	if err != nil {
		return backup.Proof{}, backup.Prevented(ctx, err)
	}
	return proof, nil
}

func (s *Source) prove(ctx context.Context, r *job.Run, dir string, from io.Reader, of backup.Taken) (backup.Proof, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return backup.Proof{}, err
	}
	defer root.Close()
	r.Doing(ctx, "restoring files")
	links, err := restore(ctx, root, from, 4*s.c.Bytes, s.c.Files)
	if err != nil {
		return backup.Proof{}, err
	}
	r.Doing(ctx, "comparing what was restored")
	is, bytes, newest, err := s.sumAll(ctx, root)
	if err != nil {
		return backup.Proof{}, err
	}
	text, err := root.ReadFile(manifestName)
	if err != nil {
		return backup.Proof{}, fmt.Errorf("the backup has no manifest: %w", err)
	}
	was, err := parse(string(text))
	if err != nil {
		return backup.Proof{}, err
	}
	if err := compare(was, is); err != nil {
		return backup.Proof{}, err
	}
	proof := backup.Proof{Level: 3, Facts: facts(is, bytes, newest, string(text)), Tool: "our own reader of tar"}
	for i, f := range of.Facts {
		if i < len(proof.Facts) && f != proof.Facts[i] {
			return backup.Proof{}, fmt.Errorf("%s was %s and is %s", f[0], f[1], proof.Facts[i][1])
		}
	}
	if links > 0 {
		r.Logf(ctx, "%d symbolic links were restored as such; what they point to is in the backup only if it was among the files.", links)
	}
	for _, c := range s.c.Checks {
		if err := s.ask(ctx, r, dir, c); err != nil {
			return backup.Proof{}, err
		}
	}
	proof.Detail = fmt.Sprintf("%d files were restored and are what was written", len(is))
	if len(s.c.Checks) > 0 {
		proof.Detail += fmt.Sprintf(", %d checks of them passed", len(s.c.Checks))
	}
	planted, where := s.c.Sentinel != "", sentinelName
	if planted {
		where = s.c.Sentinel[1:]
	}
	switch {
	case of.Sentinel == "":
		proof.Detail += "; no sentinel was planted."
	case is[where] != of.Sentinel:
		return backup.Proof{}, errors.New("the sentinel that was planted just before is not in what was restored")
	case planted:
		proof.Level = 4
		proof.Detail += ", the sentinel included."
	default:
		proof.Detail += "; the sentinel lay beside the files and not among them."
	}
	return proof, nil
}

// sumAll reads what was restored. Our own manifest is not a part of it.
func (s *Source) sumAll(ctx context.Context, root *os.Root) (m manifest, bytes int64, newest time.Time, err error) {
	m = manifest{}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || name == manifestName {
			return err
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		hash := sha256.New()
		n, err := io.Copy(hash, interruptible{ctx, f})
		if err != nil {
			return err
		}
		m[name] = hex.EncodeToString(hash.Sum(nil))
		bytes += n
		info, err := f.Stat()
		if ours := name == sentinelName || "/"+name == s.c.Sentinel; err == nil && !ours && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return err
	})
	return m, bytes, newest, err
}

// compare tells the first files that are not what they were.
func compare(was, is manifest) error {
	const most = 3
	var wrong []string
	for name, sum := range was {
		switch {
		case is[name] == "":
			wrong = append(wrong, name+" is missing")
		case is[name] != sum:
			wrong = append(wrong, name+" is not what it was")
		}
	}
	for name := range is {
		if was[name] == "" {
			wrong = append(wrong, name+" was never written")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%d files differ: %s", len(wrong), strings.Join(wrong[:min(most, len(wrong))], "; "))
}

// ask runs a check in what was restored.
func (s *Source) ask(ctx context.Context, r *job.Run, dir string, c Check) error {
	r.Doing(ctx, "asking "+filepath.Base(c.Argv[0]))
	at, err := inside(dir, c.Dir)
	if err != nil {
		return err
	}
	command := argv.Command{Path: c.Argv[0], Dir: at, Sandbox: &argv.Sandbox{Writable: []string{dir}, Offline: true}}
	walls, err := s.c.Walls.Build(ctx)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	command = walls.In(command)
	for _, a := range c.Argv[1:] {
		command.Args = append(command.Args, strings.ReplaceAll(argv.Literal(a), "{dir}", argv.Literal(dir)))
	}
	out, err := command.Run(ctx)
	if err != nil {
		return err
	}
	if !strings.Contains(out.Stdout, c.Expect) {
		return fmt.Errorf("%s did not say %q of what was restored", filepath.Base(c.Argv[0]), c.Expect)
	}
	r.Logf(ctx, "%s passed, %s.", filepath.Base(c.Argv[0]), command.How())
	return nil
}

// inside gives a directory of the restored tree. A link in it that leads out would have a
// check ask the files of this machine, and not what was restored.
func inside(dir, rel string) (string, error) {
	top, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	at, err := filepath.EvalSymlinks(filepath.Join(dir, rel))
	if err != nil {
		return "", fmt.Errorf("a check is to run in %s, which was not restored: %w", rel, err)
	}
	if at != top && !strings.HasPrefix(at, top+"/") {
		return "", fmt.Errorf("a check is to run in %s, which leads out of what was restored", rel)
	}
	return at, nil
}
