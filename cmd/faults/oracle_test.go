package faults

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/paging"
)

// What must hold, whatever happened:
//
//   - Every page that is open or was answered reached a provider's memory, or was visibly
//     given up: each of its deliveries has failed, with its tries, and the next person was
//     rung or the room was told.
//   - What we call accepted the provider has, unless it lied.
//   - The slot of each role is filled, by one acknowledgement; where nobody answers, that
//     is said aloud, and people are rung again.
//   - A page is acknowledged or declined once, and only if its person did so.
//   - After a slot is filled no further try is begun for it.
//   - The same message comes a second time only if a fault lies between: its answer was
//     lost, or somebody was killed, frozen or cut off, or the clock jumped.
//   - States go forward. Nothing stays leased, no try stays open.

const (
	sqlStates = `
		select 'D' || id as name, state from delivery
		union all select 'P' || id, state from page
		union all select 'E' || id, state from escalation`
	sqlEndedHunts = `
		select e.id as hunt, coalesce(a.id, 0) as attempt from escalation e
			left join page p on p.escalation_id = e.id left join delivery d on d.page_id = p.id left join attempt a on a.delivery_id = d.id
		where e.state <> 'hunting'`
	sqlOraclePages = `
		select p.id, h.handle, e.id as hunt, e.slot, e.state as hunt_state, e.round as hunt_round, p.state, p.round
		from page p join escalation e on e.id = p.escalation_id join person h on h.id = p.person_id order by p.id`
	sqlOracleDeliveries = `
		select d.id, d.page_id, d.ring, d.route, d.state, d.tries, d.leased_by,
			(select count(*) from attempt a where a.delivery_id = d.id) as attempts,
			(select count(*) from attempt a where a.delivery_id = d.id and a.outcome = 'open') as open
		from delivery d order by d.id`
	sqlOracleHunts = `select id, slot, state, round from escalation order by id`
	sqlHolders     = `select role, count(*) from responder where left_at is null group by role`
	sqlAckLines    = `select count(*) from timeline_entry where kind = 'ack' and text like @text`
	sqlSaidAloud   = `select (select count(*) from timeline_entry where kind = 'exhausted') + (select count(*) from notice where text like '%Nobody has taken%')`
	sqlPageState   = `select state from page where id = @page`
	sqlPageDigits  = `select digits from page where id = @page`
	sqlStartsOf    = `select started_at from attempt where delivery_id = @id order by n`
	sqlAttempts    = `
		select a.id as attempt, p.escalation_id as hunt, d.id as delivery from attempt a join delivery d on d.id = a.delivery_id join page p on p.id = d.page_id`
)

func (r *run) pageState(page int64) (state string) {
	r.must(r.db.QueryRow(context.Background(), sqlPageState, pgx.NamedArgs{"page": page}).Scan(&state))
	return state
}

// digitsAre tells whether these happen to be numbers of a page.
func (r *run) digitsAre(page int64, keyed string) bool {
	var stored int
	r.must(r.db.QueryRow(context.Background(), sqlPageDigits, pgx.NamedArgs{"page": page}).Scan(&stored))
	k := paging.KeysOf(stored)
	return keyed == k.Ack || keyed == k.Decline || keyed == k.Join
}

// forward are the states that may follow one that is no beginning.
var forward = map[string]string{
	"D accepted": "delivered acked failed expired", "D delivered": "acked", "D acked": "", "D failed": "acked",
	"D expired": "delivered acked failed", "D cancelled": "",
	"P acked": "", "P declined": "", "P closed": "", "E filled": "", "E stopped": "",
}

// watch sees that states only go forward.
func (r *run) watch() {
	rows, err := r.db.Query(context.Background(), sqlStates)
	r.must(err)
	var name, state string
	_, err = pgx.ForEachRow(rows, []any{&name, &state}, func() error {
		was := r.was[name]
		if was == state {
			return nil
		}
		if next, ok := forward[name[:1]+" "+was]; ok && !strings.Contains(" "+next+" ", " "+state+" ") {
			r.bad("%s was %s and is %s", name, was, state)
		}
		r.log.say("%s is %s", name, state)
		r.was[name] = state
		return nil
	})
	r.must(err)
}

