package ledger

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// refused runs SQL that must not be possible.
func refused(t *testing.T, who string, db pg.DB, sqls ...string) {
	t.Helper()
	for _, sql := range sqls {
		if _, err := db.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s can: %s", who, sql)
		}
	}
}

// Attack row 14, with exactly the logins that there are: the bot's cannot write the ledger
// at all, the switchboard's can only add to it, and the owner is refused by triggers.
func TestAttack14LoginsCannotChangeTheLedger(t *testing.T) {
	h := newHouse(t)
	h.story(t, recordA, recordB)
	owner, err := pgx.Connect(t.Context(), h.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(context.Background()) }()
	if err := AnchorHead(t.Context(), h.board, Anchor{Size: 6, Network: "libera", Room: "#ops", At: noon}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"ledger_leaf", "ledger_hash", "ledger_head", "ledger_anchor"} {
		changes := []string{"delete from " + table, "truncate " + table + " cascade"}
		switch table {
		case "ledger_leaf":
			changes = append(changes, "update ledger_leaf set body = body || ' '")
		case "ledger_hash":
			changes = append(changes, "update ledger_hash set hash = sha256(hash)")
		case "ledger_head":
			changes = append(changes, "update ledger_head set note = note || ' '")
		default:
			changes = append(changes, "update ledger_anchor set room = '#other'")
		}
		refused(t, "the bot", h.Pool, append(changes, "drop trigger only_append on "+table, "alter table "+table+" disable trigger all")...)
		refused(t, "the switchboard", h.board, append(changes, "drop trigger only_append on "+table, "alter table "+table+" disable trigger all")...)
		refused(t, "the owner", owner, changes...)
	}
	refused(t, "the bot", h.Pool,
		`insert into ledger_leaf (seq, body, hash, at) values (6, '{}', sha256(''), now())`,
		`insert into ledger_hash (place, hash) values (99, sha256(''))`,
		`insert into ledger_head (size, note, signed_at) values (7, 'x', now())`,
		`insert into ledger_anchor (size, network, room, seen_at) values (1, 'x', 'y', now())`,
		`insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, opened_at) values (1, 'k', gen_random_uuid(), 1, 'sms', 'B', now())`,
		`set session_replication_role = replica`,
		`set role batsignal_switchboard`)
	if _, err := h.log.Write(t.Context(), h.Pool, noon, Leaf{Type: TypeRevealAsked}); err == nil {
		t.Error("the bot's login writes the ledger")
	}
	if r := h.verify(t); r.Err() != nil || r.Leaves != 6 {
		t.Errorf("%+v", r)
	}
}

// Attack row 14, with the database's owner: what was cut off, changed or added to the ledger
// stops the switchboard, which opens nothing any more.
func TestAttack14ADatabaseWriterStopsTheSwitchboard(t *testing.T) {
	for name, sqls := range map[string][]string{
		"the last entry":          {`delete from ledger_leaf where seq = 5`},
		"the last entry, cleanly": {`delete from ledger_leaf where seq = 5`, `delete from ledger_head where size = 6`, `delete from ledger_hash where place >= 8`},
		"all of it":               {`delete from ledger_leaf`, `delete from ledger_head`, `delete from ledger_hash`},
		"all but the heads":       {`delete from ledger_leaf`, `delete from ledger_hash`},
		"the last head":           {`delete from ledger_head where size = 6`},
		"hashes":                  {`delete from ledger_hash where place = 6`},
		"another hash":            {`update ledger_hash set hash = sha256(hash) where place = 6`},
		"the text of the last":    {`update ledger_leaf set body = replace(body, 'accepted', 'declined') where seq = 5`},
		"a swapped head":          {`update ledger_head set note = (select note from ledger_head where size = 5) where size = 6`},
		"a forged entry":          {`insert into ledger_leaf select 6, '{"v":1,"seq":6,"type":"refused"}', sha256(''), at from ledger_leaf where seq = 5`},
		"a forged head":           {`update ledger_head set note = replace(note, 'example', 'elpmaxe') where size = 6`},
		"an entry of the record":  {`update ledger_leaf set body = 'x"rec":"` + recordA + `"' where seq = 2`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.story(t, recordA, recordB)
			owner := h.asOwner(t)
			for _, sql := range sqls {
				exec(t, owner, sql)
			}
			for who, log := range map[string]*Log{"running": h.log, "started anew": h.again()} {
				head, err := log.Write(t.Context(), h.board, noon, Leaf{Type: TypeIntent, Record: recordA, Lane: "B"})
				if !errors.Is(err, ErrDiscontinued) || fault.KindOf(err) != fault.Conflict {
					t.Errorf("%s: %+v, %v", who, head, err)
				}
			}
		})
	}
}

