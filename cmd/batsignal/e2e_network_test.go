package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"batsignal/bot/irc/irctest"
)

// trio is a roster of three who can be reached on IRC.
var trio = fmt.Sprintf(`
people:
  - {handle: jan, accounts: {%[1]s: jan}, roles: [coordination]}
  - {handle: maria, accounts: {%[1]s: maria}, roles: [communications]}
  - {handle: li, accounts: {%[1]s: li}, roles: [package-fixing]}
`, netID)

// TestTheIRCServerDiesInTheMiddle kills the server, changes the incident meanwhile,
// and looks at what people are told when it is back.
func TestTheIRCServerDiesInTheMiddle(t *testing.T) {
	t.Parallel()
	const room = "#inc-1-openssl"
	w := newWorld(t, plan{accounts: []string{"jan", "maria", "li"}, roles: killRoles})
	people := w.join("jan", "maria", "li")
	w.start()
	w.enrol(trio)
	w.awaitBot(home)
	light(w, people[0], people[1], "remote code execution in openssl")
	for _, p := range people {
		p.Expect("", "You are needed for ")
	}
	await(w, 3, `select count(*)::int from delivery where state = 'accepted'`)

	w.net.Kill()
	eventually(t, "the bot to miss its network", func() bool {
		return strings.Contains(w.bot.output(), "no connection; trying again")
	}, w.bot.output)
	if status, _ := w.get("/incidents/1"); status != 200 {
		t.Errorf("without its network the bot shows the incident with %d", status)
	}
	said := []string{"changes the severity from 1 to 2.", "changes the severity from 2 to 3.", "renames the incident: heartbleed again"}
	w.must("do", "--as", "maria", "incident sev 2")
	w.must("do", "--as", "maria", "incident sev 3")
	w.must("do", "--as", "jan", "page li the keys please")
	w.must("do", "--as", "maria", "incident rename heartbleed again")
	await(w, true, `select bool_or(a.outcome = 'temporary') from attempt a join delivery d on d.id = a.delivery_id
		join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id where e.why = 'the keys please'`)

	// People are back before the bot is: what they are told then is all there was.
	w.pause(syscall.SIGSTOP)
	if err := w.net.Restart(); err != nil {
		t.Fatal(err)
	}
	w.lookout = nil
	people = w.join("jan", "li")
	jan, li := people[0], people[1]
	jan.Join(room)
	jan.Raw("MODE " + room + " -t") // the first one in rules the room; let the bot set the topic
	w.pause(syscall.SIGCONT)

	li.Expect("", "the keys please")
	await(w, 0, `select count(*)::int from notice where state = 'waiting' and kind <> 'close'`)
	await(w, 0, `select count(*)::int from delivery where state not in ('accepted', 'cancelled')`)
	shown := everythingShown(jan)
	for _, where := range []string{home, room} {
		if got := botSaid(shown, where, said); !slices.Equal(got, said) {
			t.Errorf("%s was told %q, want %q:\n%s", where, got, said, rawOf(shown))
		}
	}
	li.ExpectNot("", "the keys please") // once is enough
	if topics := topicsOf(shown, room); len(topics) == 0 || !strings.HasPrefix(topics[len(topics)-1], "INC-1 severity 3: heartbleed again.") {
		t.Errorf("the topic became %q", topics)
	}
	li.Tell(botNick, "!ack")
	li.Expect("", "Thank you.")
}

// pause stops the bot in its tracks, or lets it go on.
func (w *world) pause(signal syscall.Signal) {
	w.t.Helper()
	if err := w.bot.cmd.Process.Signal(signal); err != nil {
		w.t.Fatal(err)
	}
}

// botSaid lists which of some parts the bot said in a room, in that order, as often
// as it did.
func botSaid(lines []irctest.Line, room string, parts []string) []string {
	var said []string
	for _, l := range lines {
		if l.Nick != botNick || l.Command != "PRIVMSG" || l.Params[0] != room {
			continue
		}
		for _, part := range parts {
			if strings.Contains(l.Text(), part) {
				said = append(said, part)
			}
		}
	}
	return said
}

func topicsOf(lines []irctest.Line, room string) []string {
	var topics []string
	for _, l := range lines {
		if l.Command == "TOPIC" && l.Params[0] == room {
			topics = append(topics, l.Text())
		}
	}
	return topics
}

func rawOf(lines []irctest.Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Raw + "\n")
	}
	return b.String()
}

// TestANetsplitDuringAConfirmation has the confirmer on the far side of a split.
func TestANetsplitDuringAConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{
		accounts: []string{"jan", "maria", "li"}, roles: killRoles, network: irctest.Options{Linked: true},
		more: "guard: {per_person: 100, per_organisation: 100}",
	})
	var maria *irctest.Person
	var far sync.WaitGroup
	far.Go(func() { maria = w.net.PersonOnSecond(t, "maria", "maria", "maria-password") })
	jan := w.join("jan")[0]
	far.Wait()
	if t.Failed() {
		return
	}
	maria.Join(home)
	w.start()
	w.enrol(trio)
	w.awaitBot(home)

	// Split first: the bot cannot hear it.
	code := askFor(w, jan, "fire one")
	maria.Expect(home, "!confirm "+code)
	w.split()
	maria.Say(home, "!confirm "+code)
	maria.Sync()
	if state := one[string](w, `select state from signal_request where what = 'fire one'`); state != "waiting" {
		t.Errorf("during the split the request is %s", state)
	}
	w.heal()
	maria.Say(home, "!confirm "+code)
	for _, p := range []*irctest.Person{jan, maria} {
		p.Expect(home, "The bat-signal is lit. Severity 1: fire one")
	}

	// And at the same moment, a few times: it is heard, or it is not.
	heard := 0
	for i := range 3 {
		what := fmt.Sprintf("fire at the same moment %d", i)
		code := askFor(w, jan, "--separate "+what)
		maria.Expect(home, "!confirm "+code)
		maria.Raw("PRIVMSG " + home + " :!confirm " + code)
		w.split()
		w.heal()
		if waits := one[bool](w, `select state = 'waiting' from signal_request where what = $1`, what); waits {
			maria.Say(home, "!confirm "+code)
		} else {
			heard++
		}
		jan.Expect(home, "The bat-signal is lit. Severity 1: "+what)
		if n := one[int](w, `select count(*)::int from incident i join escalation e on e.cause = 'incident:' || i.id where i.title = $1`, what); n != 3 {
			t.Errorf("%s: %d hunts, want 3", what, n)
		}
	}
	t.Logf("%d of 3 confirmations crossed before the split", heard)
	await(w, 4, `select count(*)::int from signal_use where act = 'confirmed'`)
	await(w, 0, `select count(*)::int from notice where state = 'waiting' and kind <> 'close'`)
}

func (w *world) split() {
	w.t.Helper()
	if err := w.net.Split(); err != nil {
		w.t.Fatal(err)
	}
}

// heal links the servers again and waits until the bot's side knows maria.
func (w *world) heal() {
	w.t.Helper()
	if err := w.net.Heal(); err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, "maria to be back in "+home, func() bool {
		w.lookout.Forget()
		w.lookout.Raw("NAMES " + home)
		names := w.lookout.ExpectRaw("the names", func(l irctest.Line) bool { return l.Command == "353" || l.Command == "366" })
		return names.Command == "353" && holdsNick(names.Text(), "maria")
	}, func() string { return tail(w.bot) })
}
