package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/paging"
)

// Who was rung how often, at night too, and what it cost: by whom it may be seen, on the
// page, as a file, and by programs.
func TestNoise(t *testing.T) {
	w := newPhoneWorld(t)
	// Last month, at noon in Madrid: maria is called twice, and says yes and no.
	w.sql(`insert into escalation (cause, slot, why, severity, patience, state, started_at, due_at, ended_at)
		select 'call:console/#old', 'person:maria', 'old ' || n, 2, interval '1 minute', 'filled', $1::timestamptz, $1, $1 from generate_series(1, 2) n`,
		time.Date(2026, 2, 10, 11, 0, 0, 0, time.UTC))
	w.sql(`insert into page (escalation_id, person_id, round, state, opened_at, rung_at, answered_at, answered_via)
		select e.id, $1, 2, case e.why when 'old 1' then 'acked' else 'declined' end, e.started_at, e.started_at, e.started_at, 'sms' from escalation e where e.why like 'old %'`,
		w.person("maria").ID)
	w.sql(`insert into delivery (page_id, ring, route, state, tries, due_at, created_at, finished_at)
		select p.id, d.ring, d.route, d.state, 1, p.opened_at, p.opened_at, p.opened_at
		from page p join escalation e on e.id = p.escalation_id,
			(values (1, 'sms', 'delivered'), (2, 'sms', 'expired'), (2, 'voice', 'acked'), (2, 'mail', 'failed'), (1, 'voice', 'cancelled')) as d (ring, route, state)
		where e.why = 'old 1'`)
	// This month, in the night: the fire of the other stories.
	w.tell(fire + "wait 60s")
	w.carries("sms", paging.Accepted, "")

	if a := w.get("/noise"); a.Code != http.StatusSeeOther {
		t.Errorf("nobody reads %d", a.Code)
	}
	maria, kevin := w.enters("maria"), w.enters("kevin")
	now := kevin.read("/noise")
	now.says(t, 200, "How often you were rung", "March 2026", "Everybody together", "February 2026")
	now.lacks(t, `href="/people/maria"`, `href="/people/li"`)
	readAloud(t, now.body)
	kevin.read("/noise?month=2026-02").says(t, 200, "You were not rung.")
	all := maria.read("/noise")
	all.says(t, 200, `href="/people/maria"`, `href="/people/li"`, "Cost, EUR", "1 by sms")
	readAloud(t, all.body)
	maria.read("/noise?month=2026-02").says(t, 200, "2 by sms and 1 by voice", "0.19")
	maria.read("/noise?month=2025-01").says(t, 200, "Nobody was rung.", "<option selected>2025-01</option>")
	maria.read("/noise?month=may").says(t, http.StatusBadRequest, "Write a month like 2026-03.")

	file := maria.read("/noise.csv?month=2026-02")
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || file.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatal(err, file.Header())
	}
	want := [][]string{
		{"month", "person", "pages", "rings", "rings_at_night", "acknowledged", "declined", "unanswered", "open", "cost", "currency", "by_sms", "by_voice"},
		{"2026-02", "maria", "2", "2", "0", "1", "1", "0", "0", "0.19", "EUR", "2", "1"},
	}
	if fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("the file is %v, want %v", rows, want)
	}
	// At 04:14 in Madrid she sleeps; li and sam were rung in their day or evening.
	night := map[string]string{}
	rows, err = csv.NewReader(strings.NewReader(maria.read("/noise.csv").body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		night[row[1]] = row[3] + " rings, " + row[4] + " at night"
	}
	if night["maria"] != "1 rings, 1 at night" || night["li"] != "1 rings, 0 at night" {
		t.Errorf("%v", night)
	}
	own, err := csv.NewReader(strings.NewReader(kevin.read("/noise.csv").body)).ReadAll()
	if err != nil || len(own) != 2 || own[1][1] != "kevin" {
		t.Errorf("kevin's file is %v: %v", own, err)
	}

	p := w.program(t, "maria")
	if got := p.get("/noise?month=2026-02").must(t, 200); got.at("items.0.person") != "maria" || got.at("items.0.cost_thousandths") != 190.0 || got.at("items.0.routes.0.messages") != 2.0 {
		t.Error(got.body)
	}
	p.get("/noise?month=x").refused(t, http.StatusBadRequest, "invalid", "month", "")
	if got := w.program(t, "kevin").get("/noise").must(t, 200).all("person"); !slices.Equal(got, []any{"kevin"}) {
		t.Errorf("kevin's program reads of %v", got)
	}
	if got := w.program(t, "kevin").get("/noise/totals").must(t, 200); got.at("items.1.month") != "2026-02" || got.at("items.1.pages") != 2.0 || got.at("items.1.people") != 1.0 {
		t.Error(got.body)
	}
	maria.read("/people").says(t, 200, `href="/noise"`)
}
