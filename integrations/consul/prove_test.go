package consul

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/consul/consultest"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	if file := os.Getenv("CONSUL_PROVE"); file != "" {
		proveInAChild(file)
	}
	goleak.VerifyTestMain(m)
}

// kind has the tests' engine take back what the steps of a source left.
type kind struct{ job.Undoer }

func (kind) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }
func (kind) Do(context.Context, *job.Run) (job.Result, error)   { return job.Result{}, nil }
func (s *Snapshot) tidy(t *testing.T, m *jobtest.Memory, root string) {
	t.Helper()
	if err := m.UndoAll(context.WithoutCancel(t.Context()), kind{s}); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if n := serversIn(t, root); n > 0 {
		t.Errorf("%d servers run", n)
	}
}

// serversIn counts the processes that name a directory.
func serversIn(t *testing.T, root string) (n int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range lines {
		if text, err := os.ReadFile(at); err == nil && bytes.Contains(text, []byte("-config-file="+root)) {
			n++
		}
	}
	return n
}

func of(s *consultest.Server) *Snapshot {
	return &Snapshot{From: Config{Name: "prod", Address: s.Address, Token: s.Token()}, Prefix: "batsignal", Binary: s.Binary, Now: time.Now,
		Walls: throwaway.Walls{Mode: throwaway.Auto, Ours: argv.OurWalls()}}
}

// write takes a snapshot.
func (s *Snapshot) write(t *testing.T) ([]byte, backup.Taken) {
	t.Helper()
	r, _ := jobtest.Run(t, job.About{})
	var out bytes.Buffer
	taken, err := s.Write(t.Context(), r, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), taken
}

// prove proves one, and sees to it that nothing is left.
func (s *Snapshot) prove(t *testing.T, snapshot []byte, taken backup.Taken) (backup.Proof, error) {
	t.Helper()
	root := t.TempDir()
	r, m := jobtest.Run(t, job.About{ScratchRoot: root})
	proof, err := s.Prove(t.Context(), r, bytes.NewReader(snapshot), taken)
	if n := serversIn(t, root); n > 0 {
		t.Errorf("%d servers run after the proof", n)
	}
	if token := s.From.Token.Reveal(); token != "" && strings.Contains(m.Text()+fmt.Sprint(err, proof), token) {
		t.Error("the token was told")
	}
	s.tidy(t, m, root)
	return proof, err
}

func TestASnapshotIsTakenAndProven(t *testing.T) {
	t.Parallel()
	server := consultest.Start(t)
	for i := range 120 {
		server.Put(t, fmt.Sprintf("app/%03d key/with%%25?", i), strings.Repeat("v", i))
	}
	server.Put(t, "other", "1")
	server.Register(t, "web-1", "shop")
	server.Register(t, "web-2", "shop")
	server.Register(t, "db-1", "postgres")
	s := of(server)
	s.Count = []string{"", "app/", "nothing/"}
	snapshot, taken := s.write(t)
	first := taken.Sentinel
	for name, want := range map[string]string{"rows": "122", "rows below app/": "120", "rows below nothing/": "0", "services": "3", "nodes": "4", "Consul": "1.19.2", "datacenter": "dc1", "ACLs": "off"} {
		if got := fact(taken.Facts, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	proof, err := s.prove(t, snapshot, taken)
	if err != nil || proof.Level != 4 || proof.Tool != "consul 1.19.2" || fact(proof.Facts, "rows below app/") != "120" || fact(proof.Facts, "services") != "3" {
		t.Errorf("%+v, %v", proof, err)
	}
	if walled := !strings.Contains(proof.Detail, "It was not walled in"); walled != strings.HasPrefix(fact(proof.Facts, "network"), "its own") {
		t.Errorf("%+v", proof)
	}

	// The next one is another one, and the first has not its value.
	server.Restart(t)
	_, again := s.write(t)
	if again.Sentinel == first {
		t.Error("the same value was planted again")
	}
	again.Facts = [][2]string{{"Consul", "1.19.2"}}
	if _, err := s.prove(t, snapshot, again); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), "another value") {
		t.Errorf("%v", err)
	}
	server.Delete(t, "batsignal/sentinel")
	without := server.Save(t)
	if _, err := s.prove(t, without, again); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), "does not have the value") {
		t.Errorf("%v", err)
	}
	fewer := taken
	fewer.Facts = [][2]string{{"Consul", "1.19.2"}, {"rows", "123"}, {"rows below app/", "100 to 130"}}
	if _, err := s.prove(t, snapshot, fewer); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), "rows: 122, and 123 were backed up") || strings.Contains(fault.Say(err), "below") {
		t.Errorf("%v", err)
	}
}

func TestASnapshotWithTokensIsProven(t *testing.T) {
	t.Parallel()
	server := consultest.StartWith(t, consultest.Options{Token: "0f6dc3a4-8a24-4d4b-9f0c-7d6a3d0b7e11", Datacenter: "prod-eu"})
	server.Put(t, "app/x", "1")
	s := of(server)
	snapshot, taken := s.write(t)
	if fact(taken.Facts, "ACLs") != "on" || fact(taken.Facts, "datacenter") != "prod-eu" {
		t.Errorf("%v", taken.Facts)
	}
	proof, err := s.prove(t, snapshot, taken)
	if err != nil || proof.Level != 4 || !strings.Contains(proof.Detail, "Our token opens it.") {
		t.Errorf("%+v, %v", proof, err)
	}
	s.From.Token = secret.New("11111111-8a24-4d4b-9f0c-7d6a3d0b7e11")
	proof, err = s.prove(t, snapshot, taken)
	if err != nil || proof.Level != 4 || !strings.Contains(proof.Detail, "Our token of today does not open it.") {
		t.Errorf("%+v, %v", proof, err)
	}
	r, _ := jobtest.Run(t, job.About{})
	if _, err := s.Write(t.Context(), r, &bytes.Buffer{}); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("%v", err)
	}
}

