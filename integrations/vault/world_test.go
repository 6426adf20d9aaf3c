package vault_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"batsignal/integrations/argv"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/vault"
	"batsignal/integrations/vault/vaultapi"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/secret"
	"batsignal/oncall/share"
)

func TestMain(m *testing.M) {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	pgtest.Main(m)
}

// stamp is the secret of the bot of the stories.
var stamp = vault.NewStamp(bytes.Repeat([]byte{7}, 32))

// main is a configuration with one Vault, as far as registrations look at it.
var main = []*vault.Vault{{Name: "main"}}

const patience = 30 * time.Second

// people are the holders of the stories: each keeps the share of their place in the list.
var people = []string{"anna", "bert", "carla", "dana", "emil"}

// world is a database with people in it, and Vaults.
type world struct {
	testing.TB
	ctx context.Context
	db  *pgxpool.Pool
	ids map[string]int64

	mu     sync.Mutex
	ahead  time.Duration
	frozen time.Time
	runs   int64
	vaults []*vault.Vault
	texts  []func() string // what is looked through for canaries at the end
	values []string        // canaries
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t, goleak.IgnoreCurrent()) })
	w := &world{TB: t, ctx: t.Context(), db: pgtest.Fresh(t).Pool, ids: map[string]int64{}}
	for _, name := range people {
		id, err := oncall.AddPerson(w.ctx, w.db, w.now(), oncall.Person{Handle: name, Name: name, Zone: "UTC"})
		w.must(err)
		w.must(oncall.BindAccount(w.ctx, w.db, w.now(), id, oncall.Account{Network: "libera", Name: name}))
		w.ids[name] = id
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.frozen.IsZero() {
		return w.frozen
	}
	return time.Now().Add(w.ahead).UTC()
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
	if !w.frozen.IsZero() {
		w.frozen = w.frozen.Add(d)
	}
}

func (w *world) actor(name string) oncall.Actor {
	return oncall.Actor{PersonID: w.ids[name], Handle: name, Network: "libera", Account: name}
}

// vault is a Vault of some servers, whose shares are canaries from now on.
func (w *world) vault(servers ...*vaulttest.Server) *vault.Vault {
	w.Helper()
	v := &vault.Vault{Name: "main", Tolerates: 24 * time.Hour, Stamp: stamp}
	w.vaults = append(w.vaults, v)
	for i, s := range servers {
		n, err := vaultapi.New(vaultapi.Config{Name: fmt.Sprintf("vault%d", i+1), Address: s.Address})
		w.must(err)
		w.Cleanup(n.Close)
		v.Nodes = append(v.Nodes, n)
		w.values = append(w.values, s.Shares...)
		if s.Root != "" {
			w.values = append(w.values, s.Root)
		}
		w.texts = append(w.texts, s.Said)
	}
	return v
}

func (w *world) parts() vault.Parts {
	return vault.Parts{DB: w.db, Now: w.now, Poll: 10 * time.Millisecond, Look: 50 * time.Millisecond}
}

// running is a kind that is being done.
type running struct {
	*world
	id     int64
	memory *jobtest.Memory
	cancel context.CancelFunc
	done   chan struct{}
	result job.Result
	err    error
	kind   job.Kind
}

// newRun makes the row of a run, as the engine does.
func (w *world) newRun() (id int64) {
	w.Helper()
	w.must(w.db.QueryRow(w.ctx, `
		insert into job_run (job, kind, state, asked_at, asked_words, exclusive, attempt, started_at, leased_by, leased_until)
		values ('unseal', 'unseal', 'running', now(), 'anna', 'run-' || $1::bigint, 1, now(), 'test', now() + interval '1 hour') returning id`, w.runs).Scan(&id))
	w.runs++
	return id
}

// do begins a kind.
func (w *world) do(k job.Kind, p job.Params) *running {
	w.Helper()
	return w.again(k, p, w.newRun(), 1)
}

// again begins a kind, as a later attempt of a run.
func (w *world) again(k job.Kind, p job.Params, id int64, attempt int) *running {
	w.Helper()
	r, m := jobtest.Run(w, job.About{ID: id, Job: "unseal", Params: p, Attempt: attempt})
	ctx, cancel := context.WithCancel(w.ctx)
	g := &running{world: w, id: id, memory: m, cancel: cancel, done: make(chan struct{}), kind: k}
	w.texts = append(w.texts, m.Text)
	go func() {
		defer close(g.done)
		g.result, g.err = k.Do(ctx, r)
	}()
	w.Cleanup(func() {
		cancel()
		<-g.done
		if w.Failed() {
			w.Logf("run %d, attempt %d: %v, %+v\n%s", id, attempt, g.err, g.result, m.Text())
		}
	})
	return g
}

