package web_test

import (
	"regexp"
	"strings"
	"testing"
)

func TestCoverageNamesItsGaps(t *testing.T) {
	w := newScheduleWorld(t)
	w.get("/coverage").says(t, 200, "No role has a gap.")
	w.busy()
	a := w.get("/coverage")
	a.says(t, 200, "2 roles have gaps.", "package fixing: nobody is on shift Sun 8 Mar 08:00 to Mon 9 Mar 08:00 UTC, since li is away.",
		"<title>nobody is on shift Sun 8 Mar 08:00 to Mon 9 Mar 08:00 UTC</title>", `<a href="/coverage/package-fixing"><text class="row link"`, "Without a gap:", "package fixing (should be 1)")
	readAloud(t, a.body)
	w.get("/coverage?zone=Asia/Tokyo").says(t, 200, "17:00 to Mon 9 Mar 17:00 in Asia/Tokyo</title>")
	w.get("/coverage?zone=x").says(t, 200, `id="zone-problem"`)
	w.enters("tunde").read("/coverage").says(t, 200, "(Sun 8 Mar 09:00 to Mon 9 Mar 09:00 your time)")
}

func TestCoverageOfARole(t *testing.T) {
	w := newScheduleWorld(t)
	w.busy()
	w.sql(`update role set minimum = 2 where name = 'package-fixing'`)
	a := w.get("/coverage/package-fixing?zone=Europe/Berlin")
	a.says(t, 200, "3 people can be rung.", "At any time 2 people should be on or awake.", `<a href="/schedules/fixers"><bdi>Package fixers</bdi></a>`,
		"li is away Sat 7 Mar 09:14 to Wed 11 Mar 13:14 UTC", "Sunday 8 March", "only 1 of 2 awake", "0 gap")
	readAloud(t, a.body)
	if strings.Contains(a.body, "skiing") {
		t.Error("everybody sees why li is away")
	}
	w.sql(`update holiday set day = '2026-03-06'`)
	w.get("/coverage/package-fixing").says(t, 200, "Fri 6 Mar: Josefstag in de (li and tunde)")
	w.sql(`delete from membership where role = 'coordination'`)
	w.get("/coverage/coordination").says(t, 200, "Nobody can be rung for this role.", "No schedule serves it")
	w.get("/coverage/juggling").says(t, 404)
}

// TestManyRolesAreShownByTheDay compares the table with the hours: each day shows its
// worst.
func TestManyRolesAreShownByTheDay(t *testing.T) {
	w := newScheduleWorld(t)
	w.busy()
	w.sql(`insert into role (name, title, place, patience_sev1, patience) select 'r' || n, 'role ' || n, 100 + n, '1 minute', '5 minutes' from generate_series(1, 20) n`)
	a := w.get("/coverage")
	a.says(t, 200, "at the worst moment of each day", "<th scope=\"col\">Mon 9</th>")
	readAloud(t, a.body)
	row := regexp.MustCompile(`(?s)<a href="/coverage/package-fixing">.*?</tr>`).FindString(a.body)
	cells := regexp.MustCompile(`<td class="[^"]*">([^<]*)</td>`).FindAllStringSubmatch(row, -1)
	var got []string
	for _, c := range cells {
		got = append(got, c[1])
	}
	// From Sunday 1 March; li is away from the 7th, on the 8th and 9th nobody is on, and
	// early on the 9th nobody is awake.
	if want := "2 2 2 2 2 2 1 1 gap 0 gap 1 1 2 2 2 3"; strings.Join(got, " ") != want {
		t.Errorf("the days are %q, want %q", strings.Join(got, " "), want)
	}
}
