package custody_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"batsignal/migrations/pglocal"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/shamir"
	"batsignal/oncall/secret"
)

// subsets are all sets of so many shares.
func subsets(shares []custody.Share, size int) (all [][]custody.Share) {
	for set := range 1 << len(shares) {
		var some []custody.Share
		for i, s := range shares {
			if set>>i&1 == 1 {
				some = append(some, s)
			}
		}
		if len(some) == size {
			all = append(all, some)
		}
	}
	return all
}

// One or two custodians with a dump get nothing, whether they go by the rules or not.
func TestAttack08TwoCustodiansAndADump(t *testing.T) {
	w := newWorld(t)
	b := backup(t, w.enrolled(t, 2).Pool)
	for size := 1; size <= 2; size++ {
		for _, some := range subsets(w.shares, size) {
			_, err := custody.Recover(b, some, nil)
			refused(t, err, "3 are needed")
			refused(t, custody.Lacking(b, some, nil), "3 are needed")

			// Without our checks: whatever they put together, and each share as a key.
			var values []secret.Bytes
			guesses := []secret.Bytes{}
			for _, s := range some {
				values = append(values, s.Value)
				guesses = append(guesses, secret.NewBytes(slices.Clone(s.Value.RevealBytes()[:32])))
			}
			if size == 2 {
				joined, err := shamir.Combine(values)
				must(t, err)
				guesses = append(guesses, joined)
			}
			for _, g := range guesses {
				k, err := escrow.KeyFromSeed(g)
				must(t, err)
				for _, r := range b.Records {
					for _, wrap := range r.Wraps {
						if _, err := escrow.Unwrap(k, r.Record, wrap); err == nil {
							t.Fatal("it opened")
						}
					}
				}
			}
		}
	}
}

// Three custodians with a dump get everything: that is what they are for, and the limit that
// is stated.
func TestAttack09ThreeCustodiansAndADump(t *testing.T) {
	w := newWorld(t)
	b := backup(t, w.enrolled(t, 3).Pool)
	for size := 3; size <= 5; size++ {
		for _, some := range subsets(w.shares, size) {
			got, err := custody.Recover(b, some, nil)
			must(t, err)
			if len(got.Contacts) != 3 || len(got.Notes) != 0 {
				t.Fatalf("%+v", got)
			}
			for i, c := range got.Contacts {
				if c.Handle != "p"+string(rune('0'+i)) || c.Kind != "voice" || c.Address.Reveal() != number(i) {
					t.Errorf("%d: %s %s", i, c.Handle, c.Kind)
				}
			}
		}
	}
	// Only whom it takes; a wrong share on the way is named.
	got, err := custody.Recover(b, append([]custody.Share{flipped(w.shares[0], 3)}, w.shares[1:]...), []string{"@p1"})
	must(t, err)
	if len(got.Contacts) != 1 || got.Contacts[0].Handle != "p1" || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "Ada") {
		t.Errorf("%+v", got)
	}
	_, err = custody.Recover(b, w.shares, []string{"nobody"})
	refused(t, err, "knows nobody called \"nobody\"")
	_, err = custody.Recover(b, nil, nil)
	refused(t, err, "No share was given")
}

// Custodians who left, with a backup of their time: what was in it, and nothing that was
// sealed later, in whatever dump.
func TestAttack10ExCustodiansAndAnOldBackup(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := w.enrolled(t, 2)
	old := backup(t, db.Pool)

	n := w.next(t, "Fay", "Gus", "Hal", "Ivy", "Jo")
	rotate(t, db, w, n)
	enrol(t, db.Pool, seal(t, n.keyring, person(t, db.Pool, 7), 7))
	signed(t, db, n)
	got, err := custody.Recover(backup(t, db.Pool), w.shares, nil)
	must(t, err) // until the old wraps are dropped, they still count for what was there
	if len(got.Contacts) != 2 || slices.ContainsFunc(got.Contacts, func(c custody.Opened) bool { return c.Handle == "p7" }) {
		t.Errorf("%+v", got)
	}
	_, err = custody.Drop(ctx, db.Pool, 1, true)
	must(t, err)

	got, err = custody.Recover(old, w.shares, nil)
	must(t, err)
	if len(got.Contacts) != 2 {
		t.Errorf("%+v", got)
	}
	got, err = custody.Recover(backup(t, db.Pool), w.shares, nil)
	must(t, err)
	if len(got.Contacts) != 0 || len(got.Notes) != 3 {
		t.Errorf("old shares open %d of today: %v", len(got.Contacts), got.Notes)
	}
	got, err = custody.Recover(backup(t, db.Pool), n.shares[:3], nil)
	must(t, err)
	if len(got.Contacts) != 3 {
		t.Errorf("%+v", got)
	}
}

