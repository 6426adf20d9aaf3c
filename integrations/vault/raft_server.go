package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall/fault"
)

// UndoServer is how a server that is thrown away is taken back after a crash.
const UndoServer = "vault server"

type serverMemo struct {
	Dir     string `json:"dir"`
	Program string `json:"program"`
}

// Undo implements [job.Undoer]: it ends the server of a step.
func (s *Raft) Undo(ctx context.Context, step job.Step) error {
	if step.Undo != UndoServer {
		return fault.New(fault.Internal, "Nobody here knows how to take back %q.", step.Undo)
	}
	var memo serverMemo
	if err := json.Unmarshal(step.Memo, &memo); err != nil {
		return err
	}
	return throwaway.End(ctx, memo.Dir, memo.Program)
}

// startPatience is how long a new server may take for each thing that it is asked to do.
const startPatience = time.Minute

// onServer restores a snapshot on a server that is thrown away.
func (s *Raft) onServer(ctx context.Context, r *job.Run, dir, file string, of backup.Taken, proof *backup.Proof) error {
	program, err := argv.Find(s.Server[0])
	if err != nil {
		return backup.NotProven{Cause: fault.Wrap(fault.Unready, err, "The program %s is not on this machine, so that snapshots of Vault %s cannot be restored: install it.", s.Server[0], s.Vault.Name)}
	}
	r.Doing(ctx, "restoring on a Vault that is thrown away")
	return r.Step(ctx, "throw-away Vault", UndoServer, serverMemo{dir, program}, func(ctx context.Context) (err error) {
		server, node, err := s.start(ctx, program, dir)
		if err != nil {
			return backup.NotProven{Cause: err}
		}
		err = s.restore(ctx, node, file, of, proof)
		node.Close()
		if err = errors.Join(err, server.Stop(ctx)); err != nil {
			return err
		}
		// Started again, it says what it has on disk, and not what it remembers.
		if server, node, err = s.start(ctx, program, dir); err != nil {
			return backup.NotProven{Cause: err}
		}
		defer func() {
			node.Close()
			err = errors.Join(err, server.Stop(ctx))
		}()
		if err := s.became(ctx, node, of, proof); err != nil {
			return err
		}
		if !s.Drill || of.Sentinel == "" {
			return nil
		}
		return s.drill(ctx, r, node, of, proof)
	})
}

// start starts an empty server, which listens on a socket of its own.
func (s *Raft) start(ctx context.Context, program, dir string) (*throwaway.Server, *vaultapi.Node, error) {
	// In the directory of the run, which nobody else enters: on a port somebody could answer in
	// its place, and be given shares.
	socket := filepath.Join(dir, "vault.sock")
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) { // of the one before, which was killed
		return nil, nil, err
	}
	cluster, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	data, config := filepath.Join(dir, "raft"), filepath.Join(dir, "vault.hcl")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, nil, err
	}
	text := fmt.Sprintf(`storage "raft" {
  path    = %q
  node_id = "throwaway"
}
listener "unix" {
  address     = %q
  tls_disable = true
}
api_addr      = %q
cluster_addr  = %q
disable_mlock = true
`, data, socket, "http://vault.invalid", "http://"+cluster)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, nil, err
	}
	places := strings.NewReplacer("@CONFIG@", config, "@LISTEN@", "unix:"+socket, "@DIR@", data)
	var args []string
	for _, a := range s.Server[1:] {
		args = append(args, places.Replace(a))
	}
	node, err := vaultapi.New(vaultapi.Config{Name: "the Vault that is thrown away", Socket: socket, Timeout: startPatience})
	if err != nil {
		return nil, nil, err
	}
	// One that was killed leaves its socket, on which nobody could listen then.
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	server, err := throwaway.Start(ctx, argv.Command{Path: program, Args: args, Dir: dir, Home: dir}, dir, throwaway.Account{})
	if err != nil {
		return nil, nil, err
	}
	err = s.wait(ctx, "answer", func() (bool, error) {
		select {
		case <-server.Exited():
			return false, fault.New(fault.Unready, "The Vault that is thrown away ended at once: %s", server.Said())
		default:
		}
		_, err := node.SealStatus(ctx)
		return err == nil, nil
	})
	if err != nil {
		node.Close()
		return nil, nil, errors.Join(err, server.Stop(ctx))
	}
	return server, node, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// wait asks again and again until something is so.
