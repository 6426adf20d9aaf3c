package dial

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/oncall/escrow"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// A page to a sealed number is dialled, and everything about it is in the ledger.
func TestASealedNumberIsDialled(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	out := w.dial(m, "sms", false)
	if out.Outcome != "" || out.Handed.Ref != "ref-sms-1" || out.Handed.Note != "accepted by the provider" {
		t.Fatalf("%+v", out)
	}
	got := w.sms.sent[0]
	if got.Address.Reveal() != maria.number || got.Sealed != nil || got.Why != m.Why || m.Sealed.Half.Len() != 0 {
		t.Errorf("%+v", got)
	}
	if w.leaves("intent") != 1 || w.leaves("dialed") != 1 || w.leaves("unanchored") != 0 || w.room.said() != 1 {
		t.Errorf("%d intents, %d dialled, %d said", w.leaves("intent"), w.leaves("dialed"), w.room.said())
	}
	row := get[string](t, w.db.Pool, `
		select key || ' ' || lane || ' ' || role || ' ' || grant_code || ' ' || result || ' ' || ref || ' ' || dialled from sealed_opening`)
	if row != m.Key+"/1 B role:release K7QX taken: accepted by the provider ref-sms-1 2" {
		t.Error(row)
	}
	body := get[string](t, w.db.Pool, `select body from ledger_leaf where body like '%"type":"intent"%'`)
	for _, want := range []string{`"rec":"` + maria.record, fmt.Sprintf(`"incident":"INC-%d"`, incident), `"by":["dora","carl"]`, `"lane":"B"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
	w.told()
	if n := get[int](t, w.db.Pool, `select count(*) from ledger_anchor where size >= 1`); n != 1 {
		t.Errorf("seen in %d rooms", n)
	}

	// The same key again is answered from memory.
	if again := w.dial(w.again(m, maria), "sms", true); again != out || w.sms.count() != 1 || w.openings() != 1 {
		t.Errorf("%+v, dialled %d times", again, w.sms.count())
	}
}

// Open ways go to the route as they are: no grant, no ledger.
func TestAnOpenWayIsNobodysBusiness(t *testing.T) {
	w := newWorld(t)
	m := paging.Message{Key: "page-1", Attempt: 1, Address: secret.New("+442071838750")}
	if out := w.dial(m, "sms", false); out.Outcome != "" || w.sms.count() != 1 {
		t.Fatalf("%+v", out)
	}
	if out := w.dial(m, "sms", true); out.Handed.Ref != "ref-sms-1" || w.sms.count() != 1 {
		t.Errorf("it was not asked for: %+v", out)
	}
	if out := w.dial(m, "mail", false); out.Outcome != unseal.OutcomePermanent {
		t.Errorf("%+v", out)
	}
	w.sms.before = func(paging.Message) error {
		return fmt.Errorf("no such number +44 2071 838750: %w", paging.BadAddress{Say: "not in service"})
	}
	if out := w.dial(m, "sms", false); out.Outcome != unseal.OutcomePermanent || out.Bad != "not in service" || out.Detail != heldAddress {
		t.Errorf("%+v", out)
	}
	if n := get[int](t, w.db.Pool, `select count(*) from ledger_leaf`); n != 0 {
		t.Errorf("%d leaves", n)
	}
	if err := w.board.Check(ctx, "sms"); err != nil {
		t.Error(err)
	}
	if err := w.board.Check(ctx, "mail"); err == nil {
		t.Error("there is no mail")
	}
}

// Whatever is not as the bot says it is, is refused before anything is written down.
func TestWhatIsNotSoIsRefused(t *testing.T) {
	w := newWorld(t)
	maria, jan := w.volunteer("maria", "sms", "+442071838750"), w.volunteer("jan", "sms", "+442071838751")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	other := w.incident(1)
	for name, change := range map[string]func(*paging.Message){
		"another grant":         func(m *paging.Message) { m.Sealed.Grant = "AAAA" },
		"another incident":      func(m *paging.Message) { m.Sealed.Incident = other },
		"no incident":           func(m *paging.Message) { m.Sealed.Incident = 0 },
		"another slot":          func(m *paging.Message) { m.Sealed.Slot = "role:web" },
		"somebody else":         func(m *paging.Message) { m.Sealed.Record = jan.record },
		"no record":             func(m *paging.Message) { m.Sealed.Record = "'; drop table person" },
		"no such page":          func(m *paging.Message) { m.Key = "page-4711" },
		"no key":                func(m *paging.Message) { m.Key = "" },
		"a key of a code":       func(m *paging.Message) { m.Key = "proof-1" },
		"a code that is a page": func(m *paging.Message) { m.Kind = paging.KindProof },
	} {
		bad := w.again(m, maria)
		change(&bad)
		if out := w.dial(bad, "sms", false); out.Outcome != unseal.OutcomeRefused || out.Detail == "" {
			t.Errorf("%s: %+v", name, out)
		}
	}
	if out := w.dial(w.again(m, maria), "voice", false); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("another route: %+v", out)
	}
	for name, sql := range map[string][2]string{
		"paused":     {`update contact set suspended_at = now() where id = %d`, `update contact set suspended_at = null where id = %d`},
		"not proven": {`update contact set proven_at = null where id = %d`, `update contact set proven_at = now() where id = %d`},
	} {
		exec(t, w.db.Pool, fmt.Sprintf(sql[0], maria.id))
		if out := w.dial(w.again(m, maria), "sms", false); out.Outcome != unseal.OutcomeRefused {
			t.Errorf("%s: %+v", name, out)
		}
		exec(t, w.db.Pool, fmt.Sprintf(sql[1], maria.id))
	}
	exec(t, w.db.Pool, `update incident set severity = 2 where id = $1`, incident)
	if out := w.dial(w.again(m, maria), "sms", false); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("a small fire: %+v", out)
	}
	exec(t, w.db.Pool, `update incident set severity = 1, status = 'resolved', resolved_at = now() where id = $1`, incident)
	if out := w.dial(w.again(m, maria), "sms", false); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("a fire that is out: %+v", out)
	}
	if w.openings() != 0 || w.sms.count()+w.sms.asks != 0 || w.leaves("intent") != 0 {
		t.Errorf("%d openings, %d dialled", w.openings(), w.sms.count())
	}
	exec(t, w.db.Pool, `update incident set status = 'open', resolved_at = null where id = $1`, incident)
	if out := w.dial(w.again(m, maria), "sms", false); out.Outcome != "" {
		t.Errorf("what is so: %+v", out)
	}
}

// What owners agreed to holds: lanes, hours, and how often in a quarter of the year.
func TestWhatOwnersAgreedToHolds(t *testing.T) {
	w := newWorld(t)
	incident, hunt := w.fire("release")
	seal := func(handle, number string, p escrow.Policy) sealed {
		s := w.seal(w.person(handle), "sms", number, p)
		w.prove(s)
		return s
	}
	shown := seal("maria", "+442071838750", escrow.Policy{Lanes: []unseal.Lane{unseal.LaneReveal}, PerQuarter: 5})
	if out := w.dial(w.message(incident, hunt, "release", shown), "sms", false); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("another lane: %+v", out)
	}
	asleep := seal("jan", "+442071838751", escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial}, PerQuarter: 5, Quiet: "11:00-13:00 UTC"})
	if out := w.dial(w.message(incident, hunt, "release", asleep), "sms", false); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("at rest: %+v", out)
	}
	once := seal("ines", "+442071838752", escrow.Policy{Lanes: []unseal.Lane{unseal.LaneDial}, PerQuarter: 1})
	if out := w.dial(w.message(incident, hunt, "release", once), "sms", false); out.Outcome != "" {
		t.Errorf("the first time: %+v", out)
	}
	if out := w.dial(w.message(incident, hunt, "release", once), "sms", false); out.Outcome != unseal.OutcomeRefused {
		t.Errorf("the second time: %+v", out)
	}
	w.wait(31 * 24 * time.Hour) // April
	if out := w.dial(w.message(incident, hunt, "release", once), "sms", false); out.Outcome != "" {
		t.Errorf("the next quarter: %+v", out)
	}
}

// A budget holds however many are dialled at once, and a slot has four people in five
// minutes, and a grant as many as it said.
func TestI16BudgetsHoldAtOnce(t *testing.T) {
	w := newWorld(t)
	incident, hunt := w.fire("release")
	var list []paging.Message
	for i := range 8 {
		list = append(list, w.message(incident, hunt, "release", w.volunteer(fmt.Sprintf("p%d", i), "sms", fmt.Sprintf("+44207183875%d", i))))
	}
	outs := w.dialAll(list)
	taken, later := 0, 0
	for _, out := range outs {
		switch out.Outcome {
		case "":
			taken++
		case unseal.OutcomeTemporary:
			later++
		}
	}
	if taken != 4 || later != 4 || w.sms.count() != 4 || w.leaves("intent") != 4 {
		t.Errorf("%d dialled, %d later: %+v", taken, later, outs)
	}
	// A clock that is set back frees nobody's place.
	w.wait(-time.Hour)
	if out := w.dial(w.message(incident, hunt, "release", w.volunteer("p9", "sms", "+442071838741")), "sms", false); out.Outcome != unseal.OutcomeTemporary {
		t.Errorf("%+v", out)
	}
	w.wait(time.Hour)
	// Another grant for the same incident has no other five minutes.
	w.rules.allow("G2", incident)
	m := w.message(incident, hunt, "release", w.volunteer("p8", "sms", "+442071838759"))
	m.Sealed.Grant = "G2"
	if out := w.dial(m, "sms", false); out.Outcome != unseal.OutcomeTemporary {
		t.Errorf("%+v", out)
	}
	w.wait(6 * time.Minute)
	w.rules.people = 5
	second := w.hunt(incident, "web")
	var more []paging.Message
	for i := range 3 {
		more = append(more, w.message(incident, second, "web", w.volunteer(fmt.Sprintf("q%d", i), "sms", fmt.Sprintf("+44207183876%d", i))))
	}
	taken = 0
	for _, out := range w.dialAll(more) {
		if out.Outcome == "" {
			taken++
		} else if out.Outcome != unseal.OutcomeRefused {
			t.Errorf("%+v", out)
		}
	}
	if taken != 1 {
		t.Errorf("%d of a fifth person are dialled", taken)
	}
	w.told()
}

// dialAll dials messages at once.
func (w *world) dialAll(list []paging.Message) []unseal.Dialled {
	outs := make([]unseal.Dialled, len(list))
	var all sync.WaitGroup
	for i, m := range list {
		all.Go(func() {
			out, err := w.board.Dial(ctx, "sms", m, false)
			if err != nil {
				out.Detail = err.Error()
			}
			outs[i] = out
		})
	}
	all.Wait()
	return outs
}

// Five roles that are dialled at once share lines in the room.
func TestManyDialsShareALine(t *testing.T) {
	w := newWorld(t)
	incident := w.incident(1)
	w.rules.allow("K7QX", incident)
	var list []paging.Message
	for i := range 10 {
		role := fmt.Sprintf("role%d", i)
		list = append(list, w.message(incident, w.hunt(incident, role), role, w.volunteer(fmt.Sprintf("p%d", i), "sms", fmt.Sprintf("+44207183875%d", i))))
	}
	// The first line is shown when all of them wait: the second one covers the rest.
	first := true
	w.room.set(func(_ string, show func()) error {
		if first {
			first = false
			waitFor(t, func() bool {
				w.board.Anchor.mu.Lock()
				defer w.board.Anchor.mu.Unlock()
				return w.board.Anchor.newest.Size == 20 // ten codes, ten openings
			})
		}
		show()
		return nil
	})
	for _, out := range w.dialAll(list) {
		if out.Outcome != "" {
			t.Errorf("%+v", out)
		}
	}
	if n := w.room.said(); n > 2 {
		t.Errorf("ten dials took %d lines", n)
	}
	if w.leaves("dialed") != 10 || w.leaves("unanchored") != 0 {
		t.Errorf("%d dialled", w.leaves("dialed"))
	}
}

// waitFor waits for a condition, for as long as a slow machine takes.
func waitFor(t testing.TB, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			t.Error("it did not come to that")
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// A provider that is away has the message opened again, as a new opening; what failed for
// good is not tried again.
func TestWhatFailedIsOpenedAgain(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "sms", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	w.sms.before = func(paging.Message) error { return fmt.Errorf("it is down: %w", paging.ErrProvider) }
	if out := w.dial(m, "sms", false); out.Outcome != unseal.OutcomeProvider || !strings.HasPrefix(out.Detail, "it is down") {
		t.Fatalf("%+v", out)
	}
	w.sms.before = func(paging.Message) error { return paging.BadAddress{Say: "the number is not in service"} }
	m = w.again(m, maria)
	out := w.dial(m, "sms", false)
	if out.Outcome != unseal.OutcomePermanent || out.Bad != "the number is not in service" {
		t.Fatalf("%+v", out)
	}
	w.sms.before = nil
	if again := w.dial(w.again(m, maria), "sms", false); again != out || w.sms.count() != 0 {
		t.Errorf("%+v", again)
	}
	keys := get[string](t, w.db.Pool, `select string_agg(key || ' ' || split_part(result, ':', 1), ', ' order by intent) from sealed_opening`)
	if keys != m.Key+"/1 provider, "+m.Key+"/2 bad address" {
		t.Error(keys)
	}
	w.told()
}

// The end of a call needs no address; what the provider calls it is found by the key.
func TestEnd(t *testing.T) {
	w := newWorld(t)
	maria := w.volunteer("maria", "voice", "+442071838750")
	incident, hunt := w.fire("release")
	m := w.message(incident, hunt, "release", maria)
	if out := w.dial(m, "voice", false); out.Outcome != "" {
		t.Fatalf("%+v", out)
	}
	must(t, w.board.End(ctx, "voice", paging.Ended{Key: m.Key, How: paging.PageAcked}))
	must(t, w.board.End(ctx, "nothing", paging.Ended{Key: m.Key}))
	if len(w.voice.ended) != 1 || w.voice.ended[0].Ref != "ref-voice-1" {
		t.Errorf("%+v", w.voice.ended)
	}
}

func TestStatusAndRoutes(t *testing.T) {
	w := newWorld(t)
	must(t, Announce(ctx, w.board.DB, noon, []paging.Route{w.sms, w.voice}))
	must(t, Announce(ctx, w.board.DB, noon, []paging.Route{w.voice}))
	list, err := Announced(ctx, w.db.Pool)
	if err != nil || len(list) != 1 || list[0] != w.voice.Traits() {
		t.Errorf("%+v %v", list, err)
	}
	s, err := w.board.Status(ctx)
	if err != nil || len(s.Routes) != 2 || s.Openings != 0 || len(s.Trouble) != 0 {
		t.Errorf("%+v %v", s, err)
	}
}

// That the ledger does not continue is found while all is quiet, told once, and over when it
// does again.
func TestStatusFindsALedgerThatDoesNotContinue(t *testing.T) {
	w := newWorld(t)
	_, err := w.log.Write(ctx, w.board.DB, noon, ledger.Leaf{Type: ledger.TypeKeyring, Epoch: 1})
	must(t, err)
	guard := w.log.Guard
	w.log.Guard = ledger.FileGuard{Path: filepath.Join(w.dir, "of-another-host")}
	for range 2 {
		if s, err := w.board.Status(ctx); err != nil || len(s.Trouble) != 1 || !strings.Contains(s.Trouble[0], "trust-head") {
			t.Errorf("%+v %v", s, err)
		}
	}
	w.log.Guard = guard
	if s, err := w.board.Status(ctx); err != nil || len(s.Trouble) != 0 {
		t.Errorf("%+v %v", s, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.alarms) != 1 {
		t.Errorf("told %q", w.alarms)
	}
}
