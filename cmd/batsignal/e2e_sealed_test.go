package main

import (
	"fmt"
	"strings"
	"testing"

	"batsignal/integrations/twilio/twiliofake"
)

// TestASealedNight is what people live through whose numbers are sealed: nothing rings by
// them until two people said so, one of them with a code that only the switchboard can
// check; then they ring at once, and their owners are told.
func TestASealedNight(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t, plan{accounts: []string{"root", "maria", "li", "omar", "zoe"}, roles: twoRoles, more: anybodyLights}, "omar", "li", "zoe")
	people := w.gather("maria", "li", "omar", "zoe")
	maria, li, omar, zoe := people["maria"], people["li"], people["omar"], people["zoe"]
	rostered(maria, "coordination")
	rostered(li, "package-fixing")
	rostered(zoe, "package-fixing")
	w.seal("maria", "voice", mariaNumber)
	w.seal("li", "voice", liNumber)
	w.phones.Phone(mariaNumber).Calls(twiliofake.Acknowledges())
	w.phones.Phone(liNumber).Calls(twiliofake.Voicemail())

	// Who asks is known to both: to the bot by the roster, to the switchboard by its own list.
	omar.Tell(botNick, "!roster join coordination")
	omar.Expect("", "You can be rung for coordination")
	omar.Tell(botNick, "!roster leave coordination")
	omar.Sync()

	// Two see the same fire, and one is lost. Nothing that the bot answers has the code in other
	// words than the switchboard's, which would take the challenge back.
	code := w.asked(omar, "!batsignal remote code execution in openssl")
	zoe.Say(home, "!batsignal openssl has a hole")
	zoe.Expect(home, "omar asked for the bat-signal already: remote code execution in openssl. If it is the same fire, type !confirm CODE.")
	zoe.Expect(home, code+" opens sealed contacts of up to ")
	zoe.Say(home, "!help "+strings.ToLower(code))
	zoe.ExpectMatch(home, `\bCODE\b`)
	li.Say(home, fmt.Sprintf("!confirm %s %s", code, w.code("li")))
	omar.Expect(home, "The bat-signal is lit.")
	omar.ExpectMatch(home, `^\[INC-1\] omar and li have sealed addresses opened, to be dialled, until`)
	omar.ExpectMatch(home, `^Ledger \d+ [0-9a-f]{16}$`)
	w.phones.AwaitCall(t, mariaNumber, "completed")
	omar.Expect(home, "maria answers P")
	maria.ExpectMatch("", `Your sealed phone number was opened at .* to be dialled for INC-1 \(coordination\)\. omar and li allowed it\.`)
	t.Logf("the challenge was %s; li's phone: %+v", code, w.phones.RungAt(liNumber))
	for _, number := range []string{mariaNumber, liNumber} {
		for _, said := range []string{w.bot.output(), w.desk.output()} {
			if strings.Contains(said, number[1:]) {
				t.Errorf("a log has a sealed number:\n%s", said)
			}
		}
	}
	await(w.world, 2, `select count(*)::int from sealed_opening where lane = 'B' and dialled is not null`)
	if n := one[int](w.world, `select count(*) from sealed_opening where lane = 'B'`); n != 2 {
		t.Errorf("%d openings", n)
	}
}
