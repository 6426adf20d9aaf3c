package custody_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func flipped(s custody.Share, at int) custody.Share {
	b := append([]byte(nil), s.Value.RevealBytes()...)
	b[at] ^= 1
	return custody.Share{Epoch: s.Epoch, Custodian: s.Custodian, Value: secret.NewBytes(b)}
}

// A wrong share is named, whichever bit of it is wrong, and the rest is used.
func TestI14AWrongShareIsNamed(t *testing.T) {
	w := newWorld(t)
	for i, s := range w.shares {
		for at := range 33 {
			bad := flipped(s, at)
			_, err := w.keyring.Check(bad)
			refused(t, err, "not the share of custodian "+string(rune('1'+i))+" ("+five[i]+")")
		}
	}
	damaged := flipped(w.shares[1], 7)
	c, err := w.keyring.Combine([]custody.Share{w.shares[0], damaged, w.shares[2], w.shares[4]})
	must(t, err)
	if c.Key.Public() != w.keyring.Custody || len(c.Wrong) != 1 || !strings.Contains(fault.Say(c.Wrong[0]), "Bert") {
		t.Errorf("%+v", c)
	}
	_, err = w.keyring.Combine([]custody.Share{w.shares[0], damaged, w.shares[0], w.shares[4]})
	refused(t, err, "2 of the shares are right, and 3 are needed: 1 more. Those of Bert, Carla and Dana are not here yet.")
	refused(t, err, "not the share of custodian 2 (Bert)")

	swapped := w.shares[3]
	swapped.Custodian = 1
	_, err = w.keyring.Check(swapped)
	refused(t, err, "it is that of custodian 4 (Dana)")
	_, err = w.keyring.Check(w.next(t, five...).shares[0])
	refused(t, err, "share of keyring 2, and the keyring here is 1")
	_, err = w.keyring.Check(newWorld(t).shares[0])
	refused(t, err, "nor anybody else's")
}

func TestWhatIsSignedForOnePurposeIsNoneForAnother(t *testing.T) {
	w := newWorld(t)
	purposes := []custody.Purpose{custody.PurposeDrill, custody.PurposeApprove, custody.PurposeKeyring}
	for _, p := range purposes {
		sig, err := w.shares[2].Sign(p, "show the number of bert for INC-7")
		must(t, err)
		sig, err = custody.ParseSignature(" " + sig.String() + "\n")
		must(t, err)
		who, err := w.keyring.VerifySignature(sig, p, "show the number of bert for INC-7")
		must(t, err)
		if who.Name != "Carla" {
			t.Error(who.Name)
		}
		_, err = w.keyring.VerifySignature(sig, p, "show the number of ada for INC-7")
		refused(t, err, "not what custodian 3 (Carla) signed")
		sig.Custodian = 2
		_, err = w.keyring.VerifySignature(sig, p, "show the number of bert for INC-7")
		refused(t, err, "not what custodian 2 (Bert) signed")
		sig.Custodian = 3
		for _, other := range purposes {
			renamed := sig
			renamed.Purpose = other
			if _, err := w.keyring.VerifySignature(renamed, other, "show the number of bert for INC-7"); (err == nil) != (other == p) {
				t.Errorf("%s as %s: %v", p, other, err)
			}
		}
	}
}

