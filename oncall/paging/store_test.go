package paging

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestOneHuntForOneSlot(t *testing.T) {
	tx := pgtest.Tx(t)
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	started, err := Start(ctx, tx, noon, e)
	if err != nil || started {
		t.Errorf("started again: %v, %v", started, err)
	}
	hunt(t, tx, "incident:2", RoleSlot("qa"))
	hunt(t, tx, "incident:1", PersonSlot("qa"))
	if list, err := Hunting(ctx, tx, "incident:1"); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
	for i, want := range []bool{true, false} {
		if ended, err := Fill(ctx, tx, noon, e.ID); err != nil || ended != want {
			t.Errorf("%d: ended %v, %v", i, ended, err)
		}
	}
	if _, found, err := HuntFor(ctx, tx, e.Cause, e.Slot); err != nil || found {
		t.Errorf("still hunted: %v", err)
	}
	if again := hunt(t, tx, "incident:1", RoleSlot("qa")); again.ID == e.ID || again.Round != 1 {
		t.Errorf("%+v", again)
	}
}

func TestRingUsesEveryWayInUse(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria", "chat", "slack", "elsewhere")
	mute := person(t, tx, "mute")
	exec(t, tx, `insert into contact (person_id, kind, created_at, proven_at) values ($1, 'mail', $2, $2), ($1, 'webhook', $2, $2)`, maria, noon)
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	rung := ring(t, tx, noon, e, 1, []string{"chat", "slack", "mail"}, maria, mute)
	if len(rung) != 2 || rung[0].PersonID != maria || rung[0].Ways != 3 || rung[1].Ways != 0 {
		t.Errorf("%+v", rung)
	}
	got := get[string](t, tx, `select string_agg(route || '/' || account || '/' || (contact_id is not null), ' ' order by route) from delivery`)
	if got != "chat/maria/false mail//true slack/maria/false" {
		t.Error(got)
	}
	memory, busy, err := Remember(ctx, tx, e)
	if err != nil || memory[maria] != (Memory{Round: 1, State: PageOpen}) || len(busy) != 0 {
		t.Errorf("%v, %v, %v", memory, busy, err)
	}
	other := hunt(t, tx, "incident:1", RoleSlot("press"))
	if _, busy, err = Remember(ctx, tx, other); err != nil || !busy[maria] {
		t.Errorf("%v, %v", busy, err)
	}
}

// A second round keeps the page and its number; what was not sent of the first ring is
// sent once, as part of the second.
func TestRingAgain(t *testing.T) {
	tx := pgtest.Tx(t)
	maria, jan := person(t, tx, "maria", "chat"), person(t, tx, "jan", "chat")
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	first := ring(t, tx, noon, e, 1, chat, maria, jan)
	answer(t, tx, noon, first[1].PageID, PageDeclined)
	later := noon.Add(time.Minute)
	second := ring(t, tx, later, e, 2, chat, maria, jan)
	if len(second) != 1 || second[0].PageID != first[0].PageID {
		t.Errorf("%+v after %+v", second, first)
	}
	d := one(t, tx, worker("a"), later)
	if d.Ring != 2 || !d.Repeat || d.PageID != first[0].PageID || d.Handle != "maria" || d.Cause != "incident:1" {
		t.Errorf("%+v", d)
	}
	if got := get[string](t, tx, `select string_agg(state || ring, ' ' order by id) from delivery`); got != "leased2 cancelled1" {
		t.Error(got)
	}
}

func TestAnswersCountOnce(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria", "chat")
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	page := ring(t, tx, noon, e, 1, chat, maria)[0].PageID
	if !answer(t, tx, noon.Add(time.Second), page, PageAcked) {
		t.Error("the first answer changed nothing")
	}
	if answer(t, tx, noon.Add(time.Minute), page, PageDeclined) {
		t.Error("the second answer changed something")
	}
	p, found, err := Get(ctx, tx, page)
	if err != nil || !found || p.State != PageAcked || !p.AnsweredAt.Equal(noon.Add(time.Second)) {
		t.Errorf("%+v, %v", p, err)
	}
	none(t, tx, worker("a"), noon.Add(time.Hour))
	if got := get[string](t, tx, `select state from delivery`); got != "cancelled" {
		t.Errorf("the delivery is %s", got)
	}
	if _, found, err = Get(ctx, tx, page+100); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
}

