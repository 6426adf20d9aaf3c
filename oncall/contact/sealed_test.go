package contact_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/escrowtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// halves opens the bot's half with its keys of these keyrings.
func halves(rings ...escrowtest.Ring) *contact.Halves {
	h := &contact.Halves{}
	for _, r := range rings {
		h.Keys = append(h.Keys, r.Bot)
	}
	return h
}

const number = "+442071838750"

func TestASealedContactIsStoredAndNotOpened(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	r := escrowtest.New(t, 1).InForce(t, db, noon)
	maria := person(t, db, "maria")
	s := r.Seal(t, maria, "voice", number)
	c, err := contact.AddSealed(ctx, db, noon, maria, s, contact.Vouched(), contact.OpenedBy(halves(r)))
	must(t, err)
	if !c.Sealed || c.Kind != "voice" || c.PersonID != maria || c.Usable() || c.ProvenAt != nil {
		t.Errorf("%+v", c)
	}
	list, err := contact.Of(ctx, db, maria)
	must(t, err)
	if len(list) != 1 || list[0].ID != c.ID || !list[0].Sealed {
		t.Errorf("%+v", list)
	}
	if got, err := contact.Open(ctx, db, c.ID); !errors.Is(err, contact.ErrSealed) || !got.Empty() {
		t.Errorf("%v", err)
	}
	var wraps, addresses int
	var says string
	must(t, db.QueryRow(ctx, `select (select count(*) from sealed_wrap where record_id = $1 and epoch = 1), (select count(*) from contact_address),
		(select says from audit_entry where kind = 'contact')`, s.Record.ID).Scan(&wraps, &addresses, &says))
	if wraps != 4 || addresses != 0 || says != "added a sealed contact: voice" {
		t.Errorf("%d wraps, %d addresses, %q", wraps, addresses, says)
	}
	agreed, err := contact.AgreedOf(ctx, db, maria)
	must(t, err)
	if a := agreed[c.ID]; a.Record != s.Record.ID || !strings.HasPrefix(a.Says(), "rung only in an emergency") || a.Counted() != "never opened" {
		t.Errorf("%+v", a)
	}
}

// Neither plainly nor otherwise written is a sealed number in any table.
func TestI01NoSealedNumberIsInTheDatabase(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	r := escrowtest.New(t, 1).InForce(t, db, noon)
	maria := person(t, db, "maria")
	c, err := contact.AddSealed(ctx, db, noon, maria, r.Seal(t, maria, "sms", number))
	must(t, err)
	_, err = contact.Release(ctx, db, noon, halves(r), c.ID, "page-1", unseal.LaneDial)
	must(t, err)
	digits := strings.TrimPrefix(number, "+")
	backwards := []byte(digits)
	slices.Reverse(backwards)
	forms := []string{digits, string(backwards), hex.EncodeToString([]byte(digits)), strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(number)), "=")[:12]}
	rows, err := db.Query(ctx, `select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`)
	must(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	for _, table := range tables {
		for _, form := range forms {
			var n int
			err := db.QueryRow(ctx, `select count(*) from `+pgx.Identifier{table}.Sanitize()+` x where replace(x::text, ' ', '') ilike '%' || $1 || '%'`, form).Scan(&n)
			if err != nil && !strings.Contains(err.Error(), "permission denied") || n != 0 {
				t.Errorf("%s holds %s in %d rows: %v", table, form, n, err)
			}
		}
	}
}

