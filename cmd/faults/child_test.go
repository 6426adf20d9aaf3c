package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/incidents/alert"
	"batsignal/integrations/ntfy"
	"batsignal/integrations/pagerduty"
	"batsignal/integrations/twilio"
	"batsignal/integrations/webhook"
	"batsignal/migrations/pg"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// childEnv holds, as JSON, what a process that pages must know.
const childEnv = "BATSIGNAL_FAULTS_CHILD"

// What the run and its processes call things.
const (
	network   = "net"
	home      = "#ops"
	publicURL = "https://bat.example.org"
	pagerName = "faults pager" // application name of the connections that page
	riverName = "faults river"
	signing   = "a secret of nobody but this test"
	// patience of the clients of providers, of real time: long for a busy machine, short
	// for a run of a second.
	patience = 500 * time.Millisecond
)

// setup is what a process must know to page.
type setup struct {
	Name  string
	DSN   string
	Clock string
	Log   string // a file, "" is none

	// Where providers seem to be, and the logins there; "" is no such route.
	PagerDuty, PagerDutyToken      string
	Twilio, TwilioToken, TwilioSID string
	TwilioFrom, Ntfy, Inbound      string
}

// routes are the clients of all providers, as the program has them.
func (s setup) routes(db pg.DB) (map[string]paging.Route, error) {
	hook, err := webhook.New(webhook.Config{
		Secret: secret.New(signing), AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: patience,
	})
	if err != nil {
		return nil, err
	}
	duty, _, err := pagerduty.New(pagerduty.Config{
		EventsURL: s.PagerDuty, APIURL: s.PagerDuty, Token: secret.New(s.PagerDutyToken), From: "bot@example.org", Name: "faults",
		WebURL: publicURL, Receipts: true, Timeout: patience,
	})
	if err != nil {
		return nil, err
	}
	account, err := twilio.New(twilio.Config{
		BaseURL: s.Twilio, AccountSID: s.TwilioSID, Tokens: []secret.Text{secret.New(s.TwilioToken)}, From: s.TwilioFrom,
		InboundURL: s.Inbound, Timeout: patience,
		Whose: func(ctx context.Context, route string, refs []string) (map[string]string, error) {
			return paging.KeysByRef(ctx, db, route, refs)
		},
	})
	if err != nil {
		return nil, err
	}
	push, err := ntfy.New(ntfy.Config{URL: s.Ntfy, Timeout: patience})
	if err != nil {
		return nil, err
	}
	routes := map[string]paging.Route{}
	for _, r := range []paging.Route{hook, duty, account.SMS(), account.Voice(), push} {
		routes[r.Name()] = r
	}
	return routes, nil
}

// serviceOf is the service as every process of a run has it, the run's own included.
func serviceOf(db pg.DB, queue *river.Client[pgx.Tx], routes map[string]paging.Route, now func() time.Time, log *slog.Logger) *incidents.Service {
	s := &incidents.Service{
		DB: db, Queue: queue, Now: now, Log: log, Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton(),
		Networks: []incidents.Network{{Name: network, Home: home, RoomName: "#inc-{id}-{slug}"}},
	}
	s.Guard.PerPerson, s.Guard.PerOrganisation, s.Guard.Confirmations = 1000, 1000, 0
	for _, name := range slices.Sorted(maps.Keys(routes)) {
		s.Routes = append(s.Routes, paging.TraitsOf(routes[name]))
	}
	s.Alerts = &alert.Service{DB: db, Now: now, Log: log, Engine: s}
	return s
}

