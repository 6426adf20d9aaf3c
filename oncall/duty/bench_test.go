package duty_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/duty"
	"batsignal/oncall/rota/rotatest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// BenchmarkNow answers !oncall for all roles of a large organisation: 100 roles with a
// schedule each, 2,000 people, 5 years of overrides. It is to take 20 ms at most, 99
// times of a hundred.
func BenchmarkNow(b *testing.B) {
	fresh := pgtest.Fresh(b)
	db := fresh.Pool
	must(b, rotatest.Fill(b.Context(), db, noon, 100, 2000, 5))
	owner, err := pgx.Connect(b.Context(), fresh.OwnerDSN)
	must(b, err)
	_, err = owner.Exec(b.Context(), `analyze`) // as in a database that has been there for a while
	must(b, err)
	must(b, owner.Close(b.Context()))

	b.Run("all roles", func(b *testing.B) {
		var took []time.Duration
		for b.Loop() {
			began := time.Now()
			facts, err := duty.Glance(b.Context(), db, noon, noon.Add(duty.Ahead))
			must(b, err)
			if now := facts.Now(noon); len(now) != 100 || len(now[0].On) == 0 {
				b.Fatal("somebody is missing")
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	})
	b.Run("load a glance", func(b *testing.B) {
		for b.Loop() {
			_, err := duty.Glance(b.Context(), db, noon, noon.Add(duty.Ahead))
			must(b, err)
		}
	})
	b.Run("a step of a hunt", func(b *testing.B) {
		for b.Loop() {
			ask := duty.Ask{Role: "area-0042", Severity: 1, Title: "openssl is broken"}
			facts, err := duty.Load(b.Context(), db, ask, noon, noon)
			must(b, err)
			if r := facts.Rank(ask, noon); len(r.People) == 0 {
				b.Fatal("nobody")
			}
		}
	})
	b.Run("what a signal would ring", func(b *testing.B) {
		for b.Loop() {
			facts, err := duty.LoadAll(b.Context(), db, "openssl is broken", noon, noon)
			must(b, err)
			for _, r := range facts.Roles {
				facts.Rank(duty.Ask{Role: r.Name, Severity: 1}, noon)
			}
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
