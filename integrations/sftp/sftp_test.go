package sftp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"batsignal/integrations/place"
	"batsignal/integrations/place/placetest"
	"batsignal/integrations/sftp"
	"batsignal/integrations/sftp/sftptest"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) {
	placetest.Main(m, func(argument string) (place.Place, error) {
		var c sftp.Config
		if err := json.Unmarshal([]byte(argument), &c); err != nil {
			return nil, err
		}
		return sftp.New(c)
	})
}

func config(s *sftptest.Server) sftp.Config {
	return sftp.Config{Addr: s.Addr, User: s.User, Dir: s.Dir, KeyFile: s.KeyFile, KnownHosts: s.KnownHosts}
}

func open(t testing.TB, c sftp.Config) *sftp.Place {
	t.Helper()
	p, err := sftp.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// things is how much there is below a directory.
func things(t testing.TB, dir string) (n int) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n - 1
}

func TestAnotherHostIsAPlace(t *testing.T) {
	childtest.Long(t)
	server := sftptest.Start(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	placetest.All(t, open(t, config(server)))
	if n := things(t, server.Dir); n != 0 {
		t.Errorf("%d things are left", n)
	}
}

func TestAKillLeavesNothingAfterASweep(t *testing.T) {
	childtest.Long(t)
	server := sftptest.Start(t)
	argument, err := json.Marshal(config(server))
	if err != nil {
		t.Fatal(err)
	}
	placetest.Killed(t, open(t, config(server)), string(argument), func() int { return things(t, server.Dir) })
	if n := things(t, server.Dir); n != 0 {
		t.Errorf("%d things are left", n)
	}
}

func TestNobodyElseThereReadsIt(t *testing.T) {
	server := sftptest.Start(t)
	if _, err := open(t, config(server)).Put(t.Context(), "a/b/c", strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"a": 0o700, "a/b": 0o700, "a/b/c": 0o600} {
		if info, err := os.Stat(filepath.Join(server.Dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// A host is known by its key or not at all.
func TestAHostIsKnownByItsKey(t *testing.T) {
	server, other := sftptest.Start(t), sftptest.Start(t)
	c := config(server)
	c.KnownHosts, c.Fingerprint = "", server.Fingerprint
	p := open(t, c)
	for range 2 {
		if err := p.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(other.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	asOther := filepath.Join(t.TempDir(), "known_hosts") // the other's key under this one's name
	_, port, _ := net.SplitHostPort(other.Addr)
	_, here, _ := net.SplitHostPort(server.Addr)
	if err := os.WriteFile(asOther, bytes.ReplaceAll(text, []byte(port), []byte(here)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]struct {
		known, fingerprint string
		kind               fault.Kind
		says               string
	}{
		"another fingerprint":    {"", other.Fingerprint, fault.Forbidden, "another key"},
		"another key":            {asOther, "", fault.Forbidden, "another key"},
		"a host that nobody saw": {other.KnownHosts, "", fault.Unready, "not in the file"},
		"no file":                {filepath.Join(t.TempDir(), "none"), "", fault.Unready, "cannot be read"},
	} {
		c := config(server)
		c.KnownHosts, c.Fingerprint = with.known, with.fingerprint
		if err := open(t, c).Check(t.Context()); fault.KindOf(err) != with.kind || !strings.Contains(fault.Say(err), with.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatPeopleAreTold(t *testing.T) {
	server := sftptest.Start(t)
	wrong := filepath.Join(t.TempDir(), "id")
	if _, err := sftptest.NewKey(wrong); err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(t.TempDir(), "shared")
	if err := os.WriteFile(shared, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	canary := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]struct {
		change func(*sftp.Config)
		kind   fault.Kind
		says   string
	}{
		"wrong key":    {func(c *sftp.Config) { c.KeyFile = wrong }, fault.Forbidden, "let us in"},
		"wrong name":   {func(c *sftp.Config) { c.User = "nobody-here" }, fault.Forbidden, "let us in"},
		"shared key":   {func(c *sftp.Config) { c.KeyFile = shared }, fault.Unready, "chmod 600"},
		"no key in it": {func(c *sftp.Config) { c.KeyFile = canary }, fault.Unready, "ssh-keygen"},
		"no directory": {func(c *sftp.Config) { c.Dir += "/away" }, fault.Unready, "directory"},
	} {
		c := config(server)
		of.change(&c)
		p := open(t, c)
		_, put := p.Put(t.Context(), "a/b", strings.NewReader(""), 0)
		_, list := p.List(t.Context(), "a/")
		for _, err := range []error{p.Check(t.Context()), put, list} {
			if fault.KindOf(err) != of.kind || !strings.Contains(fault.Say(err), of.says) || strings.Contains(fault.Say(err), server.Dir) ||
				strings.Contains(fault.Say(err), "127.0.0.1") || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	p := open(t, config(server))
	if _, err := p.Put(t.Context(), "a/b", strings.NewReader(""), 0); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "a/b/c"} {
		if _, err := p.Put(t.Context(), key, strings.NewReader(""), 0); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", key, err)
		}
	}
	if n := things(t, server.Dir); n != 2 {
		t.Errorf("there are %d things", n)
	}
	server.Stop()
	if err := p.Check(t.Context()); fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "reached") {
		t.Errorf("%v", err)
	}
	for _, c := range []sftp.Config{
		{}, {Addr: "host", User: "u", KeyFile: "k", Dir: "d", KnownHosts: "h"}, {Addr: "host:22", KeyFile: "k", Dir: "d", KnownHosts: "h"},
		{Addr: "host:22", User: "u", KeyFile: "k", Dir: "/", KnownHosts: "h"}, {Addr: "host:22", User: "u", KeyFile: "k", Dir: "d"},
		{Addr: "host:22", User: "u", KeyFile: "k", Dir: "d", KnownHosts: "h", Fingerprint: "SHA256:x"}, {Addr: "host:22", User: "u", KeyFile: "k", Dir: "d", Fingerprint: "MD5:x"},
	} {
		if _, err := sftp.New(c); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v is taken: %v", c, err)
		}
	}
}

// relay stands between us and a server. After some bytes towards it, it cuts the line, or
// says nothing more.
func relay(t testing.TB, to string, after int64, hang bool) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { close(done); _ = l.Close() })
	go func() {
		for {
			us, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer us.Close()
				server, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer server.Close()
				go func() { _, _ = io.Copy(us, server) }() // until either ends
				_, _ = io.CopyN(server, us, after)
				if hang {
					<-done
				}
			}()
		}
	}()
	return l.Addr().String()
}

// A line that breaks, or on which nothing comes any more, ends a call in time and leaves what
// was there.
func TestALineThatBreaks(t *testing.T) {
	server := sftptest.Start(t)
	if _, err := open(t, config(server)).Put(t.Context(), "x", strings.NewReader("old"), 3); err != nil {
		t.Fatal(err)
	}
	for _, hang := range []bool{false, true} {
		for _, after := range []int64{100, 1 << 20} {
			c := config(server)
			c.Addr, c.KnownHosts, c.Fingerprint, c.Quiet = relay(t, server.Addr, after, hang), "", server.Fingerprint, time.Second
			if _, err := open(t, c).Put(t.Context(), "x", bytes.NewReader(placetest.Random(10<<20)), -1); fault.KindOf(err) != fault.Unready {
				t.Errorf("hangs %v after %d: %v", hang, after, err)
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(server.Dir, "x")); string(text) != "old" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	// A stream that is slow is no line that is dead: the host is asked meanwhile.
	c := config(server)
	c.Quiet = 500 * time.Millisecond
	r, w := io.Pipe()
	go func() {
		<-time.After(4 * c.Quiet)
		_, _ = io.WriteString(w, "new")
		_ = w.Close()
	}()
	if _, err := open(t, c).Put(t.Context(), "x", r, -1); err != nil {
		t.Error(err)
	}
}

// A server that cannot rename over a file is told from one that can.
func TestAServerThatCannotReplace(t *testing.T) {
	server := sftptest.Start(t, "ForceCommand internal-sftp -P posix-rename,fsync")
	p := open(t, config(server))
	for range 2 {
		if _, err := p.Put(t.Context(), "x", strings.NewReader("old"), 3); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Put(t.Context(), "x", strings.NewReader("new"), 3); fault.KindOf(err) != fault.Conflict {
			t.Errorf("it was replaced: %v", err)
		}
		if n := things(t, server.Dir); n != 1 {
			t.Errorf("there are %d things", n)
		}
		if err := p.Delete(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Get(t.Context(), "x"); !errors.Is(err, place.ErrNone) {
		t.Errorf("%v", err)
	}
}
