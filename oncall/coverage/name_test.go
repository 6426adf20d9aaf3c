package coverage_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/coverage"
	"batsignal/oncall/schedule"
)

// hand is somebody whose hours are like "07:00-23:00 Europe/Berlin".
func hand(id int64, handle, hours string) coverage.Member {
	span, zone, _ := strings.Cut(hours, " ")
	wakes, sleeps, err := oncall.ParseHours(span)
	if err != nil {
		panic(err)
	}
	return coverage.Member{Active: true, Person: oncall.Person{ID: id, Handle: handle, Zone: zone, Wakes: wakes, Sleeps: sleeps}}
}

func away(m coverage.Member, from, until string) coverage.Member {
	m.Absences = append(slices.Clone(m.Absences), schedule.Absence{Person: m.Person.ID, From: at(from), Until: at(until)})
	return m
}

func asked(m coverage.Member) coverage.Member {
	m.Active = false
	return m
}

func quiet(m coverage.Member, from, until int) coverage.Member {
	m.Terms = oncall.Terms{QuietFrom: &from, QuietUntil: &until}
	return m
}

func shift(person int64, from, until string) schedule.Shift {
	return schedule.Shift{Person: person, From: at(from), Until: at(until)}
}

// daily is a shift from one time of the day to another on each of some days.
func daily(person int64, first string, days int, from, until time.Duration) (all []schedule.Shift) {
	d := at(first + " 00:00")
	for range days {
		all = append(all, schedule.Shift{Person: person, From: d.Add(from), Until: d.Add(until)})
		d = d.Add(24 * time.Hour)
	}
	return all
}

