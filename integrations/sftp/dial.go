package sftp

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"batsignal/oncall/fault"
	"batsignal/oncall/wholefile"
)

// connection is one that is open.
type connection struct {
	*sftp.Client
	ctx   context.Context
	shell *ssh.Client
	line  *line
	end   sync.Once
	place *Place
	stop  func() bool // no longer ends with ctx
	done  chan struct{}
	alive sync.WaitGroup
}

// line is a connection on which something has to come in from time to time.
type line struct {
	net.Conn
	quiet time.Duration
	timer *time.Timer

	mu     sync.Mutex
	ending bool
}

func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.mu.Lock()
	defer l.mu.Unlock()
	if n > 0 && !l.ending {
		l.timer.Reset(l.quiet)
	}
	return n, err
}

// grace is how long there is for tidying up when the caller gave up.
const grace = 5 * time.Second

// over has the connection end soon, whatever still comes.
func (l *line) over(within time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ending {
		l.ending = true
		l.timer.Reset(within)
	}
}

// sorts are the sorts of keys that hosts have, best first. A host shows one of them, of those
// that it is asked for.
var sorts = [...][]string{
	{ssh.KeyAlgoED25519},
	{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
}

const mostKey = 64 << 10 // bytes of a private key's file

// errOther is a host that shows another key than it should.
var errOther = errors.New("the host shows another key than the one we know")

// connect opens a connection, when there is a place for one. Whoever has it must close it.
func (p *Place) connect(ctx context.Context) (*connection, error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	c, err := p.dial(ctx)
	if err != nil {
		<-p.places
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}
	return c, err
}

func (p *Place) dial(ctx context.Context) (*connection, error) {
	text, err := wholefile.ReadPrivate(p.cfg.KeyFile, mostKey)
	if err != nil {
		var shared wholefile.SharedError
		if errors.As(err, &shared) {
			return nil, fault.Wrap(fault.Unready, err, "The file of our private key can be read or written by others. chmod 600 it.")
		}
		return nil, fault.Wrap(fault.Unready, err, "The file of our private key cannot be read.")
	}
	signer, err := ssh.ParsePrivateKey(text)
	clear(text)
	if err != nil {
		return nil, fault.New(fault.Unready, "The file of our private key holds none that can be used. It must be as ssh-keygen makes it, without a passphrase.") // what it is may hold some of it
	}
	cfg := &ssh.ClientConfig{User: p.cfg.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, ClientVersion: "SSH-2.0-batsignal"}
	if p.cfg.KnownHosts != "" {
		known, err := knownhosts.New(p.cfg.KnownHosts)
		if err != nil {
			return nil, fault.Wrap(fault.Unready, err, "The file of known hosts cannot be read.")
		}
		if cfg.HostKeyAlgorithms = algorithms(known, p.cfg.Addr); cfg.HostKeyAlgorithms == nil {
			return nil, fault.New(fault.Unready, "The host is not in the file of known hosts. Add its key, after comparing it with what the host's owner says.")
		}
		cfg.HostKeyCallback = func(host string, at net.Addr, key ssh.PublicKey) error {
			if known(host, at, key) != nil {
				return errOther
			}
			return nil
		}
		return p.shake(ctx, cfg)
	}
	cfg.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if ssh.FingerprintSHA256(key) != p.cfg.Fingerprint {
			return errOther
		}
		return nil
	}
	if n := p.shown.Load(); n > 0 {
		cfg.HostKeyAlgorithms = sorts[n-1]
		return p.shake(ctx, cfg)
	}
	// A fingerprint does not tell of which sort of key it is.
	var other error
	for i, sort := range sorts {
		cfg.HostKeyAlgorithms = sort
		c, err := p.shake(ctx, cfg)
		var none *ssh.AlgorithmNegotiationError
		switch {
		case err == nil:
			p.shown.Store(int32(i + 1)) // #nosec G115 -- one of three
			return c, nil
		case errors.Is(err, errOther):
			other = err
		case !errors.As(err, &none):
			return nil, err
		case other == nil && i == len(sorts)-1:
			return nil, err
		}
	}
	return nil, other
}

// algorithms are those of the keys that are known of a host; nil if there is none.
func algorithms(known ssh.HostKeyCallback, addr string) (list []string) {
	// Which keys it would take, it says of one that it does not.
	var about *knownhosts.KeyError
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil
	}
	if !errors.As(known(addr, &net.TCPAddr{}, signer.PublicKey()), &about) {
		return nil
	}
	for _, sort := range sorts {
		for _, k := range about.Want {
			is := k.Key.Type()
			if slices.Contains(sort, is) {
				list = append(list, is)
			} else if is == ssh.KeyAlgoRSA && slices.Contains(sort, ssh.KeyAlgoRSASHA256) {
				list = append(list, sort...)
			}
		}
	}
	return list
}

// shake connects, makes sure who the host is, and says who we are.
func (p *Place) shake(ctx context.Context, cfg *ssh.ClientConfig) (*connection, error) {
	opening, cancel := context.WithTimeout(ctx, p.cfg.Quiet)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(opening, "tcp", p.cfg.Addr)
	if err != nil {
		return nil, sayDial(err)
	}
	l := &line{Conn: conn, quiet: p.cfg.Quiet}
	l.timer = time.AfterFunc(p.cfg.Quiet, func() { _ = conn.Close() }) // whoever waits hears of it
	c := &connection{ctx: ctx, line: l, place: p, done: make(chan struct{})}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	fail := func(err error) (*connection, error) {
		stop()
		l.timer.Stop()
		_ = conn.Close() // nothing was said
		return nil, sayDial(err)
	}
	channel, channels, requests, err := ssh.NewClientConn(l, p.cfg.Addr, cfg)
	if err != nil {
		return fail(err)
	}
	c.shell = ssh.NewClient(channel, channels, requests)
	if c.Client, err = sftp.NewClient(c.shell); err != nil {
		_ = c.shell.Close() // nothing was said
		return fail(err)
	}
	if !stop() {
		_ = c.Client.Close() // nothing was said
		_ = c.shell.Close()
		return fail(ctx.Err())
	}
	c.stop = context.AfterFunc(ctx, func() { l.over(grace) })
	c.alive.Go(c.ask)
	return c, nil
}

// ask has the host say something from time to time, so that one that is gone is told from
// one that waits for us.
func (c *connection) ask() {
	every := time.NewTicker(c.place.cfg.Quiet / 4)
	defer every.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-every.C:
			if _, _, err := c.shell.SendRequest("keepalive@openssh.com", true, nil); err != nil {
				return
			}
		}
	}
}

// close ends a connection.
func (c *connection) close() {
	c.end.Do(func() {
		close(c.done)
		c.stop()
		// What was written is synced or given up by now: these only tell that it is over.
		_ = c.line.Close()
		_ = c.Client.Close()
		_ = c.shell.Close()
		_ = c.shell.Wait()
		c.alive.Wait()
		c.line.over(0) // closes what is closed; nothing starts it again
		<-c.place.places
	})
}
