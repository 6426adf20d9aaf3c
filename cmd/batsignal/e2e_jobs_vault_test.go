package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall"
	"batsignal/oncall/access"
)

// holders keep a share each, whose number is any from 1 to 255. What dora has is damaged, and
// she registered it like that.
var holders = []string{"anna", "ben", "cleo", "dora", "eve"}

// vaultNight is an installation with a Vault that five people can open, three together.
type vaultNight struct {
	*sealedWorld // without a switchboard: for those who browse, and what is dumped
	vault        *vaulttest.Server
	people       map[string]*irctest.Person
	ear          *irctest.Person // in the room all the time, and says nothing: what was said
	keys         string          // a directory of the holders' own
	has          map[string]string
	tokens       []string
	seen         map[string]string // what processes were started with, and what they printed
	sessions     int
}

// newVaultNight starts the bot beside a Vault that is open, and has the holders register
// their shares, each by the program on a machine of theirs. more is what else the
// configuration has, below the Vault and below jobs.
func newVaultNight(t *testing.T, admins string, more ...string) *vaultNight {
	t.Helper()
	v := &vaultNight{vault: vaulttest.Start(t, vaulttest.Options{}), people: map[string]*irctest.Person{}, has: map[string]string{}, seen: map[string]string{}}
	names := append([]string{"zoe"}, holders...)
	v.sealedWorld = &sealedWorld{world: newWorld(t, plan{accounts: append(names, "ear"), admins: admins, more: anybodyLights + fmt.Sprintf(`
jobs:
  vaults:
    - name: main
      nodes: [{name: vault1, address: %q}]
      every: 1s
      tolerates: 24h
`, v.vault.Address) + strings.Join(more, "")})}
	for i, name := range holders {
		v.has[name] = v.vault.Shares[i]
	}
	v.has["dora"] = vaulttest.Wrong(t, v.has["dora"])
	v.keys = openDir(t)
	v.vault.Unseal()
	for i, p := range v.join(append([]string{"ear"}, names...)...) {
		if v.people[p.Nickname()] = p; i == 0 {
			v.ear = p
		}
	}
	v.begin()
	roster := "people:\n"
	for _, name := range names {
		roster += fmt.Sprintf("  - {handle: %s, accounts: {%s: %[1]s}, roles: [coordination]}\n", name, netID)
	}
	v.enrol(roster)
	v.awaitBot(home)
	var err error
	if v.db, err = pg.Open(t.Context(), v.dsn(pglocal.BotRole), pg.Options{MaxConns: 2}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.db.Close)
	for _, name := range holders {
		v.token(v.db, name, access.Command)
		v.types(name, v.has[name], "share", "register", "--vault", "main", "--place", "the laptop of "+name)
	}
	v.owner(`update share_holder set drilled_at = now() where handle = 'ben'`) // Vault found his right last year
	await(v.world, 1, `select count(*)::int from vault_node where state = 'open'`)
	return v
}

// begin starts the bot so that its memory can be looked at.
func (v *vaultNight) begin() {
	v.t.Helper()
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(program(v.t), "serve", "--config", v.config)
	p.cmd.Dir, p.cmd.Env = v.dir, append(cleanEnv(v.dir), envUnhardened+"=1")
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.start(v.t)
	v.bot = p
	v.awaitReady()
}

// token makes one of the API for somebody, and puts it into their file.
func (v *vaultNight) token(db *pgxpool.Pool, who string, scopes ...access.Scope) string {
	v.t.Helper()
	one, err := oncall.PersonByHandle(v.t.Context(), db, who)
	if err != nil {
		v.t.Fatal(err)
	}
	desk := &access.Service{DB: db, Now: time.Now}
	token, _, err := desk.CreateToken(v.t.Context(), oncall.Actor{PersonID: one.ID, Handle: who}, "shares", scopes, time.Now().Add(time.Hour))
	if err != nil {
		v.t.Fatal(err)
	}
	v.tokens = append(v.tokens, revealed(token))
	writeFile(v.t, v.keys, who+".token", revealed(token)+"\n", 0o600)
	return revealed(token)
}

// types runs the program as somebody with a share on standard input, and looks what others on
// the same machine can see of it while it waits.
func (v *vaultNight) types(who, share string, args ...string) string {
	v.t.Helper()
	args = append(args, "--server", v.web, "--token-file", filepath.Join(v.keys, who+".token"))
	var out bytes.Buffer
	cmd := exec.Command(program(v.t), args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = v.keys, cleanEnv(v.keys), &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	_, _ = io.WriteString(in, share[:20]) // it has begun to read
	for pid, text := range processTable(cmd.Process.Pid) {
		v.seen["the process of "+who+", "+args[1]+" "+pid] = text
	}
	_, _ = io.WriteString(in, share[20:]+"\n")
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		v.t.Fatalf("%s, batsignal %s: %v: %s", who, strings.Join(args[:2], " "), err, out.String())
	}
	v.seen[fmt.Sprintf("what share %s of %s printed, %d", args[1], who, len(v.seen))] = out.String()
	return out.String()
}