// snapshot notes which tries there were when a hunt had ended.
func (r *run) snapshot() {
	rows, err := r.db.Query(context.Background(), sqlEndedHunts)
	r.must(err)
	ended := map[int64]map[int64]bool{}
	var hunt, attempt int64
	_, err = pgx.ForEachRow(rows, []any{&hunt, &attempt}, func() error {
		if ended[hunt] == nil {
			ended[hunt] = map[int64]bool{}
		}
		ended[hunt][attempt] = true
		return nil
	})
	r.must(err)
	for hunt, attempts := range ended {
		if r.closed[hunt] == nil {
			r.closed[hunt], r.endedAt[hunt] = attempts, time.Now()
		}
	}
}

type oraclePage struct {
	ID        int64
	Handle    string
	Hunt      int64
	Slot      string
	HuntState string
	HuntRound int
	State     string
	Round     int
}

type oracleDelivery struct {
	ID       int64
	PageID   int64
	Ring     int
	Route    string
	State    string
	Tries    int
	LeasedBy string
	Attempts int
	Open     int
}

type oracleHunt struct {
	ID    int64
	Slot  string
	State string
	Round int
}

func query[T any](r *run, sql string) []T {
	rows, err := r.db.Query(context.Background(), sql)
	r.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	r.must(err)
	return list
}

// judge compares the rows with what the providers remember.
func (r *run) judge() {
	pages, deliveries, hunts := query[oraclePage](r, sqlOraclePages), query[oracleDelivery](r, sqlOracleDeliveries), query[oracleHunt](r, sqlOracleHunts)
	has := map[string]int{}
	for _, memory := range r.memories {
		for _, one := range memory() {
			has[one.Key]++
		}
	}
	r.judgeHunts(hunts)
	r.judgePages(pages, deliveries, has)
	r.judgeAnswers(pages)
	r.judgeTries()
	r.judgeRepeats()
	r.judgeProviders(pages, deliveries)
	if r.sink.forged > 0 {
		r.bad("%d webhooks had no signature that fits", r.sink.forged)
	}
}

func (r *run) judgeHunts(hunts []oracleHunt) {
	ctx := context.Background()
	if len(hunts) == 0 {
		r.bad("nobody was ever looked for")
	}
	if r.plan.Nobody {
		var aloud int
		r.must(r.db.QueryRow(ctx, sqlSaidAloud).Scan(&aloud))
		for _, h := range hunts {
			if h.State != "hunting" || h.Round < 2 {
				r.bad("nobody answered, and the hunt for %s is %s in round %d", h.Slot, h.State, h.Round)
			}
		}
		if aloud == 0 {
			r.bad("nobody answered, and nobody was told")
		}
		return
	}
	filled := map[string]int{}
	for _, h := range hunts {
		if h.State == "filled" {
			filled[h.Slot]++
		} else {
			r.bad("the hunt for %s is %s", h.Slot, h.State)
		}
	}
	for slot, n := range filled {
		if n != 1 {
			r.bad("%s was filled %d times", slot, n)
		}
	}
	if r.plan.Alerts {
		return
	}
	rows, err := r.db.Query(ctx, sqlHolders)
	r.must(err)
	var role string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&role, &n}, func() error {
		if n != 1 {
			r.bad("%d people have the role %s", n, role)
		}
		return nil
	})
	r.must(err)
}

func (r *run) judgePages(pages []oraclePage, deliveries []oracleDelivery, has map[string]int) {
	of := map[int64][]oracleDelivery{}
	for _, d := range deliveries {
		of[d.PageID] = append(of[d.PageID], d)
		key := paging.PageKey(d.ID)
		if (d.State == "leased" || d.State == "submitted") && r.healed {
			r.bad("%s is %s by %s at the end", key, d.State, d.LeasedBy)
		}
		if d.Open > 0 && d.State != "leased" && d.State != "submitted" {
			r.bad("%s is %s and has a try that never ended", key, d.State)
		}
		if d.Attempts != d.Tries {
			r.bad("%s was tried %d times, and %d are on record", key, d.Tries, d.Attempts)
		}
		// A code that was read elsewhere may be sent back on any way, which then counts as acked.
		if (d.State == "accepted" || d.State == "delivered") && has[key] == 0 && !r.lied(key) {
			r.bad("%s is %s, and its provider never had it", key, d.State)
		}
		if has[key] > 0 && d.Tries == 0 {
			r.bad("%s is with its provider, and no try is on record", key)
		}
	}
	for _, p := range pages {
		reached, waiting, failed := false, 0, 0
		for _, d := range of[p.ID] {
			switch {
			case has[paging.PageKey(d.ID)] > 0:
				reached = true
			case d.State == "failed" || d.State == "expired" || d.State == "accepted":
				failed++
			case d.State == "queued" || d.State == "leased" || d.State == "submitted":
				waiting++
			}
		}
		switch {
		case reached:
		case len(of[p.ID]) == 0:
			r.bad("P%d for %s has no delivery at all", p.ID, p.Handle)
		case p.State == "open" && waiting == 0 && failed == 0:
			r.bad("P%d for %s is open, nothing of it was sent, and nothing will be", p.ID, p.Handle)
		case p.State == "acked" || p.State == "declined":
			r.bad("P%d for %s is %s and never reached them", p.ID, p.Handle, p.State)
		}
	}
}