func TestDrillsKeepSharesAlive(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	db := w.enrolled(t, 0)
	made := noon

	level := func(now time.Time, want custody.Level, says string) {
		t.Helper()
		h, err := custody.Stand(ctx, db.Pool, now)
		must(t, err)
		if h.Level != want || !strings.Contains(h.Sentence, says) {
			t.Errorf("%s: %s: %s", now.Format(time.DateOnly), h.Level, h.Sentence)
		}
	}
	drill := func(custodian int, now time.Time) {
		t.Helper()
		sig, err := w.shares[custodian-1].Drill(now)
		must(t, err)
		who, day, err := custody.RecordDrill(ctx, db.Pool, now, sig.String())
		must(t, err)
		if who.N != custodian || !day.Equal(now) {
			t.Errorf("%s drilled on %s", who.Name, day)
		}
	}
	level(made, custody.LevelOK, "5 of 5")
	later := made.AddDate(0, 1, 5)
	drill(1, later)
	drill(1, later) // pasted twice
	drill(2, later)
	drill(3, later)
	drill(4, later)
	level(later, custody.LevelOK, "5 of 5") // overdue, and within the grace
	level(later.AddDate(0, 0, 3), custody.LevelWarn, "4 of 5 shares of keyring 1 are there, and 3 open. No drill by Eve: ask them.")
	month := later.AddDate(0, 1, 0)
	drill(1, month)
	drill(2, month)
	drill(3, month)
	level(month.AddDate(0, 0, 9), custody.LevelPage, "Make a new keyring within 7 days")
	level(month.AddDate(0, 2, 0), custody.LevelAlarm, "the custodians can open nothing")

	// Old ones, others' ones, and rows that somebody wrote.
	sig, err := w.shares[4].Drill(made)
	must(t, err)
	_, _, err = custody.RecordDrill(ctx, db.Pool, month, sig.String())
	refused(t, err, "no drill of the last 7 days by custodian 5")
	sig, err = w.shares[4].Sign(custody.PurposeApprove, custody.DrillText(month))
	must(t, err)
	_, _, err = custody.RecordDrill(ctx, db.Pool, month, sig.String())
	refused(t, err, "approve")
	if _, err := db.Pool.Exec(ctx, `insert into custody_drill (epoch, custodian, day, signature, at) values (1, 5, $1, $2, $3)`,
		month.Format(time.DateOnly), strings.Replace(sig.String(), "approve", "drill", 1), month); err != nil {
		t.Fatal(err)
	}
	h, err := custody.Stand(ctx, db.Pool, month)
	must(t, err)
	if h.Standings[4].Drilled != nil || h.Standings[0].Drilled == nil {
		t.Errorf("%+v", h.Standings)
	}
}

func TestLevelsForOtherNumbers(t *testing.T) {
	for _, c := range []struct {
		k, n, live int
		want       custody.Level
	}{
		{3, 5, 5, custody.LevelOK}, {3, 5, 4, custody.LevelWarn}, {3, 5, 3, custody.LevelPage}, {3, 5, 2, custody.LevelAlarm},
		{2, 3, 3, custody.LevelOK}, {2, 3, 2, custody.LevelPage}, {2, 3, 1, custody.LevelAlarm},
		{5, 9, 7, custody.LevelWarn}, {2, 2, 2, custody.LevelWarn}, {2, 2, 1, custody.LevelAlarm},
	} {
		if got := custody.LevelOf(c.k, c.n, c.live); got != c.want {
			t.Errorf("%d of %d, %d live: %s, not %s", c.k, c.n, c.live, got, c.want)
		}
	}
}

func TestCustodiansApproveTogether(t *testing.T) {
	w := newWorld(t)
	const text = "show the voice address of bert to carla for INC-7"
	var pasted []string
	for _, n := range []int{0, 0, 4, 2} {
		sig, err := w.shares[n].Approve(text)
		must(t, err)
		pasted = append(pasted, sig.String())
	}
	by, enough, err := w.keyring.Approved(text, strings.Join(pasted[:3], "\n"))
	must(t, err)
	if len(by) != 2 || enough {
		t.Errorf("the same custodian twice counts as %d", len(by))
	}
	by, enough, err = w.keyring.Approved(text, strings.Join(pasted, " "))
	must(t, err)
	if len(by) != 3 || !enough {
		t.Errorf("%d approved", len(by))
	}
	_, enough, err = w.keyring.Approved(text+"0", strings.Join(pasted, " "))
	if refused(t, err, "not what custodian 1 (Ada) signed"); enough {
		t.Error("another text is approved")
	}
}