// child is the main of a process that pages. It ends with its parent, if it is not killed
// before.
func child() int {
	var s setup
	if err := json.Unmarshal([]byte(os.Getenv(childEnv)), &s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if err := s.page(); err != nil {
		fmt.Fprintln(os.Stderr, s.Name, err)
		return 1
	}
	return 0
}

// page runs what the program runs to page people.
func (s setup) page() error {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	clock, err := openClock(s.Clock)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if s.Log != "" {
		f, err := os.OpenFile(s.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		log = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})).With("process", s.Name)
	}
	moved := make(chan struct{}, 1)
	steps := &stepDB{}
	go func() { // each byte says that the clock was moved
		defer end()
		in := bufio.NewReader(os.Stdin)
		for {
			if _, err := in.ReadByte(); err != nil {
				return
			}
			steps.nudges.Add(1)
			select {
			case moved <- struct{}{}:
			default:
			}
		}
	}()
	steps.Pool, err = openPatiently(ctx, s.DSN, pg.Options{Name: pagerName, MaxConns: 6})
	if err != nil {
		return nil //nolint:nilerr // the run was over before the database was back
	}
	apart, err := openPatiently(ctx, s.DSN, pg.Options{Name: riverName, MaxConns: 4})
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	routes, err := s.routes(steps)
	if err != nil {
		return err
	}
	errands := &quickErrands{}
	queue, err := queueOf(apart, routes, errands)
	if err != nil {
		return err
	}
	service := serviceOf(steps, queue, routes, clock.Now, log)
	errands.Errands = incidents.Errands{Service: service, Routes: routes, Log: log}
	pager := &incidents.Pager{
		Service: service, Routes: routes, Parallel: 8,
		Worker: paging.Worker{Me: s.Name, Routes: slices.Sorted(maps.Keys(routes))},
		Link:   func(token secret.Text) secret.Text { return secret.New(publicURL + "/ack/" + token.Reveal()) },
	}
	// In the program the pager's own timer ends its nap. Here that timer knows nothing of
	// the time, so whoever moves it says so.
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-moved:
				pager.Wake()
			}
		}
	}()
	listener := &pg.Listener{
		DSN: s.DSN, Channels: []string{paging.ChannelDue}, Heartbeat: 500 * time.Millisecond,
		Notified: func(string, string) { pager.Wake() }, Regained: pager.Wake, Log: log,
	}
	go func() { _ = listener.Run(ctx) }()
	go func() {
		for ctx.Err() == nil && queue.Start(ctx) != nil {
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return pager.Run(ctx)
}

// stepDB is the pager's pool. It tells the run how often the pager has heard of the clock
// when it took all that was due: time may go on then. It knows the first and the last
// statement of a step by their text.
type stepDB struct {
	*pgxpool.Pool
	nudges atomic.Int64
	began  atomic.Int64
}

// Exec implements [pg.DB].
func (d *stepDB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if strings.Contains(sql, "'the sender went away'") {
		d.began.Store(d.nudges.Load())
	}
	return d.Pool.Exec(ctx, sql, args...)
}

// QueryRow implements [pg.DB].
func (d *stepDB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	row := d.Pool.QueryRow(ctx, sql, args...)
	if strings.Contains(sql, "min(leased_until)") {
		return lastRow{row, d}
	}
	return row
}

type lastRow struct {
	pgx.Row
	db *stepDB
}

// Scan implements [pgx.Row].
func (r lastRow) Scan(into ...any) error {
	err := r.Row.Scan(into...)
	if err == nil {
		fmt.Println(r.db.began.Load())
	}
	return err
}

// quickErrands is the worker of errands, with rests by the clock of the machine, by which
// River counts.
type quickErrands struct{ incidents.Errands }

// NextRetry implements [river.Worker].
func (*quickErrands) NextRetry(*river.Job[incidents.Errand]) time.Time {
	return time.Now().Add(100 * time.Millisecond)
}

func queueOf(db *pgxpool.Pool, routes map[string]paging.Route, worker *quickErrands) (*river.Client[pgx.Tx], error) {
	config := &river.Config{Logger: slog.New(slog.DiscardHandler), SkipUnknownJobCheck: true}
	if worker != nil {
		config.Queues, config.Workers = map[string]river.QueueConfig{}, river.NewWorkers()
		for name := range routes {
			config.Queues[incidents.RouteQueue(name)] = river.QueueConfig{MaxWorkers: 4}
		}
		config.FetchCooldown, config.FetchPollInterval = 2*time.Millisecond, 200*time.Millisecond
		config.ReindexerIndexNames = []string{}
		river.AddWorker(config.Workers, worker)
	}
	return river.NewClient(riverpgxv5.New(db), config)
}

// openPatiently opens a pool however long the database is away.
func openPatiently(ctx context.Context, dsn string, o pg.Options) (*pgxpool.Pool, error) {
	for {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		db, err := pg.Open(try, dsn, o)
		cancel()
		if err == nil || ctx.Err() != nil {
			return db, ctx.Err()
		}
		time.Sleep(5 * time.Millisecond)
	}
}
