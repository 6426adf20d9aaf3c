package web_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/rota"
	"batsignal/oncall/rota/rotatest"
	"batsignal/web"
)

// bigSite is the pages over an organisation of 100 rosters, 2,000 people and five years of
// overrides.
func bigSite(tb testing.TB, roles, people, years int) *world {
	tb.Helper()
	db := pgtest.Fresh(tb)
	now := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	if err := rotatest.Fill(ctx, db.Pool, now, roles, people, years); err != nil {
		tb.Fatal(err)
	}
	if _, err := db.Pool.Exec(ctx, `update role set minimum = 2`); err != nil {
		tb.Fatal(err)
	}
	if _, err := db.Pool.Exec(ctx, `analyze`); err != nil {
		tb.Fatal(err)
	}
	clock := func() time.Time { return now }
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	service := &incidents.Service{DB: db.Pool, Now: clock, Log: log}
	set, err := command.NewSet(command.Options{Now: clock}, command.Vocabulary(command.Services{DB: db.Pool, Incidents: service}))
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{t: tb}
	if w.handler, err = web.New(web.Options{
		Incidents: service, DB: db.Pool, Commands: set, Now: clock, Log: log, Version: "v0-test", Rota: &rota.Service{DB: db.Pool, Now: clock},
	}); err != nil {
		tb.Fatal(err)
	}
	return w
}

// BenchmarkCoveragePage draws the coverage of 100 roles with 2,000 people and five years
// of overrides.
func BenchmarkCoveragePage(b *testing.B) { benchmarkPage(b, "/coverage") }

// BenchmarkCoverageOfRole draws one of those roles.
func BenchmarkCoverageOfRole(b *testing.B) { benchmarkPage(b, "/coverage/area-0007") }

// BenchmarkSchedulesPage lists 100 schedules.
func BenchmarkSchedulesPage(b *testing.B) { benchmarkPage(b, "/schedules") }

// BenchmarkSchedulePage draws one of those schedules.
func BenchmarkSchedulePage(b *testing.B) { benchmarkPage(b, "/schedules/area-0007") }

func benchmarkPage(b *testing.B, path string) {
	w := bigSite(b, 100, 2000, 5)
	w.get(path) // the first asks the database for plans
	size := 0
	for b.Loop() {
		a := w.get(path)
		if a.Code != 200 {
			b.Fatal(a.Code, a.main())
		}
		size = len(a.body)
	}
	b.ReportMetric(float64(size)/1024, "kB")
}

// TestCoverageStaysSmall keeps pages of large organisations readable by a small machine.
func TestCoverageStaysSmall(t *testing.T) {
	for roles, most := range map[int]int{20: 400_000, 60: 200_000} {
		w := bigSite(t, roles, 400, 1)
		for _, path := range []string{"/coverage", "/coverage/area-0007", "/schedules", "/schedules/area-0007"} {
			a := w.get(path)
			a.says(t, 200)
			readAloud(t, a.body)
			if len(a.body) > most {
				t.Errorf("with %d roles %s has %d bytes", roles, path, len(a.body))
			}
			t.Logf("with %d roles %s has %d bytes", roles, path, len(a.body))
		}
	}
}
