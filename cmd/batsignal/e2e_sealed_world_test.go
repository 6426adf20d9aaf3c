package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard"
	"batsignal/oncall/switchboard/totp"
)

// sealedWorld is a world with a switchboard: two processes, each with a state directory of
// its own, a ledger, five custodians, and telephones that only the switchboard can dial.
type sealedWorld struct {
	*world
	phones *twiliofake.Fake
	desk   *process // the switchboard
	deskAt string   // its directory
	pages  string   // the address of its pages
	db     *pgxpool.Pool

	keyring  custody.Keyring
	handouts []custody.Handout
	seeds    map[string]secret.Bytes
	used     map[string]time.Time // when a code of somebody was last used
}

// earNick listens for the switchboard.
const earNick = "swbear"

// newSealedWorld starts both processes. Everybody named has an account; confirmers are
// registered with the switchboard.
func newSealedWorld(t *testing.T, p plan, confirmers ...string) *sealedWorld {
	t.Helper()
	w := &sealedWorld{phones: twiliofake.New(t, twiliofake.Options{}), seeds: map[string]secret.Bytes{}, used: map[string]time.Time{}}
	inbound, board, bot := freeAddress(t), freeAddress(t), freeAddress(t)
	w.pages = "http://" + freeAddress(t)
	w.phones.Number("http://"+inbound+twilio.PathSMS, "http://"+inbound+twilio.PathCall)
	p.accounts = append(p.accounts, earNick)
	w.world = newWorld(t, p)
	w.deskAt = filepath.Join(w.dir, "desk")
	if err := os.MkdirAll(w.deskAt, 0o700); err != nil {
		t.Fatal(err)
	}
	ours, theirs := keyHome{w.state("escrow"), custody.SideBot}, keyHome{w.deskAt, custody.SideSwitchboard}
	p.more += fmt.Sprintf("\nswitchboard: {url: %q, peer: %q, listen: %q, pages: %q}\n", "https://"+board, pinOf(t, theirs), bot, w.pages)
	w.writeConfig(p)
	writeFile(t, w.deskAt, "ear-password", earNick+"-password\n", 0o600)
	writeFile(t, w.deskAt, "twilio-token", w.phones.Token()+"\n", 0o600)
	writeFile(t, w.deskAt, "switchboard.yaml", fmt.Sprintf(`
state_dir: %[1]q
database: {url: %[2]q}
log: {level: debug, format: json}
irc:
  - id: %[3]s
    server: %[4]q
    ca_file: %[5]q
    nick: %[6]s
    sasl: {mechanism: plain, account: %[6]s, password_file: ear-password}
    home: %[7]q
inbound: {listen: %[8]q, public_url: %[9]q}
twilio: {account_sid: %[10]s, auth_token_file: twilio-token, from: %[11]q, base_url: %[12]q}
switchboard:
  run: {listen: %[13]q, peer: %[14]q, bots: [%[15]q], pages: %[16]q, pages_url: %[17]q, bot_accounts: [%[3]s/%[18]s]}
`, w.deskAt, w.dsn(pglocal.SwitchboardRole), netID, w.net.Addr(), w.net.CAFile(), earNick, home, inbound, "http://"+inbound,
		w.phones.AccountSID(), w.phones.From(), w.phones.URL(), board, pinOf(t, ours), "https://"+bot, strings.TrimPrefix(w.pages, "http://"), w.pages, botNick)[1:], 0o600)
	for _, handle := range confirmers {
		w.register(handle)
	}
	w.start()
	var err error
	if w.db, err = pg.Open(t.Context(), w.dsn(pglocal.BotRole), pg.Options{MaxConns: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	w.ceremony(ours, theirs)
	w.startDesk()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the switchboard printed:\n%s\nthe bot:\n%s", tail(w.desk), tail(w.bot))
		}
	})
	return w
}

// gather has people come to the home room, where the bot and the switchboard's ear are then.
func (w *sealedWorld) gather(names ...string) map[string]*irctest.Person {
	w.t.Helper()
	people := map[string]*irctest.Person{}
	for i, p := range w.join(names...) {
		people[names[i]] = p
	}
	w.awaitBot(home)
	w.awaitNick(earNick, home, w.desk.output)
	return people
}

func pinOf(t *testing.T, h keyHome) string {
	t.Helper()
	who, err := h.identity()
	if err != nil {
		t.Fatal(err)
	}
	return string(who.Pin())
}

