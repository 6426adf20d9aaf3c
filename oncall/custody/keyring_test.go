package custody_test

import (
	"context"
	"strings"
	"testing"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/custody"
)

func TestAKeyringIsReadAsItWasWritten(t *testing.T) {
	w := newWorld(t)
	text := w.keyring.Text()
	k, err := custody.ParseKeyring(text)
	must(t, err)
	if k.Text() != text || k.Fingerprint() != w.keyring.Fingerprint() || k.Keys() != w.keyring.Keys() || len(k.Signatures) != 5 {
		t.Fatal("the keyring changed on the way")
	}
	must(t, k.Verify(custody.Keyring{}))
	for name, changed := range map[string]string{
		"another name":    strings.Replace(text, "Ada", "Ida", 1),
		"fewer needed":    strings.Replace(text, `"k": 3`, `"k": 2`, 1),
		"a space more":    strings.Replace(text, `"k": 3`, `"k":  3`, 1),
		"an unknown word": strings.Replace(text, `"k": 3,`, `"k": 3, "x": 1,`, 1),
		"a word twice":    strings.Replace(text, `"k": 3,`, `"k": 3, "k": 3,`, 1),
		"something below": text + "\n",
		"cut":             text[:len(text)-2],
	} {
		k, err := custody.ParseKeyring(changed)
		if err == nil {
			err = k.Verify(custody.Keyring{})
		}
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A key in a keyring that the custodians did not sign is never sealed to, whether it comes by
// the front door or somebody wrote it into the table.
func TestI15OnlySignedKeyringsAreUsed(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := pgtest.Fresh(t)
	thief := newWorld(t)

	unsigned := w.keyring
	unsigned.Signatures = nil
	_, err := custody.Store(ctx, db.Pool, noon, unsigned)
	refused(t, err, "nobody signed it")
	partly := w.keyring
	partly.Signatures = partly.Signatures[:4]
	_, err = custody.Store(ctx, db.Pool, noon, partly)
	refused(t, err, "all of its 5 custodians")
	_, err = custody.Store(ctx, db.Pool, noon, w.keyring)
	must(t, err)

	// The one after it: signed by nobody, by two, by its own custodians, by strangers.
	n := w.next(t, five...)
	for keep, says := range map[int]string{0: "nobody signed it", 2: "2 of the custodians of keyring 1 signed it, and 3 must"} {
		few := n.keyring
		few.Signatures = few.Signatures[:keep]
		_, err := custody.Store(ctx, db.Pool, noon, few)
		refused(t, err, says)
	}
	for _, by := range [][]custody.Share{n.shares, thief.shares} {
		sig, err := by[0].SignKeyring(n.keyring)
		must(t, err)
		forged := n.keyring
		forged.Signatures = append([]custody.Signature{sig}, forged.Signatures[1:]...)
		_, err = custody.Store(ctx, db.Pool, noon, forged)
		refused(t, err, "a signature below it is wrong")
	}
	// A signature for something else is none for a keyring.
	drill, err := w.shares[0].Sign(custody.PurposeApprove, n.keyring.Text())
	must(t, err)
	_, err = n.keyring.SignedBy(drill, w.keyring)
	refused(t, err, `is needed`)

	// One epoch skipped.
	skipped := n.next(t, five...)
	_, err = custody.Store(ctx, db.Pool, noon, skipped.keyring)
	refused(t, err, "After keyring 1 comes keyring 2")

	state, err := custody.Store(ctx, db.Pool, noon, n.keyring)
	must(t, err)
	if state != custody.StatePending {
		t.Errorf("it is %s at once", state)
	}
	if k, err := custody.Current(ctx, db.Pool); err != nil || k.Epoch != 1 {
		t.Errorf("current is %d: %v", k.Epoch, err)
	}

	// Written into the table by somebody who is no custodian.
	const write = `update keyring set manifest = $1 where epoch = $2`
	forged := thief.next(t, five...)
	if _, err := db.Pool.Exec(ctx, write, forged.keyring.Text(), 2); err != nil {
		t.Fatal(err)
	}
	_, _, err = custody.Pending(ctx, db.Pool)
	refused(t, err, "made to follow another keyring 1")
	_, err = custody.Current(ctx, db.Pool)
	refused(t, err, "made to follow another keyring 1")

	// All of them replaced: what was pinned off the database knows.
	pin := custody.PinOf(w.keyring)
	if _, err := db.Pool.Exec(ctx, write, thief.keyring.Text(), 1); err != nil {
		t.Fatal(err)
	}
	_, _, err = custody.Trusted(ctx, db.Pool, pin)
	refused(t, err, "not the one that is trusted here")
	_, _, err = custody.Trusted(ctx, db.Pool, custody.Pin{})
	refused(t, err, "No keyring is trusted here yet")
}

// The table lets the first keyring wait, which no ceremony makes it do.
func TestAFirstKeyringThatWaitsIsNotReplaced(t *testing.T) {
	ctx := context.Background()
	db := pgtest.Fresh(t)
	w := newWorld(t)
	if _, err := db.Pool.Exec(ctx, `insert into keyring (epoch, manifest, state, made_at) values (1, $1, 'pending', $2)`, w.keyring.Text(), noon); err != nil {
		t.Fatal(err)
	}
	_, err := custody.Store(ctx, db.Pool, noon, newWorld(t).keyring)
	refused(t, err, "somebody changed the table")
	_, err = custody.Store(ctx, db.Pool, noon, w.next(t, five...).keyring)
	refused(t, err, "still waits")
}

func TestAPinFollowsTheCustodians(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := w.enrolled(t, 1)
	pin, err := custody.ParsePin(custody.PinOf(w.keyring).String())
	must(t, err)
	n := w.next(t, five...)
	rotate(t, db, w, n)
	k, pin, err := custody.Trusted(ctx, db.Pool, pin)
	must(t, err)
	if k.Epoch != 2 || pin != custody.PinOf(n.keyring) {
		t.Errorf("keyring %d, pin %v", k.Epoch, pin)
	}
	// An old backup was restored.
	old := w.enrolled(t, 0)
	_, _, err = custody.Trusted(ctx, old.Pool, pin)
	refused(t, err, "the database does not have it")
}

func TestAKeyringThatWaitsCanBeReplaced(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := w.enrolled(t, 2)
	a, b := w.next(t, five...), w.next(t, five...)
	_, err := custody.Store(ctx, db.Pool, noon, a.keyring)
	must(t, err)
	done, err := rewrap(db, custody.SideBot, w, a)
	must(t, err)
	if done.Wraps != 4 {
		t.Fatalf("%+v", done)
	}
	_, err = custody.Store(ctx, db.Pool, noon, b.keyring)
	must(t, err)
	_, err = rewrap(db, custody.SideBot, w, a)
	refused(t, err, "was replaced meanwhile")
	rotate(t, db, w, b)
	if n := b.opens(backup(t, db.Pool)); n != 2 {
		t.Errorf("%d of 2 open", n)
	}
}

func FuzzKeyring(f *testing.F) {
	f.Add(newWorld(f).keyring.Text())
	f.Add("{}\n\nbsig1.keyring.1.1.x\n")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := custody.ParseKeyring(text)
		if err == nil && k.Text() != text {
			t.Fatal("it is written otherwise than it was read")
		}
		_ = k.Verify(custody.Keyring{})
	})
}

func FuzzSignature(f *testing.F) {
	sig, _ := newWorld(f).shares[1].Drill(noon)
	f.Add(sig.String())
	f.Fuzz(func(t *testing.T, text string) {
		s, err := custody.ParseSignature(text)
		if err == nil && s.String() != strings.TrimSpace(text) {
			t.Fatalf("%q became %q", text, s)
		}
	})
}
