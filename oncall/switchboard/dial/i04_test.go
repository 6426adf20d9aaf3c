package dial

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// witnessed says what is wrong with a message that a provider just got: its intent must be
// in the ledger, and covered by a head that a room has seen, or be marked unanchored.
const witnessed = `
	select case
		when o.intent is null then 'there is no intent'
		when o.dialled is not null then 'it was written down before it was dialled'
		when not exists (select from ledger_leaf l where l.seq = o.intent and l.body::jsonb->>'type' in ('intent', 'proof')) then 'the intent has no leaf'
		when not exists (select from ledger_anchor a where a.size > o.intent)
			and not exists (select from ledger_leaf l where l.body::jsonb->>'type' = 'unanchored' and (l.body::jsonb->>'of')::bigint = o.intent)
			then 'no room has it, and it is not marked'
		else '' end
	from (select $1::text as key) m left join lateral (
		select * from sealed_opening o where split_part(o.key, '/', 1) = m.key order by intent desc limit 1) o on true`

// DIALED(n) is after INTENT(n), which a room had seen, or which was marked unanchored, before
// the provider had the message: however rooms behave and however many are dialled at once.
func TestI04NothingIsDialledBeforeItIsWitnessed(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newWorld(t)
	check := func(m paging.Message) error {
		if wrong := get[string](t, w.db.Pool, witnessed, m.Key); wrong != "" {
			t.Errorf("%s: %s", m.Key, wrong)
		}
		return nil
	}
	w.sms.before = check
	pool := w.db.Switchboard(t)
	var later sync.WaitGroup
	for round := range 6 {
		r := rand.New(rand.NewPCG(seed, uint64(round)))
		w.patience, w.repeat = time.Duration(20+r.IntN(200))*time.Millisecond, time.Duration(10+r.IntN(60))*time.Millisecond
		w.board = w.newBoard(pool)
		var mu sync.Mutex
		w.room.set(func(_ string, show func()) error {
			mu.Lock()
			what := r.IntN(5)
			pause := time.Duration(r.IntN(150)) * time.Millisecond
			mu.Unlock()
			switch what {
			case 0: // nobody hears it
			case 1:
				return fmt.Errorf("the bot is away")
			case 2:
				later.Go(func() {
					time.Sleep(pause)
					show()
				})
			default:
				show()
			}
			return nil
		})
		incident := w.incident(1)
		grant := fmt.Sprintf("G%03d", round)
		w.rules.allow(grant, incident)
		var list []paging.Message
		for i := range 5 {
			role := fmt.Sprintf("role%d", i)
			m := w.message(incident, w.hunt(incident, role), role, w.volunteer(fmt.Sprintf("p%d-%d", round, i), "sms", fmt.Sprintf("+4420718%d%d000", round, i)))
			m.Sealed.Grant = grant
			list = append(list, m)
		}
		for i, out := range w.dialAll(list) {
			if out.Outcome != "" {
				t.Errorf("round %d: %d: %+v", round, i, out)
			}
		}
	}
	later.Wait()
	if n := w.sms.count(); n != 30 {
		t.Errorf("%d were dialled", n)
	}
	odd := get[int](t, w.db.Pool, `
		select count(*) from ledger_leaf d left join ledger_leaf i on i.seq = (d.body::jsonb->>'of')::bigint and i.seq < d.seq and i.body::jsonb->>'type' = 'intent'
		where d.body::jsonb->>'type' = 'dialed' and i.seq is null`)
	if odd != 0 || w.leaves("dialed") != 30 || w.leaves("intent") != 30 {
		t.Errorf("%d dialled without an intent before, %d dialled, %d intents", odd, w.leaves("dialed"), w.leaves("intent"))
	}
	t.Logf("%d of 30 were unanchored", w.leaves("unanchored"))
	w.told()
}

// Without a room it is dialled all the same, marked, and everybody is told once; when a room
// is back it gets the head at once.
func TestWithoutARoomItIsMarkedAndToldOnce(t *testing.T) {
	w := newWorld(t)
	w.patience, w.repeat = 50*time.Millisecond, 10*time.Millisecond
	w.board = w.newBoard(w.db.Switchboard(t))
	w.room.set(deaf)
	incident := w.incident(1)
	w.rules.allow("K7QX", incident)
	send := func(i int) unseal.Dialled {
		role := fmt.Sprintf("role%d", i)
		return w.dial(w.message(incident, w.hunt(incident, role), role, w.volunteer(role, "sms", fmt.Sprintf("+44207183875%d", i))), "sms", false)
	}
	for i := range 3 {
		if out := send(i); out.Outcome != "" {
			t.Fatalf("%+v", out)
		}
	}
	if w.leaves("unanchored") != 3 || w.leaves("dialed") != 3 || !w.board.Anchor.Down() {
		t.Errorf("%d unanchored, %d dialled", w.leaves("unanchored"), w.leaves("dialed"))
	}
	told := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.alarms)
	}
	waitFor(t, func() bool { return told() == 1 })
	if s, err := w.board.Status(ctx); err != nil || len(s.Trouble) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	w.room.set(nil)
	w.room.anchor.HeardLine("irc", "#home", "is anybody here?")
	waitFor(t, func() bool { return !w.board.Anchor.Down() })
	last := get[int64](t, w.db.Pool, `select max(size) from ledger_anchor`)
	if intents := get[int64](t, w.db.Pool, `select max(intent) from sealed_opening`); last <= intents || told() != 1 {
		t.Errorf("the room has %d of %d, told %d times", last, intents, told())
	}
}
