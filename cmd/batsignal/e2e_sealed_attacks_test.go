package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/migrations/pglocal"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/custody"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/unseal"

	switchwire "batsignal/integrations/switchboard"
)

// The attack table of docs/escrow.md, row by row, is played twice: beside the package that
// refuses it, and here, against both processes, by somebody with exactly that access. What
// needs witnesses, a second seed for duress, canary contacts that the custodians own, or the
// lanes C and E is not here, since none of these exist yet (rows 16, 21 to 23, and the parts
// of 4, 6 and 7 that canaries would see). Here are 2, 3, 5, 11 to 15, 18, 20 and 25; rows 1,
// 4, 6, 8, 9, 10, 16, 17, 19 and 24 are played beside their packages only.

// thief is somebody who has the bot's host and whatever is on it: its identity on the wire,
// its halves, and its login to the database. With a login of the database's owner they are
// the operator of the database too.
type thief struct {
	w      *sealedWorld
	board  *switchwire.Client
	halves *contact.Halves
}

// thief breaks into the bot's host.
func (w *sealedWorld) thief() *thief {
	w.t.Helper()
	ours := keyHome{w.state("escrow"), custody.SideBot}
	identity, err := ours.identity()
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := ours.unwrapKeys()
	if err != nil {
		w.t.Fatal(err)
	}
	at := regexp.MustCompile(`switchboard: \{url: "([^"]+)"`).FindStringSubmatch(read(w.config))
	board, err := switchwire.NewClient(at[1], identity, switchwire.Pin(pinOf(w.t, keyHome{w.deskAt, custody.SideSwitchboard})))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(board.Close)
	return &thief{w, board, &contact.Halves{Keys: keys}}
}

// half is the bot's half of somebody's record: it can be had for each of them.
func (a *thief) half(handle string) paging.Sealed {
	a.w.t.Helper()
	id := one[int64](a.w.world, `select c.id from contact c join person h on h.id = c.person_id where h.handle = $1 and c.sealed`, handle)
	got, err := contact.Release(a.w.t.Context(), a.w.db, time.Now(), a.halves, id, "stolen-"+strings.ToLower(rand.Text())[:8], unseal.LaneDial)
	if err != nil {
		a.w.t.Fatal(err)
	}
	// The switchboard's client wipes what it sent, and a thief keeps a copy.
	got.Half = secret.NewBytes(slices.Clone(got.Half.RevealBytes()))
	return got
}

// wants is a message that the thief would have dialled.
type wants struct {
	handle   string
	delivery int64
	incident int64
	grant    string
	slot     string
	sealed   *paging.Sealed // one that was stolen before; nil takes it now
}

// dials asks the switchboard, by the bot's own identity, and returns what it says.
func (a *thief) dials(m wants) unseal.Dialled {
	a.w.t.Helper()
	sealed := m.sealed
	if sealed == nil {
		got := a.half(m.handle)
		sealed = &got
	}
	copied := *sealed
	copied.Half = secret.NewBytes(slices.Clone(sealed.Half.RevealBytes()))
	copied.Incident, copied.Grant, copied.Slot = m.incident, m.grant, m.slot
	out, err := a.board.Dial(a.w.t.Context(), "voice", paging.Message{
		Kind: paging.KindPage, Key: paging.PageKey(m.delivery), Attempt: 1, Page: 1, Person: m.handle, Severity: 1, Role: "coordination", Why: "a trap", Ref: "INC-1",
		Code: "AAAAA", Sealed: &copied,
	}, false)
	if err != nil {
		a.w.t.Fatal(err)
	}
	return out
}

// refused checks that it was not dialled, and that the switchboard says why.
func (a *thief) refused(what string, m wants, why string) {
	a.w.t.Helper()
	if out := a.dials(m); out.Outcome != unseal.OutcomeRefused || !strings.Contains(out.Detail, why) {
		a.w.t.Errorf("%s: the switchboard says %+v, and not %q", what, out, why)
	}
}

