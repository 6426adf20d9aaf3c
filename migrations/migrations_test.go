package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"batsignal/migrations"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/migrations/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	quiet = slog.New(slog.DiscardHandler)
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	return conn
}

func run(t *testing.T, db pg.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(ctx, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestUpOnABareDatabaseAndAgain(t *testing.T) {
	db := pgtest.Bare(t)
	bot := connect(t, db.BotDSN)
	if err := migrations.Check(ctx, bot); !errors.Is(err, migrations.ErrSchema) || !strings.Contains(err.Error(), "batsignal migrate") {
		t.Errorf("Check before: %v", err)
	}
	have, want, err := migrations.Version(ctx, bot)
	if have != 0 || want == 0 || err != nil {
		t.Errorf("Version before: %d %d %v", have, want, err)
	}

	first, err := migrations.Up(ctx, db.OwnerDSN, pglocal.BotRole, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("first: %+v", first)
	if !first.Changed() || first.From != 0 || first.To != want || first.FromRiver != 0 || first.ToRiver == 0 {
		t.Errorf("%+v", first)
	}
	begun := time.Now()
	if err := migrations.Check(ctx, bot); err != nil {
		t.Errorf("Check after: %v", err)
	}
	t.Logf("Check took %v", time.Since(begun))
	if have, _, err := migrations.Version(ctx, bot); have != want || err != nil {
		t.Errorf("Version after: %d %v", have, err)
	}

	again, err := migrations.Up(ctx, db.OwnerDSN, pglocal.BotRole, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("again: %+v", again)
	if again.Changed() || again.From != want {
		t.Errorf("%+v", again)
	}
}

func TestUpInSeveralProcessesAtOnce(t *testing.T) {
	db := pgtest.Bare(t)
	type outcome struct {
		r   migrations.Result
		err error
	}
	outcomes := make(chan outcome)
	const processes = 6
	for range processes {
		go func() {
			r, err := migrations.Up(ctx, db.OwnerDSN, pglocal.BotRole, quiet)
			outcomes <- outcome{r, err}
		}()
	}
	worked := 0
	for range processes {
		o := <-outcomes
		if o.err != nil {
			t.Error(o.err)
		}
		if o.r.Changed() {
			worked++
		}
	}
	if worked != 1 {
		t.Errorf("%d of them migrated", worked)
	}
}

func TestUpInterruptedIsFinishedByTheNext(t *testing.T) {
	db := pgtest.Bare(t)
	if err := migrations.UpOwnOnly(ctx, db.OwnerDSN); err != nil {
		t.Fatal(err)
	}
	bot := connect(t, db.BotDSN)
	if err := migrations.Check(ctx, bot); err == nil {
		t.Error("half a database was taken for a whole one")
	}
	if _, err := migrations.Up(ctx, db.OwnerDSN, "", quiet); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Check(ctx, bot); err != nil {
		t.Error(err)
	}
}

func TestDatabaseOfAnotherVersion(t *testing.T) {
	for _, tt := range []struct{ name, change, says string }{
		{"older", "delete from goose_db_version where version_id > 0", "run: batsignal migrate"},
		{"older queue", "delete from river_migration where version > 3", "run: batsignal migrate"},
		{"newer", "insert into goose_db_version (version_id, is_applied) values (9999, true)", "newer"},
		{"newer queue", "insert into river_migration (line, version) values ('main', 9999)", "newer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := pgtest.Fresh(t)
			run(t, connect(t, db.OwnerDSN), tt.change)
			err := migrations.Check(ctx, db.Pool)
			if !errors.Is(err, migrations.ErrSchema) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Check: %v", err)
			}
			if tt.says == "newer" {
				if _, err := migrations.Up(ctx, db.OwnerDSN, "", quiet); err == nil {
					t.Error("Up went on")
				}
			}
		})
	}
}

// What there was before schedules came along is there after the migrations, and what the
// program before them writes is still taken: it goes on working while and after they run.
func TestUpKeepsWhatThereWas(t *testing.T) {
	db := pgtest.Bare(t)
	owner := connect(t, db.OwnerDSN)
	old := fstest.MapFS{}
	for _, name := range []string{"0001_first_light.sql", "0002_slack.sql", "0003_minutes.sql"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: text}
	}
	if err := migrations.UpFrom(ctx, db.OwnerDSN, old); err != nil {
		t.Fatal(err)
	}
	// Statements of the program before, with the columns that it knows.
	write := func(db pg.DB, n int) {
		t.Helper()
		for _, sql := range []string{
			`insert into role (name, title, place, leads, patience_sev1, patience) values ('r%d', 'Role', 1, true, '90 s', '5 min')
				on conflict (name) do update set title = excluded.title, retired_at = null`,
			`insert into person (handle, name, zone, wakes, sleeps, created_at) values ('p%d', '', 'UTC', 1, 2, now()) on conflict (handle) do nothing`,
			`insert into account (network, name, person_id, linked_at) select 'n', handle, id, now() from person where handle = 'p%d'`,
			`insert into membership (role, person_id, place, asked_by, asked_at, agreed_at, approved_by, approved_at)
				select 'r%d', id, 1, id, now(), now() - interval '2 years', id, now() from person where handle = 'p%[1]d'
				on conflict (role, person_id) do update set agreed_at = coalesce(membership.agreed_at, excluded.agreed_at)`,
			`insert into consent_entry (at, person_id, role, act, by_person, network, account)
				select now(), id, 'r%d', unnest('{asked,agreed,approved,left,removed}'::text[]), null, '', '' from person where handle = 'p%[1]d'`,
			`insert into escalation (cause, slot, why, severity, everyone, patience, started_at, due_at)
				values ('c%d', 'role:r', 'why', 1, false, '5 min', now(), now())`,
			`update escalation set round = 2, due_at = now() + interval '10 min' where cause = 'c%d'`,
		} {
			run(t, db, fmt.Sprintf(sql, n))
		}
	}
	write(owner, 1)
	r, err := migrations.Up(ctx, db.OwnerDSN, pglocal.BotRole, quiet)
	if err != nil || r.From != 3 || !r.Changed() {
		t.Fatalf("%+v, %v", r, err)
	}
	write(connect(t, db.BotDSN), 2)
	// Both are taken for the same by this program: nothing lapsed, nobody was asked, no
	// limits, and a hunt that waits for its time.
	var got string
	if err := owner.QueryRow(ctx, `
		select string_agg(concat_ws(' ', p.handle, p.version, p.works_days, p.region = '', p.works_from is null, m.renew_asks, m.lapsed_at is null, r.minimum, r.version, e.tier, e.waits), '|' order by p.handle)
		from person p join membership m on m.person_id = p.id join role r on r.name = m.role join escalation e on e.cause = 'c' || substr(p.handle, 2)`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "p1 1 31 t t 0 t 1 1 0 00:00:00|p2 1 31 t t 0 t 1 1 0 00:00:00"; got != want {
		t.Error(got)
	}
	run(t, owner, `delete from person where handle = 'p2'`) // as an erasure does
}

// Where a database administrator keeps the keys, our owner is nobody special.
func TestUpAsAnOwnerWithoutPowers(t *testing.T) {
	db := pgtest.Bare(t)
	admin := connect(t, db.OwnerDSN)
	run(t, admin, "create role plain_owner login")
	run(t, admin, "create role plain_bot login")
	t.Cleanup(func() {
		run(t, admin, "alter database "+admin.Config().Database+" owner to "+pglocal.OwnerRole)
		run(t, admin, "drop owned by plain_owner, plain_bot")
		run(t, admin, "drop role plain_owner, plain_bot")
	})
	run(t, admin, "alter database "+admin.Config().Database+" owner to plain_owner")
	plain := db.OwnerDSN + "&role=plain_owner"

	_, err := migrations.Up(ctx, plain, "plain_bot", quiet)
	if err == nil || !strings.Contains(err.Error(), `let an administrator run: grant batsignal_app to "plain_bot"`) {
		t.Fatalf("%v", err)
	}
	run(t, admin, "grant batsignal_app to plain_bot")
	if _, err := migrations.Up(ctx, plain, "plain_bot", quiet); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Check(ctx, connect(t, db.OwnerDSN+"&role=plain_bot")); err != nil {
		t.Error(err)
	}
}

func TestWhatTheBotMayNot(t *testing.T) {
	for _, sql := range []string{
		"delete from timeline_entry", "update signal_use set text = ''", "truncate consent_entry",
		"drop table person", "alter table timeline_entry disable trigger all", "create table mine (n int)",
		"drop trigger timeline_entry_append_only on timeline_entry",
		"delete from goose_db_version", "delete from river_migration", "set role " + pglocal.OwnerRole,
	} {
		_, err := pgtest.Tx(t).Exec(ctx, sql)
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestWhatRiverNeeds(t *testing.T) {
	tx := pgtest.Tx(t)
	run(t, tx, "insert into river_job (kind, args, max_attempts, state, queue, priority, scheduled_at) values ('x', '{}', 1, 'available', 'default', 1, $1)", time.Unix(0, 0))
	run(t, tx, "update river_job set attempt = 1")
	run(t, tx, "delete from river_job")
	run(t, tx, "delete from river_leader")
	run(t, tx, "delete from river_queue")
	run(t, tx, "select * from river_migration")
}

func TestUpTellsAPlainSentence(t *testing.T) {
	if _, err := migrations.Up(ctx, "postgres://owner:hunter2@:bad/x", "", quiet); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := migrations.Up(over, pgtest.Bare(t).OwnerDSN, "", quiet); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
