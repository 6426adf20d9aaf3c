package main

import (
	"fmt"
	"strings"
	"testing"

	"batsignal/bot/irc/irctest"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/unseal"
)

// TestAttack03And05WhoHoldsTheBot plays row 3, live root on the bot's host, and row 5, a
// rogue operator of bot and database together. Both have every half that the bot has, its
// identity on the wire, its account on IRC, and its rows; neither can have anything opened
// that two people did not allow. Where they did, for one incident, the rogue operator has
// some of that budget go to people of their choice: called, not read, and told of it.
func TestAttack03And05WhoHoldsTheBot(t *testing.T) {
	t.Parallel()
	w, people := attackedWorld(t)
	omar, zoe := people["omar"], people["zoe"]
	a := w.thief()

	// An incident of severity 1, opened by two people without a code: lane A only.
	code := w.asked(omar, "!batsignal the mirrors burn")
	zoe.Say(home, "!confirm "+code)
	omar.Expect(home, "[INC-1] The bat-signal is lit.")
	await(w.world, 2, `select count(*)::int from page where state = 'open'`)

	maria := w.pageFor("maria", 1, "coordination")
	if out := a.dials(wants{handle: "maria", delivery: 999999, slot: "role:coordination"}); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("without an incident: %+v", out)
	}
	for _, grant := range []string{"", "AAA2", "aaa2", code, strings.ToLower(code), code + "/1"} {
		a.refused("the grant "+grant, wants{handle: "maria", delivery: maria, incident: 1, grant: grant, slot: "role:coordination"}, "No two people confirmed")
	}

	// The bot's own rows say that it was confirmed: the bot, which is honest here, asks too.
	w.forgesGrant(1, code)
	if err := w.sql(pglocal.BotRole, `with due as (update delivery set due_at = now() where id = $1 returning id) select pg_notify('batsignal_due', '') from due`, maria); err != nil {
		t.Fatal(err)
	}
	await(w.world, "failed", `select state from delivery where id = $1`, maria)
	a.refused("forged rows", wants{handle: "maria", delivery: w.pageFor("maria", 1, "coordination"), incident: 1, grant: code, slot: "role:coordination"}, "No two people confirmed")
	w.silent("forged rows")

	// A challenge that omar did not ask for, its code said with words of the thief's own, and
	// zoe takes them for true.
	made, err := a.board.Challenge(t.Context(), unseal.Ask{Network: netID, Room: home, Account: "omar", What: "the mirrors burn again"})
	if err != nil || made.Heard {
		t.Fatalf("%+v %v", made, err)
	}
	bot := w.as("batsigna1", botNick)
	bot.Say(home, fmt.Sprintf("%s is a drill and rings nobody. Somebody else: !confirm %[1]s and a code.", made.Code))
	zoe.Expect(home, made.Code+" is a drill")
	zoe.Expect(home, "the bot said its code with other words than mine")
	zoe.Say(home, fmt.Sprintf("!confirm %s %s", made.Code, w.code("zoe")))
	zoe.Expect(home, "That request counts no more")
	a.refused("a code given for other words", wants{handle: "maria", delivery: w.pageFor("maria", 1, "coordination"), incident: 1, grant: made.Code, slot: "role:coordination"}, "No two people confirmed")

	// One who did not ask, by the wire, and one person who confirms: the second one is missing.
	made, err = a.board.Challenge(t.Context(), unseal.Ask{Network: netID, Room: home, Account: "zoe", What: "the mirrors burn once more"})
	if err != nil || made.Heard {
		t.Fatalf("%+v %v", made, err)
	}
	bot.Say(home, made.Line)
	omar.Expect(home, made.Line)
	omar.Sync()
	omar.Say(home, fmt.Sprintf("!confirm %s %s", made.Code, w.code("omar")))
	omar.Expect(home, "somebody else must confirm too, with a code")
	a.refused("one person's code", wants{handle: "maria", delivery: w.pageFor("maria", 1, "coordination"), incident: 1, grant: made.Code, slot: "role:coordination"}, "No two people confirmed")
	w.silent("forged challenges")

	w.rogueOperator(a, people)
}

// forgesGrant writes into the bot's rows that two people had sealed addresses opened.
func (w *sealedWorld) forgesGrant(incident int64, code string) {
	w.t.Helper()
	if err := w.sql(pglocal.BotRole, `
		update incident set unseal_code = $2, unsealed_at = now(), unsealed_until = now() + interval '20 minutes', unsealed_by = 'omar and zoe', severity = 1
		where id = $1`, incident, code); err != nil {
		w.t.Fatal(err)
	}
}

