package component_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/component"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
)

// jobs is a queue that only counts.
type jobs struct{ n int }

func (j *jobs) InsertTx(context.Context, pgx.Tx, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	j.n++
	return &rivertype.JobInsertResult{}, nil
}

func (j *jobs) InsertManyTx(_ context.Context, _ pgx.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	j.n += len(params)
	return nil, nil
}

// house is a service with an admin and three others, each with an account of their name
// on libera.
type house struct {
	*component.Service
	db    pg.DB
	clock time.Time
}

func build(t testing.TB) *house { return buildOn(t, pgtest.Tx(t)) }

func buildOn(t testing.TB, db pg.DB) *house {
	t.Helper()
	h := &house{db: db, clock: noon}
	h.Service = &component.Service{
		DB: db, Now: func() time.Time { return h.clock }, Queue: &jobs{}, Log: slog.New(slog.DiscardHandler),
		Rooms: []oncall.Room{{Network: "libera", Name: "#devel"}, {Network: "slack", Name: "#packagers"}},
	}
	for _, handle := range []string{"ada", "jan", "li", "maria"} {
		h.person(t, handle, oncall.Account{Network: "libera", Name: handle})
	}
	return h
}

func (h *house) person(t testing.TB, handle string, accounts ...oncall.Account) int64 {
	t.Helper()
	id, err := oncall.AddPerson(ctx, h.db, noon, oncall.Person{Handle: handle, Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if err := oncall.BindAccount(ctx, h.db, noon, id, a); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

func (h *house) actor(t testing.TB, handle string) oncall.Actor {
	t.Helper()
	p, err := oncall.PersonByHandle(ctx, h.db, handle)
	if err != nil {
		t.Fatal(err)
	}
	return oncall.Actor{PersonID: p.ID, Handle: handle, Zone: "UTC", Network: "libera", Account: handle}
}

// load imports a list as YAML.
func (h *house) load(t testing.TB, source, text string) component.Summary {
	t.Helper()
	list, err := component.ParseList("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := h.Import(ctx, h.actor(t, "ada"), component.Import{Source: source, List: list})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// owners are those of a component, in few words.
func (h *house) owners(t testing.TB, name string) []string {
	t.Helper()
	c, err := component.Find(ctx, h.db, name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := component.Owners(ctx, h.db, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, o := range list {
		w := o.Name() + " " + string(o.Rank)
		if o.Person == 0 {
			w += " unknown"
		}
		words = append(words, w+" by "+o.Says())
	}
	return words
}

const sqlNotices = `select network || coalesce(nullif(room, ''), ' to ' || account) || ': ' || text from notice order by id`

// said are all notices, and forgets nothing.
func (h *house) said(t testing.TB) []string {
	t.Helper()
	rows, err := h.db.Query(ctx, sqlNotices)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}
