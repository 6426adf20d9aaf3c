package incidents_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/paging"
)

// childEnv holds "name socket dsn" in a process that is a pager and nothing else,
// made to be killed.
const childEnv = "BATSIGNAL_TEST_CHILD"

// child is the main of such a process. It ends with its parent.
func child() int {
	var name, socket, dsn string
	parts := strings.SplitN(os.Getenv(childEnv), " ", 3)
	name, socket, dsn = parts[0], parts[1], parts[2]
	db, err := pg.Open(ctx, dsn, pg.Options{MaxConns: 4})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: quietLog()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
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
		Routes: map[string]paging.Route{network: socketRoute(socket)}, Parallel: 2,
		Worker: paging.Worker{Me: name, Routes: []string{network}},
	}
	if err := pager.Run(living); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// socketRoute hands pages to a provider behind a unix socket.
type socketRoute string

func (socketRoute) Name() string { return network }

func (r socketRoute) Send(c context.Context, m paging.Message) (paging.Handed, error) {
	conn, err := (&net.Dialer{}).DialContext(c, "unix", string(r))
	if err != nil {
		return paging.Handed{}, err
	}
	defer conn.Close()
	if until, ok := c.Deadline(); ok {
		_ = conn.SetDeadline(until)
	}
	if _, err := fmt.Fprintf(conn, "%s %d %v\n", m.Key, m.Attempt, m.Repeat); err != nil {
		return paging.Handed{}, err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return paging.Handed{Note: strings.TrimSpace(answer)}, err
}

// provider takes pages for real: it outlives whoever sends them.
type provider struct {
	socket string
	mu     sync.Mutex
	got    []string // "page-1 1 false": key, attempt, said to be a repetition
	hold   func(line string) bool
}

// newProvider listens. Where hold says so, it takes a page and never answers.
func newProvider(t *testing.T, hold func(line string) bool) *provider {
	t.Helper()
	dir, err := os.MkdirTemp("", "provider")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &provider{socket: filepath.Join(dir, "socket"), hold: hold}
	serveAt(t, p.socket, p.serve)
	return p
}

// serveAt serves each connection to a socket until the test is over.
func serveAt(t *testing.T, socket string, serve func(net.Conn)) {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
}

func (p *provider) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil {
		return // killed before it had said what it wanted
	}
	line = strings.TrimSpace(line)
	p.mu.Lock()
	p.got = append(p.got, line)
	hold := p.hold != nil && p.hold(line)
	p.mu.Unlock()
	if hold {
		_, _ = io.Copy(io.Discard, in) // until the sender is gone
		return
	}
	_, _ = io.WriteString(conn, "taken\n")
}

func (p *provider) arrived() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.got...)
}

// spawn starts a pager as a process of its own. The returned function kills it by
// SIGKILL and waits for its end.
func spawn(t *testing.T, name, socket, dsn string) (kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+name+" "+socket+" "+dsn)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // closed with us: then the child ends
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	return kill
}

// A process is killed while a provider has its page but has not answered. Another
// one takes over within seconds; the page comes at most twice, the second time
// marked as a repetition, and the rows tell how it went.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada:lead bea").live(time.Hour)
	p := newProvider(t, func(line string) bool { return strings.HasPrefix(line, "page-1 1 ") })
	s.light("ada", "bea", fire())
	kill := spawn(t, "first", p.socket, db.BotDSN)
	eventually(t, "the page is with the provider", func() bool { return len(p.arrived()) == 1 })
	kill()
	killed := time.Now()
	spawn(t, "second", p.socket, db.BotDSN)
	eventually(t, "somebody else has sent it", func() bool {
		return get[string](t, s.db, `select state from delivery`) == "accepted"
	})
	if took := time.Since(killed); took > 30*time.Second {
		t.Errorf("the take-over took %v", took)
	}
	if got := strings.Join(p.arrived(), ", "); got != "page-1 1 false, page-1 2 true" {
		t.Error(got)
	}
	got := get[string](t, s.db, `select string_agg(n || ' ' || outcome || ' ' || detail, ', ' order by n) from attempt`)
	if got != "1 unknown the sender went away, 2 accepted taken" {
		t.Error(got)
	}
}

// Thirty processes are killed one after the other, at any moment of their work. No
// page is lost; what came twice was on its way when somebody was killed.
func TestThirtyKills(t *testing.T) {
	t.Parallel()
	const kills, pages, hands = 30, 60, 2
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada bea:lead").live(time.Hour)
	for i := range pages - 1 {
		s.person(fmt.Sprintf("p%d", i), fix)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, seed))
	p := newProvider(t, func(string) bool { return chance.IntN(8) == 0 }) // called under its lock
	sig := fire()
	sig.Everyone = true
	s.svc.Guard.Confirmations = 0
	if _, err := s.svc.Ask(ctx, s.as("ada"), sig); err != nil {
		t.Fatal(err)
	}
	draw := func(n int) int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return chance.IntN(n)
	}
	began := time.Now()
	for i := range kills {
		kill := spawn(t, fmt.Sprint("child", i), p.socket, db.BotDSN)
		// Some are killed as they start, some in the middle of their work.
		wanted := len(p.arrived()) + draw(4)
		for end := time.Now().Add(time.Duration(draw(200)) * time.Millisecond); time.Now().Before(end) && len(p.arrived()) < wanted; {
			time.Sleep(time.Millisecond)
		}
		kill()
	}
	p.mu.Lock()
	p.hold = nil
	p.mu.Unlock()
	spawn(t, "survivor", p.socket, db.BotDSN)
	eventually(t, "every page is accepted", func() bool {
		return get[int](t, s.db, `select count(*) from delivery where state = 'accepted'`) == pages
	})
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	times := map[string]int{}
	for _, line := range p.arrived() {
		key, _, _ := strings.Cut(line, " ")
		times[key]++
	}
	total := len(p.arrived())
	if len(times) != pages || total > pages+kills*hands {
		t.Errorf("%d of %d pages arrived, in %d messages", len(times), pages, total)
	}
	t.Logf("%d pages arrived in %d messages", len(times), total)
	rows, err := s.db.Query(ctx, `
		select 'page-' || d.id, count(*), count(*) filter (where a.outcome = 'accepted'), count(*) filter (where a.outcome = 'open')
		from delivery d join attempt a on a.delivery_id = d.id group by d.id`)
	s.must(err)
	defer rows.Close()
	for rows.Next() {
		var key string
		var tries, accepted, open int
		s.must(rows.Scan(&key, &tries, &accepted, &open))
		if accepted != 1 || open != 0 || times[key] > tries {
			t.Errorf("%s arrived %d times in %d tries, %d accepted, %d open", key, times[key], tries, accepted, open)
		}
	}
	s.must(errors.Join(rows.Err()))
}
