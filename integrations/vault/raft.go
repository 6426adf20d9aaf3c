package vault

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/integrations/vault/vaultapi"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Raft backs up the integrated storage of a Vault. What is in a snapshot is encrypted by
// Vault, and opens with the shares of the day on which it was taken.
type Raft struct {
	Parts
	Vault *Vault
	// Token may read sys/storage/raft/snapshot, and write the sentinel, and nothing else.
	Token secret.Text
	// Sentinel is where a random value is planted before each snapshot; "" is a place that
	// every token has for itself.
	Sentinel string
	// Server is the program, with its arguments, of a server of the same version to restore
	// on: "@CONFIG@" in them is a file of configuration, "@LISTEN@" where it must listen and
	// "@DIR@" where it keeps its data. Without one a snapshot is checked, and not restored.
	Server []string
	// Drill asks the holders for their shares, to open what was restored and to look for the
	// sentinel. Without it nobody can: it is restored, and nothing of it is read.
	Drill bool
	// Walls are around that server.
	Walls throwaway.Walls
}

const (
	factVersion   = "version"
	factIndex     = "last change of Raft"
	factShares    = "shares"
	factThreshold = "threshold"
)

func (s *Raft) sentinel() string {
	if s.Sentinel == "" {
		return "cubbyhole/batsignal-sentinel"
	}
	return s.Sentinel
}

// Suffix implements [backup.Source].
func (s *Raft) Suffix() string { return "vault-raft.tgz" }

// Restoring implements [backup.Source].
func (s *Raft) Restoring() string {
	return `This is a snapshot of the raft storage of a Vault or OpenBao, of the version that its facts name. It opens with the
shares of the day on which it was taken: have their holders at hand. Start a new server of that version, with storage
"raft" and an empty directory (VAULT_ADDR says where it answers), and make it one that is soon replaced:

    vault operator init -key-shares=1 -key-threshold=1
    vault operator unseal

The first line shows a key, which the second one asks for, and a root token. With that one in VAULT_TOKEN:

    vault operator raft snapshot restore -force backup.vault-raft.tgz

Now it is sealed by the shares of the old Vault. Hand them in, one holder after the other:

    vault operator unseal

Look whether what you need is there, with a token of the old Vault. Then have other nodes join.
`
}

// Write implements [backup.Source].
func (s *Raft) Write(ctx context.Context, r *job.Run, w io.Writer) (backup.Taken, error) {
	n, err := s.Vault.active(ctx)
	if err != nil {
		return backup.Taken{}, err
	}
	st, err := n.SealStatus(ctx)
	if err != nil {
		return backup.Taken{}, err
	}
	if st.Storage != "" && st.Storage != "raft" {
		return backup.Taken{}, fault.New(fault.Conflict, "Vault %s keeps its data in %s, and gives no snapshots: back that up.", s.Vault.Name, st.Storage)
	}
	taken := backup.Taken{At: s.Now()}
	if taken.Sentinel, err = s.plant(ctx, n); err != nil {
		return taken, err
	}
	if taken.Sentinel == "" {
		r.Logf(ctx, "No sentinel was planted: the token may not write %s.", s.sentinel())
	}
	body, err := n.Snapshot(ctx, s.Token)
	if err != nil {
		return taken, s.explain(err)
	}
	defer body.Close()
	m, err := inspect(io.TeeReader(&metered{from: body, run: r}, w))
	if err != nil {
		return taken, fault.Wrap(fault.Unready, err, "The snapshot of Vault %s is not whole: %s Try again.", s.Vault.Name, fault.Say(err))
	}
	taken.Facts = [][2]string{
		{factVersion, st.Version}, {factIndex, strconv.FormatUint(m.Index, 10)},
		{factShares, strconv.Itoa(st.Shares)}, {factThreshold, strconv.Itoa(st.Threshold)},
	}
	return taken, nil
}