// lied tells whether the provider of a message said yes to it and rang nobody.
func (r *run) lied(key string) bool {
	for _, g := range r.gates {
		for _, p := range g.all() {
			if p.Key == key && p.Trouble == dropped {
				return true
			}
		}
	}
	return false
}

func (r *run) judgeAnswers(pages []oraclePage) {
	changed, did := map[int64]int{}, map[int64]string{}
	for _, a := range r.answered {
		did[a.page] = a.does
		if a.changed {
			changed[a.page]++
		}
	}
	for _, p := range pages {
		if changed[p.ID] > 1 {
			r.bad("P%d was answered %d times, each with an effect", p.ID, changed[p.ID])
		}
		want := map[string]string{"acked": "ack", "declined": "decline"}[p.State]
		if want != "" && did[p.ID] != want && r.pagers.phoned[p.Handle] != want {
			r.bad("P%d is %s, and %s did %q", p.ID, p.State, p.Handle, did[p.ID])
		}
		if did[p.ID] != "" && p.State == "open" {
			r.bad("%s answered P%d, and it is still open", p.Handle, p.ID)
		}
		var lines int
		r.must(r.db.QueryRow(context.Background(), sqlAckLines, pgx.NamedArgs{"text": fmt.Sprintf("%% answers P%d and has %%", p.ID)}).Scan(&lines))
		if lines > 1 {
			r.bad("P%d filled a role %d times", p.ID, lines)
		}
	}
}

// judgeTries sees that no try was begun for a slot that was filled.
func (r *run) judgeTries() {
	type try struct{ Attempt, Hunt, Delivery int64 }
	for _, t := range query[try](r, sqlAttempts) {
		if before := r.closed[t.Hunt]; before != nil && !before[t.Attempt] {
			r.bad("a try of %s was begun after its hunt had ended", paging.PageKey(t.Delivery))
		}
	}
}

// judgeRepeats looks for an excuse of each message that came a second time. PagerDuty gets
// the same event as often as it takes: there, phones are counted.
func (r *run) judgeRepeats() {
	for _, g := range r.gates {
		last, count := map[string]passing{}, map[string]int{}
		for _, p := range g.all() {
			if p.Key == "" {
				continue
			}
			count[p.Key]++
			p.Nth = count[p.Key]
			if !p.Taken || p.Status/100 != 2 {
				continue
			}
			before, again := last[p.Key]
			last[p.Key] = p
			if !again || p.Route == "pagerduty" {
				continue
			}
			r.log.counted("duplicates")
			if before.Answered && !r.log.excused(before.At.Add(-time.Millisecond), p.At) && !r.hasty(before) {
				r.bad("%s came twice by %s, at %d ms and at %d ms, and nothing happened between", p.Key, p.Route,
					before.At.Sub(r.log.began).Milliseconds(), p.At.Sub(r.log.began).Milliseconds())
			}
		}
	}
}

// hasty tells whether the run itself moved the clock while a message was on its way to its
// provider, because the machine was busy: a lease lasts six seconds.
func (r *run) hasty(p passing) bool {
	id, _, _ := paging.ParseKey(p.Key)
	rows, err := r.db.Query(context.Background(), sqlStartsOf, pgx.NamedArgs{"id": id})
	r.must(err)
	starts, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	r.must(err)
	if len(starts) == 0 || p.Clock.Sub(starts[min(p.Nth, len(starts))-1]) < 6*time.Second {
		return false
	}
	r.log.counted("overtaken by the clock")
	return true
}
