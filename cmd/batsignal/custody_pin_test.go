package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Whoever only looks, perhaps as root, does not write the file of the process; and whoever
// follows writes it only when there is something new, since it would be root's from then on.
func TestOnlyWhoFollowsWritesWhatIsTrusted(t *testing.T) {
	ctx, db, home := t.Context(), pgtest.Fresh(t), keyHome{t.TempDir(), custody.SideBot}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	trusts := func(epoch int) os.FileInfo {
		t.Helper()
		pin, err := home.pin()
		must(err)
		if pin.Epoch != epoch {
			t.Errorf("keyring %d is trusted, want %d", pin.Epoch, epoch)
		}
		info, err := os.Stat(home.pinFile())
		must(err)
		return info
	}
	if _, err := home.follow(ctx, db.Pool); fault.KindOf(err) != fault.NotFound {
		t.Errorf("before the ceremony: %v", err)
	}
	v := newVolunteer(t)
	p := custody.Params{Bot: custody.Host{Side: custody.SideBot, Key: v.bot.Public()}, Switchboard: custody.Host{Side: custody.SideSwitchboard, Key: v.switchboard.Public()}, K: 2, Now: time.Now()}
	for _, name := range []string{"ana", "bo", "cy"} {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "the safe of " + name, Recipient: "sheet"})
	}
	first, err := custody.Init(p)
	must(err)
	_, err = custody.Store(ctx, db.Pool, time.Now(), first.Keyring)
	must(err)
	if _, err := home.follow(ctx, db.Pool); fault.KindOf(err) != fault.Unready {
		t.Errorf("before the paper was read: %v", err)
	}
	must(home.keepPin(custody.PinOf(first.Keyring)))
	before := trusts(1)
	_, err = home.follow(ctx, db.Pool)
	must(err)
	if !os.SameFile(before, trusts(1)) {
		t.Error("the same is written once more")
	}

	next, err := custody.Next(first.Keyring, p)
	must(err)
	k := next.Keyring
	for _, h := range first.Handouts[:2] {
		share, err := custody.OpenShare(h.Text, secret.Text{}, custody.Terminal{})
		must(err)
		sig, err := share.SignKeyring(k)
		must(err)
		k, err = k.SignedBy(sig, first.Keyring)
		must(err)
	}
	_, err = custody.Store(ctx, db.Pool, time.Now(), k)
	must(err)
	_, err = custody.Flip(ctx, db.Pool, time.Now())
	must(err)
	for _, c := range []struct {
		do   func() (custody.Keyring, error)
		pins int
	}{
		{func() (custody.Keyring, error) { return home.trusted(ctx, db.Pool) }, 1},
		{func() (custody.Keyring, error) { return home.follow(ctx, db.Pool) }, 2},
	} {
		got, err := c.do()
		must(err)
		if got.Epoch != 2 {
			t.Errorf("keyring %d", got.Epoch)
		}
		trusts(c.pins)
	}
	if entries, err := os.ReadDir(home.dir); err != nil || len(entries) != 1 || !strings.HasSuffix(home.pinFile(), entries[0].Name()) {
		t.Errorf("%v, %v", entries, err)
	}
}
