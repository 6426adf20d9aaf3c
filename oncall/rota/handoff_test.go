package rota_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// stints is the record: "maria 0h-24h jan 24h-", in hours after noon.
func (h *house) stints() string {
	h.t.Helper()
	list, err := rota.Stints(ctx, h.db, 0, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
	must(h.t, err)
	var out []string
	for _, s := range list {
		line := fmt.Sprintf("%s %vh-", h.handle(s.Person), s.From.Sub(noon).Hours())
		if s.Until != nil {
			line += fmt.Sprintf("%vh", s.Until.Sub(noon).Hours())
		}
		out = append(out, line)
	}
	return strings.Join(out, " ")
}

func TestHandoff(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan | ann")
	h.Rooms = []rota.Room{{Network: "chat", Room: "#ops"}}
	h.Ahead = 3 * time.Hour
	h.Open = func(context.Context, string) ([]string, error) {
		return []string{"i7 mirrors are slow", "action A3"}, nil
	}
	h.saved(h.daily("maria jan ann"))
	h.wait(time.Minute)
	must(t, h.Handoff(ctx))
	says(t, h.told("maria"), "You are on for release now until Tue 3 Mar 12:00 UTC (13:00 your time).", "Open: i7 mirrors are slow; action A3.")
	says(t, h.aloud("#ops"), "Handoff of release. On now: maria.")
	silent(t, h.told("jan"))
	h.wait(20*time.Hour + 58*time.Minute)
	must(t, h.Handoff(ctx))
	silent(t, h.told("jan"))
	h.wait(time.Minute)
	for range 2 {
		must(t, h.Handoff(ctx))
		h.wait(time.Second)
	}
	says(t, h.told("jan"), "You will be on for release from Tue 3 Mar 12:00 UTC (13:00 your time).", "!cover release")
	silent(t, h.told("maria"))
	h.wait(3*time.Hour - 2*time.Second) // the very instant
	for range 2 {
		must(t, h.Handoff(ctx))
		must(t, h.Handoff(ctx))
		h.wait(time.Second)
	}
	says(t, h.told("jan"), "You are on for release now", "Before you: maria.")
	says(t, h.told("maria"), "You are off for release. On now: jan. Thank you.")
	says(t, h.aloud("#ops"), "On now: jan. Before: maria.")
	if got := h.stints(); got != "maria 0h-24h jan 24h-" {
		t.Error(got)
	}
	h.Open = func(context.Context, string) ([]string, error) { return nil, errors.New("no") }
	h.wait(day)
	must(t, h.Handoff(ctx))
	says(t, h.told("ann"), "By release you would be on now, but nobody may ring you for release", "!roster join release")
	says(t, h.told("jan"), "What is open could not be looked up.")
}

// After three days without anybody looking, the record is as if somebody had, and only
// what is news is said.
func TestThreeDaysDown(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan li")
	s := h.saved(h.daily("maria jan li"))
	_, err := h.AddOverride(ctx, h.by["boss"], true, schedule.Override{Schedule: s.ID, From: noon.Add(30 * time.Hour), Until: noon.Add(36 * time.Hour), Person: h.id("maria"), Instead: h.id("jan")})
	must(t, err)
	h.wait(time.Hour)
	must(t, h.Handoff(ctx))
	for _, who := range []string{"maria", "jan", "li"} {
		h.told(who)
	}
	h.wait(3*day + 12*time.Hour) // maria is on again
	_, _, err = h.AddAbsence(ctx, h.by["jan"], false, schedule.Absence{From: h.now, Until: noon.Add(10 * day)})
	must(t, err)
	h.wait(12 * time.Hour) // jan would be, and is away
	must(t, h.Handoff(ctx))
	if got := h.stints(); got != "maria 0h-24h jan 24h-30h maria 30h-36h jan 36h-48h li 48h-72h maria 72h-96h" {
		t.Error(got)
	}
	says(t, h.told("maria"), "You are off for release. On now: nobody.")
	silent(t, h.told("jan"))
	silent(t, h.told("li"))
}

// A clock that was ahead for a while does not keep anybody from handing over when it is
// right again, and what it had written of the time to come is no record.
func TestAClockThatWasAhead(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	h.saved(h.daily("maria jan"))
	h.wait(time.Hour)
	must(t, h.Handoff(ctx))
	h.wait(300 * day)
	must(t, h.Handoff(ctx))
	h.wait(-300 * day)
	must(t, h.Handoff(ctx))
	if got := h.stints(); got != "maria 0h-" {
		t.Error(got)
	}
	h.told("jan")
	h.wait(day)
	must(t, h.Handoff(ctx))
	if got := h.stints(); got != "maria 0h-24h jan 24h-" {
		t.Error(got)
	}
	says(t, h.told("jan"), "You are on for release now")
	// Another process, whose clock is a little behind, leaves it to the first.
	h.wait(-time.Minute)
	must(t, h.Handoff(ctx))
	silent(t, h.told("jan"))
}

// On Monday at nine everybody hands over: the rooms are told of a few.
func TestManyHandoffsAtOnce(t *testing.T) {
	h := open(t, pgtest.Tx(t), "boss maria jan")
	h.Rooms = []rota.Room{{Network: "chat", Room: "#ops"}}
	for n := range 9 {
		s := h.daily("maria jan")
		s.Name = fmt.Sprint("s", n)
		h.saved(s)
	}
	h.wait(day)
	must(t, h.Handoff(ctx))
	lines := h.aloud("#ops")
	if len(lines) != 7 || !strings.HasPrefix(lines[5], "Handoff of s5. On now: jan.") || lines[6] != "3 other schedules were handed over just now: !oncall shows who is on." {
		t.Errorf("%q", lines)
	}
	if n := len(h.told("jan")); n != 9 {
		t.Errorf("jan is told of %d", n)
	}
}

// What was decided in the meantime for a time that is over does not change the record.
func TestTheRecordStands(t *testing.T) {
	tx := pgtest.Tx(t)
	h := open(t, tx, "boss maria jan")
	s := h.saved(h.daily("maria jan"))
	h.wait(6 * time.Hour)
	must(t, h.Handoff(ctx))
	_, err := h.AddOverride(ctx, h.by["boss"], true, schedule.Override{Schedule: s.ID, From: noon, Until: noon.Add(12 * time.Hour), Person: h.id("jan"), Instead: h.id("maria")})
	must(t, err)
	must(t, h.Handoff(ctx)) // the same instant: nothing to do
	h.wait(12 * time.Hour)
	must(t, h.Handoff(ctx))
	if got := h.stints(); got != "maria 0h-6h jan 6h-12h maria 12h-" {
		t.Error(got)
	}
	// New rules begin when they are saved, not when they are first looked at.
	h.wait(2 * time.Hour)
	s.Layers[0].Members = []int64{h.id("jan")}
	h.saved(s)
	h.wait(2 * time.Hour)
	must(t, h.Handoff(ctx))
	if got := h.stints(); got != "maria 0h-6h jan 6h-12h maria 12h-20h jan 20h-" {
		t.Error(got)
	}
}

func TestHandoffTwiceAtOnce(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	h := open(t, db, "boss maria jan")
	h.Ahead = day
	h.saved(h.daily("maria jan"))
	h.wait(time.Minute)
	for range 6 {
		one, two := both(func() error { return h.Handoff(ctx) }, func() error { return h.Handoff(ctx) })
		must(t, one)
		must(t, two)
		h.wait(12 * time.Hour)
	}
	// Each comes on, goes off, and is reminded once for each of their shifts.
	rows, err := db.Query(ctx, `select account || ': ' || text || ' ' || count(*) from notice group by account, text having count(*) > 1`)
	must(t, err)
	twice, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	silent(t, twice)
	if got := h.stints(); got != "maria 0h-24h jan 24h-48h maria 48h-" {
		t.Error(got)
	}
}