// Attack row 15: the whole database is replaced by last week's, and the switchboard, whose
// last head is not in it, refuses to write, hence to open anything.
func TestAttack15AnOlderDatabaseIsRefused(t *testing.T) {
	h := newHouse(t)
	h.story(t, recordA, recordB)
	older := h.copy(t)
	h.write(t, Leaf{Type: TypeIntent, Record: recordA, Lane: "B", Incident: "INC-8"})
	lost := h.book(t)

	for who, log := range map[string]*Log{"running": h.log, "started anew": h.again()} {
		head, err := log.Write(t.Context(), older, noon, Leaf{Type: TypeIntent, Record: recordB, Lane: "B"})
		if !errors.Is(err, ErrDiscontinued) || !strings.Contains(fault.Say(err), "7 of its entries were signed, and the database has 6") {
			t.Errorf("%s: %+v, %v", who, head, err)
		}
	}
	// By itself the older copy is sound: without the guard, or a head from elsewhere, nobody
	// could tell.
	if r, err := Verify(t.Context(), older, nil, h.vkey); err != nil || r.Err() != nil {
		t.Errorf("%v, %v", r.Findings, err)
	}
	seen := Seen{Size: 7, Prefix: h.log.last.Prefix()}
	if r, err := Verify(t.Context(), older, []Seen{seen}, h.vkey); err != nil || len(r.Findings) != 1 || !strings.Contains(r.Findings[0], "cut off") {
		t.Errorf("%v, %v", r.Findings, err)
	}
	// The way out is the ledger that others have.
	refill := func(b Book) (n int64, err error) {
		err = pg.InTx(t.Context(), older, func(tx pgx.Tx) error { n, err = h.log.Refill(t.Context(), tx, b); return err })
		return n, err
	}
	short := Book{Leaves: lost.Leaves[:6], Notes: lost.Notes[:6]}
	if _, err := refill(short); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	if n, err := refill(lost); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := h.again().Write(t.Context(), older, noon, Leaf{Type: TypeIntent, Record: recordB, Lane: "B"}); err != nil {
		t.Error(err)
	}
	if r, err := Verify(t.Context(), older, []Seen{seen}, h.vkey); err != nil || r.Err() != nil || r.Leaves != 8 || r.Seen != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// copy is the database as it is now.
func (h *house) copy(t *testing.T) pg.DB {
	t.Helper()
	config, err := pgx.ParseConfig(h.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	name := config.Database
	config.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), "drop database if exists "+name+"_older with (force)")
		if err = errors.Join(err, admin.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	h.Pool.Reset()
	h.board.Reset()
	exec(t, admin, "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = '"+name+"'")
	exec(t, admin, "create database "+name+"_older template "+name)
	board, err := pg.Open(t.Context(), strings.Replace(h.SwitchboardDSN, name, name+"_older", 1), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(board.Close)
	return board
}

// A switchboard whose own record of the last head was taken away does not take that for a
// first start; nor one that has the record of another ledger, or an empty file.
func TestAttack15AGuardThatWasTakenAway(t *testing.T) {
	h := newHouse(t)
	h.story(t, recordA, recordB)
	other, _ := newLog(t)
	empty, err := sign(other.Signer, 0, [32]byte{})
	if err != nil {
		t.Fatal(err)
	}
	for name, guard := range map[string]*memory{"none": {}, "another": {text: empty.Note}, "nonsense": {text: "x"}, "broken": {err: errors.New("no disk")}} {
		log := h.again()
		log.Guard = guard
		if head, err := log.Write(t.Context(), h.board, noon, Leaf{Type: TypeRevealAsked}); err == nil || errors.Is(err, ErrDiscontinued) == (guard.err != nil) {
			t.Errorf("%s: %+v, %v", name, head, err)
		}
	}
}

// Attack row 16: two ledgers are kept, one for the world and one for an owner. A head that
// was said in a chat is in one of them only, and the other one is told apart by it.
func TestAttack16ASplitView(t *testing.T) {
	h := newHouse(t)
	h.story(t, recordA, recordB)
	common := h.book(t)
	h.write(t, Leaf{Type: TypeIntent, Record: recordA, Lane: "B", Incident: "INC-8"})
	said := h.log.last.Line()

	// Whoever has the key of the ledger signs another end of it, without the opening.
	other := Book{Leaves: common.Leaves, Notes: common.Notes}
	tr := &tree{}
	for _, body := range append(other.Leaves, `{"v":1,"seq":6,"type":"keyring","epoch":2}`) {
		if err := tr.add(body); err != nil {
			t.Fatal(err)
		}
	}
	root, err := tr.root(7)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := sign(h.log.Signer, 7, root)
	if err != nil {
		t.Fatal(err)
	}
	other = Book{Leaves: append(other.Leaves, `{"v":1,"seq":6,"type":"keyring","epoch":2}`), Notes: append(other.Notes, forged.Note)}
	if r, err := other.Verify(nil, h.vkey); err != nil || r.Err() != nil {
		t.Fatalf("it can be told by itself, so the rest proves nothing: %v, %v", r.Findings, err)
	}

	chat := "12:00 <dora> help\n12:01 <batsignal> " + said + "\n"
	seen, err := SeenIn(strings.NewReader(chat), "#ops of 29 March")
	if err != nil || len(seen) != 1 {
		t.Fatalf("%v, %v", seen, err)
	}
	r, err := other.Verify(seen, h.vkey)
	if err != nil || len(r.Findings) != 1 || !strings.Contains(r.Findings[0], said+" was said (line 2 of #ops of 29 March)") {
		t.Errorf("%v, %v", r.Findings, err)
	}
	if r := h.verify(t, seen...); r.Err() != nil || r.Seen != 1 {
		t.Errorf("%v", r.Findings)
	}
	// The switchboard notices it as well, in the room.
	at := Anchor{Size: 7, Network: "libera", Room: "#ops", At: noon}
	for _, at.Size = range []int64{99, 7} {
		if err := Hear(t.Context(), h.board, forged.Prefix(), at); !errors.Is(err, ErrDiscontinued) {
			t.Errorf("%d: %v", at.Size, err)
		}
	}
	if yes, err := Anchored(t.Context(), h.board, 1); yes || err != nil {
		t.Errorf("anchored by a lie, %v", err)
	}
	for range 2 { // heard twice
		if err := Hear(t.Context(), h.board, seen[0].Prefix, at); err != nil {
			t.Error(err)
		}
	}
	// One post covers all leaves before.
	for size, want := range map[int64]bool{1: true, 7: true, 8: false} {
		if yes, err := Anchored(t.Context(), h.board, size); yes != want || err != nil {
			t.Errorf("%d: %v, %v", size, yes, err)
		}
	}
}
