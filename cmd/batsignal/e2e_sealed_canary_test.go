package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/migrations/pglocal"
	"batsignal/oncall"
	"batsignal/oncall/custody"
)

// The canaries: each kind of address, of people who are rung, prove it, answer, or whose
// provider quotes the number in an error. What is looked for is the part behind the comment.
const (
	mariaCanary = "+447911358264"                     // 7911358264
	liCanary    = "+14158273946"                      // 4158273946
	noorCanary  = "+4915736184925"                    // 15736184925
	mailCanary  = "zanzibarquokka@canary.example.org" // zanzibarquokka
)

const canaryRoles = twoRoles + `
  - {name: communications, patience_sev1: 1h, patience: 1h}`

// TestI01NoByteOfANumberAnywhere has a whole night of an installation, in which numbers are
// sealed, proven, dialled and answered, and looks for them in everything that it leaves but
// the memory of the switchboard and the telephones themselves.
func TestI01NoByteOfANumberAnywhere(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t, plan{accounts: []string{"root", "maria", "li", "noor", "omar", "zoe"}, roles: canaryRoles, more: anybodyLights}, "omar", "zoe")
	w.sendsMail()
	w.unhardened()
	people := w.gather("maria", "li", "noor", "omar", "zoe")
	w.known(people["omar"], people["zoe"])
	night := &canaryNight{sealedWorld: w, people: people, canaries: newCanaries(map[string]string{
		"maria": mariaCanary[3:], "li": liCanary[2:], "noor": noorCanary[3:], "li by mail": "zanzibarquokka",
	})}
	night.sealAndProve()
	night.emergency()
	night.searchEverything()
}

// canaryNight is that night.
type canaryNight struct {
	*sealedWorld
	people   map[string]*irctest.Person
	canaries *canaries
}

// sendsMail gives the switchboard the mail server too, and starts it anew.
func (w *sealedWorld) sendsMail() {
	w.t.Helper()
	file := filepath.Join(w.deskAt, "switchboard.yaml")
	writeFile(w.t, w.deskAt, "switchboard.yaml", read(file)+fmt.Sprintf(`
mail:
  host: %q
  port: %d
  ca_file: %q
  username: batsignal
  password_file: %q
  from: Batsignal <batsignal@example.org>
`, w.mail.Host, w.mail.Port, filepath.Join(w.dir, "mail-ca.pem"), filepath.Join(w.dir, "smtp-password")), 0o600)
	w.desk.stop(w.t)
	w.startDesk()
}

// known has people become persons whom the bot knows, in no role.
func (w *sealedWorld) known(people ...*irctest.Person) {
	w.t.Helper()
	for _, p := range people {
		p.Tell(botNick, "!roster join coordination")
		p.Expect("", "You can be rung for coordination")
		p.Tell(botNick, "!roster leave coordination")
	}
	for _, p := range people {
		await(w.world, 0, `select count(*)::int from membership m join person h on h.id = m.person_id where h.handle = $1`, p.Nickname())
	}
}

// unhardened starts the bot anew so that its memory can be looked at.
func (w *sealedWorld) unhardened() {
	w.t.Helper()
	w.bot.stop(w.t)
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(program(w.t), "serve", "--config", w.config)
	p.cmd.Dir, p.cmd.Env = w.dir, append(cleanEnv(w.dir), envUnhardened+"=1")
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.start(w.t)
	w.bot = p
	w.awaitReady()
}

// sealAndProve has three people seal what they have: maria on her own machine, by the
// command, and by a code that she is called with; the others had it before.
func (n *canaryNight) sealAndProve() {
	t := n.t
	for who, role := range map[string]string{"maria": "coordination", "li": "package-fixing", "noor": "communications"} {
		rostered(n.people[who], role)
	}
	one, err := oncall.PersonByHandle(t.Context(), n.db, "maria")
	if err != nil {
		t.Fatal(err)
	}
	keyring := writeFile(t, n.dir, "keyring.txt", n.keyring.Text(), 0o600)
	var sealed, said bytes.Buffer
	cmd := exec.Command(program(t), "contact", "seal", "--owner", fmt.Sprint(one.ID), "--kind", "voice", "--keyring", keyring)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = n.dir, cleanEnv(n.dir), strings.NewReader(mariaCanary+"\n"), &sealed, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	n.canaries.absent(t, "what contact seal prints", slices.Concat(sealed.Bytes(), said.Bytes()))

	n.phones.Phone(mariaCanary).Calls(twiliofake.NoAnswer(), twiliofake.Confirms(), twiliofake.Acknowledges())
	maria := n.surfer(n.people["maria"])
	status, page := maria.post("/people/maria", "/people/maria/contacts/sealed", map[string]string{"sealed": sealed.String()})
	if status != 200 {
		t.Fatalf("what was sealed is not taken: %d %s", status, page)
	}
	// The first call, as the record was stored, nobody picked up.
	n.phones.AwaitCall(t, mariaCanary, "no-answer")
	n.people["maria"].Tell(botNick, "!contact code voice")
	n.people["maria"].Expect("", "phone number answers")
	n.seal("li", "sms", liCanary)
	n.seal("li", "mail", mailCanary)
	n.seal("noor", "voice", noorCanary)
}

