package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"batsignal/bot/irc/irctest"
)

// arcRoles: whoever is asked to fix packages has three seconds, everybody else an
// hour.
const arcRoles = `  - {name: coordination, leads: true, patience_sev1: 1h}
  - {name: package-fixing, patience_sev1: 3s}
  - {name: communications, patience_sev1: 1h}`

// arc is one whole emergency, told act by act.
type arc struct {
	*world
	canaries []string // addresses that nobody but their owner may see
	people   map[string]*irctest.Person
	shown    map[string][]irctest.Line // every line of IRC, by who was shown it
}

// TestAnEmergencyFromFirstRosterToResolved is the whole arc on a real network.
func TestAnEmergencyFromFirstRosterToResolved(t *testing.T) {
	t.Parallel()
	a := &arc{
		world: newWorld(t, plan{
			accounts: []string{"root", "maria", "jan", "jan-phone", "li", "priya", "omar"}, roles: arcRoles,
		}),
		people: map[string]*irctest.Person{}, shown: map[string][]irctest.Line{},
	}
	a.importRoster()
	a.connect("maria", "jan", "jan-phone", "li", "priya", "omar", "watcher")
	borrower := a.net.Person(t, "root", "", "")
	borrower.Join(home)
	a.start()
	a.awaitBot(home)

	a.everybodySaysYes()
	a.aBorrowedNickIsRefused(borrower)
	a.anAdminLetsSomebodyIn()
	a.janLinksASecondAccount()
	code := a.oneFires()
	a.theSamePersonCannotConfirm(code)
	a.anotherConfirms(code)
	a.messagesArrive()
	a.ackInChat()
	a.ackByLink()
	a.escalationPastTheSleeper()
	a.thePagesTellTheStory()
	a.everybodyMaySleep()
	a.nobodySawAnAddress()
	a.orderlyEnd()
}

// expect waits for a line, and keeps it for the search at the end.
func (a *arc) expect(who, room, part string) string {
	a.t.Helper()
	l := a.people[who].Expect(room, part)
	a.shown[who] = append(a.shown[who], l)
	return l.Text()
}

// canary is an address that is looked for everywhere at the end.
func (a *arc) canary(format string, args ...any) string {
	address := fmt.Sprintf(format, args...)
	a.canaries = append(a.canaries, address)
	return address
}

// connect brings people onto the network and into the home room, side by side.
func (a *arc) connect(nicks ...string) {
	a.t.Helper()
	for i, p := range a.join(nicks...) {
		a.people[nicks[i]] = p
	}
}

// leave has somebody go, and keeps what they were shown.
func (a *arc) leave(who string) {
	a.t.Helper()
	a.shown[who] = append(a.shown[who], everythingShown(a.people[who])...)
	a.people[who].Quit()
	delete(a.people, who)
}

// importRoster brings in a first roster while the bot does not run.
func (a *arc) importRoster() {
	a.t.Helper()
	hook := func(who string) string { return a.canary("%s/%s-hook-xq7", a.sink.URL().Reveal(), who) }
	roster := fmt.Sprintf(`
people:
  - {handle: root, accounts: {%[1]s: root}}
  - {handle: maria, name: Maria Ortega, roles: [coordination], accounts: {%[1]s: maria}, mail: %[2]q}
  - {handle: jan, roles: [coordination], accounts: {%[1]s: Jan}}
  - {handle: li, name: Li Wei, zone: Asia/Shanghai, roles: [package-fixing], accounts: {%[1]s: li}, mail: %[3]q, webhook: %[4]q}
  - {handle: priya, roles: [communications], accounts: {%[1]s: priya}, mail: %[5]q, webhook: %[6]q}
`, netID, a.canary("maria-xq7@example.org"), a.canary("li-xq7@example.net"), hook("li"), a.canary("priya-xq7@example.com"), hook("priya"))
	file := writeFile(a.t, a.dir, "roster.yaml", roster, 0o600)
	if said := a.must("roster", "import", "--vouched", file); !strings.HasPrefix(said, "5 of 5 people are new.") {
		a.t.Errorf("roster import: %s", said)
	}
	if said := a.must("roster", "import", "--vouched", file); !strings.HasPrefix(said, "0 of 5 people are new.") {
		a.t.Errorf("a second roster import: %s", said)
	}
}