var handInWords = regexp.MustCompile(`batsignal share submit (\d+) --recipient (age1[a-z0-9]+)`)

// asked waits until the room is told how to hand in a share, and by which key.
func (v *vaultNight) asked(progress string) (session int, key string) {
	v.t.Helper()
	v.sessions++
	await(v.world, v.sessions, `select count(*)::int from share_session`) // for as long as a lease of a dead process lasts
	found := handInWords.FindStringSubmatch(v.people["zoe"].ExpectMatch(home, progress+`.*`+handInWords.String()).Text())
	session, err := strconv.Atoi(found[1])
	if err != nil {
		v.t.Fatal(err)
	}
	return session, found[2]
}

// submits hands in what somebody has, by the program.
func (v *vaultNight) submits(who string, session int, key string) {
	v.t.Helper()
	v.types(who, v.has[who], "share", "submit", strconv.Itoa(session), "--recipient", key)
}

func (v *vaultNight) number(who string) int { return vaulttest.Number(v.t, v.has[who]) }

// hears waits until somebody in the room is told it.
func (v *vaultNight) hears(expr string) { v.t.Helper(); v.people["zoe"].ExpectMatch(home, expr) }

// TestASealedVaultIsOpenedByItsHolders is one night: the Vault is restarted and so sealed, the
// bot notices, calls those who have shares, and takes their shares to it, in every way there
// is. The bot is killed half-way, then the Vault is; a share is wrong, and one that was
// registered is damaged. Afterwards somebody says a share in the room. Nothing that the
// installation keeps, shows or says holds any part of a share.
func TestASealedVaultIsOpenedByItsHolders(t *testing.T) {
	childtest.Long(t)
	t.Parallel()
	v := newVaultNight(t, "")
	v.vault.Restart()
	v.hears(`^Vault main, node vault1 is sealed: 0 of 3 shares are in\. Its holders are called\.`)
	for _, name := range holders {
		v.people[name].ExpectMatch("", `Vault main, node vault1 is sealed.* You have a share of it`)
	}
	session, key := v.asked(`is sealed: 0 of 3\.`)
	v.submits("anna", session, key)
	v.hears(`vault1: 1 of 3, by anna`)
	v.killedHalfWay()

	session, key = v.asked(`is sealed: 1 of 3\.`)
	v.byThePage("ben", session)
	v.vaultKilledHalfWay()
	v.findsTheWrongOne(session, key)

	v.people["zoe"].Say(home, "!job list")
	v.people["zoe"].Expect(home, "unseal-main")
	v.people["zoe"].Say(home, "!job show 1")
	v.people["zoe"].ExpectMatch(home, `(?i)succeeded.*Vault main: vault1 unsealed`)
	v.downtimeIsMeasured()
	v.aShareIsSaidInTheRoom()
	v.nothingLeaked()
}

// killedHalfWay kills the bot, which had read a share. The Vault has it.
func (v *vaultNight) killedHalfWay() {
	v.t.Helper()
	for pid, text := range processTable(v.bot.cmd.Process.Pid) {
		v.seen["the first process, "+pid] = text
	}
	v.bot.kill(v.t)
	v.seen["the log of the first process"] = v.bot.output()
	v.begin()
	v.awaitBot(home)
}

// byThePage hands in two shares by the form, as a browser without scripts does: a wrong one,
// which is named at once, and the right one.
func (v *vaultNight) byThePage(who string, session int) {
	v.t.Helper()
	at := v.surfer(v.people[who])
	page := fmt.Sprintf("/vaults/shares/%d", session)
	for _, one := range []struct{ share, hears string }{
		{vaulttest.Wrong(v.t, v.has[who]), fmt.Sprintf(`share %d, which ben handed in, is not share %[1]d as ben registered it`, v.number(who))},
		{v.has[who], `vault1: 2 of 3, by ben`},
	} {
		status, body := at.post(page, page, map[string]string{"share": one.share})
		v.seen["the answer to a share "+one.hears] = body
		if status != 200 || !strings.Contains(body, fmt.Sprintf("Share %d is handed in", v.number(who))) {
			v.t.Fatalf("%d %s", status, body)
		}
		v.hears(one.hears)
	}
	status, body := at.post(page, page, map[string]string{"share": "hunter2"})
	if status != 400 || !strings.Contains(body, "This is no share") {
		v.t.Errorf("what is no share is answered %d %s", status, body)
	}
}