func (s *Raft) wait(ctx context.Context, what string, so func() (bool, error)) error {
	for n := 0; n < int(startPatience/(50*time.Millisecond)); n++ {
		if is, err := so(); is || err != nil {
			return err
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return fault.New(fault.Unready, "The Vault that is thrown away does not %s.", what)
}

// restore makes a Vault of one share of the server, and has it become what the snapshot
// holds. It is sealed then, by the shares of the old one.
func (s *Raft) restore(ctx context.Context, node *vaultapi.Node, file string, of backup.Taken, proof *backup.Proof) error {
	st, err := node.SealStatus(ctx)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	if was := fact(of.Facts, factVersion); was != "" && was != st.Version {
		return backup.NotProven{Cause: fault.New(fault.Unready, "The snapshot is of Vault %s, and %s is %s: install that version for proving.", was, s.Server[0], st.Version)}
	}
	proof.Tool = "Vault " + st.Version
	made, err := node.Init(ctx, 1, 1)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	defer made.Shares[0].Wipe()
	if _, err := node.Unseal(ctx, made.Shares[0]); err != nil {
		return backup.NotProven{Cause: err}
	}
	if err := s.wait(ctx, "become active", func() (bool, error) { return isActive(ctx, node), nil }); err != nil {
		return backup.NotProven{Cause: err}
	}
	f, err := os.Open(file) // #nosec G304 -- in the run's scratch directory
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	defer f.Close()
	if err := node.Restore(ctx, made.Root, f, true); err != nil {
		var no *vaultapi.Refusal
		if errors.As(err, &no) {
			return fault.Wrap(fault.Invalid, err, "A Vault of the same version does not restore the snapshot.")
		}
		return backup.NotProven{Cause: err}
	}
	// It seals itself, since it cannot read what it has now.
	err = s.wait(ctx, "take over what was restored", func() (bool, error) {
		st, err = node.SealStatus(ctx)
		return err == nil && st.Sealed, nil
	})
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "A Vault of the same version does not become what the snapshot holds.")
	}
	return nil
}

// became looks whether the server is the old Vault now.
func (s *Raft) became(ctx context.Context, node *vaultapi.Node, of backup.Taken, proof *backup.Proof) error {
	st, err := node.SealStatus(ctx)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	shares, threshold := strconv.Itoa(st.Shares), strconv.Itoa(st.Threshold)
	if was := fact(of.Facts, factShares); was != "" && (was != shares || fact(of.Facts, factThreshold) != threshold) {
		return fault.New(fault.Invalid, "The restored Vault opens with %s of %s shares, and the one that was backed up with %s of %s.", threshold, shares, fact(of.Facts, factThreshold), was)
	}
	proof.Level = 3
	proof.Facts = append(proof.Facts, [2]string{factShares, shares}, [2]string{factThreshold, threshold})
	proof.Detail = "A Vault of the same version was restored from it, and is sealed by the old shares. Nobody was asked to open it."
	return nil
}

func isActive(ctx context.Context, n *vaultapi.Node) bool {
	health, err := n.Health(ctx)
	return err == nil && health == vaultapi.Active
}

// drill asks the holders to open what was restored, and looks for the planted value.
func (s *Raft) drill(ctx context.Context, r *job.Run, node *vaultapi.Node, of backup.Taken, proof *backup.Proof) error {
	desk, err := s.open(ctx, r, s.Vault, ToDrill)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	defer desk.close(ctx)
	r.Doing(ctx, "waiting for shares, for a drill")
	label := "Drill of Vault " + s.Vault.Name
	d := &drive{desk: desk, lock: sealing{node}, label: label, node: node.Name}
	d.say(ctx, "%s: a snapshot was restored on a Vault that is thrown away, and %s shares are needed to open that. %s", label, fact(of.Facts, factThreshold), desk.asks())
	if err := d.until(ctx); err != nil {
		return backup.NotProven{Cause: err}
	}
	if err := s.wait(ctx, "become active", func() (bool, error) { return isActive(ctx, node), nil }); err != nil {
		return fault.Wrap(fault.Invalid, err, "The restored Vault opened, and does not answer.")
	}
	if err := s.findSentinel(ctx, node, of.Sentinel); err != nil {
		return err
	}
	proof.Level = 4
	proof.Detail = "A Vault of the same version was restored from it, its holders opened it, and it has the value planted just before."
	d.say(ctx, "%s: it opened, and has what was planted just before the snapshot.", label)
	return nil
}
