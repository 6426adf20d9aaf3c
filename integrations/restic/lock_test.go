package restic_test

import (
	"batsignal/migrations/childtest"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
)

// waits until something is so.
func waits(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it does not come to it", what)
		}
	}
}

// A restic of this host that was killed leaves a lock, which stops nobody.
func TestTheLockOfTheDeadStopsNobody(t *testing.T) {
	childtest.Long(t)
	dir := filepath.Join(t.TempDir(), "repository")
	p := open(t, config(dir))
	for _, key := range []string{"a", "b"} {
		if _, err := p.Put(t.Context(), key, strings.NewReader(key), -1); err != nil {
			t.Fatal(err)
		}
	}
	locks := func() int { n, _ := files(t, dir, "locks"); return n }
	for try := 0; locks() == 0; try++ { // it may be done before it is killed
		if try == 20 {
			t.Fatal("none is killed in the middle")
		}
		cmd := stock(t.Context(), dir, "forget", "--prune", "--keep-last", "99")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		go func() { _ = cmd.Wait(); close(over) }() // it is killed
		waits(t, "forget", func() bool {
			select {
			case <-over:
				return true
			default:
				return locks() > 0
			}
		})
		_ = cmd.Process.Kill() // it may be over
		<-over
	}
	if err := stock(t.Context(), dir, "forget", "--prune", "--keep-last", "99").Run(); err == nil {
		t.Fatal("the lock stops nobody, so this test tests nothing")
	}
	if err := p.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if n := locks(); n != 0 {
		t.Errorf("%d locks are left", n)
	}
}

// Somebody who works in the repository is waited for, and is not disturbed.
func TestTheLivingAreWaitedFor(t *testing.T) {
	childtest.Long(t)
	dir := filepath.Join(t.TempDir(), "repository")
	c := config(dir)
	c.Patience = time.Second
	p := open(t, c)
	if _, err := p.Put(t.Context(), "a", strings.NewReader("old"), -1); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	theirs := stock(t.Context(), dir, "backup", "--stdin", "--host", "other")
	theirs.Stdin = r
	if err := theirs.Start(); err != nil {
		t.Fatal(err)
	}
	waits(t, "a lock", func() bool { n, _ := files(t, dir, "locks"); return n > 0 })
	if err := p.Delete(t.Context(), "a"); fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "Somebody else") {
		t.Errorf("%v", err)
	}
	// Storing needs nobody to be away, also over what is there.
	if _, err := p.Put(t.Context(), "a", strings.NewReader("new"), -1); err != nil {
		t.Error(err)
	}
	if list, err := p.List(t.Context(), ""); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := io.WriteString(w, "theirs"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Wait(); err != nil {
		t.Errorf("they were disturbed: %v", err)
	}
	if n, err := p.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("%d, %v: what was replaced is not swept", n, err)
	}
	f, err := p.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); string(text) != "new" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}
