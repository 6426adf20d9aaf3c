package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/command"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/schedule/scheduletest"
)

// TestOncallOracle asks who is on by drawn schedules that are stored, in all zones of the
// tz database, and compares the answer with an oracle that counts and looks where the bot
// reckons: 10,000 pairs of a schedule and an instant, each through the whole command.
func TestOncallOracle(t *testing.T) {
	zones := scheduletest.Zones(t)
	const seed = 7
	pairs := childtest.Times(2_000, 10_000)
	each := (pairs + len(zones) - 1) / len(zones)
	o := newOracle(t)
	for i, zone := range zones {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		s, overrides, absences := scheduletest.Draw(r, zone, o.people)
		d := o.store(t, s, overrides, absences)
		for range each {
			o.ask(t, d, scheduletest.Instant(r, d.s, d.overrides, d.absences))
		}
		must(t, d.tx.Rollback(t.Context()))
	}
	t.Logf("%d pairs; %d people on, of them %d by an override, %d away, %d looking on", o.asked, o.on, o.changed, o.away, o.shadows)
	// If hardly anything were on, agreeing would be no news.
	if o.asked < pairs || o.on < pairs || o.changed < pairs/20 || o.away < pairs/20 || o.shadows < pairs/20 {
		t.Error("too little was compared")
	}
}

// TestOncallVectors has handoffs at the wall times of the vectors, which are left out or
// come twice: who is on changes at the instants that the vectors name.
func TestOncallVectors(t *testing.T) {
	text, err := os.ReadFile("../../oncall/civil/testdata/dst.json")
	must(t, err)
	var vectors []struct {
		Zone, Wall string
		Job        time.Time
		ShiftEnd   time.Time `json:"shift_end"`
	}
	must(t, json.Unmarshal(text, &vectors))
	if len(vectors) == 0 {
		t.Fatal("there are no vectors")
	}
	o := newOracle(t)
	for _, v := range vectors {
		wall, err := civil.Parse(v.Wall)
		must(t, err)
		ends := v.ShiftEnd
		if ends.IsZero() { // of a time that is left out: nothing ends elsewhere than the next begins
			ends = v.Job
		}
		for unit, start := range map[schedule.Unit]civil.DateTime{
			schedule.Day: wall.AddDays(-1), schedule.Week: wall.AddDays(-7), schedule.Month: wall.AddMonths(-1),
		} {
			d := o.store(t, schedule.Schedule{Zone: v.Zone, Title: "Vector", Layers: []schedule.Layer{
				{Name: "first", Starts: start, Unit: unit, Turns: []int{1}, Members: o.people[:2]},
			}}, nil, nil)
			for at, want := range map[time.Time]string{
				v.Job.Add(-time.Minute): "on: ann; behind: ; along: ; away: ",
				v.Job:                   "on: ann; behind: bea; along: ; away: ", // while both are on, who was on before stays first
				ends.Add(-time.Minute):  "on: ann; behind: bea; along: ; away: ",
				ends:                    "on: bea; behind: ; along: ; away: ",
			} {
				if ends.Equal(v.Job) && strings.Contains(want, "behind: bea") {
					continue
				}
				if got := o.ask(t, d, at); got != want {
					t.Errorf("%s %s, by the %s, at %s: %s, want %s", v.Zone, v.Wall, unit, at, got, want)
				}
			}
			for at := v.Job.Add(-3 * time.Hour); at.Before(ends.Add(3 * time.Hour)); at = at.Add(10 * time.Minute) {
				o.ask(t, d, at)
			}
			must(t, d.tx.Rollback(t.Context()))
		}
	}
}

// oracle asks the bot who is on, and somebody who knows. It counts what was compared.
type oracle struct {
	tx     pgx.Tx
	set    *command.Set
	now    time.Time
	role   string
	people []int64
	handle map[int64]string

	asked, on, changed, away, shadows int
}

const (
	sqlOraclePerson = `
		insert into person (handle, name, zone, created_at) values ($1, $1, 'UTC', $2) returning id`
	sqlOracleRole = `
		insert into role (name, title, place, patience_sev1, patience) values ($1, $1, 1, interval '90 seconds', interval '5 minutes')`
	sqlOracleYes = `
		insert into membership (role, person_id, place, asked_at, agreed_at, approved_at) values ($1, $2, 1, $3, $3, $3)`
	sqlOracleCover = `
		insert into cover_request (schedule_id, person_id, starts_at, ends_at, state, asked_at, decided_at)
		values ($1, $2, $3, $4, 'accepted', $3, $3) returning id`
	sqlOracleOverride = `
		insert into shift_override (schedule_id, layer, starts_at, ends_at, person_id, instead_of, cover_id, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $3) returning id`
	sqlOracleAbsence = `
		insert into absence (person_id, starts_at, ends_at, created_at) values ($1, $2, $3, $2)`
)