func TestCloseTellsWhoWasStillRung(t *testing.T) {
	tx := pgtest.Tx(t)
	maria, jan, li := person(t, tx, "maria", "chat"), person(t, tx, "jan", "chat"), person(t, tx, "li", "chat")
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	rung := ring(t, tx, noon, e, 1, chat, maria, jan, li)
	answer(t, tx, noon, rung[1].PageID, PageAcked)
	closed, err := Close(ctx, tx, noon, e.ID)
	must(t, err)
	if len(closed) != 2 || closed[0].Handle != "maria" || closed[1].Handle != "li" {
		t.Errorf("%+v", closed)
	}
	if closed, err = Close(ctx, tx, noon, e.ID); err != nil || len(closed) != 0 {
		t.Errorf("%v, %v", closed, err)
	}
	none(t, tx, worker("a"), noon.Add(time.Hour))
}

// An answer without a number goes to a page that somebody waits for, not to the one
// that was left open last week.
func TestOpenForPutsLiveHuntsFirst(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria", "chat")
	old := hunt(t, tx, "call:chat/#ops", PersonSlot("maria"))
	stale := ring(t, tx, noon, old, 1, chat, maria)[0].PageID
	_, err := Stop(ctx, tx, noon, old.ID)
	must(t, err)
	first := ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, maria)[0].PageID
	second := ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("press")), 1, chat, maria)[0].PageID
	open, err := OpenFor(ctx, tx, maria)
	must(t, err)
	if len(open) != 3 || open[0].ID != first || open[1].ID != second || open[2].ID != stale {
		t.Errorf("%+v", open)
	}
}

func TestDueStepsAndWhoTakesThem(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria", "chat")
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	if p, found, err := PeekDue(ctx, tx, noon); err != nil || !found || p.ID != e.ID {
		t.Errorf("a new hunt is not due: %v", err)
	}
	ring(t, tx, noon, e, 1, chat, maria)
	due := func(now time.Time) bool {
		t.Helper()
		_, peeked, err := PeekDue(ctx, tx, now)
		must(t, err)
		_, locked, err := LockDue(ctx, tx, now, e.ID)
		must(t, err)
		if peeked != locked {
			t.Errorf("peeked %v, locked %v", peeked, locked)
		}
		return peeked
	}
	if due(noon.Add(89 * time.Second)) {
		t.Error("due before the patience is over")
	}
	if !due(noon.Add(90 * time.Second)) {
		t.Error("not due when it is")
	}
	must(t, Hurry(ctx, tx, noon.Add(time.Second), e.ID))
	if !due(noon.Add(time.Second)) {
		t.Error("hurried, but not due")
	}
	must(t, Postpone(ctx, tx, noon, noon.Add(time.Hour), e.ID)) // not due, and so left alone
	must(t, Postpone(ctx, tx, noon.Add(time.Second), noon.Add(5*time.Second), e.ID))
	if due(noon.Add(4*time.Second)) || !due(noon.Add(5*time.Second)) {
		t.Error("put off to another instant than asked")
	}
	// Worse news shortens the wait of now, better news does not lengthen it.
	must(t, Postpone(ctx, tx, noon.Add(5*time.Second), noon.Add(5*time.Minute), e.ID))
	must(t, Retime(ctx, tx, noon, e.Cause, e.Slot, 1, time.Minute))
	if due(noon.Add(59*time.Second)) || !due(noon.Add(time.Minute)) {
		t.Error("the new patience does not hold")
	}
	must(t, Retime(ctx, tx, noon, e.Cause, e.Slot, 3, time.Hour))
	if !due(noon.Add(time.Minute)) {
		t.Error("the wait became longer")
	}
	if now, _, err := HuntFor(ctx, tx, e.Cause, e.Slot); err != nil || now.Severity != 3 || now.Patience != time.Hour {
		t.Errorf("%+v, %v", now, err)
	}
	must(t, HurryRole(ctx, tx, noon, "qa"))
	if !due(noon) {
		t.Error("somebody joined, and the hunt sleeps on")
	}
	_, err := Stop(ctx, tx, noon, e.ID)
	must(t, err)
	if due(noon.Add(time.Hour)) {
		t.Error("an ended hunt is due")
	}
}

