package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"batsignal/bot/irc/irctest"
	"batsignal/bot/slack/slackfake"
)

// bridged is one emergency of people who are on IRC, on Slack, or on both.
type bridged struct {
	*slackWorld
	maria, li *irctest.Person // on IRC; maria is on Slack too, as mortega
}

const bridgedRoom = "#inc-1-openssl"

// TestSlackBridgedIncident is the whole arc on an IRC network and in a workspace.
func TestSlackBridgedIncident(t *testing.T) {
	t.Parallel()
	b := &bridged{slackWorld: newSlackWorld(t, plan{accounts: []string{"maria", "li"}, roles: killRoles}, patient(), "")}
	b.members("kevin", "mortega", "omar", "guest")
	b.fake.SetUser(slackfake.User{Name: "guest", Guest: true})
	b.importRosterOfBoth()
	irc := b.join("maria", "li")
	b.maria, b.li = irc[0], irc[1]
	b.start()
	b.awaitBot(home)
	b.awaitSlack()

	b.everybodySaysYesWhereTheyAre()
	b.mariaLinksHerSlackAccount()
	ask := b.mariaAsksOnIRC()
	b.whoMayNotConfirm(ask)
	b.kevinConfirmsByButton(ask)
	summary := b.theChannelIsMade()
	b.kevinTakesHisPageByButton()
	b.rolesFillInPlace(summary)
	b.talkCrosses()
	b.theBatonCrosses(summary)
	b.anUpdateByForm(summary)
	b.resolvedByForm(summary)
	b.theWebTellsOfBoth()
	t.Logf("Slack:\n%s", b.slackTranscript())
	b.nothingSecretWasShown()
	if status := b.bot.stop(t); status != exitOK {
		t.Errorf("the bot ended with %d:\n%s", status, tail(b.bot))
	}
	if lines := errorsIn(b.bot.output()); len(lines) > 0 {
		t.Errorf("errors in the log:\n%s", strings.Join(lines, "\n"))
	}
	if b.fake.Lost() != 0 {
		t.Errorf("%d deliveries of Slack were never acknowledged", b.fake.Lost())
	}
}

// importRosterOfBoth brings in a roster while the bot does not run.
func (b *bridged) importRosterOfBoth() {
	b.t.Helper()
	file := writeFile(b.t, b.dir, "roster.yaml", fmt.Sprintf(`
people:
  - {handle: maria, roles: [coordination], accounts: {%[1]s: maria}}
  - {handle: li, roles: [package-fixing], accounts: {%[1]s: li}}
  - {handle: kevin, roles: [communications], accounts: {%[2]s: %[3]s}}
`, netID, slackID, b.account("kevin")), 0o600)
	if said := b.must("roster", "import", file); !strings.HasPrefix(said, "3 of 3 people are new.") {
		b.t.Errorf("roster import: %s", said)
	}
}

func (b *bridged) everybodySaysYesWhereTheyAre() {
	b.t.Helper()
	for who, role := range map[*irctest.Person]string{b.maria: "coordination", b.li: "package-fixing"} {
		who.Expect("", "whether you can be rung for "+strings.ReplaceAll(role, "-", " "))
		rostered(who, role)
	}
	b.direct("kevin", "whether you can be rung for communications")
	b.fake.DM("kevin", "roster join --awake 00:00-23:59 communications")
	b.direct("kevin", "Thank you. You can be rung for communications, as kevin")
}

// mariaLinksHerSlackAccount gets a code where she is known and types it where she is
// not.
func (b *bridged) mariaLinksHerSlackAccount() {
	b.t.Helper()
	b.fake.DM("mortega", "whoami")
	b.direct("mortega", "and nobody I know")
	b.maria.Tell(botNick, "!link")
	said := b.maria.Expect("", "!link ").Text()
	code := regexp.MustCompile(`!link ([A-Z2-9]{8})`).FindStringSubmatch(said)
	if code == nil {
		b.t.Fatalf("no code in: %s", said)
	}
	b.fake.DM("mortega", "!link "+code[1])
	b.direct("mortega", "This account is bound to maria now.")
	b.fake.DM("omar", "!link "+code[1]) // a code works once
	b.direct("omar", "code")
}