func newOracle(t *testing.T) *oracle {
	t.Helper()
	o := &oracle{tx: pgtest.Tx(t), role: "fixing", handle: map[int64]string{}}
	var err error
	o.set, err = command.NewSet(command.Options{Now: func() time.Time { return o.now }}, command.Vocabulary(command.Services{DB: o.tx}))
	must(t, err)
	_, err = o.tx.Exec(t.Context(), sqlOracleRole, o.role)
	must(t, err)
	for i, name := range []string{"ann", "bea", "cem", "dag", "eva"} {
		var id int64
		must(t, o.tx.QueryRow(t.Context(), sqlOraclePerson, name, time.Now()).Scan(&id))
		o.people, o.handle[id] = append(o.people, id), name
		if i < 3 { // the others can be on all the same, and it is said that they have not said yes
			_, err := o.tx.Exec(t.Context(), sqlOracleYes, o.role, id, time.Now())
			must(t, err)
		}
	}
	return o
}

// stored is a schedule in the database, which goes with the transaction.
type stored struct {
	tx        pgx.Tx
	s         schedule.Schedule
	overrides []schedule.Override // with the numbers that they got
	absences  []schedule.Absence
}

// store writes a schedule and what was decided about it.
func (o *oracle) store(t *testing.T, s schedule.Schedule, overrides []schedule.Override, absences []schedule.Absence) stored {
	t.Helper()
	ctx := t.Context()
	tx, err := o.tx.Begin(ctx)
	must(t, err)
	s.Name, s.Role = "drawn", o.role
	now := func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	d := stored{tx: tx, overrides: slices.Clone(overrides), absences: absences}
	d.s, _, err = (&rota.Service{DB: tx, Now: now}).Save(ctx, oncall.Actor{}, 0, s)
	must(t, err)
	slices.SortFunc(d.overrides, func(a, b schedule.Override) int { return int(a.ID - b.ID) })
	covers := map[int64]int64{}
	for i := range d.overrides {
		over := &d.overrides[i]
		if over.Cover != 0 {
			if covers[over.Cover] == 0 {
				var id int64
				must(t, tx.QueryRow(ctx, sqlOracleCover, d.s.ID, over.Instead, over.From, over.Until).Scan(&id))
				covers[over.Cover] = id
			}
			over.Cover = covers[over.Cover]
		}
		must(t, tx.QueryRow(ctx, sqlOracleOverride, d.s.ID, over.Layer, over.From, over.Until,
			pg.NullID(over.Person), pg.NullID(over.Instead), pg.NullID(over.Cover)).Scan(&over.ID))
	}
	for _, a := range absences {
		_, err := tx.Exec(ctx, sqlOracleAbsence, a.Person, a.From, a.Until)
		must(t, err)
	}
	return d
}

// ask asks !oncall for an instant, which is typed unless it has seconds and is now, compares with the oracle, and returns the answer.
func (o *oracle) ask(t *testing.T, d stored, at time.Time) string {
	t.Helper()
	o.asked++
	line, now := "!oncall "+o.role, at
	if at.Equal(at.Truncate(time.Minute)) {
		line, now = line+" at "+at.UTC().Format("2006-01-02T15:04Z"), at.Add(-time.Hour)
	}
	o.now = now
	reply, err := o.set.Run(context.WithoutCancel(t.Context()), command.Caller{Network: "console"}, line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	text := strings.Join(command.PlainText(reply), "\n")
	got, want := fromReply(text), o.want(d, at)
	if got != want {
		t.Fatalf("%s, at %s:\n got %s\nwant %s\nfrom %s\n%+v\n%+v\n%+v", line, at, got, want, text, d.s, d.overrides, d.absences)
	}
	return got
}

// want is what the oracle says, written like an answer that was read.
func (o *oracle) want(d stored, at time.Time) string {
	var a answer
	for _, s := range scheduletest.On(d.s, d.overrides, d.absences, at) {
		o.on++
		if s.Override != 0 {
			o.changed++
		}
		switch name := o.handle[s.Person]; {
		case s.Shadow:
			o.shadows++
			a.along = append(a.along, name)
		case s.Away:
			o.away++
			a.away = append(a.away, name)
		default:
			a.on = append(a.on, name)
		}
	}
	return a.String()
}

var (
	saysFirst  = regexp.MustCompile(`([a-z]+) is on by drawn`)
	saysBehind = regexp.MustCompile(`Behind them: ([^.]*)\.`)
	saysAlong  = regexp.MustCompile(`Along with them: ([^.]*)\.`)
	saysAway   = regexp.MustCompile(`([a-z]+) would be on by drawn and is away\.`)
	saysMarks  = regexp.MustCompile(` \((?:asleep|has not said yes to the role)\)`)
)

// fromReply reads the answer as a person does.
func fromReply(text string) string {
	var a answer
	text = saysMarks.ReplaceAllString(text, "")
	names := func(says *regexp.Regexp) (all []string) {
		for _, found := range says.FindAllStringSubmatch(text, -1) {
			all = append(all, strings.Split(strings.ReplaceAll(found[1], " and ", ", "), ", ")...)
		}
		return all
	}
	a.on = append(names(saysFirst), names(saysBehind)...)
	a.along, a.away = names(saysAlong), names(saysAway)
	return a.String()
}

// answer is whom an answer names.
type answer struct{ on, along, away []string }

func (a answer) String() string {
	first := min(1, len(a.on))
	return fmt.Sprintf("on: %s; behind: %s; along: %s; away: %s", strings.Join(a.on[:first], " "), strings.Join(a.on[first:], " "),
		strings.Join(a.along, " "), strings.Join(a.away, " "))
}