// owner runs SQL as the owner of the database.
func (w *sealedWorld) owner(sql string, args ...any) {
	w.t.Helper()
	if err := w.sql(pglocal.OwnerRole, sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// sql runs SQL with some login.
func (w *sealedWorld) sql(role, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.dsn(role))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql, args...)
	return err
}

// pageFor makes rows by which somebody is to be called for a hunt of an incident, as if they
// had been rung, and returns the delivery. The bot itself is not to touch it.
func (w *sealedWorld) pageFor(handle string, incident int64, role string) int64 {
	w.t.Helper()
	return one[int64](w.world, `
		with hunt as (select id from escalation where cause = 'incident:' || $2::bigint and slot = 'role:' || $3::text),
		who as (select id from person where handle = $1),
		made as (
			insert into page (escalation_id, person_id, round, opened_at, rung_at) select hunt.id, who.id, 1, now(), now() from hunt, who
			on conflict (escalation_id, person_id) do update set state = 'open', answered_at = null returning id)
		insert into delivery (page_id, ring, route, contact_id, due_at, waits, created_at)
		select made.id, 99, 'voice', c.id, now() + interval '1 day', '1 day', now() from made, contact c, who where c.person_id = who.id and c.sealed
		returning id`, handle, incident, role)
}

// opened is how many addresses were opened to be dialled.
func (w *sealedWorld) opened() int {
	return one[int](w.world, `select count(*)::int from sealed_opening where lane = 'B'`)
}

// silent checks that nobody's phone rang and nothing was opened.
func (w *sealedWorld) silent(after string) {
	w.t.Helper()
	if n, calls := w.opened(), w.phones.Rung(); n != 0 || len(calls) != 0 {
		w.t.Errorf("after %s: %d openings, %d calls", after, n, len(calls))
	}
}

// as is one more connection of an account, with another nick: hijacked, or forged by whoever
// administers the services.
func (w *sealedWorld) as(nick, account string) *irctest.Person {
	w.t.Helper()
	password := account + "-password"
	if account == botNick {
		password = w.passwords["irc"]
	}
	p := w.net.Person(w.t, nick, account, password)
	p.Join(home)
	return p
}

// asked has somebody ask, and returns the code of the challenge.
func (w *sealedWorld) asked(p *irctest.Person, what string) string {
	w.t.Helper()
	p.Sync()
	p.Forget() // earlier ones
	p.Say(home, what)
	return challengeLine.FindStringSubmatch(p.ExpectMatch(home, challengeLine.String()).Text())[1]
}

// attackedWorld has four people whose phones are sealed: maria and li in a role each, vera
// and adam in none. Nobody picks up.
func attackedWorld(t *testing.T) (*sealedWorld, map[string]*irctest.Person) {
	t.Helper()
	names := []string{"maria", "li", "vera", "adam", "omar", "zoe"}
	w := newSealedWorld(t, plan{accounts: append([]string{"root"}, names...), roles: twoRoles, more: anybodyLights}, "omar", "zoe")
	people := w.gather(names...)
	rostered(people["maria"], "coordination")
	rostered(people["li"], "package-fixing")
	w.known(people["vera"], people["adam"], people["omar"], people["zoe"])
	for i, handle := range names[:4] {
		w.seal(handle, "voice", phoneOf(i))
		w.phones.Phone(phoneOf(i)).Calls(twiliofake.NoAnswer())
	}
	return w, people
}

// phoneOf is the number of the nth person.
func phoneOf(n int) string { return fmt.Sprintf("+44791135826%d", n) }

func (w *sealedWorld) person(handle string) int64 {
	w.t.Helper()
	p, err := oncall.PersonByHandle(w.t.Context(), w.db, handle)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.ID
}

func codeAt(seed secret.Bytes, at time.Time) string { return totp.Code(seed, at).Reveal() }

var confirmCode = regexp.MustCompile(`!confirm ([A-Z0-9]{4})`)