// emergency is the night itself: maria is called and answers by a key, li answers a text,
// and the provider refuses noor's number and quotes it.
func (n *canaryNight) emergency() {
	t, omar := n.t, n.people["omar"]
	n.phones.Phone(noorCanary).Invalid()
	n.phones.Phone(liCanary).Answers(func(text string) string {
		if code := pageCode.FindString(text); code != "" {
			return "ok " + code
		}
		return ""
	})
	n.lit(omar, n.people["zoe"], "remote code execution in openssl")
	omar.Expect(home, "maria answers P")
	omar.Expect(home, "li answers P")
	n.people["li"].ExpectMatch("", `Your sealed .* was opened at .* to be dialled for INC-1`)
	await(n.world, "", `select coalesce(string_agg(kind || ' ' || result, ', '), '') from sealed_opening where lane = 'B' and dialled is null`)
	await(n.world, 4, `select count(*)::int from sealed_opening where lane = 'B'`)
	eventually(t, "noor's number to be marked", func() bool {
		return one[int](n.world, `select count(*) from contact where fault <> ''`) == 1
	}, n.desk.output)
	if got := n.mail.Inbox(mailCanary); len(got) == 0 {
		t.Error("nothing came by mail")
	}
	n.people["maria"].Say(home, "!incident resolve INC-1 patched everywhere")
	omar.Expect(home, "[INC-1] maria resolves the incident.")
	n.phones.Settled(t)
}

// searchEverything looks everywhere.
func (n *canaryNight) searchEverything() {
	t, look := n.t, func(where string, content []byte) { n.canaries.absent(n.t, where, content) }
	core := n.coreOfBot()
	if core != nil {
		if !bytes.Contains(core, []byte(n.passwords["irc"])) {
			t.Error("the core of the bot does not even have the password that it holds, so the search of it proves little")
		}
		look("the memory of the bot", core)
	}
	for pid, text := range processTable(n.bot.cmd.Process.Pid) {
		look("the process table, "+pid, []byte(text))
	}
	for pid, text := range processTable(n.desk.cmd.Process.Pid) {
		look("the process table, "+pid, []byte(text))
	}
	pages := n.everything()
	for _, path := range slices.Sorted(maps.Keys(pages)) {
		look(path, []byte(pages[path]))
	}
	if len(pages) < 60 {
		t.Errorf("only %d pages were seen: %q", len(pages), slices.Sorted(maps.Keys(pages)))
	}
	talk := ""
	for nick, p := range n.people {
		for _, l := range everythingShown(p) {
			talk += nick + ": " + l.Raw + "\n"
		}
	}
	for _, l := range everythingShown(n.lookout) {
		talk += l.Raw + "\n"
	}
	look("the chat", []byte(talk))
	if !strings.Contains(talk, "Ledger ") {
		t.Error("what was said was not kept, so the search proves little")
	}
	for _, args := range [][]string{
		{"doctor"}, {"config", "show"}, {"export"}, {"retro", "show", "INC-1"}, {"minutes", "list"}, {"custody", "export"}, {"custody", "status"},
		{"ledger", "export"}, {"ledger", "verify"}, {"do", "--as", "li", "contact list"}, {"do", "--as", "li", "--json", "whoami"}, {"do", "--as", "omar", "ledger"},
		{"do", "--as", "omar", "page status P1"}, {"do", "--as", "omar", "incident show 1"}, {"escrow", "keys"},
	} {
		r := n.cli(args...)
		look("batsignal "+strings.Join(args, " "), []byte(r.stdout+r.stderr))
	}
	var backup bytes.Buffer
	if err := custody.ExportSealed(t.Context(), n.db, &backup); err != nil {
		t.Fatal(err)
	}
	look("the backup", backup.Bytes())
	dump := n.dump()
	look("the dump", dump)
	if !bytes.Contains(dump, []byte("zoe")) || !bytes.Contains(dump, []byte("sealed_wrap")) {
		t.Error("the dump lacks what must be there")
	}
	look("the log of the bot", []byte(n.bot.output()))
	look("the log of the switchboard", []byte(n.desk.output()))
	files := 0
	searched(t, n.dir, func(name string, content []byte) { // the switchboard's directory is in it
		files++
		look("the file "+name, content)
	})
	if files < 100 {
		t.Errorf("only %d files were searched", files)
	}
}

// dump is the whole database as pg_dump writes it.
func (w *sealedWorld) dump() []byte {
	w.t.Helper()
	bin, err := pglocal.FindBinaries(os.Getenv("PG_BINDIR"))
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(bin, "pg_dump"), "--dbname", w.dsn(pglocal.OwnerRole)).Output()
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}
