package custody_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
)

// sideKeys are the keys that one of the processes has.
func sideKeys(side custody.Side, worlds ...world) (keys []escrow.PrivateKey) {
	for _, w := range worlds {
		if side == custody.SideBot {
			keys = append(keys, w.bot)
		} else {
			keys = append(keys, w.switchboard)
		}
	}
	return keys
}

func rewrap(db *pgtest.DB, side custody.Side, w, n world) (custody.Rewrapped, error) {
	return custody.RewrapHalf(context.Background(), db.Pool, side, sideKeys(side, w, n), n.keyring, 0)
}

// rotate goes from w to n, up to and with the flip.
func rotate(t *testing.T, db *pgtest.DB, w, n world) {
	t.Helper()
	_, err := custody.Store(context.Background(), db.Pool, noon, n.keyring)
	must(t, err)
	for _, side := range []custody.Side{custody.SideBot, custody.SideSwitchboard} {
		_, err := rewrap(db, side, w, n)
		must(t, err)
	}
	_, err = custody.Flip(context.Background(), db.Pool, noon)
	must(t, err)
}

// wholeRotation is everything from the new keyring to the end of the old one, each half by
// its own process.
func wholeRotation(bot, switchboard pg.DB, w, n world) error {
	ctx := context.Background()
	if _, err := custody.Store(ctx, bot, noon, n.keyring); err != nil {
		return err
	}
	for _, half := range []struct {
		side custody.Side
		db   pg.DB
	}{{custody.SideBot, bot}, {custody.SideSwitchboard, switchboard}} {
		done, err := custody.RewrapHalf(ctx, half.db, half.side, sideKeys(half.side, w, n), n.keyring, 2)
		if err != nil {
			return err
		}
		if len(done.Stuck) > 0 {
			return errors.New("stuck records")
		}
	}
	if _, err := custody.Flip(ctx, bot, noon); err != nil {
		return err
	}
	for _, s := range n.shares[2:] {
		sig, err := s.Drill(noon)
		if err != nil {
			return err
		}
		if _, _, err := custody.RecordDrill(ctx, bot, noon, sig.String()); err != nil {
			return err
		}
	}
	_, err := custody.Drop(ctx, switchboard, 1, true)
	return err
}

// Killed at every statement of a rotation, before it and after it: every record opens with
// the keys that the database names, custodians can recover, and the rotation goes on. At its
// end nothing opens with what was removed.
func TestI09KilledAtEveryStatementOfARotation(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	n := w.next(t, five...)
	const records = 3
	db := pgtest.Fresh(t)
	owner, err := pgx.Connect(ctx, db.OwnerDSN)
	must(t, err)
	defer owner.Close(ctx)
	var sealed []escrow.Sealed
	for i := range records {
		sealed = append(sealed, seal(t, w.keyring, person(t, db.Pool, i), i))
	}
	reset := func() {
		t.Helper()
		_, err := owner.Exec(ctx, `truncate keyring, sealed_contact, contact, custody_drill cascade`)
		must(t, err)
		_, err = custody.Store(ctx, db.Pool, noon, w.keyring)
		must(t, err)
		for _, s := range sealed {
			enrol(t, db.Pool, s)
		}
	}
	atRest := func(when string, f fate) (b custody.Backup) {
		t.Helper()
		b = backup(t, db.Pool)
		current, err := custody.Current(ctx, db.Pool)
		must(t, err)
		now := []world{w, n}[current.Epoch-1]
		for _, r := range b.Records {
			if r.Epoch != current.Epoch {
				t.Errorf("%s, killed at %+v: a record of keyring %d, and the current one is %d", when, f, r.Epoch, current.Epoch)
			}
		}
		if opened := now.opens(b); opened != records || len(b.Records) != records {
			t.Errorf("%s, killed at %+v: %d of %d records open with keyring %d", when, f, opened, records, current.Epoch)
		}
		if got, err := custody.Recover(b, now.shares[1:4], nil); err != nil || len(got.Contacts) != records {
			t.Errorf("%s, killed at %+v: custodians open %d: %v", when, f, len(got.Contacts), err)
		}
		return b
	}

	live := db.Switchboard(t)
	for _, after := range []bool{false, true} {
		for at := 1; ; at++ {
			if testing.Short() && at%4 != 1 {
				continue
			}
			reset()
			f := fate{at: at, after: after}
			err := wholeRotation(mortalConn(t, db.BotDSN, &f), mortalConn(t, db.SwitchboardDSN, &f), w, n)
			died := f.count >= at
			if died != errors.Is(err, errKilled) && died != errors.Is(err, pg.ErrCommitUnknown) && died == (err == nil) {
				t.Fatalf("killed at %+v: %v", f, err)
			}
			atRest("killed", f)
			must(t, wholeRotation(db.Pool, live, w, n))
			b := atRest("resumed", f)
			for _, r := range b.Records {
				if len(r.Wraps) != 4 {
					t.Errorf("%+v: %d wraps are left", f, len(r.Wraps))
				}
			}
			if opened := w.opens(b); opened != 0 {
				t.Errorf("%+v: %d records open with removed keys", f, opened)
			}
			if got, err := custody.Recover(b, w.shares, nil); err == nil && len(got.Contacts) > 0 {
				t.Errorf("%+v: old shares open %d records", f, len(got.Contacts))
			}
			if !died {
				t.Logf("%d statements, after %v", f.count, after)
				break
			}
		}
	}
}

