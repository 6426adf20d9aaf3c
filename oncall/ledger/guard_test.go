package ledger

import (
	"bytes"
	"context"
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"batsignal/migrations/childtest"
	"batsignal/migrations/pg"
)

// memory is a guard that forgets with the test.
type memory struct {
	text string
	err  error
}

func (m *memory) Last() (string, error)    { return m.text, m.err }
func (m *memory) Keep(signed string) error { m.text = signed; return m.err }

func TestFileGuard(t *testing.T) {
	g := FileGuard{filepath.Join(t.TempDir(), "head")}
	if last, err := g.Last(); last != "" || err != nil {
		t.Errorf("%q, %v", last, err)
	}
	for _, text := range []string{"one", "two"} {
		if err := g.Keep(text); err != nil {
			t.Fatal(err)
		}
		if last, err := g.Last(); last != text || err != nil {
			t.Errorf("%q, %v", last, err)
		}
	}
	files, err := os.ReadDir(filepath.Dir(g.Path))
	info, statErr := os.Stat(g.Path)
	if err != nil || statErr != nil || len(files) != 1 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, %v", files, err, statErr)
	}
	if err := os.WriteFile(g.Path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Last(); err == nil {
		t.Error("an empty file is taken for a first start")
	}
	if err := (FileGuard{filepath.Join(g.Path, "head")}).Keep("x"); err == nil {
		t.Error("kept where there is no directory")
	}
}

