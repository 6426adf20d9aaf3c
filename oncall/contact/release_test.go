package contact_test

import (
	"fmt"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/escrowtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

func releases(t testing.TB, db pg.DB) (n int) {
	t.Helper()
	must(t, db.QueryRow(ctx, `select count(*) from sealed_release`).Scan(&n))
	return n
}

// What is released is one half: with the switchboard's it opens, and that it was given out
// stands there once for each message.
func TestOurHalfIsReleasedAndWrittenDown(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	r := escrowtest.New(t, 1).InForce(t, db, noon)
	maria := person(t, db, "maria")
	s := r.Seal(t, maria, "voice", number)
	c, err := contact.AddSealed(ctx, db, noon, maria, s)
	must(t, err)

	opens := func(got paging.Sealed, epoch int) {
		t.Helper()
		if got.Record != s.Record.ID || got.Epoch != epoch {
			t.Errorf("%+v", got)
		}
		w, _ := s.Wrap(escrow.SlotSwitchboard)
		theirs, err := escrow.Unwrap(r.Switchboard, s.Record, w)
		must(t, err)
		if value, err := escrow.Open(s.Record, got.Half, theirs); err != nil || value.Reveal() != number {
			t.Errorf("%v", err)
		}
		if _, err := escrow.Open(s.Record, got.Half, got.Half); err == nil {
			t.Error("our half alone opens it")
		}
	}
	for range 2 { // a message that is tried again
		got, err := contact.Release(ctx, db, noon, halves(r), c.ID, "page-7", unseal.LaneDial)
		must(t, err)
		opens(got, 1)
	}
	if n := releases(t, db); n != 1 {
		t.Errorf("%d releases", n)
	}
	got, err := contact.ReleaseRecord(ctx, db, noon, halves(r), s.Record.ID, "proof-3", unseal.LaneOwner)
	must(t, err)
	opens(got, 1)
	if n := releases(t, db); n != 2 {
		t.Errorf("%d releases", n)
	}

	// A new keyring: the wrap of now counts, whichever of our keys opens it.
	next := escrowtest.New(t, 2)
	half, err := escrow.Unwrap(r.Bot, s.Record, s.Wraps[0])
	must(t, err)
	w, err := escrow.Rewrap(half, s.Record, 2, escrow.SlotBot, next.Keys.Bot)
	must(t, err)
	next.InForce(t, db, noon)
	_, err = db.Exec(ctx, `insert into sealed_wrap (record_id, epoch, slot, wrapped) values ($1, 2, 'bot', $2)`, s.Record.ID, w.Wrapped)
	must(t, err)
	both := halves(next, r)
	got, err = contact.Release(ctx, db, noon, both, c.ID, "page-8", unseal.LaneDial)
	must(t, err)
	opens(got, 1) // not flipped yet
	_, err = db.Exec(ctx, `update sealed_contact set epoch = 2`)
	must(t, err)
	got, err = contact.Release(ctx, db, noon, both, c.ID, "page-9", unseal.LaneDial)
	must(t, err)
	opens(got, 2)
	if _, err = contact.Release(ctx, db, noon, halves(r), c.ID, "page-10", unseal.LaneDial); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a key that passed opens: %v", err)
	}
	if n := releases(t, db); n != 4 {
		t.Errorf("%d releases: what does not open is not written down as given out", n)
	}
}