// A dump as pg_dump writes it does as well as our own export.
func TestADumpInPlainSQLIsRead(t *testing.T) {
	w := newWorld(t)
	db := w.enrolled(t, 2)
	bin, err := pglocal.FindBinaries("")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	dump, err := exec.Command(filepath.Join(bin, "pg_dump"), "--dbname="+db.OwnerDSN).Output()
	must(t, err)
	b, err := custody.ReadSealed(bytes.NewReader(dump))
	must(t, err)
	got, err := custody.Recover(b, w.shares[2:], nil)
	must(t, err)
	if len(got.Contacts) != 2 || got.Contacts[1].Address.Reveal() != number(1) {
		t.Errorf("%+v", got)
	}
	if _, err := custody.ReadSealed(bytes.NewReader(dump[:bytes.Index(dump, []byte("COPY public.sealed_wrap"))+2000])); err == nil {
		t.Error("half a dump was taken for a dump")
	}
	_, err = custody.ReadSealed(strings.NewReader("PGDMP\x01\x02"))
	refused(t, err, "pg_restore -f -")
}

// One host is gone: custodians make its half anew for another one, and no address is opened.
func TestALostHostComesBackFromTheCustodians(t *testing.T) {
	for _, side := range []custody.Side{custody.SideBot, custody.SideSwitchboard} {
		t.Run(string(side), func(t *testing.T) {
			ctx := context.Background()
			w := newWorld(t)
			db := w.enrolled(t, 3)
			n := w.next(t, five...)
			_, err := custody.RestoreHalf(backup(t, db.Pool), w.shares[2:], side, n.keyring)
			refused(t, err, "Of those whose shares are here, 1 signed keyring 2, and 3 must")
			unsigned := n.keyring
			unsigned.Signatures = nil
			_, err = custody.RestoreHalf(backup(t, db.Pool), w.shares, side, unsigned)
			refused(t, err, "nobody signed it")
			half, err := custody.RestoreHalf(backup(t, db.Pool), w.shares[:3], side, n.keyring)
			must(t, err)
			var file bytes.Buffer
			must(t, half.Write(&file))
			half, err = custody.ReadRestored(&file)
			must(t, err)

			_, err = custody.Store(ctx, db.Pool, noon, n.keyring)
			must(t, err)
			_, _, err = custody.LoadRestored(ctx, db.Pool, sideKeys(side, w)[0], half)
			refused(t, err, "that is not here")
			loaded, stuck, err := custody.LoadRestored(ctx, db.Pool, sideKeys(side, n)[0], half)
			must(t, err)
			if loaded != 3 || len(stuck) != 0 {
				t.Errorf("%d loaded, stuck: %v", loaded, stuck)
			}
			// The new host has its new key alone; the other one has both.
			for _, s := range []custody.Side{custody.SideBot, custody.SideSwitchboard} {
				keys := sideKeys(s, w, n)
				if s == side {
					keys = keys[1:]
				}
				done, err := custody.RewrapHalf(ctx, db.Pool, s, keys, n.keyring, 0)
				must(t, err)
				if len(done.Stuck) != 0 {
					t.Errorf("%s: %v", s, done.Stuck)
				}
			}
			_, err = custody.Flip(ctx, db.Pool, noon)
			must(t, err)
			b := backup(t, db.Pool)
			if got := n.opens(b); got != 3 {
				t.Errorf("%d of 3 open", got)
			}
			if got, err := custody.Recover(b, n.shares[:3], nil); err != nil || len(got.Contacts) != 3 {
				t.Errorf("custodians open %d: %v", len(got.Contacts), err)
			}
		})
	}
}

// A line holds one thing, whole: not even a bracket stands behind it.
func TestALineOfABackupHoldsNothingElse(t *testing.T) {
	const title, end = "batsignal sealed export v1\n", `{"end":{"records":0,"wraps":0}}`
	if _, err := custody.ReadSealed(strings.NewReader(title + end + "\n")); err != nil {
		t.Fatal(err)
	}
	for _, behind := range []string{"}", "]", " {}", "x"} {
		_, err := custody.ReadSealed(strings.NewReader(title + end + behind + "\n"))
		refused(t, err, "cannot be read")
	}
}

func FuzzBackup(f *testing.F) {
	f.Add("batsignal sealed export v1\n{\"person\":{\"id\":1,\"handle\":\"ada\"}}\n{\"end\":{\"records\":0,\"wraps\":0}}\n")
	f.Add("COPY public.sealed_wrap (record_id, epoch, slot, wrapped) FROM stdin;\nx\t1\tbot\t\\\\x00\n\\.\n")
	f.Add("batsignal restored half v1\n{\"side\":\"bot\",\"epoch\":2,\"keyring\":\"\",\"wraps\":0}\n")
	share := newWorld(f).shares[0]
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := custody.ReadSealed(strings.NewReader(text)); err == nil {
			_, _ = custody.Recover(b, []custody.Share{share}, nil)
		}
		if r, err := custody.ReadRestored(strings.NewReader(text)); err == nil {
			var again bytes.Buffer
			must(t, r.Write(&again))
		}
	})
}
