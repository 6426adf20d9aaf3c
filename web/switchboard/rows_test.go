package switchboard_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow/escrowtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
	"batsignal/web/switchboard"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestRows reads with the switchboard's own login what the bot and the ledger wrote, and
// checks a real statement on the page.
func TestRows(t *testing.T) {
	db := pgtest.Fresh(t)
	board := db.Switchboard(t)
	w := newWorld(t)
	now := w.now
	var person int64
	if err := db.Pool.QueryRow(ctx, `insert into person (handle, zone, created_at) values ('ada', 'Europe/Berlin', $1) returning id`, now).Scan(&person); err != nil {
		t.Fatal(err)
	}
	sealed := escrowtest.Ring{Keys: w.keys()}.InForce(t, db.Pool, now).Seal(t, person, "voice", canary)
	c, err := contact.AddSealed(ctx, db.Pool, now, person, sealed)
	if err != nil {
		t.Fatal(err)
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, "ledger.example.org")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	w.vkey = vkey
	log := &ledger.Log{Signer: signer, Guard: ledger.FileGuard{Path: filepath.Join(t.TempDir(), "head")}}
	head, err := log.Write(ctx, board, now, ledger.Leaf{Type: ledger.TypeRevealAsked, Record: sealed.Record.ID}, ledger.Leaf{Type: ledger.TypeRevealAsked, By: []string{"dana"}, Incident: "INC-7", Lane: unseal.LaneReveal})
	if err != nil {
		t.Fatal(err)
	}
	rows := switchboard.Rows{DB: board, Now: w.Now}

	list, err := rows.Contacts(ctx, person)
	if err != nil || len(list) != 1 || list[0].ID != c.ID || list[0].Record != sealed.Record.ID || list[0].Standing != "not proven" || list[0].Policy != sealed.Record.Policy {
		t.Errorf("contacts: %+v, %v", list, err)
	}
	if openings, err := rows.Openings(ctx, person, 10); err != nil || len(openings) != 0 {
		t.Errorf("openings: %v, %v", openings, err)
	}
	if view, err := rows.Overview(ctx, 5); err != nil || view.Head.Line() != head.Line() || view.Openings != 0 {
		t.Errorf("overview: %+v, %v", view, err)
	}

	// Links: of one purpose, once, for a quarter of an hour.
	token, _, err := contact.NewLink(ctx, db.Pool, now, person, contact.LinkMine)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if p, err := rows.Look(ctx, token, contact.LinkMine); err != nil || p != (switchboard.Person{ID: person, Handle: "ada", Zone: "Europe/Berlin"}) {
			t.Errorf("looking: %+v, %v", p, err)
		}
	}
	if _, err := rows.Use(ctx, token, contact.LinkEnrol); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("for another purpose: %v", err)
	}
	if p, err := rows.Use(ctx, token, contact.LinkMine); err != nil || p.ID != person {
		t.Errorf("using: %+v, %v", p, err)
	}
	for _, use := range []func(context.Context, secret.Text, contact.LinkPurpose) (switchboard.Person, error){rows.Use, rows.Look} {
		if _, err := use(ctx, token, contact.LinkMine); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a second time: %v", err)
		}
		if _, err := use(ctx, secret.New("no"), contact.LinkMine); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a wrong one: %v", err)
		}
	}
	enrol, _, err := contact.NewLink(ctx, db.Pool, now, person, contact.LinkEnrol)
	if err != nil {
		t.Fatal(err)
	}
	w.wait(15 * time.Minute)
	if _, err := rows.Look(ctx, enrol, contact.LinkEnrol); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("too late: %v", err)
	}

	// The page of the ledger, over the real one.
	if w.statement, err = log.MakeStatement(ctx, board, w.now, person); err != nil {
		t.Fatal(err)
	}
	other := newWorld(t, func(o *switchboard.Options) { o.Ledger = rows })
	other.now, other.vkey = w.now, vkey
	b := other.browser()
	b.get("/ledger/check").says(t, 200, head.Line(), vkey)
	pasted := strings.ReplaceAll(w.statement, "\n", "\r\n") // as browsers send it
	b.post("/ledger/check", "text", pasted).says(t, 200, "That is right", "for ada: 0 openings of 1 sealed address", "No entry about these addresses was left out")
	b.post("/ledger/check", "text", strings.Replace(pasted, "openings: 0", "openings: 1", 1)).says(t, http.StatusBadRequest)
	b.post("/ledger/check", "text", head.Note).says(t, 200, "The head is signed by the key of the ledger", "is sound: 2 entries", "1 head from elsewhere found in it")
	b.post("/ledger/check", "text", strings.Replace(head.Note, "\n2\n", "\n3\n", 1)).says(t, http.StatusBadRequest)
	b.post("/ledger/check", "text", "12:04 <batsignal> "+head.Line()).says(t, 200, "That is right")
	b.post("/ledger/check", "text", "Ledger 2 0000000000000000").says(t, 200, "That does not fit", "never had that head")
	b.post("/ledger/check", "text", "Ledger 900 1a2b3c4d5e6f7081").says(t, 200, "That does not fit", "this ledger has 2 entries")
	b.post("/ledger/check", "text", " ").says(t, http.StatusBadRequest, "Paste a statement")
	b.post("/ledger/check", "text", "hello").says(t, http.StatusBadRequest, "neither a statement nor")

	// Whoever owns the database changes an entry: what anybody pastes shows it, the whole ledger is read.
	owner, err := pgx.Connect(ctx, db.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Close(ctx) })
	for _, text := range []string{`set session_replication_role = replica`, `update ledger_leaf set body = replace(body, 'dana', 'jane') where seq = 1`} {
		if _, err := owner.Exec(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{pasted, head.Note, head.Line()} {
		b.post("/ledger/check", "text", text).says(t, 200, "That does not fit", "not what the first 2 entries make")
	}
	other.wait(time.Minute)
	for n := range 31 {
		b.from = fmt.Sprintf("192.0.2.%d:1", n/10)
		if a := b.post("/ledger/check", "text", head.Line()); (a.Code == http.StatusTooManyRequests) != (n == 30) {
			t.Errorf("reading %d of the whole ledger: %d", n, a.Code)
		}
	}
}