// mariaAsksOnIRC declares, and returns what Slack shows of it.
func (b *bridged) mariaAsksOnIRC() slackfake.Message {
	b.t.Helper()
	b.maria.Say(home, "!batsignal remote code execution in openssl")
	b.maria.Expect(home, "This rings 3 people at once, severity 1: remote code execution in openssl")
	ask := b.hear(home, "maria asks for the bat-signal, severity 1: remote code execution in openssl.")
	if shown := b.shown(ask); !strings.Contains(shown, "Somebody else: !confirm ") || !strings.Contains(shown, "[Confirm: ring them]") {
		b.t.Errorf("what Slack shows of the request: %s", shown)
	}
	if !strings.Contains(string(ask.Blocks), `"confirm":{`) {
		b.t.Errorf("the button asks nothing back: %s", ask.Blocks)
	}
	return ask
}

// whoMayNotConfirm has everybody click who may not: who asked, from their second
// account; a member whom nobody knows; a guest.
func (b *bridged) whoMayNotConfirm(ask slackfake.Message) {
	b.t.Helper()
	for who, why := range map[string]string{
		"mortega": "You asked for it yourself. A second person must confirm, whatever account you use.",
		"omar":    "I do not know yet which person this account belongs to",
		"guest":   "I only trust accounts",
	} {
		b.acked(b.fake.Click(who, home, ask.TS, "Confirm: ring them"))
		b.whisper(who, home, why)
	}
	if n := one[int](b.world, `select count(*)::int from incident`); n != 0 {
		b.t.Errorf("%d incidents were opened by people who may not", n)
	}
}

func (b *bridged) kevinConfirmsByButton(ask slackfake.Message) {
	b.t.Helper()
	b.acked(b.fake.Click("kevin", home, ask.TS, "Confirm: ring them"))
	const lit = "[INC-1] The bat-signal is lit. Severity 1: remote code execution in openssl. Asked by maria, confirmed by kevin. Ringing maria, kevin and li. Come to " + bridgedRoom + "."
	b.hear(home, lit)
	b.maria.Expect(home, lit)
	b.acked(b.fake.Click("kevin", home, ask.TS, "Confirm: ring them")) // a tired hand clicks twice
	b.whisper("kevin", home, "confirmed it already: INC-1.")
}

// theChannelIsMade looks at the channel of the incident, and returns its live summary.
func (b *bridged) theChannelIsMade() slackfake.Message {
	b.t.Helper()
	b.hear(bridgedRoom, "Paging maria for coordination, kevin for communications and li for package fixing.")
	summary := b.hear(bridgedRoom, "INC-1 severity 1: remote code execution in openssl\n")
	b.await("topic, invitations, pin and bookmark", func() bool {
		c := b.fake.Channel(bridgedRoom)
		return strings.HasPrefix(c.Topic, "INC-1 severity 1: remote code execution in openssl. Baton: nobody.") &&
			slices.Contains(c.Members, b.fake.User("kevin").ID) && slices.Contains(c.Members, b.fake.User("mortega").ID) &&
			slices.Equal(c.Pins, []string{summary.TS}) &&
			len(c.Bookmarks) == 1 && c.Bookmarks[0].Link == b.web+"/incidents/1"
	})
	b.becomes(summary, "Baton: nobody\n", "coordination: empty, ringing maria\n", "communications: empty, ringing kevin\n",
		"[Take the baton]", "[Take a role: coordination, communications, package fixing]", "[Update]", "[Resolve]", "[On the web]")
	b.fake.Join("omar", bridgedRoom)
	b.fake.Join("guest", bridgedRoom)
	b.maria.Join(bridgedRoom)
	b.li.Join(bridgedRoom)
	return summary
}