// A clock that was an hour ahead and is set right must not put the next step off
// by an hour.
func TestAStepThatIsDueAbsurdlyLateIsDueNow(t *testing.T) {
	tx := pgtest.Tx(t)
	e := hunt(t, tx, "incident:1", RoleSlot("qa"))
	for wait, want := range map[time.Duration]bool{
		0: true, 90 * time.Second: false, longestPause: false, time.Hour: true, time.Hour + 90*time.Second: true,
	} {
		exec(t, tx, `update escalation set due_at = $1 where id = $2`, noon.Add(wait), e.ID)
		if _, due, err := PeekDue(ctx, tx, noon); err != nil || due != want {
			t.Errorf("due in %v counts as due now: %v, %v", wait, due, err)
		}
	}
	// Where one person is waited for very long, that is no mistake.
	must(t, Retime(ctx, tx, noon, e.Cause, e.Slot, 3, 2*time.Hour))
	exec(t, tx, `update escalation set due_at = $1 where id = $2`, noon.Add(2*time.Hour), e.ID)
	if _, due, err := PeekDue(ctx, tx, noon); err != nil || due {
		t.Errorf("%v, %v", due, err)
	}
}

func TestTokenIsForOnePageAndOneUse(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria", "chat")
	page := ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, maria)[0].PageID
	token, err := AddToken(ctx, tx, noon, page, 0)
	must(t, err)
	if n := get[int](t, tx, `select count(*) from ack_token where encode(hash, 'escape') like '%' || $1 || '%'`, token.Reveal()); n != 0 {
		t.Error("the token itself is stored")
	}
	for range 2 { // looking does not use it up
		if p, err := PeekToken(ctx, tx, token); err != nil || p.ID != page {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if p, _, err := UseToken(ctx, tx, noon, token); err != nil || p.ID != page {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []secret.Text{token, secret.New(""), secret.New("guess"), {}} {
		if _, _, err := UseToken(ctx, tx, noon, bad); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
		if _, err := PeekToken(ctx, tx, bad); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v", err)
		}
	}
}

func TestATokenRaceHasOneWinner(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	maria := person(t, db, "maria", "chat")
	page := ring(t, db, noon, hunt(t, db, "incident:1", RoleSlot("qa")), 1, chat, maria)[0].PageID
	for range 10 {
		token, err := AddToken(ctx, db, noon, page, 0)
		must(t, err)
		var mu sync.Mutex
		won := 0
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
					_, _, err := UseToken(ctx, tx, noon, token)
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if fault.KindOf(err) != fault.NotFound {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Fatalf("%d used one token", won)
		}
	}
}

func TestALongReceiptIsCut(t *testing.T) {
	tx := pgtest.Tx(t)
	maria := person(t, tx, "maria", "chat")
	ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("qa")), 1, chat, maria)
	w := worker("a")
	d := one(t, tx, w, noon)
	_, err := w.Finish(ctx, tx, noon, d, Try{Outcome: Accepted, Detail: strings.Repeat("ü", 1000)})
	must(t, err)
	if n := get[int](t, tx, `select length(detail) from attempt`); n != 400 {
		t.Errorf("%d letters", n)
	}
}

// Nobody is rung by a way that they did not agree to; the newest version counts.
func TestRingKeepsToTheWaysThatWereAgreedTo(t *testing.T) {
	for words, c := range map[string]struct {
		versions [][]string
		want     string
	}{
		"no terms":              {nil, "libera mail"},
		"any":                   {[][]string{{}}, "libera mail"},
		"chat alone":            {[][]string{{"mail"}, {"chat"}}, "libera"},
		"mail alone":            {[][]string{{"chat"}, {"mail"}}, "mail"},
		"what they do not have": {[][]string{{"webhook"}}, ""},
	} {
		t.Run(words, func(t *testing.T) {
			tx := pgtest.Tx(t)
			jan := person(t, tx, "jan", "libera")
			exec(t, tx, `insert into contact (person_id, kind, created_at, proven_at) values ($1, 'mail', $2, $2)`, jan, noon)
			for i, routes := range c.versions {
				exec(t, tx, `insert into consent (person_id, version, at, routes) values ($1, $2, $3, $4)`, jan, i+1, noon, routes)
			}
			rung := ring(t, tx, noon, hunt(t, tx, "incident:1", RoleSlot("x")), 1, []string{"libera", "mail", "webhook"}, jan)
			got := get[string](t, tx, `select coalesce(string_agg(route, ' ' order by route), '') from delivery`)
			if ways := len(strings.Fields(c.want)); got != c.want || len(rung) != 1 || rung[0].Ways != ways {
				t.Errorf("by %q, %+v", got, rung)
			}
		})
	}
}
