package pgbackup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/secret"
)

// childAsk is what a child of the tests is to prove.
type childAsk struct {
	Root, File string
	Mode       Mode
	Taken      backup.Taken
}

func proveInAChild(file string) {
	var ask childAsk
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &ask)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	stream, err := os.Open(ask.File)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s := of(secret.New("host=/nowhere user=nobody"), ask.Mode)
	_, err = s.Prove(context.Background(), job.NewRun(job.About{ID: 1, Attempt: 1, ScratchRoot: ask.Root}, steps{}), stream, ask.Taken)
	fmt.Println("done", err)
	os.Exit(0)
}

// steps tells the parent which steps begin, as the engine would write them down.
type steps struct{}

func (steps) Log(context.Context, string)             {}
func (steps) Progress(int64, int64, string)           {}
func (steps) Doing(context.Context, string)           {}
func (steps) Say(context.Context, string) error       { return nil }
func (steps) Ended(context.Context, int, error) error { return nil }
func (steps) Begin(_ context.Context, s job.Step) (int, error) {
	text, err := json.Marshal(s)
	fmt.Printf("step %s\n", text)
	return 1, err
}

// A bot that is killed while it proves leaves a directory, and no server for long; whoever
// comes next ends what is left and removes the directory, by what was written down.
func TestKilledInAProof(t *testing.T) {
	for _, mode := range []Mode{Dump, Base} {
		t.Run(string(mode), func(t *testing.T) {
			_, _, dsn := shop(t)
			s := of(dsn, mode)
			stream, taken := write(t, s)
			dir := t.TempDir()
			ask := childAsk{filepath.Join(dir, "root"), filepath.Join(dir, "stream"), mode, taken}
			text, err := json.Marshal(ask)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Mkdir(ask.Root, 0o755), os.WriteFile(ask.File, stream, 0o600), os.WriteFile(filepath.Join(dir, "ask"), text, 0o600)); err != nil {
				t.Fatal(err)
			}
			child := exec.Command(os.Args[0], "-test.run=^$")
			child.Env = append(os.Environ(), "PGBACKUP_PROVE="+filepath.Join(dir, "ask"))
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			var kept []job.Step
			for lines := bufio.NewScanner(out); lines.Scan(); {
				var step job.Step
				if rest, ok := strings.CutPrefix(lines.Text(), "step "); !ok || json.Unmarshal([]byte(rest), &step) != nil {
					t.Fatalf("%q", lines.Text())
				}
				if kept = append(kept, step); step.Undo == UndoServer {
					break
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for serversIn(t, ask.Root) == 0 && ctx.Err() == nil {
				<-time.After(time.Millisecond)
			}
			_ = child.Process.Kill()
			_ = child.Wait()
			for range 2 { // twice does no harm
				if err := s.Undo(t.Context(), kept[len(kept)-1]); err != nil {
					t.Error(err)
				}
			}
			if n := serversIn(t, ask.Root); n > 0 {
				t.Errorf("%d servers run", n)
			}
			if len(kept) != 2 || kept[0].Undo != job.UndoScratch || !bytes.Contains(kept[0].Memo, []byte(ask.Root)) {
				t.Errorf("%+v", kept)
			}
			// Nothing works in it any more, so that it can be removed for good.
			if err := os.RemoveAll(ask.Root); err != nil {
				t.Error(err)
			}
		})
	}
}

// A server whose starter's death it did not notice is found by its directory.
func TestAnOrphanIsEnded(t *testing.T) {
	shop(t)
	root := t.TempDir()
	dir := filepath.Join(root, "run-9-1-postgres")
	r := job.NewRun(job.About{ID: 9, Attempt: 1, ScratchRoot: root}, steps{})
	bin, err := findNewest(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	at, err := scratch(t.Context(), r, bin, throwaway.Built{})
	if err != nil || at.dir != dir {
		t.Fatal(at, err)
	}
	if err := at.initCluster(t.Context()); err != nil {
		t.Fatal(err)
	}
	server, err := at.start(t.Context(), superuser, "postgres")
	if err != nil {
		t.Fatal(err)
	}
	client, err := server.connect(t.Context(), "postgres") // a client does not keep it
	if err != nil {
		t.Fatal(err)
	}
	memo, err := json.Marshal(throwaway.Memo{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Source{}).Undo(t.Context(), job.Step{Undo: UndoServer, Memo: memo}); err != nil {
		t.Error(err)
	}
	<-server.Exited()
	if err := errors.Join(server.Stop(t.Context()), os.RemoveAll(root)); err != nil || serversIn(t, root) > 0 {
		t.Error(err)
	}
	_ = client.Close(t.Context())
	for _, step := range []job.Step{{Undo: "other"}, {Undo: UndoServer, Memo: []byte("{")}, {Undo: UndoServer, Memo: []byte(`{"dir":"/var/lib/postgresql"}`)}} {
		if err := (&Source{}).Undo(t.Context(), step); err == nil {
			t.Errorf("%s %s was taken back", step.Undo, step.Memo)
		}
	}
}
