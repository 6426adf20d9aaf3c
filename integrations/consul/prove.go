package consul

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
)

// UndoServer is how a server that is thrown away is taken back after a crash.
const UndoServer = "consul server"

// Undo implements [job.Undoer]: it ends the server of a step.
func (s *Snapshot) Undo(ctx context.Context, step job.Step) error {
	return throwaway.Undo(ctx, step, UndoServer)
}

// reapAfter is when a Consul begins to forget machines that are not there, as none of the
// snapshot's are: what it says of services counts until then. It is a minute, less some.
const reapAfter = 45 * time.Second

// Prove implements [backup.Source]: it restores a snapshot on a server of the same version,
// which then must have its rows, services and sentinel.
func (s *Snapshot) Prove(ctx context.Context, r *job.Run, from io.Reader, of backup.Taken) (backup.Proof, error) {
	ttl := s.TTL
	if ttl == 0 {
		ttl = 15 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, ttl, fault.New(fault.Unready, "The Consul that is thrown away was not done within %s.", ttl))
	defer cancel()
	proof, err := s.proveIn(ctx, r, from, of)
	return proof, backup.Prevented(ctx, err)
}

func (s *Snapshot) proveIn(ctx context.Context, r *job.Run, from io.Reader, of backup.Taken) (backup.Proof, error) {
	dir, err := r.Scratch(ctx, "consul")
	if err != nil {
		return backup.Proof{}, backup.NotProven{Cause: err}
	}
	file := filepath.Join(dir, "snapshot.tgz")
	m, size, err := fetch(file, from)
	if err != nil {
		return backup.Proof{}, err
	}
	if was := fact(of.Facts, factIndex); was != "" && was != strconv.FormatUint(m.Index, 10) {
		return backup.Proof{}, fault.New(fault.Invalid, "It is another snapshot: it ends with change %d of Raft, and the one that was taken with %s.", m.Index, was)
	}
	program, version, err := s.findBinary(ctx)
	if err != nil {
		return backup.Proof{}, backup.NotProven{Cause: err}
	}
	if was := fact(of.Facts, factVersion); was != version {
		return backup.Proof{}, backup.NotProven{Cause: fault.New(fault.Unready, "The snapshot is of Consul %s, and %s is %s: install that version for proving.", was, program, version)}
	}
	walls, err := s.Walls.Build(ctx)
	if err != nil {
		return backup.Proof{}, backup.NotProven{Cause: err}
	}
	if _, err := walls.In(argv.Command{Path: program, Args: []string{"snapshot", "inspect", file}, Dir: dir, Home: dir}).Run(ctx); err != nil {
		var ended *argv.ExitError
		if errors.As(err, &ended) {
			return backup.Proof{}, fault.Wrap(fault.Invalid, err, "\"consul snapshot inspect\" refuses the snapshot.")
		}
		return backup.Proof{}, backup.NotProven{Cause: err}
	}
	proof := backup.Proof{Level: 2, Tool: "consul " + version, Facts: [][2]string{walls.Fact()}}
	r.Doing(ctx, "restoring on a Consul that is thrown away")
	err = r.Step(ctx, "throw-away Consul", UndoServer, throwaway.Memo{Dir: dir, Program: program}, func(ctx context.Context) (err error) {
		server, err := start(ctx, walls, program, dir, fact(of.Facts, factDatacenter), s.Now)
		if err != nil {
			return backup.NotProven{Cause: err}
		}
		defer func() { err = errors.Join(err, server.close(ctx)) }()
		return s.restoreAndAsk(ctx, server, file, size, of, &proof)
	})
	proof.Detail += walls.Note()
	return proof, err
}

// fetch keeps the snapshot in a file, and looks whether it is whole.
func fetch(file string, from io.Reader) (m Meta, size int64, err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return Meta{}, 0, backup.NotProven{Cause: err}
	}
	defer f.Close() // it was written whole, or is of no use
	body := &counting{r: from}
	to := &keeping{w: f}
	m, err = Check(io.TeeReader(body, to))
	if to.err != nil {
		err = backup.NotProven{Cause: to.err}
	}
	return m, body.n, err
}

// keeping remembers that writing failed, which is nothing against what was read.
type keeping struct {
	w   io.Writer
	err error
}

func (c *keeping) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil {
		c.err = err
	}
	return n, err
}

