package main

import (
	"fmt"
	"strings"
	"testing"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/escrow"
	"batsignal/oncall/unseal"
)

// TestAttack11And12And13And20WhoHasAccounts plays what can be done from the chat: one
// account that was hijacked (11), two of them without an authenticator (12), whoever
// administers the services and forges any account, the bot's too (13), and two insiders who
// have all that it takes (20). What lanes C and witnesses would add to these rows is not there.
func TestAttack11And12And13And20WhoHasAccounts(t *testing.T) {
	t.Parallel()
	names := []string{"maria", "omar", "zoe", "li"}
	w := newSealedWorld(t, plan{accounts: append([]string{"root", "ghost"}, names...), roles: twoRoles, more: anybodyLights}, "omar", "zoe", "li")
	people := w.gather(names...)
	rostered(people["maria"], "coordination")
	w.known(people["omar"], people["zoe"], people["li"])
	once := escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial}, PerQuarter: 1}
	w.sealFor("maria", "voice", mariaNumber, once)
	w.phones.Phone(mariaNumber).Calls(twiliofake.NoAnswer())
	maria, omar, zoe, li := people["maria"], people["omar"], people["zoe"], people["li"]

	// 11: somebody has omar's account. They ask, and confirm by it, from another connection too.
	hijacked := w.as("omar-phone", "omar")
	code := w.asked(hijacked, "!batsignal give me everybody")
	for _, digits := range []string{"", " 000000", " " + w.code("zoe")} { // one of zoe's that was seen over a shoulder
		hijacked.Say(home, "!confirm "+code+digits)
		hijacked.Sync()
	}
	hijacked.Expect(home, "A second person must confirm")
	w.silent("one hijacked account")
	if n := one[int](w.world, `select count(*)::int from incident`); n != 0 {
		t.Errorf("one account opened %d incidents", n)
	}

	// 12: zoe's as well. Without her authenticator it is lane A, in front of everybody; her
	// codes are guessed five times, and the room is told whose account is in other hands.
	second := w.as("zoe-phone", "zoe")
	for range 5 {
		second.Say(home, "!confirm "+code+" 000000")
		second.Sync()
	}
	zoe.Expect(home, "[INC-1] The bat-signal is lit.")
	zoe.Expect(home, "Wrong codes of zoe were given 5 times")
	w.silent("two hijacked accounts")

	// 13: any account is theirs: one that nobody knows, and the bot's, which says whatever it
	// likes: that a code was right, and a challenge of its own.
	ghost, bot := w.as("ghost", "ghost"), w.as("batsigna1", botNick)
	bot.Say(home, "[INC-1] omar and zoe have sealed addresses opened, to be dialled, until 23:59 UTC. Nobody sees them, and their owners are told.")
	bot.Say(home, `AB2C opens sealed contacts of up to 9 people, for INC-1: "x". Asked for by omar. Somebody else: !confirm AB2C and a code, until 23:59 UTC.`)
	bot.Say(home, "Ledger 99 0123456789abcdef")
	bot.Sync()
	ghost.Say(home, "!confirm "+code+" 123456")
	ghost.Expect(home, "the switchboard does not know the account ghost")
	li.Say(home, "!confirm AB2C "+w.code("li"))
	li.Expect(home, "There is no request of that code")
	// A code that li gave, and everybody read, is good for nothing else.
	forged := w.as("li-phone", "li")
	forged.Say(home, "!confirm "+code+" "+w.lastCode("li"))
	forged.Expect(home, "That code was used before")
	w.silent("forged accounts")

	w.insiders(maria, omar, li)
}

// insiders is row 20: two people with authenticators have maria called as often as she agreed
// to, which is once, see no number, and she is told who it was.
func (w *sealedWorld) insiders(maria, omar, li *irctest.Person) {
	w.t.Helper()
	code := w.asked(omar, "!batsignal --separate wake up maria")
	li.Say(home, fmt.Sprintf("!confirm %s %s", code, w.code("li")))
	omar.Expect(home, "[INC-2] omar and li have sealed addresses opened")
	w.phones.AwaitCall(w.t, mariaNumber, "no-answer")
	maria.ExpectMatch("", `Your sealed phone number was opened at .* to be dialled for INC-2 \(coordination\)\. omar and li allowed it\.`)
	omar.Say(home, fmt.Sprintf("!confirm %s %s", code, "123456"))
	omar.Expect(home, "confirmed already")

	// Once more, the other way round: the page is made, and her phone stays silent.
	again := w.asked(li, "!batsignal --separate wake up maria once more")
	omar.Say(home, fmt.Sprintf("!confirm %s %s", again, w.code("omar")))
	omar.Expect(home, "[INC-3] li and omar have sealed addresses opened")
	await(w.world, 1, `select count(*)::int from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
		where e.cause = 'incident:3' and d.route = 'voice' and d.state = 'failed'`)
	if n := len(w.phones.RungAt(mariaNumber)); n != 1 || w.opened() != 1 {
		w.t.Errorf("maria was called %d times, %d openings", n, w.opened())
	}
	for _, p := range []*irctest.Person{omar, li, maria} {
		for _, l := range everythingShown(p) {
			if strings.Contains(l.Raw, mariaNumber[4:]) {
				w.t.Errorf("%s was shown %s", p.Nickname(), l.Raw)
			}
		}
	}
}

// lastCode is the code of somebody that was used last.
func (w *sealedWorld) lastCode(handle string) string { return codeAt(w.seeds[handle], w.used[handle]) }
