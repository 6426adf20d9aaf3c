package web_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/schedule/scheduletest"
	"batsignal/web"
)

var (
	onNow   = regexp.MustCompile(`(?s)<h2 id="now-head">Now</h2>\n(.*?)</section>`)
	isOn    = regexp.MustCompile(`<p><b><bdi>([a-z0-9]+)</bdi></b> is on(?: by <bdi>([a-z0-9-]+)</bdi>|, in addition)(?:, instead of <bdi>([a-z0-9]+)</bdi>)?`)
	isAway  = regexp.MustCompile(`<p><b><bdi>([a-z0-9]+)</bdi></b> would be on(?: by <bdi>([a-z0-9-]+)</bdi>)? and is away`)
	isLooks = regexp.MustCompile(`<p>Looking on: <bdi>([a-z0-9]+)</bdi>`)
)

// TestPageOncallAndOracleAgree stores schedules that were made up, with what was decided
// about them, and asks at an instant: the page, as HTML; what !oncall is drawn from; and
// the oracle. TestTheTimelineShowsWhoIsOn and oncall/schedule do the same without a
// database, ten thousand times.
func TestPageOncallAndOracleAgree(t *testing.T) {
	db := pgtest.Fresh(t)
	now := night
	clock := func() time.Time { return now }
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	service := &incidents.Service{DB: db.Pool, Now: clock, Log: log}
	set, err := command.NewSet(command.Options{Now: clock}, command.Vocabulary(command.Services{DB: db.Pool, Incidents: service}))
	if err != nil {
		t.Fatal(err)
	}
	rotas := &rota.Service{DB: db.Pool, Now: clock}
	w := &world{t: t}
	if w.handler, err = web.New(web.Options{Incidents: service, DB: db.Pool, Commands: set, Now: clock, Log: log, Rota: rotas}); err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Pool.Exec(ctx, sql, args...); err != nil {
			t.Fatal(sql, err)
		}
	}
	exec(`insert into role (name, title, place, patience_sev1, patience) values ('r', 'r', 1, '1 minute', '5 minutes')`)
	exec(`insert into person (handle, zone, created_at) select 'p' || n, 'UTC', now() from generate_series(1, 5) n`)
	var people []int64
	handle := map[int64]string{}
	for n := 1; n <= 5; n++ {
		var id int64
		if err := db.Pool.QueryRow(ctx, `select id from person where handle = $1`, fmt.Sprintf("p%d", n)).Scan(&id); err != nil {
			t.Fatal(err)
		}
		people, handle[id] = append(people, id), fmt.Sprintf("p%d", n)
	}
	zones := scheduletest.Zones(t)
	pairs := 400
	if testing.Short() {
		pairs = 20
	}
	seen := 0
	for i := range pairs {
		r := rand.New(rand.NewPCG(77, uint64(i)))
		s, overrides, absences := scheduletest.Draw(r, zones[r.IntN(len(zones))], people)
		exec(`update schedule set name = 'old-' || id, retired_at = $1 where retired_at is null`, night)
		exec(`delete from absence`)
		now = night
		s.Role = "r"
		saved, _, err := rotas.Save(ctx, oncall.Actor{Network: "cli"}, 0, s)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(overrides, func(a, b schedule.Override) int { return int(a.ID - b.ID) })
		for k := range overrides {
			o := &overrides[k]
			o.Cover = 0 // there is no request behind it
			exec(`insert into shift_override (schedule_id, layer, starts_at, ends_at, person_id, instead_of, created_at)
				values ($1, $2, $3, $4, nullif($5::bigint, 0), nullif($6::bigint, 0), $3)`, saved.ID, o.Layer, o.From, o.Until, o.Person, o.Instead)
		}
		for _, a := range absences {
			exec(`insert into absence (person_id, starts_at, ends_at, created_at) values ($1, $2, $3, $2)`, a.Person, a.From, a.Until)
		}
		now = scheduletest.Instant(r, s, overrides, absences)
		want := scheduletest.On(s, overrides, absences, now)
		seen += len(want)

		var oracle, page, said []string
		for _, shift := range want {
			oracle = append(oracle, told(handle[shift.Person], shift.Layer, handle[shift.Of], shift.Shadow, shift.Away))
		}
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, httptest.NewRequest("GET", "/schedules/drawn", nil))
		body := rec.Body.String()
		part := onNow.FindStringSubmatch(body)
		if rec.Code != 200 || part == nil {
			t.Fatalf("%d:\n%s", rec.Code, body)
		}
		for _, line := range strings.Split(part[1], "\n") {
			if m := isOn.FindStringSubmatch(line); m != nil {
				page = append(page, told(m[1], m[2], m[3], false, false))
			}
			if m := isAway.FindStringSubmatch(line); m != nil {
				page = append(page, told(m[1], m[2], "", false, true))
			}
			if m := isLooks.FindStringSubmatch(line); m != nil {
				page = append(page, told(m[1], "", "", true, false))
			}
		}
		facts, err := duty.Glance(ctx, db.Pool, now, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, on := range facts.Now(now, "r")[0].On {
			said = append(said, told(on.Person.Handle, on.Layer, "", on.Shadow, on.Away))
		}
		if !slices.Equal(page, oracle) {
			t.Fatalf("pair %d, at %s: the page says %q, the oracle %q", i, now.UTC(), page, oracle)
		}
		for k := range oracle { // !oncall does not name whose turn it was
			oracle[k], _, _ = strings.Cut(oracle[k], " for ")
		}
		if !slices.Equal(said, oracle) {
			t.Fatalf("pair %d, at %s: !oncall says %q, the oracle %q", i, now.UTC(), said, oracle)
		}
	}
	if seen < pairs {
		t.Errorf("%d shifts were compared: too few", seen)
	}
}

// told is a shift as all three tell it.
func told(handle, layer, of string, shadow, away bool) string {
	switch {
	case away:
		return handle + " is away by " + layer
	case shadow:
		return handle + " looks on"
	case of != "":
		return handle + " is on by " + layer + " for " + of
	}
	return handle + " is on by " + layer
}
