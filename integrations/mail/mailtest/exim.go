package mailtest

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

//go:embed exim.conf
var eximConf string

// ErrNoExim is returned when no exim4 is installed on this machine.
var ErrNoExim = errors.New("exim4 is not installed (Debian: apt-get install exim4-daemon-light)")

// Exim is a real mail server, a child of this process. It offers STARTTLS and
// then PLAIN, takes mail for anybody at batsignal.test, refuses local parts that
// begin with "gone" for good (550) and with "later" for now (451), and quotes the
// address in both, as many servers do. Those that begin with "vanished" it takes, and then
// sends a bounce to the sender.
type Exim struct {
	Host               string
	Port               int
	Username, Password string

	dir   string
	keys  KeyPair
	child *exec.Cmd
	ended chan struct{}
}

// OpenExim starts exim4 on a free port and waits until it answers. When this
// process is root, the child runs as Debian-exim, otherwise as this user.
func OpenExim() (*Exim, error) {
	program, err := findExim()
	if err != nil {
		return nil, err
	}
	var last error
	for range 5 { // another program may take the port between choosing and listening
		e, err := startExim(program)
		if err == nil {
			return e, nil
		}
		last = err
	}
	return nil, last
}

// StartExim is [OpenExim] for a test. Without exim4 it skips the test, or fails
// it where CI is set, since there a skipped test would hide for ever.
func StartExim(tb testing.TB) *Exim {
	tb.Helper()
	e, err := OpenExim()
	switch {
	case errors.Is(err, ErrNoExim) && os.Getenv("CI") == "":
		tb.Skip(err)
	case err != nil:
		tb.Fatalf("exim4 did not start: %v", err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("the log of exim4:\n%s", e.log())
		}
		e.Close()
	})
	return e
}

// RootCAs trusts this server's certificate and no other.
func (e *Exim) RootCAs() *x509.CertPool { return e.keys.pool }

// Close stops the server and removes its files.
func (e *Exim) Close() {
	// The child leads a process group of its own: deliveries under way go with it.
	_ = syscall.Kill(-e.child.Process.Pid, syscall.SIGKILL)
	<-e.ended
	_ = os.RemoveAll(e.dir)
}

// WaitFor waits until at least n letters lie in the maildir and returns them all.
func (e *Exim) WaitFor(n int, timeout time.Duration) ([]Mail, error) {
	deadline := time.Now().Add(timeout)
	for {
		mails, err := e.All()
		if err != nil || len(mails) >= n {
			return mails, err
		}
		if time.Now().After(deadline) {
			return mails, fmt.Errorf("%d letters of %d arrived in %v", len(mails), n, timeout)
		}
		time.Sleep(5 * time.Millisecond) // the maildir can only be looked at again
	}
}

// Inbox returns the letters delivered for one address.
func (e *Exim) Inbox(address string) ([]Mail, error) {
	mails, err := e.All()
	return addressed(mails, address), err
}

// All returns every delivered letter. Exim has put the envelope into the headers
// Return-path and Envelope-to.
func (e *Exim) All() ([]Mail, error) {
	files, err := filepath.Glob(filepath.Join(e.dir, "mail", "new", "*"))
	if err != nil {
		return nil, err
	}
	var mails []Mail
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		m := Mail{At: info.ModTime(), Raw: raw}
		m.From = strings.Trim(m.Header("Return-path"), "<>")
		m.To = []string{m.Header("Envelope-to")}
		m.TLS = strings.Contains(m.Header("Received"), "TLS")
		mails = append(mails, m)
	}
	return mails, nil
}

func (e *Exim) log() string {
	var all bytes.Buffer
	for _, name := range []string{"mainlog", "rejectlog", "paniclog", "stderr"} {
		text, err := os.ReadFile(filepath.Join(e.dir, "log", name))
		if err == nil {
			fmt.Fprintf(&all, "== %s\n%s", name, text)
		}
	}
	return all.String()
}

func findExim() (string, error) {
	for _, name := range []string{"exim4", "/usr/sbin/exim4", "exim", "/usr/sbin/exim"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoExim
}

func startExim(program string) (_ *Exim, err error) {
	// Not a test's own directory: that is closed to other users, and the server is one.
	dir, err := os.MkdirTemp("/tmp", "batsignal-exim-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	e := &Exim{Host: "127.0.0.1", Username: "batsignal", Password: rand.Text(), dir: dir}
	if e.keys, err = NewKeyPair(); err != nil {
		return nil, err
	}
	if e.Port, err = FreePort(); err != nil {
		return nil, err
	}
	owner, err := RunAs("Debian-exim")
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	if err := e.write(owner, token); err != nil {
		return nil, err
	}
	if err := e.run(program, owner); err != nil {
		return nil, err
	}
	if err := e.ready(token, 20*time.Second); err != nil {
		err = fmt.Errorf("%w\n%s", err, e.log())
		e.Close()
		return nil, err
	}
	return e, nil
}

// ready waits until the server that answers on the port is this one: anybody
// else's would not know the token.
func (e *Exim) ready(token string, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for {
		banner, err := e.banner()
		switch {
		case err == nil && strings.Contains(banner, token):
			return nil
		case err == nil:
			return errors.New("another server took the port")
		case time.Now().After(deadline):
			return fmt.Errorf("no greeting in %v: %w", timeout, err)
		}
		select {
		case <-e.ended:
			return errors.New("it ended at once")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (e *Exim) banner() (string, error) {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(e.Host, strconv.Itoa(e.Port)), time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil {
		_, _ = conn.Write([]byte("QUIT\r\n"))
	}
	return line, err
}

// Account is whom a server runs as.
type Account struct {
	UID, GID    int
	User, Group string // by name
}

// RunAs is whoever runs the tests, or, where that is root, the account of a server's
// own: none of them runs as root.
func RunAs(own string) (Account, error) {
	u, err := user.Current()
	if os.Geteuid() == 0 {
		u, err = user.Lookup(own)
	}
	if err != nil {
		return Account{}, err
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return Account{}, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return Account{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	return Account{UID: uid, GID: gid, User: u.Username, Group: g.Name}, err
}

func (e *Exim) write(owner Account, token string) error {
	conf, err := template.New("exim").Delims("<<", ">>").Parse(eximConf)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = conf.Execute(&text, map[string]any{
		"Dir": e.dir, "Port": e.Port, "Token": token, "User": owner.UID, "Group": owner.GID,
		"Username": e.Username, "Password": e.Password,
	})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"exim.conf": text.Bytes(), "cert.pem": e.keys.CertPEM, "key.pem": e.keys.KeyPEM,
	} {
		if err := os.WriteFile(filepath.Join(e.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"spool", "log", "mail"} {
		if err := os.Mkdir(filepath.Join(e.dir, name), 0o700); err != nil {
			return err
		}
	}
	return filepath.WalkDir(e.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, owner.UID, owner.GID)
	})
}

func (e *Exim) run(program string, owner Account) error {
	stderr, err := os.Create(filepath.Join(e.dir, "log", "stderr"))
	if err != nil {
		return err
	}
	defer stderr.Close()
	e.child = exec.Command(program, "-C", filepath.Join(e.dir, "exim.conf"), "-bdf")
	e.child.Dir = e.dir
	e.child.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	e.child.Stderr = stderr
	e.child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		e.child.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)}
	}
	if err := e.child.Start(); err != nil {
		return err
	}
	e.ended = make(chan struct{})
	go func() {
		_ = e.child.Wait()
		close(e.ended)
	}()
	return nil
}

// FreePort is a port of the loopback that nobody listens on just now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