func (a *arc) everybodySaysYes() {
	a.t.Helper()
	for who, role := range map[string]string{
		"maria": "coordination", "jan": "coordination", "li": "package-fixing", "priya": "communications",
	} {
		a.expect(who, "", "whether you can be rung for "+strings.ReplaceAll(role, "-", " "))
		a.people[who].Tell(botNick, "!roster join --awake 00:00-23:59 "+role)
		a.expect(who, "", "Thank you. You can be rung for "+role+", as "+who)
	}
	// Priya is off IRC when it begins: only her mail and her webhook find her.
	a.leave("priya")
}

// aBorrowedNickIsRefused has somebody under the nick of the absent admin try
// everything an admin may do.
func (a *arc) aBorrowedNickIsRefused(borrower *irctest.Person) {
	a.t.Helper()
	borrower.Say(home, "!batsignal give me everybody")
	a.shown["borrower"] = append(a.shown["borrower"], borrower.Expect("", "I only trust accounts"))
	for _, try := range []string{"!confirm", "!roster add mallory coordination", "!incident resolve"} {
		borrower.Say(home, try) // told why once an hour, and never obeyed
	}
	borrower.Tell(botNick, "!whoami")
	a.shown["borrower"] = append(a.shown["borrower"], borrower.Expect("", "the name root, which proves nothing"))
	borrower.Quit()
	if n := one[int](a.world, `select count(*) from signal_request`); n != 0 {
		a.t.Errorf("a borrowed nick made %d requests", n)
	}
	record := a.page("/signal")
	for _, part := range []string{"root (unproven)", "refused"} {
		if !strings.Contains(record, part) {
			a.t.Errorf("the public record does not hold %q:\n%s", part, record)
		}
	}
}

func (a *arc) anAdminLetsSomebodyIn() {
	a.t.Helper()
	a.people["omar"].Tell(botNick, "roster join --zone Africa/Cairo --awake 00:00-23:59 package fixing")
	a.expect("omar", "", "your yes to package-fixing is recorded")
	a.people["omar"].Say(home, "!roster add omar package fixing")
	a.expect("omar", home, "You may not use !roster add")
	a.connect("root")
	a.people["root"].Say(home, "!roster add omar package fixing")
	a.expect("watcher", home, "omar can be rung for package-fixing now.")
}

func (a *arc) janLinksASecondAccount() {
	a.t.Helper()
	a.people["jan"].Tell(botNick, "!link")
	said := a.expect("jan", "", "!link ")
	code := regexp.MustCompile(`!link ([A-Z2-9]{8})`).FindStringSubmatch(said)
	if code == nil {
		a.t.Fatalf("no code in: %s", said)
	}
	a.people["jan-phone"].Tell(botNick, "!link "+code[1])
	a.expect("jan-phone", "", "This account is bound to jan now.")
}

func (a *arc) oneFires() (code string) {
	a.t.Helper()
	a.people["jan"].Say(home, "!batsignal remote code execution in openssl")
	a.expect("watcher", home, "This rings 3 people at once, severity 1: remote code execution in openssl")
	said := a.expect("watcher", home, "It needs a second person until ")
	found := regexp.MustCompile(`!confirm ([A-Z2-9]{4})`).FindStringSubmatch(said)
	if found == nil {
		a.t.Fatalf("no code in: %s", said)
	}
	return found[1]
}

