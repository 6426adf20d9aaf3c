package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	switchwire "batsignal/integrations/switchboard"
	"batsignal/integrations/switchboard/switchboardfake"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// The doctor of sealed addresses, from an empty host to one on which everything is there.
func TestDoctorLooksAfterSealedAddresses(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fresh := pgtest.Fresh(t)
	db, err := openForeign(t.Context(), secret.New(fresh.BotDSN))
	must(err)
	t.Cleanup(db.close)
	c := Config{StateDir: t.TempDir()}
	visit := func(c Config, sick bool, says ...string) {
		t.Helper()
		var out bytes.Buffer
		d := doctor{app: &app{stdout: &out}, c: c, db: db}
		d.escrow(t.Context())
		rest := out.String()
		for _, line := range says {
			_, after, found := strings.Cut(rest, line)
			if !found {
				t.Errorf("no %q, or not there, in:\n%s", line, out.String())
			}
			rest = after
		}
		if d.sick != sick || len(says) == 0 && rest != "" {
			t.Errorf("sick %v, want %v:\n%s", d.sick, sick, out.String())
		}
	}
	visit(c, false) // without a switchboard nothing is said of it

	wire := switchboardfake.NewWire(t)
	c.Switchboard = switchboardConfig{URL: "https://127.0.0.1:1", Peer: string(wire.Theirs.Pin()), Listen: "127.0.0.1:0"}
	visit(c, true, "broken   our keys for the switchboard: ", "tls.key is not there", "batsignal escrow keys", "note     keyring: There is no keyring yet")
	if made, err := os.ReadDir(c.StateDir); err != nil || len(made) != 0 {
		t.Errorf("the doctor made %v, %v", made, err)
	}

	home := botKeys(c)
	wire.Ours, err = switchwire.LoadOrMake(home.dir)
	must(err)
	keys, err := home.unwrapKeys()
	must(err)
	visit(c, true, "ok       our keys", "broken   switchboard: ", "journalctl")

	board := &switchboardfake.Board{}
	c.Switchboard.URL, _ = wire.ServeBoard(board)
	visit(c, true, "ok       switchboard\n", "note     switchboard's ear: it listens on no network", "broken   switchboard's routes: it has none", "note     confirmers: 0 people")
	board.Script(func(b *switchboardfake.Board) {
		b.Is = unseal.Status{
			Ears: map[string]string{"libera": "connected", "oftc": "not in #ops"}, Routes: []paging.Traits{{Name: "sms"}, {Name: "voice"}}, Confirmers: 3,
			Trouble: []string{"No home room shows the ledger's head."},
		}
	})
	visit(c, true, "broken   switchboard, as it finds: No home room shows the ledger's head\n", "ok       switchboard's ear on libera\n",
		"broken   switchboard's ear on oftc: not in #ops", "ok       switchboard's routes: sms and voice\n")
	board.Script(func(b *switchboardfake.Board) {
		b.Is.Trouble, b.Is.Ears = nil, map[string]string{"libera": "connected"}
	})

	other, err := escrow.GenerateKey()
	must(err)
	theirs, err := escrow.GenerateKey()
	must(err)
	ceremony := func(bot escrow.PublicKey, pin string) custody.Keyring {
		t.Helper()
		p := custody.Params{
			Bot: custody.Host{Side: custody.SideBot, Key: bot}, Switchboard: custody.Host{Side: custody.SideSwitchboard, Key: theirs.Public(), TLS: pin},
			K: 2, Now: time.Now(),
		}
		for _, name := range []string{"Ada", "Bert", "Carla"} {
			p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "safe of " + name, Recipient: "sheet"})
		}
		o, err := custody.Init(p)
		must(err)
		return o.Keyring
	}
	inForce := func(k custody.Keyring) {
		t.Helper()
		_, err := fresh.Pool.Exec(context.Background(), `insert into keyring (epoch, manifest, state, made_at, current_at) values (1, $1, 'current', now(), now())
			on conflict (epoch) do update set manifest = excluded.manifest`, k.Text())
		must(err)
	}
	pin := strings.TrimPrefix(string(wire.Theirs.Pin()), "sha256:")
	good := ceremony(keys[0].Public(), pin)
	must(home.keepPin(custody.PinOf(good)))
	inForce(ceremony(keys[0].Public(), pin)) // by others
	visit(c, true, "broken   keyring: Keyring 1 in the database is not the one that is trusted here.")
	inForce(good)
	visit(c, false, "ok       keyring 1, "+good.Short()+"\n", "ok       custody: 3 of 3 shares of keyring 1 are there, and 2 open\n")

	for _, wrong := range []struct {
		k    custody.Keyring
		says string
	}{
		{ceremony(other.Public(), pin), "it names another key of the bot than this host has"},
		{ceremony(keys[0].Public(), strings.Repeat("0", 64)), "it names another certificate of the switchboard"},
	} {
		must(home.keepPin(custody.PinOf(wrong.k)))
		inForce(wrong.k)
		visit(c, true, "broken   keyring 1, ", wrong.says)
	}
	must(home.keepPin(custody.PinOf(good)))
	inForce(good)
	for days, says := range map[int]string{40: "broken   custody: 0 of 3 shares", 0: "ok       custody: "} {
		var out bytes.Buffer
		d := doctor{app: &app{stdout: &out}, c: c, db: db}
		d.keyring(t.Context(), db.Pool, home, time.Now().AddDate(0, 0, days))
		if !strings.Contains(out.String(), says) {
			t.Errorf("in %d days: %s", days, out.String())
		}
	}
	must(os.Remove(filepath.Join(home.dir, "unwrap-1.key")))
	visit(c, true, "broken   our keys for the switchboard: ", "unwrap*.key is not there")
}

// With the switchboard's configuration the doctor would look for a bot on its host, and find
// everything broken: it says whose configuration it is, and looks at nothing.
func TestTheDoctorTakesTheBotsConfiguration(t *testing.T) {
	alone(t)
	config := writeFile(t, t.TempDir(), "switchboard.yaml", `database: {url: "postgres://nobody@127.0.0.1:1/none"}
switchboard:
  run:
    {listen: "127.0.0.1:8375", peer: "sha256:`+strings.Repeat("0", 64)+`", bots: ["https://127.0.0.1:8376"], pages: "127.0.0.1:8377", pages_url: "https://seal.example.org"}
`, 0o600)
	var out, errs strings.Builder
	status := execute([]string{"doctor", "--config", config}, strings.NewReader(""), &out, &errs)
	if status != exitUsage || out.String() != "" || !strings.Contains(errs.String(), "This is the switchboard's configuration. Run it with the bot's") {
		t.Errorf("status %d\n%s%s", status, out.String(), errs.String())
	}
}
