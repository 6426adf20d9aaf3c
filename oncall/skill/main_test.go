package skill_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/skill"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
)

// house has the default roles, an admin and somebody else.
type house struct {
	*skill.Service
	tx        pgx.Tx
	ada, jan  oncall.Actor
	adaID, id int64 // of ada and of jan
}

func build(t *testing.T) house {
	t.Helper()
	tx := pgtest.Tx(t)
	if err := oncall.SyncRoles(ctx, tx, noon, oncall.DefaultRoles()); err != nil {
		t.Fatal(err)
	}
	h := house{tx: tx, Service: &skill.Service{DB: tx, Now: func() time.Time { return noon }}}
	for handle, id := range map[string]*int64{"ada": &h.adaID, "jan": &h.id} {
		var err error
		if *id, err = oncall.AddPerson(ctx, tx, noon, oncall.Person{Handle: handle, Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
	}
	h.ada = oncall.Actor{PersonID: h.adaID, Handle: "ada", Network: "libera", Account: "ada"}
	h.jan = oncall.Actor{PersonID: h.id, Handle: "jan", Network: "libera", Account: "jan"}
	return h
}