func TestWhatIsSealedMeanwhileIsTakenAlong(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := w.enrolled(t, 2)
	n := w.next(t, five...)
	_, err := custody.Store(ctx, db.Pool, noon, n.keyring)
	must(t, err)
	for _, side := range []custody.Side{custody.SideBot, custody.SideSwitchboard} {
		_, err := rewrap(db, side, w, n)
		must(t, err)
	}
	// One is being enrolled while it is flipped: the flip waits, and sees it.
	p := person(t, db.Pool, 2)
	tx, err := db.Pool.Begin(ctx)
	must(t, err)
	enrol(t, tx, seal(t, w.keyring, p, 2))
	flipped := make(chan error, 1)
	go func() {
		_, err := custody.Flip(ctx, db.Pool, noon)
		flipped <- err
	}()
	for waiting := false; !waiting; {
		must(t, db.Pool.QueryRow(ctx, `select exists (select from pg_locks where not granted)`).Scan(&waiting))
	}
	must(t, tx.Commit(ctx))
	refused(t, <-flipped, "1 sealed address lacks wraps for keyring 2")
	if got := w.opens(backup(t, db.Pool)); got != 3 {
		t.Errorf("%d of 3 open", got)
	}
	rotate(t, db, w, n)
	if got := n.opens(backup(t, db.Pool)); got != 3 {
		t.Errorf("%d of 3 open", got)
	}

	// One comes late, sealed to the old keyring on somebody's laptop.
	enrol(t, db.Pool, seal(t, w.keyring, p, 3))
	signed(t, db, n)
	_, err = custody.Drop(ctx, db.Pool, 1, true)
	refused(t, err, "1 sealed address is still opened with keyring 1")
	for _, side := range []custody.Side{custody.SideBot, custody.SideSwitchboard} {
		done, err := rewrap(db, side, w, n)
		must(t, err)
		if done.Wraps != 2 {
			t.Errorf("%+v", done)
		}
	}
	moved, err := custody.Flip(ctx, db.Pool, noon)
	must(t, err)
	if moved != 1 {
		t.Errorf("%d moved", moved)
	}
	removed, err := custody.Drop(ctx, db.Pool, 1, true)
	must(t, err)
	if removed != 16 || n.opens(backup(t, db.Pool)) != 4 {
		t.Errorf("%d removed", removed)
	}
}

// signed has three custodians drill.
func signed(t *testing.T, db *pgtest.DB, w world) {
	t.Helper()
	for _, s := range w.shares[:3] {
		sig, err := s.Drill(noon)
		must(t, err)
		_, _, err = custody.RecordDrill(context.Background(), db.Pool, noon, sig.String())
		must(t, err)
	}
}