func TestSentences(t *testing.T) {
	night := hand(1, "maria", "06:00-02:00 UTC")
	clock := hand(2, "jan", "00:00-00:00 UTC")
	weekly := func(shifts ...schedule.Shift) []coverage.Scheduled {
		return []coverage.Scheduled{{Name: "weekly", Shifts: shifts}}
	}
	for _, c := range []struct {
		name      string
		from      string
		zone      string
		minimum   int
		members   []coverage.Member
		schedules []coverage.Scheduled
		want      []string
	}{
		{"covered", "2026-06-01 00:00", "", 1, []coverage.Member{clock}, nil, nil},
		{"nobody is wanted", "2026-06-01 00:00", "", 0, nil, weekly(), nil},
		{"nobody is there", "2026-06-01 00:00", "Europe/Berlin", 1, []coverage.Member{asked(clock)}, nil,
			[]string{"nobody is awake all the time until Mon 15 Jun at least, since nobody has said yes to this role"}},
		{"too few are there", "2026-06-01 00:00", "", 2, []coverage.Member{clock}, nil,
			[]string{"only 1 of 2 awake all the time until Mon 15 Jun at least, since only 1 person has said yes to this role"}},
		{"every day", "2026-06-01 00:00", "Asia/Tokyo", 1, []coverage.Member{night}, nil,
			[]string{"nobody is awake every day 02:00–06:00 UTC (11:00–15:00 your time)"}},
		{"every day, and the look begins in the middle", "2026-06-01 03:30", "UTC", 1, []coverage.Member{night}, nil,
			[]string{"nobody is awake every day 02:00–06:00 UTC"}},
		{"clocks change", "2026-10-20 12:00", "Europe/Berlin", 1, []coverage.Member{hand(1, "maria", "07:00-03:00 Europe/Berlin")}, nil, []string{
			"nobody is awake every day until Sat 24 Oct 01:00–05:00 UTC (03:00–07:00 your time)",
			"nobody is awake every day from Sun 25 Oct 02:00–06:00 UTC (03:00–07:00 your time)",
		}},
		{"clocks change for the reader alone", "2026-10-20 12:00", "Europe/Berlin", 1, []coverage.Member{night}, nil,
			[]string{"nobody is awake every day 02:00–06:00 UTC (04:00–08:00 your time, from Sun 25 Oct 03:00–07:00)"}},
		{"on Sundays", "2026-06-01 00:00", "America/New_York", 1, []coverage.Member{
			night, away(away(clock, "2026-06-07 02:00", "2026-06-07 06:00"), "2026-06-14 02:00", "2026-06-14 06:00"),
		}, nil, []string{"nobody is awake on Sundays 02:00–06:00 UTC (22:00–02:00 your time the day before), since jan is away"}},
		{"once", "2026-06-01 00:00", "Europe/Berlin", 1, []coverage.Member{night, away(clock, "2026-06-07 01:00", "2026-06-07 12:00")}, nil,
			[]string{"nobody is awake Sun 7 Jun 02:00–06:00 UTC (04:00–08:00 your time), since jan is away"}},
		{"once, and another day there", "2026-06-01 00:00", "America/New_York", 1, []coverage.Member{night, away(clock, "2026-06-07 01:00", "2026-06-07 12:00")}, nil,
			[]string{"nobody is awake Sun 7 Jun 02:00–06:00 UTC (Sat 6 Jun 22:00–02:00 your time), since jan is away"}},
		{"everybody is away for days", "2026-06-01 00:00", "Asia/Kolkata", 1, []coverage.Member{
			away(night, "2026-06-05 08:00", "2026-06-08 09:00"), away(clock, "2026-06-05 08:00", "2026-06-08 09:00"),
		}, nil, []string{"nobody is awake Fri 5 Jun 08:00 to Mon 8 Jun 09:00 UTC (Fri 5 Jun 13:30 to Mon 8 Jun 14:30 your time), since maria and jan are away"}},
		{"it goes on already, and for longer than anybody looked", "2026-06-01 00:00", "Europe/Berlin", 1, []coverage.Member{
			away(away(clock, "2026-05-01 00:00", "2026-06-02 04:00"), "2026-06-10 03:00", "2026-08-01 00:00"),
		}, nil, []string{
			"nobody is awake until Tue 2 Jun 04:00 UTC (Tue 2 Jun 06:00 your time), since jan is away",
			"nobody is awake from Wed 10 Jun 03:00 UTC on (Wed 10 Jun 05:00 your time), since jan is away",
		}},
		{"one is a gap less", "2026-06-01 00:00", "", 2, []coverage.Member{clock, hand(3, "li", "07:00-23:00 UTC"), hand(4, "sam", "06:00-23:00 UTC")}, nil,
			[]string{"only 1 of 2 awake every day 23:00–06:00 UTC"}},
		{"more and fewer", "2026-06-01 00:00", "", 3, []coverage.Member{hand(3, "li", "07:00-23:00 UTC"), hand(4, "sam", "06:00-22:00 UTC"), hand(5, "ana", "06:00-22:00 UTC")}, nil,
			[]string{"at most 2 of 3 awake, at times nobody, every day 22:00–07:00 UTC"}},
		{"a schedule leaves the night open", "2026-06-01 00:00", "", 1, []coverage.Member{clock}, weekly(daily(2, "2026-05-31", 20, 6*time.Hour, 22*time.Hour)...),
			[]string{"nobody is on shift every day 22:00–06:00 UTC, since the schedule weekly has nobody on"}},
		{"on weekdays alone", "2026-06-01 00:00", "Europe/Berlin", 1, []coverage.Member{clock}, weekly(
			slices.Concat(daily(2, "2026-06-01", 5, 0, 24*time.Hour), daily(2, "2026-06-08", 5, 0, 24*time.Hour))...),
			[]string{
				"nobody is on shift on Saturdays from 00:00 UTC, for 48 hours (from 02:00 your time), since the schedule weekly has nobody on",
			}},
		{"both at once", "2026-06-01 00:00", "", 1, []coverage.Member{night}, weekly(daily(1, "2026-05-31", 20, 6*time.Hour, 26*time.Hour)...),
			[]string{"nobody is on shift or awake every day 02:00–06:00 UTC, since the schedule weekly has nobody on"}},
		{"whoever is on sleeps, and is there", "2026-06-01 00:00", "", 1, []coverage.Member{night}, weekly(shift(1, "2026-05-01 00:00", "2026-08-01 00:00")), nil},
		{"whoever is on is away", "2026-06-01 00:00", "", 1, []coverage.Member{clock, hand(3, "li", "07:00-23:00 UTC")}, weekly(
			shift(2, "2026-05-01 00:00", "2026-06-03 00:00"),
			schedule.Shift{Person: 3, From: at("2026-06-03 00:00"), Until: at("2026-06-04 00:00"), Away: true},
			shift(2, "2026-06-04 00:00", "2026-08-01 00:00")),
			[]string{"nobody is on shift Wed 3 Jun 00:00 to Thu 4 Jun 00:00 UTC, since li is away"}},
		{"whoever is on was never asked", "2026-06-01 00:00", "", 1, []coverage.Member{clock}, weekly(shift(9, "2026-05-01 00:00", "2026-08-01 00:00")),
			[]string{"nobody is on shift all the time until Mon 15 Jun at least, since whoever is on has not said yes to this role"}},
		{"whoever is on has not answered", "2026-06-01 00:00", "", 1, []coverage.Member{clock, asked(night)}, weekly(shift(1, "2026-05-01 00:00", "2026-08-01 00:00")),
			[]string{"nobody is on shift all the time until Mon 15 Jun at least, since maria is on and cannot be rung for this role"}},
		{"whoever is on wants quiet", "2026-06-01 00:00", "", 1, []coverage.Member{clock, quiet(night, 22*60, 6*60)}, weekly(shift(1, "2026-05-01 00:00", "2026-08-01 00:00")),
			[]string{"nobody is on shift every day 22:00–06:00 UTC, since maria is on and in quiet hours"}},
		{"it goes on already, and for longer than on other days", "2026-06-01 00:00", "", 1, []coverage.Member{away(night, "2026-05-01 00:00", "2026-06-01 02:00")}, nil, []string{
			"nobody is awake until Mon 1 Jun 06:00 UTC",
			"nobody is awake every day from Tue 2 Jun 02:00–06:00 UTC",
		}},
		{"it goes on already, and is worse than on other days", "2026-06-01 03:00", "", 2, []coverage.Member{night, away(clock, "2026-05-01 00:00", "2026-06-01 06:00")}, nil, []string{
			"nobody is awake until Mon 1 Jun 06:00 UTC",
			"only 1 of 2 awake every day from Tue 2 Jun 02:00–06:00 UTC",
		}},
		// On 25 October the clock shows 02:00 to 03:00 twice: who sleeps from 02:30 is up
		// until the second, who wakes at 02:30 is from the first.
		{"going to bed in an hour that comes twice", "2026-10-23 12:00", "", 1, []coverage.Member{hand(1, "maria", "06:00-02:30 Europe/Berlin")}, nil, []string{
			"nobody is awake Sat 24 Oct 00:30–04:00 UTC",
			"nobody is awake every day from Sun 25 Oct 01:30–05:00 UTC",
		}},
		{"getting up in an hour that comes twice", "2026-10-24 12:00", "", 1, []coverage.Member{hand(1, "maria", "02:30-22:00 Europe/Berlin")}, nil, []string{
			"nobody is awake Sat 24 Oct 20:00–00:30 UTC",
			"nobody is awake every day from Sun 25 Oct 21:00–01:30 UTC",
		}},
		{"getting up in an hour that is left out", "2026-03-28 12:00", "", 1, []coverage.Member{hand(1, "maria", "02:30-22:00 Europe/Berlin")}, nil, []string{
			"nobody is awake Sat 28 Mar 21:00–01:00 UTC",
			"nobody is awake every day from Sun 29 Mar 20:00–00:30 UTC",
		}},
		{"every day but one", "2026-06-01 00:00", "", 1, []coverage.Member{night}, weekly(append(
			daily(1, "2026-05-31", 20, 6*time.Hour, 26*time.Hour), shift(1, "2026-06-05 02:00", "2026-06-05 06:00"))...),
			[]string{"nobody is on shift or awake every day except Fri 5 Jun 02:00–06:00 UTC, since the schedule weekly has nobody on"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := at(c.from)
			in := coverage.Input{Role: coverage.Role{Title: "release engineering", Minimum: c.minimum}, Members: c.members, Schedules: c.schedules}
			got := coverage.Sentences(coverage.Look([]coverage.Input{in}, from, from.Add(coverage.Ahead))[0], c.zone)
			for i := range c.want {
				c.want[i] = "release engineering: " + c.want[i] + "."
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A list of days that follows no rule is a list.
func TestDaysWithoutARule(t *testing.T) {
	from := at("2026-06-01 00:00")
	jan := hand(2, "jan", "00:00-00:00 UTC")
	for _, d := range []string{"2026-06-02", "2026-06-05", "2026-06-06"} {
		jan = away(jan, d+" 02:00", d+" 06:00")
	}
	for _, d := range []string{"2026-06-03", "2026-06-04", "2026-06-10", "2026-06-11"} {
		jan = away(jan, d+" 10:00", d+" 12:30")
	}
	for _, d := range []string{"2026-06-08", "2026-06-09"} {
		jan = away(jan, d+" 10:00", d+" 12:30")
	}
	in := coverage.Input{Role: coverage.Role{Title: "x", Minimum: 1}, Members: []coverage.Member{jan}}
	got := coverage.Sentences(coverage.Look([]coverage.Input{in}, from, from.Add(coverage.Ahead))[0], "Africa/Lagos")
	want := []string{
		"x: nobody is awake Tue 2 Jun, Fri 5 Jun and Sat 6 Jun 02:00–06:00 UTC (03:00–07:00 your time), since jan is away.",
		"x: nobody is awake Wed 3 Jun, Thu 4 Jun, Mon 8 Jun, Tue 9 Jun, Wed 10 Jun and Thu 11 Jun 10:00–12:30 UTC (11:00–13:30 your time), since jan is away.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}