// ends waits for the end of the run.
func (g *running) ends() job.Result {
	g.Helper()
	select {
	case <-g.done:
	case <-time.After(patience):
		g.Fatal("the run does not end")
	}
	if g.err != nil {
		g.Fatal(g.err)
	}
	return g.result
}

// dies ends the run as a crash does, as far as the next one sees it.
func (g *running) dies() {
	g.cancel()
	<-g.done
}

// hears waits until a line that holds all words was said.
func (g *running) hears(words ...string) string {
	g.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, line := range strings.Split(g.memory.Text(), "\n") {
			if all(line, words) {
				return line
			}
		}
		select {
		case <-g.done:
			if text := g.memory.Text(); !all(text, words) {
				g.Fatalf("the run ended (%v) and never said %q:\n%s", g.err, words, text)
			}
		default:
		}
	}
	g.Fatalf("nobody said %q:\n%s", words, g.memory.Text())
	return ""
}

func all(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// session waits until the run asks for shares for a purpose.
func (g *running) session(what vault.Purpose) vault.Session {
	g.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if s, found, err := vault.SessionOf(g.ctx, g.db, g.id); err == nil && found && s.Open && s.Purpose == what {
			return s
		}
		select {
		case <-g.done:
			g.Fatalf("the run ended: %v", g.err)
		default:
		}
	}
	g.Fatal("the run does not ask for shares")
	return vault.Session{}
}

// hand hands in a share as batsignal share submit does.
func (g *running) hand(what vault.Purpose, name, value string) {
	g.Helper()
	s := g.session(what)
	sealed, _, err := share.Submit(s.Recipient, secret.New(value))
	g.must(err)
	g.must(g.handSealed(name, s.ID, sealed))
}

func sealTo(recipient, value string) (string, error) {
	sealed, _, err := share.Submit(recipient, secret.New(value))
	return sealed, err
}

func (w *world) handSealed(name string, session int64, sealed string) error {
	return pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
		return vault.HandIn(w.ctx, tx, w.now(), w.actor(name), w.vaults, vault.Handing{Session: session, Sealed: []byte(sealed)})
	})
}

// register registers the shares of a server by its holders, in order.
func (w *world) register(s *vaulttest.Server) {
	w.Helper()
	for i, value := range s.Shares {
		number, c, err := share.Register("main", secret.New(value))
		w.must(err)
		w.must(pg.InTx(w.ctx, w.db, func(tx pgx.Tx) error {
			return vault.Register(w.ctx, tx, w.now(), w.actor(people[i]), main, vault.Registration{Vault: "main", Number: number, Commitment: c, Place: people[i] + "'s laptop"})
		}))
	}
}

// clean looks for every share, and for tokens, in all that anybody could read: what runs and
// servers said, all rows of all tables, and what the processes of this test were started with.
func (w *world) clean() {
	w.Helper()
	where := map[string]string{"the rows": w.rows()}
	for i, text := range w.texts {
		where[fmt.Sprintf("text %d", i)] = text()
	}
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		for _, name := range []string{"cmdline", "environ"} {
			if text, err := os.ReadFile(filepath.Join(p, name)); err == nil {
				where[p+"/"+name] = string(text)
			}
		}
	}
	if len(w.values) == 0 || len(where["the rows"]) < 1000 {
		w.Fatal("there is nothing to look for, or nowhere")
	}
	if seen := vaulttest.Leaks(w, where, w.values...); len(seen) > 0 {
		w.Errorf("a share or token stands in %q", seen)
	}
}

// rows are all rows of all tables, as text.
func (w *world) rows() string {
	w.Helper()
	rows, err := w.db.Query(w.ctx, `select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`)
	w.must(err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	var b strings.Builder
	for _, table := range tables {
		rows, err := w.db.Query(w.ctx, `select t::text from `+table+` t`)
		if err != nil {
			continue // the bot may not read it
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			continue
		}
		b.WriteString(table + "\n" + strings.Join(lines, "\n") + "\n")
	}
	return b.String()
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
