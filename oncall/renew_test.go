package oncall_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const days = 24 * time.Hour

// year is a desk whose clock can be moved, with jan on two rosters since noon.
func year(t *testing.T, db pg.DB) (d *oncall.Desk, jan oncall.Actor, set func(time.Duration), said func() string) {
	t.Helper()
	d, jan = desk(t, db), known(t, db, "jan")
	d.Queue, d.Networks, d.Rooms = &asked{}, []string{"libera"}, []oncall.Room{{Network: "libera", Name: "#ops"}}
	now, seen := noon, int64(0)
	var mu sync.Mutex
	d.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	set = func(after time.Duration) {
		mu.Lock()
		now = noon.Add(after)
		mu.Unlock()
		must(t, d.RenewDue(ctx))
	}
	said = func() string {
		t.Helper()
		text := get[string](t, db, `select coalesce(string_agg(room || account || ': ' || text, E'\n' order by id), '') from notice where id > $1`, seen)
		seen = get[int64](t, db, `select coalesce(max(id), 0) from notice`)
		return text
	}
	agreedAndLetIn(t, d, db, jan, "coordination", "communications")
	said()
	return d, jan, set, said
}

func TestAYesIsAskedForAgainAndLapses(t *testing.T) {
	d, jan, set, said := year(t, pgtest.Tx(t))
	set(335*days - time.Second)
	if got := said(); got != "" {
		t.Errorf("too early: %s", got)
	}
	set(335 * days)
	want := "jan: Roster: on 2026-03-01 you said yes to being rung for coordination and communications. Does that still stand? " +
		"Yes: !roster renew. No: !leave. Without an answer you are not rung any more from 2027-03-01 on."
	if got := said(); got != want {
		t.Errorf("%s", got)
	}
	set(350 * days)
	set(358*days - time.Second)
	if got := said(); got != "" {
		t.Errorf("asked too often: %s", got)
	}
	set(358 * days)
	if got := said(); got != want {
		t.Errorf("%s", got)
	}
	set(365*days - time.Second)
	if got := said(); got != "" || activeIn(t, d.DB, "coordination") != "jan" {
		t.Errorf("lapsed too early: %s", got)
	}
	set(365 * days)
	if got := said(); !strings.HasPrefix(got, "jan: Roster: you are not rung for coordination and communications any more") ||
		!strings.Contains(got, "\n#ops: Roster: jan is not rung for coordination and communications any more") {
		t.Errorf("%s", got)
	}
	members, err := oncall.MembersOf(ctx, d.DB, "coordination")
	must(t, err)
	if activeIn(t, d.DB, "coordination") != "" || len(members) != 1 || members[0].LapsedAt == nil ||
		members[0].Standing() != "said yes more than a year ago; has to say it again" {
		t.Errorf("%+v", members)
	}
	if roles, err := oncall.ActiveRoles(ctx, d.DB, jan.PersonID); err != nil || len(roles) != 0 {
		t.Errorf("%v, %v", roles, err)
	}
	set(500 * days)
	if got := said(); got != "" {
		t.Errorf("said again: %s", got)
	}
	// An admin's word is not the person's yes: they are asked.
	m, err := d.Add(ctx, oncall.Actor{Network: "cli"}, "jan", "coordination")
	if err != nil || m.Active() || !strings.Contains(said(), "asks whether you can be rung") {
		t.Errorf("%+v, %v", m, err)
	}
	roles, err := d.Renew(ctx, jan)
	if err != nil || len(roles) != 2 || activeIn(t, d.DB, "coordination") != "jan" {
		t.Errorf("%v, %v", roles, err)
	}
	set(834 * days)
	if got := said(); got != "" {
		t.Errorf("asked too early in the second year: %s", got)
	}
	set(835 * days)
	if got := said(); !strings.Contains(got, "on 2027-07-14 you said yes") {
		t.Errorf("%s", got)
	}
	if got := consent(t, d.DB); !strings.Contains(got, "lapsed jan coordination by ? at /") || !strings.Contains(got, "renewed jan coordination by jan at libera/jan") {
		t.Error(got)
	}
}

// A roster that began on one day is asked a hundred people at a time, and the rooms are
// told of many in one line.
func TestManyAreAskedAFewAtATime(t *testing.T) {
	d, _, set, said := year(t, pgtest.Tx(t))
	for n := range 104 {
		a := known(t, d.DB, fmt.Sprintf("p%03d", n))
		exec(t, d.DB, `insert into membership (role, person_id, place, asked_at, agreed_at, approved_at) values ('coordination', $1, $2, $3, $3, $3)`, a.PersonID, n+10, noon)
	}
	for i, after := range []time.Duration{335 * days, 335*days + time.Hour, 335*days + 2*time.Hour, 358 * days, 358*days + time.Hour} {
		set(after)
		if n, want := strings.Count(said(), "Does that still stand?"), []int{100, 5, 0, 100, 5}[i]; n != want {
			t.Errorf("%d are asked after %v, want %d", n, after, want)
		}
	}
	set(366 * days)
	got := said()
	if strings.Count(got, "#ops: ") != 1 || !strings.Contains(got, "#ops: Roster: jan, p000, p001, ") || !strings.Contains(got, " p018 and 80 others are not rung any more") {
		t.Errorf("%s", got)
	}
}