func fact(facts [][2]string, name string) string {
	for _, f := range facts {
		if f[0] == name {
			return f[1]
		}
	}
	return ""
}

func (s *Snapshot) restoreAndAsk(ctx context.Context, server *server, file string, size int64, of backup.Taken, proof *backup.Proof) error {
	f, err := os.Open(file)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	defer f.Close()
	if err := server.client.restore(ctx, f, size); err != nil {
		return server.judge(err, "A Consul of the same version does not restore the snapshot.")
	}
	if err := server.ready(ctx); err != nil { // it takes over its leadership anew
		return server.judge(err, "The restored Consul does not answer.")
	}
	proof.Level = 3
	differ, err := s.compare(ctx, server, of, proof)
	if err != nil {
		return server.judge(err, "The restored Consul does not tell what it has.")
	}
	if len(differ) > 0 {
		return fault.New(fault.Invalid, "The restored Consul is not what was backed up: %s.", strings.Join(differ, "; "))
	}
	proof.Detail = "A Consul of the same version was restored from it, and has its rows and services."
	if of.Sentinel == "" {
		return nil
	}
	if err := s.findSentinel(ctx, server, of.Sentinel); err != nil {
		return err
	}
	proof.Level = 4
	proof.Detail = "A Consul of the same version was restored from it, and has its rows, its services, and the value planted just before."
	if fact(of.Facts, factACLs) == "on" {
		proof.Detail += s.tryToken(ctx, server)
	}
	return nil
}

// judge tells what is said against the snapshot, in an answer of the server or by its end, from
// what keeps us from hearing one.
func (s *server) judge(err error, say string) error {
	var no *refusal
	ended := s.Ended()
	switch {
	case errors.Is(err, throwaway.ErrSlow): // we may have had too little patience
	case ended != nil: // of itself: whoever kills it for want of memory is told apart later
		return fault.Wrap(fault.Invalid, errors.Join(ended, err), "%s", say)
	case errors.As(err, &no) && !no.leaderless():
		return fault.Wrap(fault.Invalid, err, "%s", say)
	}
	return backup.NotProven{Cause: err}
}

// compare asks the restored server for the facts, and tells which are not as they were.
func (s *Snapshot) compare(ctx context.Context, server *server, of backup.Taken, proof *backup.Proof) (differ []string, err error) {
	for _, want := range of.Facts {
		got := ""
		switch {
		case want[0] == factServices:
			names, _, err := server.client.services(ctx)
			if err != nil {
				return nil, err
			}
			if s.Now().Sub(server.began) > reapAfter {
				continue
			}
			got = strconv.Itoa(len(names))
		case want[0] == "rows" || strings.HasPrefix(want[0], "rows below "):
			n, err := server.client.keys(ctx, strings.TrimPrefix(strings.TrimPrefix(want[0], "rows"), " below "))
			if err != nil {
				return nil, err
			}
			got = strconv.Itoa(n.n)
		default:
			continue
		}
		proof.Facts = append(proof.Facts, [2]string{want[0], got})
		if _, err := strconv.Atoi(want[1]); err == nil && got != want[1] {
			differ = append(differ, fmt.Sprintf("%s: %s, and %s were backed up", want[0], got, want[1]))
		}
	}
	slices.Sort(differ)
	return differ, nil
}

func (s *Snapshot) findSentinel(ctx context.Context, server *server, want string) error {
	value, err := server.client.Get(ctx, s.sentinelKey())
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Invalid, "The restored Consul does not have the value that was planted just before the snapshot.")
	}
	if err != nil {
		return server.judge(err, "The restored Consul does not tell the value that was planted.")
	}
	if hashOf(value) != want {
		return fault.New(fault.Invalid, "The restored Consul has another value than was planted just before the snapshot: it is not that snapshot.")
	}
	return nil
}

// tryToken tells whether the token of before opens the restored Consul. That it does not is
// told and no failure: the token may have been replaced since.
func (s *Snapshot) tryToken(ctx context.Context, server *server) string {
	if s.From.Token.Reveal() == "" {
		return ""
	}
	with := *server.client
	with.cfg.Token = s.From.Token
	if _, err := with.keys(ctx, ""); err != nil {
		return " Our token of today does not open it."
	}
	return " Our token opens it."
}
