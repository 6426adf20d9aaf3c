// Package throwaway owns servers of others that are started only to be asked something, in a
// scratch directory, and are thrown away: a Consul, a Vault or a Postgres that a backup is restored
// on.
//
// Where the machine lets us, such a server has a network of its own ([Walls]). It ends when
// whoever started it is done, or dies: of the second the kernel tells it. Where that did not
// help, [End] finds it by its directory, in another process and after a crash. It knows no
// server, and removes no files: the scratch directory is the run's.
package throwaway

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"batsignal/integrations/argv"
)

// Server is a server that was started. Its methods may be called at once.
type Server struct {
	dir, program string
	cancel       context.CancelFunc
	done         chan struct{}

	stop    sync.Once
	stopErr error

	out argv.Output // read after done
	err error
}

// Start starts a program in a scratch directory, which its arguments or its c.Dir must name.
// It is told to end when ctx ends, and to end at once when we die (by SIGQUIT). Whoever calls it must call
// [Server.Stop].
func Start(ctx context.Context, c argv.Command, dir string, as Account) (*Server, error) {
	if err := mustBeScratch(dir); err != nil {
		return nil, err
	}
	program, err := argv.Find(c.Path)
	if err != nil {
		return nil, err
	}
	c.Path = program
	if c, err = as.dress(c, true); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{dir: dir, program: program, cancel: cancel, done: make(chan struct{})}
	go func() {
		// The kernel tells the child when the *thread* that started it ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.done)
		s.out, s.err = c.Run(ctx)
	}()
	return s, nil
}

// Run runs a program that ends by itself as an account: one that makes the files of a server.
func Run(ctx context.Context, c argv.Command, as Account) (argv.Output, error) {
	program, err := argv.Find(c.Path)
	if err != nil {
		return argv.Output{}, err
	}
	c.Path = program
	if c, err = as.dress(c, false); err != nil {
		return argv.Output{}, err
	}
	return c.Run(ctx)
}

// dress has a program run as the account, and, if it is to, end when we do.
func (a Account) dress(c argv.Command, dies bool) (argv.Command, error) {
	setpriv, err := argv.Find("setpriv")
	switch {
	case err != nil && a.UID == 0 && errors.Is(err, argv.ErrMissing):
		return c, nil // End is enough
	case err != nil:
		return c, err
	}
	words := []string{"--no-new-privs"}
	if dies {
		words = append(words, "--pdeathsig=QUIT")
	}
	if a.UID != 0 {
		words = append(words, "--reuid="+strconv.Itoa(a.UID), "--regid="+strconv.Itoa(a.GID), "--clear-groups")
	}
	c.Args = append(append(words, "--", c.Path), c.Args...)
	c.Path = setpriv
	return c, nil
}

// Exited is closed when the server has ended.
func (s *Server) Exited() <-chan struct{} { return s.done }

// Said is the last of what the server said, once it has ended: a line or a few.
func (s *Server) Said() string {
	select {
	case <-s.done:
	default:
		return ""
	}
	said := strings.TrimSpace(s.out.Stderr + "\n" + s.out.Stdout)
	if said == "" && s.err != nil {
		return s.err.Error()
	}
	const most = 600
	if len(said) > most {
		said = strings.ToValidUTF8("… "+said[len(said)-most:], "")
	}
	return said
}

// Stop ends the server and waits until it is gone. It may be called again.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		s.stopErr = End(context.WithoutCancel(ctx), s.dir, s.program)
		// It is gone, unless it could not be found: then its end is asked for in the other way.
		select {
		case <-s.done:
		case <-time.After(patience):
		}
		s.cancel()
		<-s.done
	})
	return s.stopErr
}
