package incidents_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/paging"
)

// askableEnv makes a process of this test binary a pager whose provider can be asked:
// "name socket dsn".
const askableEnv = "BATSIGNAL_TEST_ASKABLE"

// askable is socketRoute with a provider that says what it has.
type askable struct{ socketRoute }

func (r askable) Ask(c context.Context, m paging.Message) (paging.Handed, bool, error) {
	conn, err := (&net.Dialer{}).DialContext(c, "unix", string(r.socketRoute))
	if err != nil {
		return paging.Handed{}, false, err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "ask %s\n", m.Key); err != nil {
		return paging.Handed{}, false, err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return paging.Handed{Note: "had it"}, answer == "has\n", err
}

// TestAskableChild is no test but the main of such a process.
func TestAskableChild(t *testing.T) {
	parts := strings.SplitN(os.Getenv(askableEnv), " ", 3)
	if len(parts) != 3 {
		return
	}
	db, err := pg.Open(ctx, parts[2], pg.Options{MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	living, end := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end()
	}()
	pager := &incidents.Pager{
		Service: &incidents.Service{
			DB: db, Queue: queue, Now: time.Now, Log: quietLog(), Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton(),
			Networks: []incidents.Network{{Name: network, Home: home}}, Routes: []paging.Traits{{Name: network, Chat: true}},
		},
		Routes: map[string]paging.Route{network: askable{socketRoute(parts[1])}}, Parallel: 2,
		Worker: paging.Worker{Me: parts[0], Routes: []string{network}},
	}
	if err := pager.Run(living); err != nil {
		t.Fatal(err)
	}
}

// askableProcess is such a process.
type askableProcess struct {
	*os.Process
	stdin io.Closer
	wait  func() error // until it has ended
}

// finish has the process write down whatever it was sending, and returns when it has
// ended: a pager that is asked to stop leaves nothing open.
func (p askableProcess) finish(t *testing.T) {
	t.Helper()
	stuck := time.AfterFunc(2*time.Minute, func() { _ = p.Kill() })
	defer stuck.Stop()
	if err := errors.Join(p.stdin.Close(), p.wait()); err != nil {
		t.Fatalf("the process did not come to its end: %v", err)
	}
}

// spawnAskable starts such a process.
func spawnAskable(t *testing.T, name, socket, dsn string) askableProcess {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestAskableChild$")
	cmd.Env = append(os.Environ(), askableEnv+"="+name+" "+socket+" "+dsn)
	stdin, err := cmd.StdinPipe() // closed with us: then the child ends
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := askableProcess{cmd.Process, stdin, sync.OnceValue(cmd.Wait)}
	t.Cleanup(func() {
		_ = p.Kill()
		_ = p.wait()
	})
	return p
}

// holdRecord has the first page that arrives be answered by its provider while nobody can
// write that down. The returned function lets them.
func (s *scene) holdRecord() (hold func(line string) bool, release func()) {
	s.Helper()
	var once sync.Once
	lock := make(chan pgx.Tx, 1)
	hold = func(line string) bool {
		once.Do(func() {
			tx, err := s.db.Begin(ctx)
			if err == nil {
				_, err = tx.Exec(ctx, `select from delivery for update`)
			}
			if err != nil {
				s.Error(err)
			}
			lock <- tx
		})
		return false
	}
	return hold, func() { s.must((<-lock).Rollback(ctx)) }
}

// recording waits until somebody tries to write down how a delivery ended.
func (s *scene) recording() {
	s.Helper()
	eventually(s, "the outcome is being written down", func() bool {
		return get[int](s, s.db, `
			select count(*) from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock' and query like '%set ref = case%'`) > 0
	})
}

// Row 1: kill -9 between the provider's yes and its being written down. Another process
// takes over within seconds; at most one further ring, and none lost. Where the provider
// can be asked, there is no further ring at all.
func TestFault01KilledBetweenAcceptAndWrite(t *testing.T) {
	t.Parallel()
	t.Run("a provider that cannot be asked", func(t *testing.T) {
		t.Parallel()
		db := pgtest.Fresh(t)
		s := sceneOn(t, db.Pool, "ada:lead bea").live(time.Hour)
		hold, release := s.holdRecord()
		p := newProvider(t, hold)
		s.light("ada", "bea", fire())
		kill := spawn(t, "first", p.socket, db.BotDSN)
		s.recording()
		kill()
		release()
		spawn(t, "second", p.socket, db.BotDSN)
		s.accepted()
		if got := strings.Join(p.arrived(), ", "); got != "page-1 1 false, page-1 2 true" {
			t.Error(got)
		}
		s.takenOver("1 unknown the sender went away, 2 accepted taken")
	})
	t.Run("a provider that can be asked", func(t *testing.T) {
		t.Parallel()
		db := pgtest.Fresh(t)
		s := sceneOn(t, db.Pool, "ada:lead bea").live(time.Hour)
		hold, release := s.holdRecord()
		p := newMemory(t, hold)
		s.light("ada", "bea", fire())
		first := spawnAskable(t, "first", p.socket, db.BotDSN)
		s.recording()
		s.must(first.Kill())
		release()
		spawnAskable(t, "second", p.socket, db.BotDSN)
		s.accepted()
		if got := strings.Join(p.arrived(), ", "); got != "page-1 1 false, ask page-1" {
			t.Error(got)
		}
		s.takenOver("1 unknown the sender went away, 2 accepted the provider had it from the try before")
	})
}

// newMemory is a provider that answers questions.
func newMemory(t *testing.T, hold func(string) bool) *provider {
	t.Helper()
	p := newProvider(t, hold)
	behind := p.socket
	socket := behind + ".memory"
	serveAt(t, socket, p.serveMemory)
	p.socket = socket
	return p
}

func (p *provider) serveMemory(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil {
		return
	}
	line = strings.TrimSpace(line)
	key, asked := strings.CutPrefix(line, "ask ")
	p.mu.Lock()
	answer := "taken\n"
	if asked {
		answer = "has not\n"
		for _, had := range p.got {
			if strings.HasPrefix(had, key+" ") {
				answer = "has\n"
			}
		}
	}
	p.got = append(p.got, line)
	hold := !asked && p.hold != nil && p.hold(line)
	p.mu.Unlock()
	if hold {
		_, _ = io.Copy(io.Discard, in)
		return
	}
	_, _ = io.WriteString(conn, answer)
}

// accepted waits until the only delivery is.
func (s *scene) accepted() {
	s.Helper()
	eventually(s, "it is written down", func() bool {
		return get[string](s, s.db, `select state from delivery`) == "accepted"
	})
}

func (s *scene) takenOver(want string) {
	s.Helper()
	got := get[string](s, s.db, `select string_agg(n || ' ' || outcome || ' ' || detail, ', ' order by n) from attempt`)
	if got != want {
		s.Error(got)
	}
}

// Row 52: a process stands still for longer than its leases hold, and goes on. What it
// had is with somebody else by then, and nothing that it still does counts.
func TestFault52ProcessIsPaused(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada:lead bea").live(time.Hour)
	arrived, answer := make(chan bool), make(chan bool)
	p := newMemory(t, func(line string) bool {
		if strings.HasSuffix(line, " 1 false") {
			close(arrived)
			<-answer // the provider takes its time with the first try
		}
		return false
	})
	s.light("ada", "bea", fire())
	first := spawnAskable(t, "first", p.socket, db.BotDSN)
	<-arrived
	s.must(first.Signal(syscall.SIGSTOP))
	close(answer)
	spawnAskable(t, "second", p.socket, db.BotDSN)
	s.accepted()
	before := get[string](t, s.db, `select state || leased_by || tries || ref from delivery`)
	s.must(first.Signal(syscall.SIGCONT))
	first.finish(t) // it has written down what it believes
	if after := get[string](t, s.db, `select state || leased_by || tries || ref from delivery`); after != before {
		t.Errorf("%s became %s", before, after)
	}
	if n := get[int](t, s.db, `select count(*) from attempt where delivery_id = 1 and outcome = 'accepted'`); n != 1 {
		t.Errorf("accepted %d times", n)
	}
	if got := strings.Join(p.arrived(), ", "); got != "page-1 1 false, ask page-1" {
		t.Error(got)
	}
}

// Row 52, for an answer: the process that takes it stands still in the middle of it,
// until the database gives up on it. The same answer to another process counts, and that
// of the first one does not when it goes on.
func TestFault52PausedWhileAnswering(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "cem", fire())
	s.settle()
	page := s.page("bea")
	slow, p := proxyPool(t, db.BotDSN, pg.Options{IdleInTxTimeout: 500 * time.Millisecond})
	paused := *s.svc
	paused.DB = slow
	gone := make(chan bool)
	p.nextCommit(func(c *proxied, b []byte) error {
		<-gone
		_, err := c.Conn.Write(b)
		return err
	})
	first := make(chan error, 1)
	said := paging.Reply{Route: "sms", Event: "SM1", Text: get[string](t, s.db, `select code from page where id = $1`, page)}
	go func() {
		_, err := paused.Reply(ctx, said)
		first <- err
	}()
	eventually(t, "the first process stands still", p.passed)
	out, err := s.svc.Reply(ctx, said) // waits until the server has ended the transaction of the first
	s.must(err)
	if !strings.Contains(out.Say, "You have fixing") {
		t.Error(out.Say)
	}
	close(gone)
	if err := <-first; err == nil {
		t.Error("the answer of the paused process counts as well")
	}
	if out, err = paused.Reply(ctx, said); err != nil || !strings.Contains(out.Say, "heard before") {
		t.Errorf("%+v, %v", out, err)
	}
	s.answeredOnce(inc.ID, page)
}

// Row 52, by a clock: 60 s pass while a page is in the hands of a route, and no lease is
// renewed.
func TestFault52SixtySecondsWithoutARenewal(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea")
	g := &gate{in: make(chan bool, 1), out: make(chan bool)}
	s.pager.Routes[network] = g
	other := s.newPager("b")
	s.light("ada", "bea", fire())
	_, err := s.pager.Step(ctx)
	s.must(err)
	<-g.in
	s.setNow(start.Add(60 * time.Second))
	_, err = other.Step(ctx)
	s.must(err)
	other.Settle()
	if sent := s.wire.take(); sent != "ada" {
		t.Errorf("taken over: %q", sent)
	}
	close(g.out)
	s.pager.Settle()
	got := get[string](t, s.db, `select string_agg(outcome, ' ' order by n) from attempt`)
	if got != "unknown accepted" {
		t.Error(got)
	}
	if got := get[string](t, s.db, `select state || ' by ' || tries from delivery`); got != "accepted by 2" {
		t.Error(got)
	}
	s.must(errors.Join(s.settled()...))
}

// settled steps once more and wants nothing to happen.
func (s *scene) settled() (errs []error) {
	s.Helper()
	before := s.rowsOf()
	s.settle()
	if after := s.rowsOf(); after != before {
		errs = append(errs, fmt.Errorf("%s became %s", before, after))
	}
	return errs
}