func TestWhatIsNotSealedForUsIsRefused(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	maria, jan := person(t, db, "maria"), person(t, db, "jan")
	r := escrowtest.New(t, 2)
	good := r.Seal(t, maria, "voice", number)
	refused := func(what string, kind fault.Kind, person int64, s escrow.Sealed) {
		t.Helper()
		_, err := contact.AddSealed(ctx, db, noon, person, s, contact.OpenedBy(halves(r)))
		if fault.KindOf(err) != kind || kind == fault.Internal {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("there is no keyring", fault.Unready, maria, good)
	_, err := db.Exec(ctx, `insert into keyring (epoch, manifest, state, made_at, current_at) values (1, 'of a test', 'past', $1, $1)`, noon)
	must(t, err)
	r.InForce(t, db, noon)

	refused("somebody else's", fault.Forbidden, jan, good)
	refused("of the keyring before", fault.Conflict, maria, escrowtest.New(t, 1).Seal(t, maria, "voice", number))
	refused("with other keys", fault.Conflict, maria, escrowtest.New(t, 2).Seal(t, maria, "voice", number))
	refused("nothing", fault.Invalid, maria, escrow.Sealed{})
	fewer := good
	fewer.Wraps = good.Wraps[:3]
	refused("without a wrap", fault.Invalid, maria, fewer)
	policy := good
	policy.Record.Policy = strings.Replace(policy.Record.Policy, "6", "99", 1)
	refused("with another policy", fault.Conflict, maria, policy)
	later := good
	later.Wraps = slices.Clone(good.Wraps)
	for i := range later.Wraps {
		later.Wraps[i].Epoch = 3
	}
	refused("of another keyring's wraps", fault.Invalid, maria, later)

	var n int
	must(t, db.QueryRow(ctx, `select count(*) from contact`).Scan(&n))
	if n != 0 {
		t.Fatalf("%d contacts were stored", n)
	}
	c, err := contact.AddSealed(ctx, db, noon, maria, good)
	must(t, err)
	refused("the same again", fault.Conflict, maria, good)
	must(t, contact.RemoveOne(ctx, db, noon, maria, c.ID))
	refused("what was deleted", fault.Conflict, maria, good)
}

// What is deleted is gone whole, and stands among what the switchboard keeps a journal of.
func TestADeletedSealedContactLeavesNothing(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	r := escrowtest.New(t, 1).InForce(t, db, noon)
	maria := person(t, db, "maria")
	s := r.Seal(t, maria, "voice", number)
	_, err := contact.AddSealed(ctx, db, noon, maria, s)
	must(t, err)
	if n, err := contact.Remove(ctx, db, noon, maria, "voice"); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	var left, gone int
	must(t, db.QueryRow(ctx, `select (select count(*) from sealed_contact) + (select count(*) from sealed_wrap),
		(select count(*) from sealed_gone where record_id = $1)`, s.Record.ID).Scan(&left, &gone))
	if left != 0 || gone != 1 {
		t.Errorf("%d rows are left, %d are noted", left, gone)
	}
}

// Sealed and open ones of a kind are three together, and ten are given a day.
func TestSealedContactsAreLimited(t *testing.T) {
	tx := pgtest.Tx(t)
	r := escrowtest.New(t, 1).InForce(t, tx, noon)
	maria := person(t, tx, "maria")
	_, err := contact.Add(ctx, tx, noon, maria, "sms", secret.New(number))
	must(t, err)
	for i := range 2 {
		_, err := contact.AddSealed(ctx, tx, noon, maria, r.Seal(t, maria, "sms", number))
		if err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := contact.AddSealed(ctx, tx, noon, maria, r.Seal(t, maria, "sms", number)); fault.KindOf(err) != fault.Limited {
		t.Errorf("%v", err)
	}
	for range 7 {
		c, err := contact.AddSealed(ctx, tx, noon, maria, r.Seal(t, maria, "voice", number))
		must(t, err)
		must(t, contact.RemoveOne(ctx, tx, noon, maria, c.ID))
	}
	if _, err := contact.AddSealed(ctx, tx, noon, maria, r.Seal(t, maria, "voice", number)); fault.KindOf(err) != fault.Limited {
		t.Errorf("%v", err)
	}
	if _, err := contact.AddSealed(ctx, tx, noon.Add(25*time.Hour), maria, r.Seal(t, maria, "voice", number)); err != nil {
		t.Errorf("%v", err)
	}
}

func TestCodesToASealedContactAreLimited(t *testing.T) {
	tx := pgtest.Tx(t)
	r := escrowtest.New(t, 1).InForce(t, tx, noon)
	maria := person(t, tx, "maria")
	c, err := contact.AddSealed(ctx, tx, noon, maria, r.Seal(t, maria, "sms", number))
	must(t, err)
	for range 3 {
		_, err := contact.Begin(ctx, tx, noon, c.ID, contact.PurposeProof, maria)
		must(t, err)
	}
	if _, err := contact.Begin(ctx, tx, noon, c.ID, contact.PurposeProof, maria); fault.KindOf(err) != fault.Limited {
		t.Errorf("%v", err)
	}
}

// STOP that came from a sealed number: the switchboard says which contact it is.
func TestAWordSuspendsASealedContact(t *testing.T) {
	tx := pgtest.Tx(t)
	r := escrowtest.New(t, 1).InForce(t, tx, noon)
	maria := person(t, tx, "maria")
	c, err := contact.AddSealed(ctx, tx, noon, maria, r.Seal(t, maria, "sms", number))
	must(t, err)
	for _, step := range []struct {
		do   func(context.Context, pgx.Tx, time.Time, string, int64) (int64, error)
		kind string
		id   int64
		want int64
	}{
		{contact.SuspendByWord, "voice", c.ID, 0}, // it is no phone that rings
		{contact.SuspendByWord, "sms", c.ID + 1, 0},
		{contact.SuspendByWord, "sms", c.ID, 1},
		{contact.SuspendByWord, "sms", c.ID, 0},
		{contact.ResumeByWord, "sms", c.ID, 1},
	} {
		if n, err := step.do(ctx, tx, noon, step.kind, step.id); err != nil || n != step.want {
			t.Errorf("%s %d: %d, %v", step.kind, step.id, n, err)
		}
	}
}