// Killed between the commit and the guard: the guard is behind, and the ledger goes on.
func TestKilledBeforeTheGuard(t *testing.T) {
	h := newHouse(t)
	for i := range 5 {
		var head Head
		if err := pg.InTx(t.Context(), h.board, func(tx pgx.Tx) (err error) {
			head, err = h.log.Append(t.Context(), tx, noon, Leaf{Type: TypeRevealAsked, Record: recordA})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			if err := h.log.Committed(head); err != nil {
				t.Fatal(err)
			}
		}
		h.log = h.again() // without Committed
	}
	if r := h.verify(t); r.Err() != nil || r.Leaves != 5 {
		t.Errorf("%+v", r)
	}
	kept, err := h.log.Guard.Last()
	if err != nil || !strings.HasPrefix(kept, "ledger.example.org\n3\n") {
		t.Errorf("%q, %v", kept, err)
	}
}

// Whoever is later with telling does not set the guard back.
func TestTheGuardOnlyAdvances(t *testing.T) {
	h := newHouse(t)
	heads := make([]Head, 2)
	for i := range heads {
		if err := pg.InTx(t.Context(), h.board, func(tx pgx.Tx) (err error) {
			heads[i], err = h.log.Append(t.Context(), tx, noon, Leaf{Type: TypeRevealAsked})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{1, 0} {
		if err := h.log.Committed(heads[i]); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := h.log.Guard.Last(); err != nil || kept != heads[1].Note {
		t.Errorf("%q, %v", kept, err)
	}
}

// A guard that cannot be written is told of, and what was committed is not forgotten while
// the process lives.
func TestAGuardThatCannotBeWritten(t *testing.T) {
	h := newHouse(t)
	guard := &memory{}
	h.log.Guard = guard
	h.write(t, Leaf{Type: TypeRevealAsked})
	first := guard.text
	guard.err = errors.New("the disk is full")
	if _, err := h.log.Write(t.Context(), h.board, noon, Leaf{Type: TypeRevealAsked}); err == nil {
		t.Error("read from a disk that fails")
	}
	guard.err = nil
	h.write(t, Leaf{Type: TypeRevealAsked})
	guard.text = first // it did not get there
	owner := h.asOwner(t)
	exec(t, owner, `delete from ledger_leaf where seq = 1`)
	exec(t, owner, `delete from ledger_head where size = 2`)
	exec(t, owner, `delete from ledger_hash where place >= 1`)
	if _, err := h.log.Write(t.Context(), h.board, noon, Leaf{Type: TypeRevealAsked}); !errors.Is(err, ErrDiscontinued) {
		t.Error(err)
	}
}

// The key is changed, the name stays: heads of before count, with the key of before.
func TestAnotherKey(t *testing.T) {
	h := newHouse(t)
	h.story(t, recordA, recordB)
	next, vkey := newLog(t)
	next.Guard = h.log.Guard
	if _, err := next.Write(t.Context(), h.board, noon, Leaf{Type: TypeKeyring, Epoch: 2}); !errors.Is(err, ErrDiscontinued) {
		t.Error(err)
	}
	// A keyring that names the key of before comes to be trusted while the process runs; whether
	// one is cannot always be told.
	away, trusted := errors.New("the database is away"), false
	next.Known = func(context.Context, pg.DB) ([]string, error) {
		switch {
		case away != nil:
			return nil, away
		case trusted:
			return []string{h.vkey}, nil
		}
		return nil, nil
	}
	if err := next.Continues(t.Context(), h.board); !errors.Is(err, away) || errors.Is(err, ErrDiscontinued) {
		t.Error(err)
	}
	away = nil
	if err := next.Continues(t.Context(), h.board); !errors.Is(err, ErrDiscontinued) {
		t.Error(err)
	}
	trusted = true
	if err := next.Continues(t.Context(), h.board); err != nil {
		t.Error(err)
	}
	if _, err := next.Write(t.Context(), h.board, noon, Leaf{Type: TypeKeyring, Epoch: 2}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		keys  []string
		sound bool
	}{{[]string{h.vkey, vkey}, true}, {[]string{vkey}, false}, {[]string{h.vkey}, false}} {
		r, err := h.book(t).Verify(nil, c.keys...)
		if err != nil || (r.Err() == nil) != c.sound {
			t.Errorf("%v: %v, %v", c.keys, r.Findings, err)
		}
	}
}

// Killed by SIGKILL at any time, again and again: the ledger goes on without gap or fork.
func TestKill9AtAnyTime(t *testing.T) {
	dsn, dir := os.Getenv("BATSIGNAL_TEST_LEDGER_DSN"), os.Getenv("BATSIGNAL_TEST_LEDGER_DIR")
	if dsn != "" {
		appendForEver(t, dsn, dir)
		return
	}
	h := newHouse(t)
	skey, vkey, err := note.GenerateKey(nil, "ledger.example.org")
	if err != nil {
		t.Fatal(err)
	}
	h.vkey, dir = vkey, t.TempDir()
	h.board.Close() // only the child is to be that login
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte(skey), 0o600); err != nil {
		t.Fatal(err)
	}
	var before int64
	for range 6 {
		cmd := osexec.Command(os.Args[0], "-test.run=^TestKill9AtAnyTime$")
		cmd.Env = append(os.Environ(), "BATSIGNAL_TEST_LEDGER_DSN="+h.SwitchboardDSN, "BATSIGNAL_TEST_LEDGER_DIR="+dir)
		child, err := childtest.Run(cmd)
		if err != nil {
			t.Fatal(err)
		}
		child.KillAfter(t, "whoever appends")
		for count1(t, h.Pool, `select count(*) from ledger_leaf`) < before+7 {
			select {
			case <-child.Exited():
				t.Fatal(child.Said())
			default:
			}
		}
		child.Kill()
		// What it was about to commit is through, or not, when its backend is gone.
		for count1(t, h.Pool, `select count(*) from pg_stat_activity where datname = current_database() and usename = $1`, "batsignal_switchboard_login") > 0 {
			time.Sleep(time.Millisecond)
		}
		r := h.verify(t)
		if r.Err() != nil || r.Leaves < before+7 {
			t.Fatal(r.Findings)
		}
		before = r.Leaves
		kept, err := FileGuard{filepath.Join(dir, "head")}.Last()
		if err != nil {
			t.Fatal(err)
		}
		head, err := ParseHead(kept, vkey)
		if err != nil || head.Size > r.Leaves {
			t.Fatalf("the guard is ahead: %d of %d, %v", head.Size, r.Leaves, err)
		}
		if head.Size < r.Leaves-1 {
			t.Errorf("the guard has %d, the ledger %d", head.Size, r.Leaves)
		}
	}
}

// appendForEver is the child.
func appendForEver(t *testing.T, dsn, dir string) {
	skey, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(string(bytes.TrimSpace(skey)))
	if err != nil {
		t.Fatal(err)
	}
	db, err := pg.Open(t.Context(), dsn, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := &Log{Signer: signer, Guard: FileGuard{filepath.Join(dir, "head")}}
	for {
		if _, err := log.Write(t.Context(), db, noon, Leaf{Type: TypeProof, Record: recordA}); err != nil {
			t.Fatal(err)
		}
	}
}