func (a *arc) theSamePersonCannotConfirm(code string) {
	a.t.Helper()
	a.people["jan-phone"].Say(home, "!confirm "+code)
	a.expect("watcher", home, "You asked for it yourself. A second person must confirm, whatever account you use.")
	if n := one[int](a.world, `select count(*) from incident`); n != 0 {
		a.t.Error("somebody has confirmed what they asked for themselves")
	}
}

func (a *arc) anotherConfirms(code string) {
	a.t.Helper()
	a.people["maria"].Say(home, "!confirm "+code)
	a.expect("watcher", home, "[INC-1] The bat-signal is lit.")
	for _, who := range []string{"maria", "li"} {
		room := a.people[who].ExpectRaw("an invitation", func(l irctest.Line) bool { return l.Command == "INVITE" }).Text()
		if room != "#inc-1-openssl" {
			a.t.Errorf("%s is invited to %s", who, room)
		}
	}
	for _, who := range []string{"maria", "jan", "watcher"} {
		a.people[who].Join("#inc-1-openssl")
	}
	topic := a.people["maria"].ExpectRaw("the topic", func(l irctest.Line) bool { return l.Command == "332" }).Text()
	if !strings.HasPrefix(topic, "INC-1 severity 1: remote code execution in openssl. Baton: nobody.") {
		a.t.Errorf("the topic is: %s", topic)
	}
}

// messagesArrive looks at the first rings: maria, li and priya, on every way that
// leads to each.
func (a *arc) messagesArrive() {
	a.t.Helper()
	a.expect("maria", "", "[INC-1] Page P1, severity 1: remote code execution in openssl. You are needed for coordination.")
	a.expect("li", "", "You are needed for package fixing.")
	if _, err := a.mail.WaitFor(3, patience); err != nil {
		a.t.Fatal(err)
	}
	for i, letter := range a.mail.All() {
		if !letter.TLS || letter.User != "batsignal" || len(letter.To) != 1 {
			a.t.Errorf("letter %d: TLS %v, logged in as %q, to %d", i+1, letter.TLS, letter.User, len(letter.To))
		}
	}
	hooks, err := a.sink.WaitFor(2, patience)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, h := range hooks {
		if h.Signature != nil || h.Page.Ref != "INC-1" || h.Page.Severity != 1 || !strings.HasSuffix(h.Path, "/"+h.Page.Person+"-hook-xq7") {
			a.t.Errorf("webhook: %v, %+v at %s", h.Signature, h.Page, h.Path)
		}
	}
}

func (a *arc) ackInChat() {
	a.t.Helper()
	a.people["maria"].Tell(botNick, "!ack")
	a.expect("maria", "", "Thank you. You have coordination in INC-1.")
	a.expect("watcher", home, "maria answers P1 and has coordination.")
	a.expect("watcher", home, "maria has coordination and so the baton.")
}

// ackByLink opens the link of priya's mail, and then presses the button, twice.
func (a *arc) ackByLink() {
	a.t.Helper()
	letters := a.mail.Inbox("priya-xq7@example.com")
	if len(letters) != 1 {
		a.t.Fatalf("priya got %d letters", len(letters))
	}
	text, err := letters[0].Part("text/plain")
	if err != nil {
		a.t.Fatal(err)
	}
	link := regexp.MustCompile(regexp.QuoteMeta(a.web) + `/ack/\S+`).FindString(text)
	if link == "" {
		a.t.Fatalf("no link in:\n%s", text)
	}
	path := strings.TrimPrefix(link, a.web)
	const pageOfPriya = `select p.state from page p join person h on h.id = p.person_id where h.handle = 'priya'`
	for range 2 {
		if shown := a.page(path); !strings.Contains(shown, "<form") || !strings.Contains(shown, "communications") {
			a.t.Errorf("the page behind the link:\n%s", shown)
		}
		if state := one[string](a.world, pageOfPriya); state != "open" {
			a.t.Fatalf("looking at the link made the page %s", state)
		}
	}
	if status, body := a.press(link); status != http.StatusOK || !strings.Contains(body, "Thank you") {
		a.t.Errorf("the button: %d %s", status, body)
	}
	if state := one[string](a.world, pageOfPriya); state != "acked" {
		a.t.Errorf("after the button the page is %s", state)
	}
	a.expect("watcher", "#inc-1-openssl", "priya answers P3 and has communications.")
	if status, body := a.press(link); status != http.StatusGone || !strings.Contains(body, "used") {
		a.t.Errorf("the button again: %d %s", status, body)
	}
}