// startDesk starts the switchboard, and waits until it listens everywhere.
func (w *sealedWorld) startDesk() {
	w.t.Helper()
	w.desk = begin(w.t, w.deskAt, "switchboard", "--config", "switchboard.yaml")
	eventually(w.t, "the switchboard to be up", func() bool {
		if w.desk.ended() {
			w.t.Fatalf("the switchboard ended by itself:\n%s", w.desk.output())
		}
		return strings.Contains(w.desk.output(), "the switchboard is up")
	}, w.desk.output)
}

// ceremony makes the first keyring, with five custodians who each have a sheet.
func (w *sealedWorld) ceremony(ours, theirs keyHome) {
	w.t.Helper()
	p := custody.Params{K: 3, Now: time.Now()}
	var err error
	if p.Bot, err = ours.host(""); err != nil {
		w.t.Fatal(err)
	}
	if p.Switchboard, err = theirs.host("ledger.test"); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"una", "ben", "cleo", "dov", "eve"} {
		p.Custodians = append(p.Custodians, custody.Invited{Name: name, Place: "safe of " + name, Recipient: "sheet"})
	}
	made, err := custody.Init(p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.keyring, w.handouts = made.Keyring, made.Handouts
	if _, err := custody.Store(w.t.Context(), w.db, time.Now(), made.Keyring); err != nil {
		w.t.Fatal(err)
	}
	for _, home := range []keyHome{ours, theirs} {
		if err := home.keepPin(custody.PinOf(made.Keyring)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// register makes somebody known to the switchboard.
func (w *sealedWorld) register(handle string) {
	w.t.Helper()
	seed, err := switchboard.OpenConfirmers(w.deskAt).Add(time.Now(), handle, []string{netID + "/" + handle}, true)
	if err != nil {
		w.t.Fatal(err)
	}
	w.seeds[handle] = seed
}

// code is what the authenticator of somebody shows. One that was used is not shown again:
// the next one is waited for by looking ahead, which the switchboard allows for one step.
func (w *sealedWorld) code(handle string) string {
	at := time.Now()
	if last, used := w.used[handle]; used && at.Unix()/30 <= last.Unix()/30 {
		at = last.Add(30 * time.Second)
	}
	w.used[handle] = at
	return totp.Code(w.seeds[handle], at).Reveal()
}

// seal has somebody's address sealed and proven, as if they had done it before.
func (w *sealedWorld) seal(handle, kind, address string) {
	w.t.Helper()
	w.sealFor(handle, kind, address, escrow.DefaultPolicy())
}

// sealFor is the same, with what they agreed to.
func (w *sealedWorld) sealFor(handle, kind, address string, policy escrow.Policy) {
	w.t.Helper()
	ctx, now := w.t.Context(), time.Now()
	one, err := oncall.PersonByHandle(ctx, w.db, handle)
	if err != nil {
		w.t.Fatal(err)
	}
	sealed, err := escrow.Seal(w.keyring.Keys(), one.ID, kind, policy, secret.New(address))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := storeProven(ctx, w.db, now, one.ID, sealed); err != nil {
		w.t.Fatal(err)
	}
	if err := noteProven(ctx, keyHome{w.deskAt, custody.SideSwitchboard}, "ledger.test", w.dsn(pglocal.SwitchboardRole), now, sealed); err != nil {
		w.t.Fatal(err)
	}
}

var challengeLine = regexp.MustCompile(`^([A-Z0-9]{4}) opens sealed contacts of up to (\d+) `)

// lit has the signal asked for by one person and confirmed by another, with a code.
func (w *sealedWorld) lit(asks, confirms *irctest.Person, what string) (code string) {
	w.t.Helper()
	asks.Say(home, "!batsignal "+what)
	code = challengeLine.FindStringSubmatch(asks.ExpectMatch(home, challengeLine.String()).Text())[1]
	confirms.Say(home, fmt.Sprintf("!confirm %s %s", code, w.code(confirms.Nickname())))
	asks.Expect(home, "The bat-signal is lit.")
	return code
}

// searched is every file below a directory, by its name in it.
func searched(t *testing.T, dir string, look func(name string, content []byte)) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // sockets, and what is gone meanwhile
		}
		content, err := os.ReadFile(path)
		if err == nil {
			name, _ := filepath.Rel(dir, path)
			look(name, content)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
