package command_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/command"
	"batsignal/bot/console"
	"batsignal/bot/play"
	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow/escrowtest"
	"batsignal/oncall/rosterfile"
	"batsignal/oncall/secret"
)

// atSwitchboard makes links that can be foreseen, for stories with a switchboard.
func atSwitchboard(settings map[string]string) command.LinkFor {
	if settings["switchboard"] != "yes" {
		return nil
	}
	return func(_ context.Context, _ int64, purpose contact.LinkPurpose) (secret.Text, error) {
		return secret.New("https://switchboard.example.org/" + string(purpose) + "/TOKEN"), nil
	}
}

// sealFor gives somebody a proven sealed contact of a kind: "li voice".
func sealFor(ctx context.Context, t *testing.T, db pg.DB, now time.Time, whose []string) {
	t.Helper()
	if len(whose) != 2 {
		return
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := oncall.PersonByHandle(ctx, db, whose[0])
	must(err)
	sealed := escrowtest.New(t, 1).InForce(t, db, now).Seal(t, p.ID, whose[1], "+861012345678")
	one, err := contact.AddSealed(ctx, db, now, p.ID, sealed)
	must(err)
	_, err = db.Exec(ctx, `update contact set proven_at = $2 where id = $1`, one.ID, now)
	must(err)
}

// Where there is a switchboard, a number that is typed all the same is refused without being
// repeated, and is in no table.
func TestNoNumberIsTypedInChat(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	var heard []string
	stage, err := play.New(t.Context(), db, play.Options{
		Start: time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC), Roles: oncall.DefaultRoles(), Guard: incidents.DefaultGuard(),
		Switchboard: atSwitchboard(map[string]string{"switchboard": "yes"}), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Show: func(_ time.Time, l console.Line) { heard = append(heard, l.Text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stage.Close)
	roster, err := rosterfile.Parse(rosterfile.Example)
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Cast(t.Context(), roster); err != nil {
		t.Fatal(err)
	}
	transcript := play.Transcript{Stage: stage}
	for _, say := range []string{
		"li: !contact add voice +861055501234", "li: !contact add sms +86 10 5550 1234", "li: !contact add voice 861055501234",
		"li #ops: !contact add voice +861055501234",
	} {
		if _, err := transcript.Play(t.Context(), say+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	if said := strings.Join(heard, "\n"); strings.Count(said, "!contact seal says how") != 3 || strings.Contains(said, "5550") {
		t.Errorf("the bot said:\n%s", said)
	}
	rows, err := db.Query(t.Context(), `select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		var n int
		err := db.QueryRow(t.Context(), `select count(*) from `+pgx.Identifier{table}.Sanitize()+` x where regexp_replace(x::text, '[^0-9]', '', 'g') like '%55501234%'`).Scan(&n)
		if err != nil && !strings.Contains(err.Error(), "permission denied") || n != 0 {
			t.Errorf("%s holds the number in %d rows: %v", table, n, err)
		}
	}
}
