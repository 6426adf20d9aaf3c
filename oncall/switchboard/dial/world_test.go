package dial

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

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

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	must(t, db.QueryRow(ctx, sql, args...).Scan(&v))
	return v
}

func exec(t testing.TB, db pg.DB, sql string, args ...any) {
	t.Helper()
	_, err := db.Exec(ctx, sql, args...)
	must(t, err)
}

// world is a bot, a switchboard, a room and a provider, on one database.
type world struct {
	t     testing.TB
	db    *pgtest.DB
	board *Board
	owner *pgxpool.Pool // of the tables
	keys  struct{ bot, switchboard, custody escrow.PrivateKey }
	now   atomic.Int64 // seconds after noon
	room  *room
	sms   *route
	voice *route
	rules *grants
	log   *ledger.Log
	vkey  string
	dir   string
	// As of the anchor. A slow machine is no deaf room, where a test does not want one.
	patience, repeat time.Duration
	codes            int

	mu     sync.Mutex
	alarms []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.Fresh(t), dir: t.TempDir(), rules: &grants{people: 100}, patience: time.Minute, repeat: time.Minute}
	for _, k := range []*escrow.PrivateKey{&w.keys.bot, &w.keys.switchboard, &w.keys.custody} {
		var err error
		*k, err = escrow.GenerateKey()
		must(t, err)
	}
	var err error
	w.owner, err = pg.Open(ctx, w.db.OwnerDSN, pg.Options{})
	must(t, err)
	t.Cleanup(w.owner.Close)
	exec(t, w.owner, `insert into keyring (epoch, manifest, state, made_at, current_at) values (1, 'test', 'current', $1, $1)`, noon)
	skey, vkey, err := note.GenerateKey(rand.Reader, "ledger.test")
	must(t, err)
	signer, err := note.NewSigner(skey)
	must(t, err)
	w.vkey = vkey
	w.log = &ledger.Log{Signer: signer, Guard: ledger.FileGuard{Path: filepath.Join(w.dir, "head")}}
	w.sms, w.voice = &route{name: "sms"}, &route{name: "voice"}
	w.board = w.newBoard(w.db.Switchboard(t))
	return w
}

func (w *world) clock() time.Time { return noon.Add(time.Duration(w.now.Load()) * time.Second) }

func (w *world) wait(d time.Duration) { w.now.Add(int64(d / time.Second)) }

func (w *world) alarm(_ context.Context, sentence string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alarms = append(w.alarms, sentence)
	return nil
}

// newBoard starts a switchboard on the same folder, as after a restart, with a room that
// shows what is said.
func (w *world) newBoard(db *pgxpool.Pool) *Board {
	w.t.Helper()
	log := slog.New(slog.DiscardHandler)
	index, err := OpenIndex(filepath.Join(w.dir, "index.key"))
	must(w.t, err)
	w.room = &room{}
	anchor := &Anchor{
		Say: w.room.say, Alarm: w.alarm, Home: func(network, room string) bool { return network == "irc" && room == "#home" },
		Hear: func(ctx context.Context, prefix string, a ledger.Anchor) error {
			return ledger.Hear(ctx, db, prefix, a)
		},
		Now: w.clock, Log: log, Patience: w.patience, Again: w.repeat,
	}
	w.room.anchor = anchor
	b := &Board{
		DB: db, Routes: map[string]paging.Route{"sms": w.sms, "voice": w.voice}, Grants: w.rules, Ledger: w.log, Anchor: anchor,
		Keys: func(_ context.Context, _ pg.DB, epoch int) (escrow.PrivateKey, bool) {
			return w.keys.switchboard, epoch == 1
		},
		Journal: &Journal{DB: db, Ledger: w.log, Path: filepath.Join(w.dir, "deleted"), Alarm: w.alarm, Now: w.clock, Log: log},
		Index:   index, Sent: &Sent{Path: filepath.Join(w.dir, "sent.json")}, Address: contact.Clean, Alarm: w.alarm, Now: w.clock, Log: log,
	}
	must(w.t, b.Journal.Load())
	must(w.t, b.Sent.Load())
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = anchor.Run(running)
	}()
	w.t.Cleanup(func() { stop(); <-done })
	return b
}

func (w *world) person(handle string) int64 {
	w.t.Helper()
	return get[int64](w.t, w.db.Pool, `insert into person (handle, created_at) values ($1, $2) returning id`, handle, noon)
}

func (w *world) public() escrow.Keys {
	return escrow.Keys{Epoch: 1, Bot: w.keys.bot.Public(), Switchboard: w.keys.switchboard.Public(), Custody: w.keys.custody.Public()}
}

// sealed is somebody's sealed contact.
type sealed struct {
	id     int64 // of the contact
	owner  int64
	handle string
	record string
	kind   string
	number string
}

// seal has somebody seal a number. It is not proven.
func (w *world) seal(owner int64, kind, number string, policy escrow.Policy) sealed {
	w.t.Helper()
	s, err := escrow.Seal(w.public(), owner, kind, policy, secret.New(number))
	must(w.t, err)
	c, err := contact.AddSealed(ctx, w.db.Pool, w.clock(), owner, s)
	must(w.t, err)
	return sealed{id: c.ID, owner: owner, record: s.Record.ID, kind: kind, number: number,
		handle: get[string](w.t, w.db.Pool, `select handle from person where id = $1`, owner)}
}