// rogueOperator goes on with row 5, whose login may change every row: two people do confirm,
// for INC-1, and up to three people. What it can do with that is a call to one person of its
// choice within the number that everybody saw, in the ledger, and told to them.
func (w *sealedWorld) rogueOperator(a *thief, people map[string]*irctest.Person) {
	t, omar, zoe, vera := w.t, people["omar"], people["zoe"], people["vera"]
	// A membership that vera never agreed to counts in what is shown before it is confirmed.
	w.owner(`insert into membership (person_id, role, place, asked_at, agreed_at, approved_at) values ($1, 'coordination', 9, now(), now(), now())`, w.person("vera"))
	w.owner(`delete from delivery where contact_id is not null`) // what was forged so far
	omar.Say(home, "!unseal INC-1")
	said := challengeLine.FindStringSubmatch(omar.ExpectMatch(home, `^[A-Z0-9]{4} opens sealed contacts of up to \d+ people, for INC-1`).Text())
	grant := said[1]
	if said[2] != "3" {
		t.Fatalf("up to %s people", said[2])
	}
	zoe.Say(home, "!confirm "+strings.ToLower(grant))
	zoe.Expect(home, "takes a code of your authenticator too")
	zoe.Say(home, fmt.Sprintf("!confirm %s %s", grant, w.code("zoe")))
	omar.Expect(home, "[INC-1] omar and zoe have sealed addresses opened")
	await(w.world, 2, `select count(*)::int from sealed_opening where lane = 'B' and dialled is not null`)

	slot := "role:coordination"
	page := w.pageFor("vera", 1, "coordination")
	if out := a.dials(wants{handle: "vera", delivery: page, incident: 1, grant: grant, slot: slot}); out.Outcome != "" {
		t.Errorf("within what was confirmed: %+v", out)
	}
	vera.ExpectMatch("", `Your sealed phone number was opened at .* to be dialled for INC-1 \(coordination\)`)
	a.refused("one more than was confirmed", wants{handle: "adam", delivery: w.pageFor("adam", 1, "coordination"), incident: 1, grant: grant, slot: slot}, "as many were opened")
	a.refused("a page of somebody else", wants{handle: "adam", delivery: page, incident: 1, grant: grant, slot: slot}, "not asked for")
	a.refused("another slot", wants{handle: "vera", delivery: w.pageFor("vera", 1, "coordination"), incident: 1, grant: grant, slot: "role:package-fixing"}, "not asked for")
	out := a.dials(wants{handle: "vera", delivery: page, incident: 1, grant: grant, slot: slot})
	if out.Outcome != "" || len(w.phones.RungAt(phoneOf(2))) != 1 {
		t.Errorf("the same page again: %+v, %d calls", out, len(w.phones.RungAt(phoneOf(2))))
	}

	// Another incident, made up, and the first one once it is not grave, or over.
	w.owner(`insert into incident (title, slug, severity, opened_at) values ('made up', 'made-up', 1, now())`)
	w.owner(`insert into escalation (cause, slot, why, severity, patience, started_at, due_at) values ('incident:2', 'role:coordination', 'x', 1, '1h', now(), now() + interval '1 day')`)
	w.forgesGrant(2, grant)
	a.refused("another incident", wants{handle: "adam", delivery: w.pageFor("adam", 2, "coordination"), incident: 2, grant: grant, slot: slot}, "for INC-1, not for INC-2")
	again := wants{handle: "vera", delivery: w.pageFor("vera", 1, "coordination"), incident: 1, grant: grant, slot: slot}
	w.owner(`update incident set severity = 2 where id = 1`)
	a.refused("severity 2", again, "severity 1 that are open")
	w.owner(`update incident set severity = 1, status = 'resolved', resolved_at = now() where id = 1`)
	a.refused("an incident that is over", again, "severity 1 that are open")
	w.owner(`update incident set status = 'open', resolved_at = null where id = 1`)

	// The last leaf is taken out of the ledger: the switchboard knows of it, opens nothing
	// any more, and says so.
	w.owner(`
		alter table ledger_leaf disable trigger user; alter table ledger_hash disable trigger user; alter table ledger_head disable trigger user;
		alter table ledger_anchor disable trigger user; alter table sealed_opening drop constraint sealed_opening_dialled_fkey;
		delete from ledger_anchor where size = (select max(size) from ledger_head);
		delete from ledger_head where size = (select max(size) from ledger_head);
		delete from ledger_hash where place > (select max(place) - 1 from ledger_hash);
		delete from ledger_leaf where seq = (select max(seq) from ledger_leaf)`)
	before := w.opened()
	again.delivery = w.pageFor("vera", 1, "coordination") // the honest bot may have tried the last one meanwhile
	if out := a.dials(again); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("with a ledger that was cut: %+v", out)
	}
	omar.ExpectMatch(home, `ledger.*(nothing|stops|not continue|refuse)`)
	if w.opened() != before {
		t.Errorf("%d openings, %d before", w.opened(), before)
	}
	if calls := w.phones.RungAt(phoneOf(3)); len(calls) != 0 {
		t.Errorf("adam was called: %+v", calls)
	}
	if n := one[int](w.world, `select count(distinct owner_id)::int from sealed_opening where lane = 'B'`); n != 3 {
		t.Errorf("%d people were called, and three were confirmed", n)
	}
	if untold := one[int](w.world, `select count(*)::int from sealed_opening o where not exists (select from owner_notice n where n.leaf = o.intent and n.person_id = o.owner_id)`); untold != 0 {
		t.Errorf("of %d openings nobody was told", untold)
	}
}
