package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/web"
)

// brokenDB is a database that went away, or (loudly) a bug in our own code.
type brokenDB struct{ loudly bool }

var errBroken = errors.New("dial tcp db.internal: password for bat is s3cret")

func (b brokenDB) fail() error {
	if b.loudly {
		panic(errBroken)
	}
	return errBroken
}

func (b brokenDB) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, b.fail()
}
func (b brokenDB) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, b.fail() }
func (b brokenDB) QueryRow(context.Context, string, ...any) pgx.Row        { return brokenRow{b.fail()} }
func (b brokenDB) Begin(context.Context) (pgx.Tx, error)                   { return nil, b.fail() }
func (b brokenDB) SendBatch(context.Context, *pgx.Batch) pgx.BatchResults {
	return brokenBatch{err: b.fail()}
}

type brokenBatch struct {
	pgx.BatchResults
	err error
}

func (r brokenBatch) Close() error { return r.err }

type brokenRow struct{ err error }

func (r brokenRow) Scan(...any) error { return r.err }

func breakDB(loudly bool) func(*web.Options) {
	return func(o *web.Options) {
		service := *o.Incidents
		service.DB = brokenDB{loudly}
		o.Incidents, o.DB = &service, brokenDB{loudly}
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	w.get("/healthz").says(t, 200, "alive\n")
	w.get("/readyz").says(t, 200, "ready\n")

	w = newWorld(t, breakDB(false))
	w.get("/healthz").says(t, 200, "alive\n")
	w.get("/readyz").says(t, 503, "The database does not answer.\n")

	var err error = fault.New(fault.Unready, "The network libera is not there.")
	w = newWorld(t, func(o *web.Options) { o.Ready = func(context.Context) error { return err } })
	w.get("/readyz").says(t, 503, "The network libera is not there.\n")
	err = errBroken
	w.get("/readyz").says(t, 503, "A part is not there yet. The log and `batsignal doctor` say which.\n")
	err = nil
	w.get("/readyz").says(t, 200, "ready\n")
}

func TestWhatBreaksIsLoggedAndNotShown(t *testing.T) {
	for _, loudly := range []bool{false, true} {
		w := newWorld(t, breakDB(loudly))
		for _, path := range []string{"/", "/incidents", "/incidents/1", "/signal", "/people", "/ack/" + strings.Repeat("A", 32)} {
			a := w.get(path)
			a.says(t, 500, "Something broke on our side", `href="/"`)
			for _, leak := range []string{"s3cret", "db.internal", "goroutine", ".go:"} {
				if strings.Contains(a.body, leak) {
					t.Errorf("%s shows %q", path, leak)
				}
			}
		}
		if !strings.Contains(w.log.String(), "db.internal") {
			t.Error("the log does not know why")
		}
	}
}

// scrape reads the figures as Prometheus does; the key of a figure is its name with
// its labels.
func (w *world) scrape() map[string]float64 {
	w.t.Helper()
	a := w.get("/metrics")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.body))
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]float64{}
	for name, f := range families {
		for _, m := range f.Metric {
			key := name
			for _, l := range m.Label {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			found[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return found
}

func TestFigures(t *testing.T) {
	w := newWorld(t)
	got := w.scrape()
	for _, name := range []string{"batsignal_incidents_open", "batsignal_roles_empty", "batsignal_pages_open", "batsignal_deliveries state=queued"} {
		if n, ok := got[name]; !ok || n != 0 {
			t.Errorf("when nothing is on fire, %s is %v, %v", name, n, ok)
		}
	}
	w.tell(fire)
	w.tell("wait 10s")
	w.post(map[string][]paging.Outcome{"mail": {paging.Accepted}})
	w.sql(`insert into notice (network, kind, text, created_at) values ('elsewhere', 'say', 'hello', $1)`, night)
	w.sql(`insert into delivery (page_id, ring, route, due_at, created_at) values (1, 1, 'mail', $1, $1)`, w.Now().Add(-42e9))
	got = w.scrape()
	for name, want := range map[string]float64{
		"batsignal_database_up":                                              1,
		"batsignal_incidents_open":                                           1,
		"batsignal_roles_empty":                                              3,
		"batsignal_pages_open":                                               3,
		"batsignal_notices_waiting":                                          1,
		"batsignal_delivery_oldest_due_seconds":                              42,
		"batsignal_deliveries state=accepted":                                6,
		"batsignal_deliveries state=leased":                                  1,
		"batsignal_deliveries state=queued":                                  1,
		"batsignal_attempts_total outcome=accepted route=console":            5,
		"batsignal_attempts_total outcome=accepted route=mail":               1,
		"batsignal_build_info version=v0-test":                               1,
		"batsignal_http_requests_total method=GET route=/metrics status=200": 1,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s is %v, %v; want %v", name, n, ok, want)
		}
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if got[name] == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	for name := range got {
		for _, private := range []string{"maria", "openssl", "canary", "#ops"} {
			if strings.Contains(name, private) {
				t.Errorf("%s tells of people", name)
			}
		}
	}
}

func TestFiguresWithoutADatabase(t *testing.T) {
	got := newWorld(t, breakDB(false)).scrape()
	if up, ok := got["batsignal_database_up"]; !ok || up != 0 {
		t.Errorf("up is %v, %v", up, ok)
	}
	if _, ok := got["batsignal_incidents_open"]; ok {
		t.Error("an old figure is shown as a new one")
	}
}

func TestTwoSitesCannotShareARegistry(t *testing.T) {
	registry := prometheus.NewRegistry()
	use := func(o *web.Options) { o.Registry = registry }
	w := newWorld(t, use)
	extra := prometheus.NewCounter(prometheus.CounterOpts{Name: "batsignal_extra_total", Help: "Somebody else's."})
	registry.MustRegister(extra)
	w.get("/metrics").says(t, 200, "batsignal_extra_total")
	if _, err := web.New(web.Options{
		Incidents: w.Incidents, DB: w.DB, Commands: w.set, Now: w.Now, Log: w.logger, Registry: registry,
	}); err == nil {
		t.Error("the second one did not notice")
	}
	if _, err := web.New(web.Options{}); err == nil {
		t.Error("nothing is enough")
	}
}
