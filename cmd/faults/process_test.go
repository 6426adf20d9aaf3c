package faults

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// process is one that pages, and the proxy between it and Postgres.
type process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	proxy *pgProxy
	ended chan struct{}
	sent  atomic.Int64 // how often it was told that the clock was moved
	took  atomic.Int64 // what of that it had heard when it last did all that was due; -1 is nothing yet

	mu     sync.Mutex
	dead   bool
	frozen func() // ends the freezing in the ledger; nil: it is not frozen
	thaw   int    // at which step it is thawed
	armed  trouble
}

// spawn starts a process that pages.
func (r *run) spawn() {
	r.born++
	p := &process{name: fmt.Sprintf("p%d", r.born), ended: make(chan struct{})}
	p.took.Store(-1)
	dsn, err := url.Parse(r.dsn)
	r.must(err)
	q := dsn.Query()
	target := filepath.Join(q.Get("host"), ".s.PGSQL."+q.Get("port"))
	dir := filepath.Join(r.dir, p.name)
	p.proxy, err = newPgProxy(dir, target, func(*pgConn) verdict { return r.atCommit(p) })
	r.must(err)
	q.Set("host", dir)
	q.Set("port", "5432")
	dsn.RawQuery = q.Encode()
	s := r.setup
	s.Name, s.DSN = p.name, dsn.String()
	told, err := json.Marshal(s)
	r.must(err)
	self, err := os.Executable()
	r.must(err)
	p.cmd = exec.Command(self)
	p.cmd.Env = append(os.Environ(), childEnv+"="+string(told), "GOMAXPROCS=2")
	p.cmd.Stderr = os.Stderr
	p.in, err = p.cmd.StdinPipe()
	r.must(err)
	out, err := p.cmd.StdoutPipe()
	r.must(err)
	r.must(p.cmd.Start())
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
				p.took.Store(n)
			}
		}
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	r.mu.Lock()
	r.procs = append(r.procs, p)
	r.mu.Unlock()
	r.log.say("process %s starts", p.name)
}

// living are the processes that were not killed.
func (r *run) living() (list []*process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.procs {
		if !p.isDead() {
			list = append(list, p)
		}
	}
	return list
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

func (p *process) isFrozen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frozen != nil
}

// kill ends a process as SIGKILL does. It is started again some steps later.
func (r *run) kill(p *process, why string) {
	p.mu.Lock()
	was := p.dead
	p.dead = true
	thawed := p.frozen
	p.frozen = nil
	p.mu.Unlock()
	if was {
		return
	}
	if thawed != nil {
		thawed()
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	r.log.fault("kills", "process %s is killed: %s", p.name, why)
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := 0
	if n := len(r.plan.Restarts); n > 0 {
		rest = r.plan.Restarts[r.kills%n]
	}
	r.kills++
	r.births = append(r.births, r.now()+rest)
}

// freeze stops a process until a step of the clock.
func (r *run) freeze(p *process, until int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead || p.frozen != nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	p.frozen, p.thaw = r.log.begins("freezes", "process %s is frozen", p.name), until
	// It may hold locks, which others wait for: not for as long as they have patience.
	r.later(1500*time.Millisecond, func() { r.thaw(p) })
}

// thawAll lets go on what was frozen until now, or all of it.
func (r *run) thawAll(all bool) {
	for _, p := range r.living() {
		p.mu.Lock()
		due := all || p.thaw <= r.now()
		p.mu.Unlock()
		if due {
			r.thaw(p)
		}
	}
}

func (r *run) thaw(p *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil || p.dead {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	over := p.frozen
	p.frozen = nil
	// What it had in its hands may be sent a moment from now.
	r.later(300*time.Millisecond, over)
	r.log.say("process %s goes on", p.name)
}

// later does something after a while, and before the run is over.
func (r *run) later(after time.Duration, do func()) {
	r.background.Go(func() {
		select {
		case <-time.After(after):
		case <-r.ending:
		}
		do()
	})
}

// nudge tells the living that the clock was moved.
func (r *run) nudge() {
	for _, p := range r.living() {
		p.sent.Add(1)
		_, _ = p.in.Write([]byte{'\n'}) // a dying one does not care
	}
}

// victim is the process that sends a message, or else any.
func (r *run) victim(key string) *process {
	by := r.senderOf(key)
	living := r.living()
	for _, p := range living {
		if p.name == by {
			return p
		}
	}
	if len(living) > 0 {
		return living[0]
	}
	return nil
}

// atGate does to whoever sent a request what its trouble says.
func (r *run) atGate(t trouble, key string) {
	p := r.victim(key)
	if p == nil {
		return
	}
	switch t {
	case killFirst, killAfter:
		r.kill(p, fmt.Sprintf("%s %s", key, t))
	case killAtEnd, killPast:
		p.mu.Lock()
		p.armed = t
		p.mu.Unlock()
	case freezes:
		r.freeze(p, r.now()+3)
	}
}

// atCommit decides what becomes of a COMMIT of a process.
func (r *run) atCommit(p *process) verdict {
	r.mu.Lock()
	n := r.commits
	r.commits++
	what := r.plan.Commits[n]
	if r.healed {
		what = ""
	}
	r.mu.Unlock()
	p.mu.Lock()
	armed := p.armed
	p.armed = fine
	p.mu.Unlock()
	switch {
	case armed == killAtEnd, what == "kill before":
		r.kill(p, fmt.Sprintf("before its COMMIT %d", n))
		return cutBefore
	case armed == killPast, what == "kill after":
		r.kill(p, fmt.Sprintf("behind its COMMIT %d", n))
		return cutAfter // the proxy has it, and passes it on
	case what == "cut before":
		r.log.fault("cuts", "COMMIT %d of %s is cut off before Postgres has it", n, p.name)
		return cutBefore
	case what == "cut after":
		r.log.fault("cuts", "COMMIT %d of %s is done, and its answer cut off", n, p.name)
		return cutAfter
	case what == "slow":
		r.log.counted("slow commits")
		return passSlowly
	}
	return pass
}