func TestWhoAnswersIsNotAskedAgain(t *testing.T) {
	d, jan, set, said := year(t, pgtest.Tx(t))
	set(336 * days)
	said()
	// A new yes to one role is a yes to that one alone.
	_, err := d.Join(ctx, jan, "coordination", oncall.Hours{})
	must(t, err)
	set(359 * days)
	if got := said(); strings.Contains(got, "coordination") || !strings.Contains(got, "communications") {
		t.Errorf("%s", got)
	}
	_, err = d.Renew(ctx, jan)
	must(t, err)
	set(400 * days)
	if got := said(); got != "" {
		t.Errorf("%s", got)
	}
	_, err = d.Renew(ctx, oncall.Actor{PersonID: 999, Network: oncall.Web})
	refused(t, err, fault.NotFound)
}

// Where nobody asked for years, because the bot was away or is new, people still have
// their two questions and a week for each.
func TestNobodyLapsesUnasked(t *testing.T) {
	d, _, set, said := year(t, pgtest.Tx(t))
	set(1000 * days)
	if got := said(); !strings.Contains(got, "from 2028-12-09 on") || activeIn(t, d.DB, "coordination") != "jan" {
		t.Errorf("%s", got)
	}
	set(1006 * days)
	if got := said(); got != "" {
		t.Errorf("%s", got)
	}
	set(1007 * days)
	if got := said(); !strings.Contains(got, "from 2028-12-09 on") {
		t.Errorf("%s", got)
	}
	set(1014 * days)
	if got := said(); !strings.Contains(got, "any more") || activeIn(t, d.DB, "coordination") != "" {
		t.Errorf("%s", got)
	}
}

// Whoever said yes and was never let in is not asked, and neither is who never said it.
func TestOnlyMembersAreAskedForAnotherYear(t *testing.T) {
	d, _, set, said := year(t, pgtest.Tx(t))
	known(t, d.DB, "lena")
	_, err := d.Join(ctx, stranger("zed"), "coordination", oncall.Hours{})
	must(t, err)
	_, err = d.Add(ctx, oncall.Actor{Network: "cli"}, "lena", "coordination")
	must(t, err)
	said()
	set(340 * days)
	if got := said(); strings.Contains(got, "lena") || strings.Contains(got, "zed") {
		t.Errorf("%s", got)
	}
}

func TestManyProcessesAskOnce(t *testing.T) {
	d, _, _, said := year(t, pgtest.Fresh(t).Pool)
	for _, handle := range []string{"a", "b", "c", "e", "f", "g"} {
		agreedAndLetIn(t, d, d.DB, known(t, d.DB, handle), "coordination", "qa")
	}
	said()
	together := func() {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 3 {
					if err := d.RenewDue(ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	base := noon
	for _, step := range []struct {
		at    time.Duration
		lines int
	}{{340 * days, 7}, {358 * days, 7}, {366 * days, 7}} {
		d.Now = func() time.Time { return base.Add(step.at) }
		together()
		text := said()
		if got := strings.Count(text, "Does that still stand?") + strings.Count(text, "Roster: you are not rung"); got != step.lines {
			t.Errorf("after %v: %d lines, want %d: %s", step.at, got, step.lines, text)
		}
	}
}

// However time passes and whoever answers: nobody is in the order whose last yes is
// older than a year and five weeks, and everybody is whose last yes is younger than one.
func TestAYesNeitherOutlivesItsYearNorDiesBefore(t *testing.T) {
	d, jan, set, _ := year(t, pgtest.Tx(t))
	after := time.Duration(0)
	last := time.Duration(0)
	_, err := d.Remove(ctx, jan, "jan", "communications")
	must(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			// The chore runs daily, as it would, but not for a while now and then.
			after += time.Duration(rapid.SampledFrom([]int{1, 1, 2, 7, 30, 200}).Draw(rt, "days")) * days
			set(after)
			if rapid.IntRange(0, 5).Draw(rt, "answers") == 0 {
				_, err := d.Renew(ctx, jan)
				must(t, err)
				last = after
			}
			active := activeIn(t, d.DB, "coordination") == "jan"
			if !active && after-last < 365*days {
				rt.Fatalf("lapsed %v after the last yes", after-last)
			}
		}
		for range 4 {
			after += 8 * days
			set(after)
		}
		if active := activeIn(t, d.DB, "coordination") == "jan"; active && after-last > 365*days+32*days {
			rt.Fatalf("still rung %v after the last yes", after-last)
		}
	})
}