func TestADamagedSnapshotIsNotProven(t *testing.T) {
	t.Parallel()
	server := consultest.Start(t)
	for i := range 50 {
		server.Put(t, fmt.Sprintf("app/%d", i), fmt.Sprint(i))
	}
	s := of(server)
	snapshot, taken := s.write(t)
	for i := 0; i < len(snapshot); i += max(1, len(snapshot)/200) {
		flipped := bytes.Clone(snapshot)
		flipped[i] ^= 0x10
		if _, err := Check(bytes.NewReader(flipped)); err != nil {
			continue
		}
		// Nothing protects the time and the system at its beginning, and the bits that fill
		// up a byte between two blocks: they change nothing of what it holds.
		if !bytes.Equal(unzip(t, flipped), unzip(t, snapshot)) {
			t.Errorf("byte %d of %d was changed, and nobody sees it", i, len(snapshot))
		}
	}
	flipped := bytes.Clone(snapshot)
	flipped[len(flipped)/2] ^= 1
	for name, damaged := range map[string][]byte{"cut": snapshot[:len(snapshot)-20], "flipped": flipped, "nothing": nil} {
		var not backup.NotProven
		if _, err := s.prove(t, damaged, taken); fault.KindOf(err) != fault.Invalid || errors.As(err, &not) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What we take for whole, Consul must take as well: a state that it does not understand.
	state := part{"state.bin", "state state"}
	var not backup.NotProven
	taken.Facts = [][2]string{{"Consul", "1.19.2"}}
	if _, err := s.prove(t, archive(t, goodMeta, state, sums(goodMeta, state)), taken); fault.KindOf(err) != fault.Invalid || errors.As(err, &not) || !strings.Contains(fault.Say(err), "inspect") {
		t.Errorf("%v", err)
	}
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(zipped)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatKeepsUsFromFindingOutIsNoFailure(t *testing.T) {
	t.Parallel()
	server := consultest.Start(t)
	s := of(server)
	snapshot, taken := s.write(t)
	try := func(says string) {
		t.Helper()
		var not backup.NotProven
		if _, err := s.prove(t, snapshot, taken); !errors.As(err, &not) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	good := taken
	taken.Facts = [][2]string{{"Consul", "1.18.0"}}
	try("is of Consul 1.18.0")
	taken = good
	s.Binary = "/no/such/consul"
	try("is not on this machine")
	s.Binary = "/bin/echo"
	try("is no Consul")
	s.Binary, s.TTL = server.Binary, 300*time.Millisecond
	try("was not done within 300ms")
}

// childAsk is what a child of the tests is to prove.
type childAsk struct {
	Address, Binary, Root, File string
	Taken                       backup.Taken
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
	snapshot, err := os.Open(ask.File)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s := &Snapshot{From: Config{Name: "prod", Address: ask.Address}, Prefix: "batsignal", Binary: ask.Binary, Now: time.Now,
		Walls: throwaway.Walls{Mode: throwaway.Auto, Ours: argv.OurWalls()}}
	_, err = s.Prove(context.Background(), job.NewRun(job.About{ID: 1, Attempt: 1, ScratchRoot: ask.Root}, steps{}), snapshot, ask.Taken)
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

// A bot that is killed while it proves leaves a directory and perhaps a server: whoever
// comes next takes both back by what was written down.
func TestKilledInTheMiddleOfAProof(t *testing.T) {
	t.Parallel()
	server := consultest.Start(t)
	s := of(server)
	snapshot, taken := s.write(t)
	dir := t.TempDir()
	ask := childAsk{server.Address, server.Binary, filepath.Join(dir, "root"), filepath.Join(dir, "snapshot"), taken}
	text, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(ask.Root, 0o755), os.WriteFile(ask.File, snapshot, 0o600), os.WriteFile(filepath.Join(dir, "ask"), text, 0o600)); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), "CONSUL_PROVE="+filepath.Join(dir, "ask"))
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

	// As if the kernel had not told the server: another one in the same place.
	scratch := filepath.Join(ask.Root, "run-1-1-consul")
	for serversIn(t, ask.Root) > 0 && ctx.Err() == nil {
		<-time.After(time.Millisecond)
	}
	orphan := exec.Command(server.Binary, "agent", "-config-file="+filepath.Join(scratch, "consul.json"))
	orphan.Dir = scratch
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- orphan.Wait() }()
	for range 2 { // twice does no harm
		if err := s.Undo(t.Context(), kept[len(kept)-1]); err != nil {
			t.Error(err)
		}
	}
	<-ended
	if n := serversIn(t, ask.Root); n > 0 {
		t.Errorf("%d servers run", n)
	}
	if len(kept) != 2 || kept[0].Undo != job.UndoScratch || !bytes.Contains(kept[0].Memo, []byte(scratch)) {
		t.Errorf("%+v", kept)
	}
}

func TestOthersStepsAreNotTakenBack(t *testing.T) {
	s := &Snapshot{}
	for _, step := range []job.Step{{Undo: "other"}, {Undo: UndoServer, Memo: []byte("{")}, {Undo: UndoServer, Memo: []byte(`{"dir":"/etc","program":"consul"}`)}} {
		if err := s.Undo(t.Context(), step); err == nil {
			t.Errorf("%s %s was taken back", step.Undo, step.Memo)
		}
	}
}
