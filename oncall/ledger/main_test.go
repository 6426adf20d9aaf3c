package ledger

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/unseal"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

// house is a database, with the switchboard's login to it and a log.
type house struct {
	*pgtest.DB
	board *pgxpool.Pool
	log   *Log
	vkey  string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := pgtest.Fresh(t)
	h := &house{DB: db, board: db.Switchboard(t)}
	h.log, h.vkey = newLog(t)
	return h
}

func newLog(t testing.TB) (*Log, string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(nil, "ledger.example.org")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return &Log{Signer: signer, Guard: FileGuard{filepath.Join(t.TempDir(), "head")}}, vkey
}

// again is the log of a switchboard that was started anew.
func (h *house) again() *Log {
	return &Log{Signer: h.log.Signer, Guard: h.log.Guard, Earlier: h.log.Earlier}
}

func (h *house) write(t testing.TB, leaves ...Leaf) Head {
	t.Helper()
	head, err := h.log.Write(t.Context(), h.board, noon, leaves...)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// story writes what happens to two records: asked for, proved, opened and dialled.
func (h *house) story(t testing.TB, a, b string) {
	t.Helper()
	h.write(t, Leaf{Type: TypeRevealAsked, Record: a}, Leaf{Type: TypeRevealAsked, Record: b})
	h.write(t, Leaf{Type: TypeProof, Record: a, Lane: unseal.LaneOwner})
	h.write(t, Leaf{Type: TypeRevealAsked, Incident: "INC-7", By: []string{"dora"}, Lane: unseal.LaneReveal})
	intent := h.write(t, Leaf{Type: TypeIntent, Record: b, Lane: unseal.LaneDial, Incident: "INC-7", Role: "network", By: []string{"dora", "carl"}}).Size - 1
	h.write(t, Leaf{Type: TypeDialed, Record: b, Lane: unseal.LaneDial, Incident: "INC-7", Of: &intent, Result: "accepted"})
}

func (h *house) verify(t testing.TB, seen ...Seen) Report {
	t.Helper()
	r, err := Verify(t.Context(), h.Pool, seen, h.vkey)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h *house) book(t testing.TB) Book {
	t.Helper()
	b, err := Read(t.Context(), h.Pool)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asOwner is somebody who owns the database and has switched off all triggers and
// references.
func (h *house) asOwner(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	exec(t, conn, "set session_replication_role = replica")
	return conn
}

func exec(t testing.TB, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func count1(t testing.TB, db pg.DB, sql string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// person adds somebody.
func (h *house) person(t testing.TB, handle string) (id int64) {
	t.Helper()
	return count1(t, h.Pool, `insert into person (handle, created_at) values ($1, $2) returning id`, handle, noon)
}

// seal adds a sealed contact of a person, with a record of that id.
func (h *house) seal(t testing.TB, person int64, record string) {
	t.Helper()
	exec(t, h.Pool, `insert into keyring (epoch, manifest, state, made_at, current_at) values (1, '{}', 'current', $1, $1) on conflict do nothing`, noon)
	contact := count1(t, h.Pool, `insert into contact (person_id, kind, sealed, created_at) values ($1, 'sms', true, $2) returning id`, person, noon)
	exec(t, h.Pool, `
		insert into sealed_contact (record_id, contact_id, owner_id, kind, policy, content_epoch, epoch, nonce, content, commitment, commit_bot, commit_switchboard, sealed_at)
		values ($1, $2, $3, 'sms', 'lanes B', 1, 1, $5, $6, $7, $7, $7, $4)`,
		record, contact, person, noon, make([]byte, 24), make([]byte, 272), make([]byte, 32))
}

// Records as the database has them.
const (
	recordA = "0f3c1a52-6f3e-4f6a-8a57-8f7d2f0b1c01"
	recordB = "7be1c0de-1111-4222-8333-444455556666"
	recordC = "c0ffee00-aaaa-4bbb-8ccc-ddddeeeeffff"
)