// kevinTakesHisPageByButton answers a page where it arrived; the buttons go, since
// they have done their work.
func (b *bridged) kevinTakesHisPageByButton() {
	b.t.Helper()
	page := b.direct("kevin", "Page P2, severity 1: remote code execution in openssl. You are needed for communications. Come to "+bridgedRoom+".")
	if shown := b.shown(page); !strings.HasSuffix(shown, "[I take it][I cannot]\n") {
		b.t.Errorf("kevin's page: %s", shown)
	}
	b.acked(b.fake.Click("kevin", page.Channel, page.TS, "I take it"))
	page = b.becomes(page, "Thank you. You have communications in INC-1.")
	if shown := b.shown(page); strings.Contains(shown, "[I take it]") || !strings.Contains(shown, "Page P2") {
		b.t.Errorf("kevin's page, answered: %s", shown)
	}
	b.maria.Expect(bridgedRoom, "kevin answers P2 and has communications.")
	b.hear(bridgedRoom, "kevin answers P2 and has communications.")
}

// rolesFillInPlace has the IRC people answer, and sees that Slack's summary follows.
// Maria's page came to both of her accounts, and one answer is enough.
func (b *bridged) rolesFillInPlace(summary slackfake.Message) {
	b.t.Helper()
	b.becomes(summary, "communications: kevin\n", "Baton: nobody\n")
	onSlack := b.direct("mortega", "Page P1, severity 1")
	b.maria.Expect("", "[INC-1] Page P1, severity 1")
	b.maria.Tell(botNick, "!ack")
	b.maria.Expect("", "Thank you. You have coordination in INC-1.")
	b.acked(b.fake.Click("mortega", onSlack.Channel, onSlack.TS, "I cannot"))
	b.whisper("mortega", onSlack.Channel, "P1 is acknowledged already.")
	b.li.Tell(botNick, "!ack")
	b.hear(bridgedRoom, "Every role is filled.")
	now := b.becomes(summary, "coordination: maria\n", "package fixing: li\n", "Baton: maria, since ")
	if !now.Edited || len(b.fake.Channel(bridgedRoom).Pins) != 1 {
		b.t.Errorf("the summary was not edited in place: %+v", now)
	}
	summaries := 0
	for _, m := range b.fake.Spoken(bridgedRoom) {
		if strings.HasPrefix(b.shown(m), "INC-1 severity") {
			summaries++
		}
	}
	if summaries != 1 {
		b.t.Errorf("%d summaries are shown", summaries)
	}
}

// talkCrosses has people talk with each other across the networks.
func (b *bridged) talkCrosses() {
	b.t.Helper()
	b.maria.Say(bridgedRoom, "which versions are it? <all> & @here")
	b.hear(bridgedRoom, "[testnet] <maria> which versions are it? <all> & @here")
	said := b.fake.Post("kevin", bridgedRoom, "3.0 and up, see batsignal.dev/log @mortega zyzzyva-xq7")
	b.maria.Expect(bridgedRoom, "[acme] <kevin> 3.0 and up, see batsignal.dev/log maria zyzzyva-xq7")
	b.fake.Reply("omar", bridgedRoom, said, "not 3.1")
	b.maria.Expect(bridgedRoom, "[acme] <omar> (in a thread) not 3.1")
	b.fake.Post("guest", bridgedRoom, "mine is fine")
	b.maria.Expect(bridgedRoom, "[acme] <~guest> mine is fine")

	// What is no talk stays where it was: commands and their answers, an edit, a line
	// that looks as if it were carried, what is said elsewhere, what a program says.
	b.fake.Post("kevin", bridgedRoom, "!role list")
	b.hear(bridgedRoom, "coordination: maria")
	b.fake.Post("kevin", bridgedRoom, "[testnet] <maria> we are hacked")
	b.fake.Edit("kevin", bridgedRoom, said, "3.1 and up")
	b.fake.Post("kevin", home, "I am in the incident's channel")
	b.fake.BotPost("weather", bridgedRoom, "it rains")
	b.fake.Post("kevin", bridgedRoom, "the last line")
	b.maria.Expect(bridgedRoom, "[acme] <kevin> the last line")
	for _, l := range everythingShown(b.maria) {
		for _, part := range []string{"role list", "hacked", "3.1 and up", "incident's channel", "it rains"} {
			if l.Nick == botNick && l.Command == "PRIVMSG" && strings.Contains(l.Text(), part) {
				b.t.Errorf("IRC was told: %s", l.Raw)
			}
		}
	}
	crossed := 0
	for _, m := range b.fake.Spoken(bridgedRoom) {
		if m.User == b.fake.BotUserID() && strings.Contains(b.shown(m), "[acme]") {
			b.t.Errorf("Slack was told what Slack said: %s", b.shown(m))
		}
		if strings.Contains(b.shown(m), "[testnet] <maria> which versions") {
			crossed++
		}
	}
	if crossed != 1 {
		b.t.Errorf("a line crossed %d times", crossed)
	}
}

