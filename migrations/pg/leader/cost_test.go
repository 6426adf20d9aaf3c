package leader

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// BenchmarkFence measures, inside the server, an update that changes nothing: as it was
// before there was a fence, by a connection that says nothing, and by a leader's.
func BenchmarkFence(b *testing.B) {
	db := seeded(b)
	owner, err := pgx.Connect(b.Context(), db.OwnerDSN)
	if err != nil {
		b.Fatal(err)
	}
	defer owner.Close(b.Context())
	exec := func(sql string, args ...any) {
		b.Helper()
		if _, err := owner.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	const thousand = `do $$ begin for i in 1..1000 loop update route_health set failures = 1 where route = 'none'; end loop; end $$`
	exec(`update leadership set epoch = 7, holder = 'somebody', since = now()`)
	bench := func(name string) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				exec(thousand)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/write")
		})
	}
	exec(`alter table route_health disable trigger fence`)
	bench("without")
	exec(`alter table route_health enable trigger fence`)
	bench("web")
	exec(sqlSetTerm, "7 somebody")
	bench("leader")
}
