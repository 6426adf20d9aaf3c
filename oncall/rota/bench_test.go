package rota_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/rota"
	"batsignal/oncall/rota/rotatest"
)

// What is made to measure on is what it says, and small ones work too.
func TestFill(t *testing.T) {
	tx := pgtest.Tx(t)
	for range 2 { // people, roles and schedules are made once
		must(t, rotatest.Fill(ctx, tx, noon, 3, 50, 0))
	}
	b, err := rota.Load(ctx, tx, noon, noon.Add(day))
	must(t, err)
	for _, s := range b.Schedules {
		if err := s.Check(); err != nil || len(b.On(s, noon)) != 2 {
			t.Errorf("%s: %v, %v", s.Name, err, b.On(s, noon))
		}
	}
	if len(b.Schedules) != 3 {
		t.Errorf("%d schedules", len(b.Schedules))
	}
}

func BenchmarkLoad(b *testing.B) {
	fresh := pgtest.Fresh(b)
	db := fresh.Pool
	must(b, rotatest.Fill(ctx, db, noon, 100, 2000, 5))
	if n := get[int](b, db, `select count(*) from shift_override`); n != 260_000 {
		b.Errorf("%d overrides", n)
	}
	// As it is in a database that has been there for a while.
	owner, err := pgx.Connect(ctx, fresh.OwnerDSN)
	must(b, err)
	_, err = owner.Exec(ctx, `analyze`)
	must(b, err)
	must(b, owner.Close(ctx))
	for _, c := range []struct {
		name string
		wide time.Duration
	}{{"now", 0}, {"14 days", 14 * day}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				book, err := rota.Load(ctx, db, noon, noon.Add(c.wide))
				must(b, err)
				if len(book.Schedules) != 100 {
					b.Fatal(len(book.Schedules))
				}
			}
		})
	}
	book, err := rota.Load(ctx, db, noon, noon.Add(14*day))
	must(b, err)
	b.Run("who is on by all", func(b *testing.B) {
		for b.Loop() {
			for _, s := range book.Schedules {
				book.On(s, noon)
			}
		}
	})
	b.Run("14 days of all", func(b *testing.B) {
		for b.Loop() {
			for _, s := range book.Schedules {
				book.Shifts(s, noon, noon.Add(14*day))
			}
		}
	})
}