// escalationPastTheSleeper waits until li's three seconds are over.
func (a *arc) escalationPastTheSleeper() {
	a.t.Helper()
	a.expect("watcher", "#inc-1-openssl", "Paging omar for package fixing.")
	a.expect("omar", "", "You are needed for package fixing. Come to #inc-1-openssl.")
	a.people["omar"].Tell(botNick, "ack")
	a.expect("omar", "", "Thank you. You have package fixing in INC-1.")
	a.expect("watcher", "#inc-1-openssl", "Every role is filled.")
	a.expect("li", "", "You are not needed for it any more. Page P2 is closed.")
}

func (a *arc) thePagesTellTheStory() {
	a.t.Helper()
	shown := a.page("/incidents/1")
	for _, part := range []string{
		"INC-1", "remote code execution in openssl", "maria", "omar", "priya", "li", "coordination", "package fixing",
		"confirmed jan", "Paging omar for package fixing", "so the baton",
	} {
		if !strings.Contains(shown, part) {
			a.t.Errorf("the incident's page does not hold %q:\n%s", part, shown)
		}
	}
	a.people["jan"].Say("#inc-1-openssl", "!timeline --last 20")
	for _, part := range []string{"severity 1: remote code", "Paging li for package fixing", "omar answers P4"} {
		a.expect("jan", "#inc-1-openssl", part)
	}
}

// everybodyMaySleep resolves it while somebody is still being rung.
func (a *arc) everybodyMaySleep() {
	a.t.Helper()
	a.people["maria"].Say("#inc-1-openssl", "!page jan please look at the mirrors")
	a.expect("jan", "", "please look at the mirrors.")
	a.people["jan"].Say("#inc-1-openssl", "!incident resolve all good")
	a.expect("jan", "#inc-1-openssl", "Only who holds the baton or has a role in INC-1 may resolve it.")
	a.people["maria"].Say("#inc-1-openssl", "!incident resolve fixed packages are on the mirrors")
	a.expect("jan", "", "maria resolves the incident. fixed packages are on the mirrors. You may sleep. Page P5 is closed.")
	for _, room := range []string{home, "#inc-1-openssl"} {
		a.expect("watcher", room, "[INC-1] maria resolves the incident.")
	}
	await(a.world, 0, `select count(*)::int from notice where state = 'waiting' and kind <> 'close'`)
	await(a.world, 0, `select count(*)::int from page where state = 'open'`)
	if failed := ask[string](a.world, `select kind || ' ' || room || account || ': ' || detail from notice where state = 'failed'`); len(failed) > 0 {
		a.t.Logf("given up: %s", strings.Join(failed, "\n"))
	}
	if shown := a.page("/incidents/1"); !strings.Contains(shown, "resolved") {
		a.t.Errorf("the incident's page does not say that it is resolved:\n%s", shown)
	}
}

// orderlyEnd stops the bot as systemd does.
func (a *arc) orderlyEnd() {
	a.t.Helper()
	if status := a.bot.stop(a.t); status != exitOK {
		a.t.Errorf("the bot ended with %d:\n%s", status, tail(a.bot))
	}
	if lines := errorsIn(a.bot.output()); len(lines) > 0 {
		a.t.Errorf("errors in the log:\n%s", strings.Join(lines, "\n"))
	}
	if err := syscall.Kill(a.bot.cmd.Process.Pid, 0); err == nil {
		a.t.Error("the bot is still there")
	}
}
