package contact_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func person(t testing.TB, db pg.DB, handle string) int64 {
	t.Helper()
	id, err := oncall.AddPerson(ctx, db, noon, oncall.Person{Handle: handle, Zone: "UTC", Sleeps: 1380})
	must(t, err)
	return id
}

func TestAddOpenRemove(t *testing.T) {
	tx := pgtest.Tx(t)
	maria, jan := person(t, tx, "maria"), person(t, tx, "jan")
	add := func(who int64, kind, address string) contact.Contact {
		t.Helper()
		c, err := contact.Add(ctx, tx, noon, who, kind, secret.New(address))
		must(t, err)
		return c
	}
	mail := add(maria, "mail", " Maria <maria@example.org> ")
	hook := add(maria, "webhook", "https://example.org/hook?x=1")
	second := add(maria, "mail", "m@example.net")
	other := add(jan, "mail", "jan@example.org")

	list, err := contact.Of(ctx, tx, maria, jan)
	must(t, err)
	if len(list) != 4 || list[0].ID != mail.ID || list[1].ID != hook.ID || list[2].ID != second.ID || list[3].ID != other.ID {
		t.Errorf("%v", list)
	}
	for c, want := range map[contact.Contact]string{mail: "maria@example.org", hook: "https://example.org/hook?x=1", second: "m@example.net"} {
		if got, err := contact.Open(ctx, tx, c.ID); err != nil || got.Reveal() != want {
			t.Errorf("%s, %v", got.Reveal(), err)
		}
	}
	if n, err := contact.Remove(ctx, tx, noon, maria, "mail"); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	for _, gone := range []contact.Contact{mail, second} {
		if got, err := contact.Open(ctx, tx, gone.ID); fault.KindOf(err) != fault.NotFound || !got.Empty() {
			t.Errorf("%v", err)
		}
	}
	var left int
	must(t, tx.QueryRow(ctx, `select count(*) from contact_address`).Scan(&left))
	if left != 2 {
		t.Errorf("%d addresses are left, want the webhook and jan's", left)
	}
	if n, err := contact.Remove(ctx, tx, noon, maria, "mail"); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}

// No refusal shows what was typed, since it may be read in a room or a log.
func TestRefusalsDoNotRepeatTheAddress(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria")
	const canary = "canary7f3a"
	long := strings.Repeat("x", 2100)
	for _, c := range []struct{ kind, address string }{
		{"mail", canary},
		{"mail", canary + "@"},
		{"mail", canary + "@example.org\nbcc: x@example.org"},
		{"mail", canary + "@example.org\x00"},
		{"mail", canary + long + "@example.org"},
		{"webhook", canary},
		{"webhook", "ftp://example.org/" + canary},
		{"webhook", "https://user:" + canary + "@example.org/"},
		{"webhook", "https://example.org/%zz" + canary},
		{"webhook", "https://example.org/" + canary + long},
		{"webhook", "https:///" + canary},
		{"sms", canary},
		{"voice", "+49" + canary},
		{"ntfy", canary + " with spaces"},
		{"ntfy", "http://ntfy.example.org/" + canary},
		{"pagerduty", canary},
		{"pigeon", canary},
		{"", canary},
	} {
		_, err := contact.Add(ctx, tx, noon, maria, c.kind, secret.New(c.address))
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), canary) {
				t.Errorf("%s: the refusal shows the address: %v", c.kind, e)
			}
		}
	}
	var n int
	must(t, tx.QueryRow(ctx, `select count(*) from contact`).Scan(&n))
	if n != 0 {
		t.Errorf("%d contacts were stored", n)
	}
}

// A failure of the database shows no address either, whichever part of the error
// one prints.
func TestADatabaseErrorDoesNotShowTheAddress(t *testing.T) {
	tx := pgtest.Tx(t)
	const canary = "canary7f3a"
	_, err := contact.Add(ctx, tx, noon, 999, "mail", secret.New(canary+"@example.org")) // there is no such person
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		t.Fatalf("%v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", err, err, *pgErr, pgErr.Detail); strings.Contains(text, canary) {
		t.Error(text)
	}
}

// The address is in one column of one table, and nowhere else in the database.
func TestTheAddressIsInOneTable(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	const canary = "canary7f3a"
	maria := person(t, db, "maria")
	for kind, address := range map[string]string{"mail": canary + "@example.org", "webhook": "https://example.org/" + canary} {
		_, err := contact.Add(ctx, db, noon, maria, kind, secret.New(address))
		must(t, err)
	}
	rows, err := db.Query(ctx, `select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`)
	must(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(tables) < 20 {
		t.Fatalf("only %d tables", len(tables))
	}
	for _, table := range tables {
		var n int
		err := db.QueryRow(ctx, `select count(*) from `+pgx.Identifier{table}.Sanitize()+` x where x::text like '%`+canary+`%'`).Scan(&n)
		switch {
		case err != nil && strings.Contains(err.Error(), "permission denied"):
			continue // what the bot cannot read it did not write
		case err != nil:
			t.Error(err)
		case table == "contact_address" && n != 2, table != "contact_address" && n != 0:
			t.Errorf("%s holds it in %d rows", table, n)
		}
	}
}

// Only this package's source may name the table: whoever else reads addresses has
// to come through here.
func TestNoOtherPackageNamesTheTable(t *testing.T) {
	root, err := filepath.Abs("../..")
	must(t, err)
	looked := 0
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && rel != "." || rel == filepath.Join("oncall", "contact") || rel == filepath.Join("cmd", "bench") { // which fills tables by the thousand
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		looked++
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "contact_address") {
			t.Errorf("%s names contact_address", rel)
		}
		return err
	}))
	if looked < 50 {
		t.Errorf("only %d files were looked at", looked)
	}
}