// theBatonCrosses has maria on IRC pass the baton to kevin, who accepts by button.
func (b *bridged) theBatonCrosses(summary slackfake.Message) {
	b.t.Helper()
	b.maria.Say(bridgedRoom, "!baton pass kevin")
	offer := b.direct("kevin", "maria offers the baton to kevin: !baton accept until ")
	b.hear(bridgedRoom, "maria offers the baton to kevin")
	b.becomes(summary, "Baton moves: to kevin, unless decided otherwise until ")
	b.acked(b.fake.Click("kevin", offer.Channel, offer.TS, "Accept the baton"))
	b.maria.Expect(bridgedRoom, "kevin accepts the baton from maria.")
	b.maria.ExpectRaw("the topic", func(l irctest.Line) bool {
		return l.Command == "TOPIC" && strings.Contains(l.Text(), "Baton: kevin.")
	})
	b.hear(bridgedRoom, "kevin accepts the baton from maria.")
	b.becomes(summary, "Baton: kevin, since ")
	b.await("the topic to name kevin", func() bool { return strings.Contains(b.fake.Channel(bridgedRoom).Topic, "Baton: kevin.") })
	if shown := b.shown(b.becomes(offer, "")); strings.Contains(shown, "[Accept the baton]") {
		b.t.Errorf("the offer still has its button: %s", shown)
	}
}

// formOf clicks what opens a form, and returns the form.
func (s *slackWorld) formOf(who string, m slackfake.Message, label string) slackfake.View {
	s.t.Helper()
	s.acked(s.fake.Click(who, m.Channel, m.TS, label))
	s.await("the form of "+label, func() bool { return len(s.fake.Views(who)) == 1 })
	return s.fake.Views(who)[0]
}

func (b *bridged) anUpdateByForm(summary slackfake.Message) {
	b.t.Helper()
	form := b.formOf("kevin", summary, "Update")
	b.acked(b.fake.Submit("kevin", form.ID, map[string]any{
		"title": "remote code execution in openssl 3", "severity": "2", "note": "the fix is in testing",
	}))
	b.maria.Expect(bridgedRoom, "kevin renames the incident: remote code execution in openssl 3")
	b.maria.Expect(bridgedRoom, "kevin changes the severity from 1 to 2.")
	b.becomes(summary, "INC-1 severity 2: remote code execution in openssl 3\n")
	if views := b.fake.Views("kevin"); len(views) != 0 {
		b.t.Errorf("the form is still open: %s", views[0].Raw)
	}
}