// vaultKilledHalfWay kills the Vault, which forgets all shares; the bot has what it was given.
func (v *vaultNight) vaultKilledHalfWay() {
	v.t.Helper()
	v.vault.Kill()
	v.hears(`vault1 does not answer: .*I wait, and keep what was handed in`)
	v.vault.Restart()
	v.hears(`vault1 began anew, at 0 of 3: .*I hand in again what I have`)
	v.hears(`vault1: 1 of 3, by ben`)
}

// findsTheWrongOne goes on with a share that goes straight to Vault, and with the damaged one:
// Vault refuses them together, and the bot finds out which it is.
func (v *vaultNight) findsTheWrongOne(session int, key string) {
	v.t.Helper()
	v.vault.Submit(v.has["eve"])
	v.hears(`vault1: 2 of 3, by somebody straight to Vault`)
	v.submits("dora", session, key)
	v.hears(`vault1 refused: the shares of .*ben .*and the one that went straight to Vault are not right together`)
	v.submits("anna", session, key)
	v.hears(`is wrong; I try which of the 3 are right together`)
	v.submits("cleo", session, key)
	v.hears(`vault1: 3 of 3, by .*anna.*ben.*cleo|vault1: 3 of 3, by .*ben.*anna.*cleo`)
	v.hears(fmt.Sprintf(`share %d, which dora handed in, is wrong`, v.number("dora")))
	v.hears(`vault1 is unsealed\. It was sealed for (\d+ min|\d+ s)`)
	v.vault.Active()
	await(v.world, "succeeded", `select state from job_run where job = 'unseal-main'`)
}

var sealedFor = regexp.MustCompile(`Vault main was sealed once, for ((?:\d+ min ?)?(?:\d+ s)?) in all`)

// downtimeIsMeasured compares the page with the rows.
func (v *vaultNight) downtimeIsMeasured() {
	v.t.Helper()
	_, body := v.surfer(v.people["zoe"]).get("/vaults")
	said := sealedFor.FindStringSubmatch(body)
	if said == nil {
		v.t.Fatalf("the page does not say for how long it was sealed: %s", body)
	}
	written, err := time.ParseDuration(strings.NewReplacer(" min", "m", " s", "s", " ", "").Replace(said[1]))
	if err != nil {
		v.t.Fatal(err)
	}
	kept := time.Duration(one[float64](v.world, `select extract(epoch from unsealed_at - sealed_at)::float8 from vault_seal where node = ''`) * float64(time.Second))
	if (written-kept).Abs() > time.Second || kept < 2*time.Second {
		v.t.Errorf("the page says %v, the rows %v", written, kept)
	}
	if n := one[int](v.world, `select count(*)::int from share_handed`); n != 0 {
		v.t.Errorf("%d shares still wait", n)
	}
	if n := one[int](v.world, `select count(*)::int from share_session where state = 'open'`); n != 0 {
		v.t.Errorf("%d sessions are open", n)
	}
}

// aShareIsSaidInTheRoom has somebody say one while minutes are taken.
func (v *vaultNight) aShareIsSaidInTheRoom() {
	v.t.Helper()
	anna, zoe := v.people["anna"], v.people["zoe"]
	anna.Say(home, "#startmeeting what happened")
	anna.Expect(home, "Meeting started")
	zoe.Say(home, "I found this one on a note: "+v.has["eve"])
	anna.ExpectMatch(home, fmt.Sprintf(`^(zoe: )?That is share %d of Vault main, which eve keeps\. Treat it as known to everybody: .*Rotation 1 is open`, v.number("eve")))
	zoe.Tell(botNick, "unseal main "+v.vault.Root)
	zoe.ExpectMatch("", `That looked like a Vault token\. Treat it as known to everybody`)
	anna.ExpectMatch(home, `zoe said what looks like a Vault token to me in private`)
	zoe.Say(home, "sha256 of the note: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
	anna.Say(home, "!rotation list")
	anna.ExpectMatch(home, fmt.Sprintf(`1, of .*: Share %d of Vault main was said by zoe in %s %s`, v.number("eve"), netID, home))
	zoe.Say(home, "!rotation done 2")
	zoe.Expect(home, "Rotation 2 is done.")
	anna.Say(home, "#endmeeting")
	anna.Expect(home, "Meeting ended")
	await(v.world, 1, `select count(*)::int from meeting_event where nick = 'zoe' and text like 'I found this one on a note: [taken out: %'`)
	if n := one[int](v.world, `select count(*)::int from rotation_task`); n != 2 {
		v.t.Errorf("%d tasks", n)
	}
	if _, body := v.surfer(zoe).get("/vaults"); !strings.Contains(body, fmt.Sprintf("Share %d of Vault main was said by zoe", v.number("eve"))) {
		v.t.Errorf("the page does not have it: %s", body)
	}
}
