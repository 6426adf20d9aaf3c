package main

import (
	"fmt"
	"strings"
	"testing"

	"batsignal/integrations/twilio/twiliofake"
)

// TestKilledBetweenIntentAndDial kills the switchboard when what it opens is in the ledger
// and the provider has not answered, and then the bot, with its database, when two people
// have confirmed and nothing is dialled (rows 1 and 2 of the faults). However it goes on, a
// phone rings once for each page. Then the switchboard stays away (row 33): the signal is
// lit all the same, by open ways, and the room is told what is missing.
func TestKilledBetweenIntentAndDial(t *testing.T) {
	t.Parallel()
	w, people := attackedWorld(t)
	omar, zoe := people["omar"], people["zoe"]

	// The provider has both requests; one is lost on the way, the other one is taken when
	// nobody is there to be told of it, who so may be called once more.
	gate := make(chan struct{})
	w.phones.Next(twiliofake.Trouble{Wait: gate, Cut: true}, twiliofake.Trouble{Wait: gate})
	w.lit(omar, zoe, "the mirrors burn")
	w.phones.AwaitHeld(t, 2)
	w.desk.kill(t)
	close(gate)
	w.phones.AwaitHeld(t, 0)
	if n := one[int](w.world, `select count(*)::int from sealed_opening where dialled is null`); n != 2 {
		t.Fatalf("%d openings are not through", n)
	}
	w.startDesk()
	w.awaitNick(earNick, home, w.desk.output)
	await(w.world, 2, `select count(*)::int from sealed_opening where lane = 'B' and dialled is not null`)
	w.rangOnce(t, 1, 1)

	// The bot is killed as soon as it is told that two people confirmed; its database with it.
	code := w.asked(zoe, "!batsignal --separate the mirrors burn again")
	// What the provider answers is lost, and what it tells of the calls is not.
	w.phones.Next(twiliofake.Trouble{Cut: true, Taken: true}, twiliofake.Trouble{Cut: true, Taken: true})
	omar.Say(home, fmt.Sprintf("!confirm %s %s", code, w.code("omar")))
	await(w.world, 1, `select count(*)::int from incident where id = 2 and unsealed_until is not null`)
	w.bot.kill(t)
	w.start()
	w.awaitBot(home)
	await(w.world, 4, `select count(*)::int from sealed_opening where lane = 'B' and dialled is not null`)
	await(w.world, 2, `select count(*)::int from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id
		where e.cause = 'incident:2' and d.route = 'voice' and d.state in ('accepted', 'delivered', 'failed', 'expired') and d.ref <> ''`)
	w.rangOnce(t, 2, 1)

	// The switchboard is gone for good.
	w.desk.kill(t)
	omar.Sync()
	omar.Forget()
	omar.Say(home, "!batsignal --separate and now the switchboard")
	omar.Expect(home, "The switchboard")
	code = w.codeIn(omar.Expect(home, "!confirm ").Text())
	zoe.Say(home, "!confirm "+code)
	// Numbers are left out where the database was killed.
	lit := omar.ExpectMatch(home, `^\[INC-\d+\] The bat-signal is lit\. Severity 1: and now the switchboard`).Text()
	incident, _, _ := strings.Cut(lit, " ")
	people["maria"].Expect("", incident+" Page P")
	people["li"].Expect("", incident+" Page P")
	w.rangOnce(t, 2, 1)
}

// rangOnce checks that maria's and li's phones rang once for each incident so far, but for so
// many calls that nobody could know of, and that each opening has one intent.
func (w *sealedWorld) rangOnce(t *testing.T, incidents, unknown int) {
	t.Helper()
	w.phones.Settled(t)
	for i, name := range []string{"maria", "li"} {
		if calls := w.phones.RungAt(phoneOf(i)); len(calls) < incidents || len(calls) > incidents+unknown {
			t.Errorf("%s was called %d times: %+v", name, len(calls), calls)
		}
	}
	if calls := w.phones.Rung(); len(calls) > 2*incidents+unknown {
		t.Errorf("%d calls: %+v", len(calls), calls)
	}
	if n := one[int](w.world, `select count(distinct split_part(key, '/', 1))::int from sealed_opening where lane = 'B'`); n != 2*incidents {
		t.Errorf("%d messages were opened for", n)
	}
	// A try that the provider failed is an opening of its own, with its own intent before it.
	if n := one[int](w.world, `select count(*)::int from ledger_leaf where body like '%"type":"intent"%'`); n != w.opened() {
		t.Errorf("%d intents, %d openings", n, w.opened())
	}
}

// codeIn is the code of a request in what the bot says.
func (w *sealedWorld) codeIn(said string) string {
	w.t.Helper()
	found := confirmCode.FindStringSubmatch(said)
	if found == nil {
		w.t.Fatalf("no code in %q", said)
	}
	return found[1]
}