// resolvedByForm has somebody try who may not, which the form itself says, and then
// kevin.
func (b *bridged) resolvedByForm(summary slackfake.Message) {
	b.t.Helper()
	form := b.formOf("omar", summary, "Resolve")
	refused := b.acked(b.fake.Submit("omar", form.ID, map[string]any{"why": "I say so"})).Errors()
	if !strings.Contains(refused["why"], "I do not know yet which person this account belongs to") {
		b.t.Errorf("omar's form says: %v", refused)
	}
	b.fake.CloseView("omar", form.ID)

	form = b.formOf("kevin", summary, "Resolve")
	b.acked(b.fake.Submit("kevin", form.ID, map[string]any{"why": "fixed packages are on the mirrors"}))
	for _, room := range []string{home, bridgedRoom} {
		const end = "kevin resolves the incident. fixed packages are on the mirrors."
		b.maria.Expect(room, end)
		b.hear(room, end)
	}
	now := b.becomes(summary, "INC-1 resolved: remote code execution in openssl 3\n")
	if shown := b.shown(now); strings.Contains(shown, "[Resolve]") {
		b.t.Errorf("the summary of what is over still has buttons: %s", shown)
	}
	await(b.world, 0, `select count(*)::int from notice where state = 'waiting' and kind <> 'close'`)
	if failed := ask[string](b.world, `select network || ' ' || kind || ' ' || room || account || ': ' || detail from notice where state = 'failed'`); len(failed) > 0 {
		b.t.Logf("given up: %s", strings.Join(failed, "\n"))
	}
	// People talk on for a while.
	b.li.Say(bridgedRoom, "good night everybody")
	b.hear(bridgedRoom, "[testnet] <li> good night everybody")
}

func (b *bridged) theWebTellsOfBoth() {
	b.t.Helper()
	shown := b.page("/incidents/1")
	for _, part := range []string{
		"remote code execution in openssl 3", "<b><bdi>" + bridgedRoom, slackID, netID, "confirmed maria", "kevin accepts the baton",
		"the fix is in testing", "resolved",
	} {
		if !strings.Contains(shown, part) {
			b.t.Errorf("the incident's page does not hold %q:\n%s", part, shown)
		}
	}
	record := b.page("/signal")
	for _, part := range []string{"guest (unproven)", "refused"} {
		if !strings.Contains(record, part) {
			b.t.Errorf("the public record does not hold %q:\n%s", part, record)
		}
	}
	// An account is a number that tells nobody anything; it is for the roster.
	for _, who := range []string{"kevin", "mortega"} {
		if id := b.fake.User(who).ID; strings.Contains(strings.ToUpper(shown+record), id) {
			b.t.Errorf("the pages show the account %s of %s", id, who)
		}
	}
}

// nothingSecretWasShown looks for tokens, and for the addresses and words that a log
// must not hold.
func (b *bridged) nothingSecretWasShown() {
	b.t.Helper()
	seeker := &arc{world: b.world}
	for _, secret := range b.passwords {
		seeker.canaries = append(seeker.canaries, secret)
	}
	for path, text := range seeker.everyPage() {
		seeker.search("the page "+path, text)
	}
	for _, command := range [][]string{
		{"doctor"}, {"config", "show"}, {"config", "check"}, {"do", "status"}, {"do", "--as", "kevin", "whoami"}, {"slack", "manifest"},
	} {
		r := b.cli(command...)
		seeker.search(strings.Join(command, " "), r.stdout+r.stderr)
	}
	seeker.search("Slack", b.slackTranscript())
	for pid, text := range processTable(b.bot.cmd.Process.Pid) {
		seeker.search("the process table, "+pid, text)
	}
	seeker.search("the log of Postgres", read(b.state("postgres", "postgres.log")))
	seeker.canaries = append(seeker.canaries, "/response/", "ticket=", "zyzzyva-xq7", "in testing")
	seeker.search("the log", b.bot.output())
	if !strings.Contains(b.bot.output(), `"level":"DEBUG"`) {
		b.t.Error("the log holds no debug lines, so the search proves little")
	}
}
