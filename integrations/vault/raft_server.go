package vault

import (
	"context"
	"errors"
	"fmt"
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

// Undo implements [job.Undoer]: it ends the server of a step.
func (s *Raft) Undo(ctx context.Context, step job.Step) error {
	return throwaway.Undo(ctx, step, UndoServer)
}

// startPatience is how long a new server may take for each thing that it is asked to do.
const startPatience = time.Minute

// onServer restores a snapshot on a server that is thrown away.
func (s *Raft) onServer(ctx context.Context, r *job.Run, dir, file string, of backup.Taken, proof *backup.Proof) error {
	program, err := argv.Find(s.Server[0])
	if err != nil {
		return backup.NotProven{Cause: fault.Wrap(fault.Unready, err, "The program %s is not on this machine, so that snapshots of Vault %s cannot be restored: install it.", s.Server[0], s.Vault.Name)}
	}
	// A Vault that opens does what its old one had still to do: it revokes what expired since.
	// So one that is to be opened has walls, unless somebody wrote that it needs none.
	around := s.Walls
	if s.Drill && around.Mode == throwaway.Auto {
		around.Mode = throwaway.Required
	}
	walls, err := around.Build(ctx)
	if err != nil {
		return backup.NotProven{Cause: err}
	}
	proof.Facts = append(proof.Facts, walls.Fact())
	defer func() { proof.Detail += walls.Note() }()
	r.Doing(ctx, "restoring on a Vault that is thrown away")
	return r.Step(ctx, "throw-away Vault", UndoServer, throwaway.Memo{Dir: dir, Program: program}, func(ctx context.Context) (err error) {
		server, node, err := s.start(ctx, walls, program, dir)
		if err != nil {
			return backup.NotProven{Cause: err}
		}
		err = s.restore(ctx, server, node, file, of, proof)
		node.Close()
		if err = errors.Join(err, server.Stop(ctx)); err != nil {
			return err
		}
		// Started again, it says what it has on disk, and not what it remembers.
		if server, node, err = s.start(ctx, walls, program, dir); err != nil {
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
		return s.drill(ctx, r, server, node, of, proof)
	})
}

// start starts an empty server, which listens on a socket of its own.
func (s *Raft) start(ctx context.Context, walls throwaway.Built, program, dir string) (*throwaway.Server, *vaultapi.Node, error) {
	// In the directory of the run, which nobody else enters: on a port somebody could answer in
	// its place, and be given shares.
	socket := filepath.Join(dir, "vault.sock")
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) { // of the one before, which was killed
		return nil, nil, err
	}
	cluster, err := throwaway.FreePorts(1)
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
`, data, socket, "http://vault.invalid", fmt.Sprintf("http://127.0.0.1:%d", cluster[0]))
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
	server, err := throwaway.Start(ctx, walls.In(argv.Command{Path: program, Args: args, Dir: dir, Home: dir}), dir, throwaway.Account{})
	if err != nil {
		return nil, nil, err
	}
	err = await(ctx, server, "answer", func(ctx context.Context) bool {
		_, err := node.SealStatus(ctx)
		return err == nil
	})
	if err != nil {
		node.Close()
		return nil, nil, errors.Join(err, server.Stop(ctx))
	}
	return server, node, nil
}

// await asks again and again until something is so. That we had too little patience says
// nothing; a server that ends by itself does.
func await(ctx context.Context, server *throwaway.Server, what string, so func(ctx context.Context) bool) error {
	err := server.Await(ctx, startPatience, func(ctx context.Context) (bool, error) { return so(ctx), nil })
	var ended *throwaway.Ended
	switch {
	case errors.As(err, &ended):
		return fault.Wrap(fault.Invalid, err, "The Vault that is thrown away ended, and did not %s: %s", what, ended.Said)
	case errors.Is(err, throwaway.ErrSlow):
		return backup.NotProven{Cause: fault.Wrap(fault.Unready, err, "The Vault that is thrown away did not %s within %s.", what, startPatience)}
	}
	return err
}

// restore makes a Vault of one share of the server, and has it become what the snapshot
// holds. It is sealed then, by the shares of the old one.
func (s *Raft) restore(ctx context.Context, server *throwaway.Server, node *vaultapi.Node, file string, of backup.Taken, proof *backup.Proof) error {
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
	if err := await(ctx, server, "become active", func(ctx context.Context) bool { return isActive(ctx, node) }); err != nil {
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
	return await(ctx, server, "take over what was restored", func(ctx context.Context) bool {
		st, err := node.SealStatus(ctx)
		return err == nil && st.Sealed
	})
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
func (s *Raft) drill(ctx context.Context, r *job.Run, server *throwaway.Server, node *vaultapi.Node, of backup.Taken, proof *backup.Proof) error {
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
	if err := await(ctx, server, "become active", func(ctx context.Context) bool { return isActive(ctx, node) }); err != nil {
		return err
	}
	if err := s.findSentinel(ctx, node, of.Sentinel); err != nil {
		return err
	}
	proof.Level = 4
	proof.Detail = "A Vault of the same version was restored from it, its holders opened it, and it has the value planted just before."
	d.say(ctx, "%s: it opened, and has what was planted just before the snapshot.", label)
	return nil
}