func TestOldWrapsAreKeptUntilTheNewOnesAreProved(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := w.enrolled(t, 1)
	n := w.next(t, five...)
	_, err := custody.Drop(ctx, db.Pool, 1, true)
	refused(t, err, "Only wraps of older keyrings")
	rotate(t, db, w, n)
	_, err = custody.Drop(ctx, db.Pool, 1, true)
	refused(t, err, "0 custodians drilled keyring 2, and 3 must")
	signed(t, db, n)
	_, err = custody.Drop(ctx, db.Pool, 1, false)
	refused(t, err, "once a backup with the new ones was restored")
	checked, stuck, err := custody.CheckHalf(ctx, db.Pool, custody.SideBot, sideKeys(custody.SideBot, n), 2)
	must(t, err)
	if checked != 1 || len(stuck) != 0 {
		t.Errorf("%d checked, stuck: %v", checked, stuck)
	}
	_, err = custody.Drop(ctx, db.Pool, 1, true)
	must(t, err)
}

// A key that is not here is not wrapped for, and a row that was changed is named and stops
// the flip, not the rest.
func TestWhatCannotBeWrappedIsNamed(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := w.enrolled(t, 3)
	n := w.next(t, five...)
	_, err := custody.Store(ctx, db.Pool, noon, n.keyring)
	must(t, err)
	_, err = custody.RewrapHalf(ctx, db.Pool, custody.SideBot, sideKeys(custody.SideBot, w), n.keyring, 0)
	refused(t, err, "names a key of the bot that is not here")

	owner, err := pgx.Connect(ctx, db.OwnerDSN)
	must(t, err)
	defer owner.Close(ctx)
	var broken string
	must(t, owner.QueryRow(ctx, `update sealed_contact set policy = '{}' where record_id = (select min(record_id::text)::uuid from sealed_contact) returning record_id::text`).Scan(&broken))
	for _, side := range []custody.Side{custody.SideBot, custody.SideSwitchboard} {
		done, err := rewrap(db, side, w, n)
		must(t, err)
		if !slices.Equal(done.Stuck, []string{broken}) || done.Records != 2 || done.Wraps != 4 {
			t.Errorf("%+v", done)
		}
	}
	_, err = custody.Flip(ctx, db.Pool, noon)
	refused(t, err, "1 sealed address lacks wraps")
	_, err = db.Pool.Exec(ctx, `delete from sealed_contact where record_id = $1`, broken)
	must(t, err)
	_, err = custody.Flip(ctx, db.Pool, noon)
	must(t, err)
}

func BenchmarkRewrapTenThousand(b *testing.B) {
	ctx := context.Background()
	w := newWorld(b)
	db := w.enrolled(b, 0)
	const records = 10_000
	p := person(b, db.Pool, 0)
	for i := range records {
		enrol(b, db.Pool, seal(b, w.keyring, p, i))
	}
	epoch := w
	for b.Loop() {
		n := world{bot: key(b), switchboard: key(b)}
		o, err := custody.Next(epoch.keyring, params(n.bot, n.switchboard, 3, five...))
		must(b, err)
		n.keyring, n.shares = o.Keyring, sharesOf(b, o)
		for _, s := range epoch.shares[:3] {
			sig, err := s.SignKeyring(n.keyring)
			must(b, err)
			n.keyring, err = n.keyring.SignedBy(sig, epoch.keyring)
			must(b, err)
		}
		_, err = custody.Store(ctx, db.Pool, noon, n.keyring)
		must(b, err)
		began := time.Now()
		for _, side := range []custody.Side{custody.SideBot, custody.SideSwitchboard} {
			done, err := custody.RewrapHalf(ctx, db.Pool, side, sideKeys(side, epoch, n), n.keyring, 0)
			must(b, err)
			if done.Records != records {
				b.Fatalf("%+v", done)
			}
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/both-halves")
		flip := time.Now()
		_, err = custody.Flip(ctx, db.Pool, noon)
		must(b, err)
		b.ReportMetric(time.Since(flip).Seconds(), "s/flip")
		epoch = n
	}
}