// plant writes a value that must be found in what is restored; "" may not be written.
func (s *Raft) plant(ctx context.Context, n *vaultapi.Node) (hash string, err error) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	value := hex.EncodeToString(raw)
	err = n.Write(ctx, s.Token, s.sentinel(), map[string]string{"value": value})
	var no *vaultapi.Refusal
	if errors.As(err, &no) && (no.Status == http.StatusForbidden || no.Status == http.StatusNotFound) {
		return "", nil
	}
	return hashOf(value), err
}

func hashOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

func (s *Raft) explain(err error) error {
	var no *vaultapi.Refusal
	if errors.As(err, &no) && no.Status == http.StatusForbidden {
		return fault.Wrap(fault.Forbidden, err, "The token may not take snapshots of Vault %s. Give it \"read\" on sys/storage/raft/snapshot.", s.Vault.Name)
	}
	return err
}

// Prove implements [backup.Source].
func (s *Raft) Prove(ctx context.Context, r *job.Run, from io.Reader, of backup.Taken) (backup.Proof, error) {
	dir, err := r.Scratch(ctx, "vault")
	if err != nil {
		return backup.Proof{}, backup.NotProven{Cause: err}
	}
	file := filepath.Join(dir, "snapshot.tgz")
	m, err := save(file, from)
	if err != nil {
		return backup.Proof{}, backup.Prevented(ctx, err)
	}
	if was := fact(of.Facts, factIndex); was != "" && was != strconv.FormatUint(m.Index, 10) {
		return backup.Proof{}, fault.New(fault.Invalid, "It is another snapshot: it ends with change %d of Raft, and the one that was taken with %s.", m.Index, was)
	}
	proof := backup.Proof{Level: 2, Tool: "own check of the archive", Facts: [][2]string{{factIndex, strconv.FormatUint(m.Index, 10)}},
		Detail: "The archive is whole. No server is configured to restore it on."}
	if len(s.Server) == 0 {
		return proof, nil
	}
	err = s.onServer(ctx, r, dir, file, of, &proof)
	return proof, backup.Prevented(ctx, err)
}

// save keeps the snapshot in a file, and looks whether it is whole.
func save(file string, from io.Reader) (meta, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- in the run's scratch directory
	if err != nil {
		return meta{}, backup.NotProven{Cause: err}
	}
	to := &keeping{to: f}
	m, err := inspect(io.TeeReader(from, to))
	switch closed := f.Close(); {
	case to.err != nil:
		return m, backup.NotProven{Cause: to.err}
	case err == nil && closed != nil:
		return m, backup.NotProven{Cause: closed}
	}
	return m, err
}

// keeping remembers that writing failed, which is nothing against what was read.
type keeping struct {
	to  io.Writer
	err error
}

func (k *keeping) Write(b []byte) (int, error) {
	n, err := k.to.Write(b)
	if err != nil {
		k.err = err
	}
	return n, err
}

// metered tells how much came by.
type metered struct {
	from io.Reader
	run  *job.Run
	n    int64
}

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.from.Read(b)
	m.n += int64(n)
	m.run.Progress(m.n, 0, "bytes")
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

// findSentinel looks for the planted value in what was restored and opened.
func (s *Raft) findSentinel(ctx context.Context, n *vaultapi.Node, want string) error {
	values, err := n.Read(ctx, s.Token, s.sentinel())
	var no *vaultapi.Refusal
	switch {
	case errors.As(err, &no) && no.Status == http.StatusForbidden:
		return backup.NotProven{Cause: fault.New(fault.Unready, "Our token of today does not open the restored Vault, so the planted value cannot be looked for.")}
	case errors.As(err, &no) && no.Status == http.StatusNotFound:
		return fault.New(fault.Invalid, "The restored Vault does not have the value that was planted just before the snapshot.")
	case err != nil:
		return backup.NotProven{Cause: err}
	case hashOf(values["value"]) != want:
		return fault.New(fault.Invalid, "The restored Vault has another value than was planted just before the snapshot: it is not that snapshot.")
	}
	return nil
}

var errNotWhole = errors.New("the archive ends too early, or is no snapshot")

// notWhole is an archive that is damaged.
func notWhole(why error) error {
	return fault.Wrap(fault.Invalid, why, "The archive of the snapshot is damaged: %s.", fmt.Sprint(why))
}
