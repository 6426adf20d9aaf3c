package restic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/place"
	"batsignal/integrations/place/placetest"
	"batsignal/integrations/restic"
	"batsignal/integrations/s3/s3test"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const password = "hunter2-canary-password"

func TestMain(m *testing.M) {
	placetest.Main(m, func(dir string) (place.Place, error) { return restic.New(config(dir)) })
}

func config(repository string) restic.Config {
	return restic.Config{Repository: secret.New(repository), Password: secret.New(password), Init: true}
}

func needs(t testing.TB) {
	t.Helper()
	if _, err := argv.Find("restic"); err != nil {
		childtest.Lacks(t, errors.New("restic is not installed (Debian: apt-get install restic)"))
	}
}

func open(t testing.TB, c restic.Config) *restic.Place {
	t.Helper()
	needs(t)
	p, err := restic.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stock is restic as an operator runs it.
func stock(ctx context.Context, repository string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "restic", append([]string{"-r", repository, "--no-cache"}, args...)...)
	cmd.Env = append(os.Environ(), "RESTIC_PASSWORD="+password)
	return cmd
}

// files is how many there are below a folder of a repository, without the halves that a kill
// left of some, which restic itself never looks at.
func files(t testing.TB, repository, folder string) (n int, size int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(repository, folder), func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && e.Type().IsRegular() && !strings.Contains(e.Name(), "-tmp-") {
			n++
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, size
}

func TestARepositoryIsAPlace(t *testing.T) {
	childtest.Long(t)
	dir := filepath.Join(t.TempDir(), "repository")
	placetest.All(t, open(t, config(dir)))
	for _, folder := range []string{"snapshots", "locks"} {
		if n, _ := files(t, dir, folder); n != 0 {
			t.Errorf("%d files are left in %s", n, folder)
		}
	}
}

func TestAKillLeavesNothingAfterASweep(t *testing.T) {
	childtest.Long(t)
	dir := filepath.Join(t.TempDir(), "repository")
	p := open(t, config(dir))
	placetest.Killed(t, p, dir, func() int { n, _ := files(t, dir, "snapshots"); return n })
	if n, _ := files(t, dir, "locks"); n != 0 {
		t.Errorf("%d locks are left", n)
	}
	// What the killed ones had stored already goes with the next that is deleted.
	if _, size := files(t, dir, "data"); size > 1<<20 {
		t.Errorf("%d bytes are left", size)
	}
}

// Whoever has the password needs only restic.
func TestStockResticReadsIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repository")
	p := open(t, config(dir))
	content := placetest.Random(3 << 20)
	kept, err := p.Put(t.Context(), "nightly/consul.tgz", bytes.NewReader(content), -1)
	if err != nil {
		t.Fatal(err)
	}
	out, err := stock(t.Context(), dir, "dump", "--tag", "key=nightly/consul.tgz", "latest", "/nightly/consul.tgz").Output()
	if err != nil || !bytes.Equal(out, content) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	out, err = stock(t.Context(), dir, "snapshots", "--json").Output()
	if err != nil || !bytes.Contains(out, []byte(kept.SHA256)) {
		t.Errorf("%s, %v", out, err)
	}
	// And what others keep there is nobody's here.
	theirs := stock(t.Context(), dir, "backup", "--stdin", "--stdin-filename", "theirs", "--host", "other")
	theirs.Stdin = strings.NewReader("theirs")
	if err := theirs.Run(); err != nil {
		t.Fatal(err)
	}
	if list, err := p.List(t.Context(), ""); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if err := p.Delete(t.Context(), "nightly/consul.tgz"); err != nil {
		t.Error(err)
	}
	if _, err := p.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if out, err := stock(t.Context(), dir, "dump", "latest", "theirs").Output(); string(out) != "theirs" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestARepositoryIsVerified(t *testing.T) {
	childtest.Long(t)
	dir := filepath.Join(t.TempDir(), "repository")
	p := open(t, config(dir))
	if _, err := p.Put(t.Context(), "a", bytes.NewReader(placetest.Random(1<<20)), -1); err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(t.Context(), 100); err != nil {
		t.Error(err)
	}
	var largest string
	var most int64
	if err := filepath.WalkDir(filepath.Join(dir, "data"), func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil && info.Size() > most {
				largest, most = name, info.Size()
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.Chmod(largest, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(largest, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(t.Context(), 100); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "damaged") {
		t.Errorf("a bit that flipped: %v", err)
	}
	f, err := p.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(io.Discard, f); err == nil {
		t.Error("what is damaged is read to its end")
	}
}

func TestWhatPeopleAreTold(t *testing.T) {
	needs(t)
	dir := filepath.Join(t.TempDir(), "repository")
	if err := open(t, config(dir)).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]struct {
		change func(*restic.Config)
		kind   fault.Kind
		says   string
	}{
		"wrong password": {func(c *restic.Config) { c.Password = secret.New("another-canary") }, fault.Forbidden, "password"},
		"no repository":  {func(c *restic.Config) { c.Repository, c.Init = secret.New(dir+"-canary"), false }, fault.Unready, "no repository"},
		"no program":     {func(c *restic.Config) { c.Program = "/nonexistent/restic" }, fault.Unready, "Install"},
		"nobody there": {func(c *restic.Config) {
			c.Repository, c.Init = secret.New("rest:http://somebody:canary@127.0.0.1:1/"), false
		}, fault.Unready, ""},
	} {
		c := config(dir)
		of.change(&c)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		p := open(t, c)
		_, put := p.Put(ctx, "a", strings.NewReader("x"), -1)
		_, list := p.List(ctx, "")
		for _, err := range []error{p.Check(ctx), put, list} {
			if name == "nobody there" && errors.Is(err, context.DeadlineExceeded) {
				continue // restic tries for a quarter of an hour
			}
			if fault.KindOf(err) != of.kind || !strings.Contains(fault.Say(err), of.says) || err == nil || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", name, err)
			}
		}
		cancel()
	}
	for _, c := range []restic.Config{
		{}, {Repository: secret.New("x")}, {Password: secret.New("x")}, {Repository: secret.New("x"), Password: secret.New("x"), AccessKey: "k"},
		{Repository: secret.New("x"), Password: secret.New("x"), SecretKey: secret.New("s")},
		{Repository: secret.New("x"), Password: secret.New("x"), AccessKey: "k\n[x]", SecretKey: secret.New("s")},
	} {
		if _, err := restic.New(c); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v is taken: %v", c, err)
		}
	}
}

// A repository in a bucket. Neither its keys nor the password are in an argument, a variable
// or a file of restic's.
func TestABucketHoldsARepository(t *testing.T) {
	childtest.Long(t)
	needs(t)
	server := s3test.Start(t)
	server.Bucket(t, "restic")
	dir := t.TempDir()
	program := filepath.Join(dir, "restic")
	told := filepath.Join(dir, "told")
	script := "#!/bin/sh\n{ tr '\\0' '\\n' </proc/self/environ; printf '%s\\n' \"$@\"; } >>" + told + "\nexec /usr/bin/restic \"$@\"\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := config("s3:http://" + server.Endpoint + "/restic/ours")
	c.AccessKey, c.SecretKey, c.Program, c.CacheDir = s3test.AccessKey, s3test.Secret(), program, filepath.Join(dir, "cache")
	p := open(t, c)
	if err := p.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	content := placetest.Random(2 << 20)
	if _, err := p.Put(t.Context(), "a/b", bytes.NewReader(content), -1); err != nil {
		t.Fatal(err)
	}
	f, err := p.Get(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := errors.Join(f.Close(), p.Delete(t.Context(), "a/b")); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(told)
	if err != nil || !bytes.Contains(text, []byte("a/b")) {
		t.Fatalf("%v", err)
	}
	for _, canary := range []string{password, s3test.SecretKey, server.Endpoint} {
		if bytes.Contains(text, []byte(canary)) {
			t.Errorf("%q is told: %s", canary, text)
		}
	}
	if quoted, err := json.Marshal(c); err != nil || bytes.Contains(quoted, []byte(password)) {
		t.Errorf("%s, %v", quoted, err)
	}
}