func TestWhatIsNotReleased(t *testing.T) {
	tx := pgtest.Tx(t)
	r := escrowtest.New(t, 1).InForce(t, tx, noon)
	maria := person(t, tx, "maria")
	sealed, err := contact.AddSealed(ctx, tx, noon, maria, r.Seal(t, maria, "voice", number))
	must(t, err)
	open, err := contact.Add(ctx, tx, noon, maria, "mail", secret.New("maria@example.org"))
	must(t, err)
	for _, c := range []struct {
		what string
		id   int64
		h    *contact.Halves
		kind fault.Kind
	}{
		{"an open one", open.ID, halves(r), fault.Conflict},
		{"nobody's", sealed.ID + 100, halves(r), fault.NotFound},
		{"without a switchboard", sealed.ID, nil, fault.Unready},
		{"without a key", sealed.ID, &contact.Halves{}, fault.Unready},
		{"with another key", sealed.ID, halves(escrowtest.New(t, 1)), fault.Conflict},
	} {
		if got, err := contact.Release(ctx, tx, noon, c.h, c.id, "page-1", unseal.LaneDial); fault.KindOf(err) != c.kind || got.Half.Len() != 0 {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	for _, record := range []string{"", "x'; drop table contact; --", "00000000-0000-4000-8000-000000000000"} {
		if _, err := contact.ReleaseRecord(ctx, tx, noon, halves(r), record, "x", unseal.LaneReveal); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q: %v", record, err)
		}
	}
	if n := releases(t, tx); n != 0 {
		t.Errorf("%d releases", n)
	}
}

func TestLinksToTheSwitchboardAreUsedOnce(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	r := escrowtest.New(t, 1).InForce(t, db, noon)
	maria, jan := person(t, db, "maria"), person(t, db, "jan")
	token, expires, err := contact.NewLink(ctx, db, noon, maria, contact.LinkEnrol)
	must(t, err)
	if !expires.Equal(noon.Add(15 * time.Minute)) {
		t.Error(expires)
	}
	var rows int
	must(t, db.QueryRow(ctx, `select count(*) from sealed_link l where l::text like '%' || $1 || '%'`, token.Reveal()).Scan(&rows))
	if rows != 0 {
		t.Error("the token itself is stored")
	}

	enrol := func(now time.Time, token secret.Text, s escrow.Sealed) error {
		t.Helper()
		tx, err := db.Begin(ctx)
		must(t, err)
		defer func() { _ = tx.Rollback(ctx) }()
		if _, err := contact.Enrol(ctx, tx, now, token, s.Text(), contact.OpenedBy(halves(r))); err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
	if err := enrol(noon, token, r.Seal(t, jan, "voice", number)); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("somebody else's record: %v", err)
	}
	if err := enrol(noon.Add(15*time.Minute), token, r.Seal(t, maria, "voice", number)); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a link that is too old: %v", err)
	}
	if err := enrol(noon, secret.New("guessed"), r.Seal(t, maria, "voice", number)); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("no link: %v", err)
	}
	must(t, enrol(noon.Add(time.Minute), token, r.Seal(t, maria, "voice", number))) // what was refused left it as it was
	if err := enrol(noon.Add(time.Minute), token, r.Seal(t, maria, "voice", number)); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a link twice: %v", err)
	}
	list, err := contact.Of(ctx, db, maria, jan)
	must(t, err)
	if len(list) != 1 || list[0].PersonID != maria || !list[0].Sealed {
		t.Errorf("%+v", list)
	}

	link, err := contact.LinkTo(db, func() time.Time { return noon }, "https://switchboard.example/")(ctx, maria, contact.LinkMine)
	must(t, err)
	if got := link.Reveal(); len(got) < len("https://switchboard.example/mine/")+20 || got[:33] != "https://switchboard.example/mine/" {
		t.Error(got)
	}
	for range 4 {
		_, _, err = contact.NewLink(ctx, db, noon, maria, contact.LinkMine)
	}
	must(t, err)
	if _, _, err = contact.NewLink(ctx, db, noon, maria, contact.LinkMine); fault.KindOf(err) != fault.Limited {
		t.Errorf("%v", err)
	}
	if _, _, err = contact.NewLink(ctx, db, noon, jan, contact.LinkMine); err != nil {
		t.Errorf("%v", err)
	}
}

// What the switchboard wrote of openings is told to the owner; their own do not count.
func TestOpeningsAreCounted(t *testing.T) {
	fresh := pgtest.Fresh(t)
	db, board := fresh.Pool, fresh.Switchboard(t)
	r := escrowtest.New(t, 1).InForce(t, db, noon)
	maria := person(t, db, "maria")
	s := r.Seal(t, maria, "voice", number)
	c, err := contact.AddSealed(ctx, db, noon, maria, s)
	must(t, err)
	for i, lane := range []string{"F", "B", "B"} {
		_, err := board.Exec(ctx, `insert into ledger_leaf (seq, body, hash, at) values ($1, '{}', sha256('x'), $2)`, i, noon)
		must(t, err)
		_, err = board.Exec(ctx, `insert into sealed_opening (intent, key, record_id, owner_id, kind, lane, opened_at) values ($1, $2, $3, $4, 'voice', $5, $6)`,
			i, fmt.Sprint("page-", i), s.Record.ID, maria, lane, noon.Add(time.Duration(i)*time.Hour))
		must(t, err)
	}
	agreed, err := contact.AgreedOf(ctx, db, maria)
	must(t, err)
	if a := agreed[c.ID]; a.Openings != 2 || a.Counted() != "opened twice, the last time on 2026-03-01 14:00 UTC" {
		t.Errorf("%+v: %s", a, a.Counted())
	}
}