func (w *world) prove(s sealed) {
	w.t.Helper()
	commitment := get[[]byte](w.t, w.db.Pool, `select commitment from sealed_contact where contact_id = $1`, s.id)
	_, err := w.log.Write(ctx, w.board.DB, w.clock(), ledger.Leaf{Type: ledger.TypeProof, Record: s.record, Lane: unseal.LaneOwner, Hash: hex.EncodeToString(commitment)})
	must(w.t, err)
	exec(w.t, w.db.Pool, `update contact set proven_at = $2 where id = $1`, s.id, w.clock())
}

// volunteer is a new person with a proven sealed contact.
func (w *world) volunteer(handle, kind, number string) sealed {
	w.t.Helper()
	s := w.seal(w.person(handle), kind, number, escrow.DefaultPolicy())
	w.prove(s)
	return s
}

func (w *world) incident(severity int) int64 {
	w.t.Helper()
	return get[int64](w.t, w.db.Pool, `
		insert into incident (title, slug, severity, opened_at) values ('the mirrors burn', 'mirrors', $1, $2) returning id`, severity, w.clock())
}

// hunt starts a hunt for a role in an incident.
func (w *world) hunt(incident int64, role string) (escalation int64) {
	w.t.Helper()
	return get[int64](w.t, w.db.Pool, `
		insert into escalation (cause, slot, why, severity, patience, started_at, due_at)
		values ('incident:' || $1::bigint, 'role:' || $2::text, 'the mirrors burn', 1, '90 seconds', $3, $3) returning id`, incident, role, w.clock())
}

// message is a page to somebody by their sealed contact, with the bot's half.
func (w *world) message(incident, escalation int64, role string, s sealed) paging.Message {
	w.t.Helper()
	page := get[int64](w.t, w.db.Pool, `
		insert into page (escalation_id, person_id, round, opened_at, rung_at) values ($1, $2, 1, $3, $3)
		on conflict (escalation_id, person_id) do update set round = page.round returning id`, escalation, s.owner, w.clock())
	delivery := get[int64](w.t, w.db.Pool, `
		insert into delivery (page_id, ring, route, contact_id, due_at, created_at) values ($1, 1, $2, $3, $4, $4) returning id`, page, s.kind, s.id, w.clock())
	m := paging.Message{Key: paging.PageKey(delivery), Attempt: 1, Page: page, Person: s.handle, Ref: fmt.Sprintf("INC-%d", incident), Severity: 1,
		Role: role, Why: "the mirrors burn", Code: "K7QXM"}
	m.Sealed = w.half(s, m.Key, unseal.LaneDial)
	m.Sealed.Incident, m.Sealed.Grant, m.Sealed.Slot = incident, "K7QX", "role:"+role
	return m
}

func (w *world) half(s sealed, key string, lane unseal.Lane) *paging.Sealed {
	w.t.Helper()
	out, err := contact.Release(ctx, w.db.Pool, w.clock(), &contact.Halves{Keys: []escrow.PrivateKey{w.keys.bot}}, s.id, key, lane)
	must(w.t, err)
	return &out
}

// again is the same message, as the bot sends it once more.
func (w *world) again(m paging.Message, s sealed) paging.Message {
	w.t.Helper()
	old := m.Sealed
	m.Attempt++
	m.Sealed = w.half(s, m.Key, unseal.LaneDial)
	m.Sealed.Incident, m.Sealed.Grant, m.Sealed.Slot = old.Incident, old.Grant, old.Slot
	return m
}

// fire is an incident with a hunt for one role, that two people opened sealed addresses for.
func (w *world) fire(role string) (incident, escalation int64) {
	w.t.Helper()
	incident = w.incident(1)
	w.rules.allow("K7QX", incident)
	return incident, w.hunt(incident, role)
}

func (w *world) dial(m paging.Message, kind string, ask bool) unseal.Dialled {
	w.t.Helper()
	out, err := w.board.Dial(ctx, kind, m, ask)
	must(w.t, err)
	return out
}

// ack does what the bot does when a role is filled.
func (w *world) ack(incident, escalation, page int64) {
	w.t.Helper()
	must(w.t, pg.InTx(ctx, w.db.Pool, func(tx pgx.Tx) error {
		if err := HoldIncident(ctx, tx, incident); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update page set state = 'acked', answered_at = $2, answered_via = 'sms' where id = $1`, page, w.clock()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update escalation set state = 'filled', ended_at = $2 where id = $1`, escalation, w.clock())
		return err
	}))
}

func (w *world) leaves(kind string) int {
	w.t.Helper()
	return get[int](w.t, w.db.Pool, `select count(*) from ledger_leaf where body::jsonb->>'type' = $1`, kind)
}

func (w *world) openings() int {
	w.t.Helper()
	return get[int](w.t, w.db.Pool, `select count(*) from sealed_opening`)
}

// told checks invariant I8, leaving out what a test put into the ledger itself: each opening has its notice, and each leaf its opening.
func (w *world) told() {
	w.t.Helper()
	odd := get[int](w.t, w.db.Pool, `
		select count(*) from (
			select l.seq from ledger_leaf l where l.body::jsonb->>'type' in ('intent', 'proof') and l.body::jsonb ? 'key'
		) l full join sealed_opening o on o.intent = l.seq full join owner_notice n on n.leaf = coalesce(l.seq, o.intent)
		where l.seq is null or o.intent is null or n.leaf is null or n.person_id <> o.owner_id`)
	if odd != 0 {
		w.t.Errorf("%d openings lack a leaf, a row or a notice", odd)
	}
}

var errLost = errors.New("the answer was lost")
