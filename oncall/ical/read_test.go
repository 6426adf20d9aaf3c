package ical_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/ical"
)

var (
	november = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	january  = time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC)
)

// told is what was read, line by line.
func told(events []ical.Event, problems []ical.Problem) []string {
	const layout = "2006-01-02T15:04Z"
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprintf("%s %s %s", e.From.Format(layout), e.Until.Format(layout), e.Summary))
	}
	for _, p := range problems {
		all = append(all, fmt.Sprintf("! %d %s: %s", p.Line, p.UID, p.Say))
	}
	return all
}

// What the calendars of the world write, read by somebody in Berlin for the next weeks.
func TestFilesOfOthers(t *testing.T) {
	for file, want := range map[string][]string{
		"google.ics": {
			"2026-12-03T18:00Z 2026-12-03T20:00Z Choir",
			"2026-12-05T10:00Z 2026-12-05T11:30Z Dentist",
			"2026-12-11T17:00Z 2026-12-11T22:00Z Choir: the concert",
			"2026-12-22T23:00Z 2027-01-01T23:00Z Winter holidays, with the children; no laptop",
			"2026-12-24T18:00Z 2026-12-24T20:00Z Choir",
			"2026-12-31T18:00Z 2026-12-31T20:00Z Choir",
			"2027-01-07T18:00Z 2027-01-07T20:00Z Choir",
			"2027-01-14T18:00Z 2027-01-14T20:00Z Choir",
		},
		"nextcloud.ics": {
			"2026-11-30T21:00Z 2026-12-01T05:00Z Night train — Wien ↔ Zürich with a rather long title that has to be folded in the file, as it is longer than a line may be",
			"2026-12-28T21:00Z 2026-12-29T05:00Z Night train — Wien ↔ Zürich with a rather long title that has to be folded in the file, as it is longer than a line may be",
		},
		"thunderbird.ics": {
			"2026-12-01T23:00Z 2026-12-02T23:00Z Parental leave on Wednesdays",
			"2026-12-05T12:00Z 2026-12-05T12:45Z Nap",
			"2026-12-07T14:00Z 2026-12-07T22:00Z Of another program",
			"2026-12-15T23:00Z 2026-12-16T23:00Z Parental leave on Wednesdays",
			"2026-12-21T23:00Z 2026-12-22T23:00Z Parental leave on Wednesdays",
			"! 0 : What is no event is left out: 1 of the kind VTODO.",
		},
		"outlook.ics": {
			"2026-12-07T08:00Z 2026-12-11T16:00Z Abwesend: Fortbildung",
			"2026-12-08T07:00Z 2026-12-08T11:00Z Second Tuesday",
			"2027-01-12T07:00Z 2027-01-12T11:00Z Second Tuesday",
			`! 50 customized: The time zone "Customized Time Zone" is not known, so it is left out.`,
		},
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string][]byte{
				"as it is":  text,
				"with CRLF": bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
				"with BOM":  append([]byte("\ufeff"), text...),
			} {
				events, problems, err := ical.Read(text, "Europe/Berlin", november, january)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, told(events, problems)); diff != "" {
					t.Errorf("%s: -want +got\n%s", name, diff)
				}
				seen := map[string]bool{}
				for _, e := range events {
					if seen[e.UID] || e.UID == "" {
						t.Errorf("%s: two events are %q", name, e.UID)
					}
					seen[e.UID] = true
				}
			}
		})
	}
}

func TestTextsComeWithLineBreaks(t *testing.T) {
	text, err := os.ReadFile("testdata/outlook.ics")
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := ical.Read(text, "UTC", november, january)
	if err != nil || events[0].Description != "Out of office.\n\nAsk Jan.\n" {
		t.Errorf("%q, %v", events[0].Description, err)
	}
	if want := "040000008200E00074C5B7101A82E00800000000B0A5C9D6E7F8DA01000000000000000010000000AABBCCDDEEFF00112233445566778899"; events[0].UID != want {
		t.Errorf("%q, want %q", events[0].UID, want)
	}
}

func TestHolidays(t *testing.T) {
	text, err := os.ReadFile("testdata/holidays.ics")
	if err != nil {
		t.Fatal(err)
	}
	days, problems, err := ical.Holidays(text, civil.DateTime{Year: 2026, Month: 1, Day: 1}, civil.DateTime{Year: 2027, Month: 12, Day: 26})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range days {
		got = append(got, d.Day.String()+" "+d.Name)
	}
	want := []string{
		"2026-11-26 00:00 Thanksgiving", "2026-12-25 00:00 Christmas", "2026-12-26 00:00 Christmas",
		"2027-03-29 00:00 Easter Monday", "2027-11-25 00:00 Thanksgiving", "2027-12-25 00:00 Christmas",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(problems) != 1 || problems[0].UID != "party" || !strings.Contains(problems[0].Say, "a holiday is a whole day") {
		t.Errorf("%v", problems)
	}
}

// calendar wraps events, of which each line is given.
func calendar(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nSUMMARY:It\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR\n")
}

func TestRepetitions(t *testing.T) {
	for _, c := range []struct{ name, lines, days string }{
		{"daily", "DTSTART;VALUE=DATE:20261127;RRULE:FREQ=DAILY;COUNT=4", "28 29 30"},
		{"every third day", "DTSTART;VALUE=DATE:20200101;RRULE:FREQ=DAILY;INTERVAL=3;UNTIL=20261206", "28 1 4"},
		{"working days", "DTSTART;VALUE=DATE:20261127;RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=4", "30 1 2"},
		{"first is counted though no rule names it", "DTSTART;VALUE=DATE:20261128;RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3", "28 30 7"},
		{"fortnightly by weeks from Sunday", "DTSTART;VALUE=DATE:20261122;RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU;COUNT=4", "6 8"},
		{"fortnightly by weeks from Monday", "DTSTART;VALUE=DATE:20261122;RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=MO;COUNT=4", "1 6 15"},
		{"a day of the month", "DTSTART;VALUE=DATE:20260115;RRULE:FREQ=MONTHLY;UNTIL=20261215", "15"},
		{"the 31st", "DTSTART;VALUE=DATE:20260131;RRULE:FREQ=MONTHLY", "31"},
		{"the last day", "DTSTART;VALUE=DATE:20260131;RRULE:FREQ=MONTHLY;BYMONTHDAY=-1", "30 31"},
		{"the 1st and 10th", "DTSTART;VALUE=DATE:20260101;RRULE:FREQ=MONTHLY;BYMONTHDAY=1,10", "1 10 1 10"},
		{"the first Friday", "DTSTART;VALUE=DATE:20260102;RRULE:FREQ=MONTHLY;BYDAY=1FR", "4 1"},
		{"the last Friday", "DTSTART;VALUE=DATE:20260130;RRULE:FREQ=MONTHLY;BYDAY=-1FR", "25"},
		{"Friday the 13th and 25th", "DTSTART;VALUE=DATE:20260213;RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13,25", "25"},
		{"the last working day", "DTSTART;VALUE=DATE:20260130;RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "30 31"},
		{"yearly", "DTSTART;VALUE=DATE:19991224;RRULE:FREQ=YEARLY", "24"},
		{"yearly by month", "DTSTART;VALUE=DATE:20000601;RRULE:FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=1", "1"},
		{"every fourth year", "DTSTART;VALUE=DATE:20201224;RRULE:FREQ=YEARLY;INTERVAL=4", ""},
		{"29 February", "DTSTART;VALUE=DATE:20240229;RRULE:FREQ=YEARLY", ""},
		{"more times", "DTSTART;VALUE=DATE:20261130;RDATE;VALUE=DATE:20261204,20261208", "30 4 8"},
		{"less times", "DTSTART;VALUE=DATE:20261130;RRULE:FREQ=DAILY;COUNT=5;EXDATE;VALUE=DATE:20261201,20261203", "30 2 4"},
		{"a rule that names no day", "DTSTART;VALUE=DATE:20260101;RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", ""},
		{"one that ended", "DTSTART;VALUE=DATE:20200101;RRULE:FREQ=DAILY;UNTIL=20201231", ""},
		{"until an instant", "DTSTART:20261128T230000Z;RRULE:FREQ=DAILY;UNTIL=20261130T230000Z\nDURATION:PT10M", "28 29 30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := strings.NewReplacer(";RRULE", "\nRRULE", ";RDATE", "\nRDATE", ";EXDATE", "\nEXDATE").Replace(c.lines)
			events, problems, err := ical.Read(calendar(lines), "UTC", november, january)
			if err != nil || len(problems) > 0 {
				t.Fatal(problems, err)
			}
			var days []string
			for _, e := range events {
				days = append(days, e.From.Format("2"))
			}
			if got := strings.Join(days, " "); got != c.days {
				t.Errorf("%s, want %s", got, c.days)
			}
		})
	}
}

// Repetitions go by the clock on the wall, and end by it, when clocks change too.
func TestRepetitionsWhenClocksChange(t *testing.T) {
	march := time.Date(2027, 3, 26, 12, 0, 0, 0, time.UTC)
	for lines, want := range map[string][]string{
		"DTSTART;TZID=Europe/Berlin:20260101T220000\nDTEND;TZID=Europe/Berlin:20260102T060000\nRRULE:FREQ=DAILY": {
			"2027-03-26T21:00Z 2027-03-27T05:00Z It", "2027-03-27T21:00Z 2027-03-28T04:00Z It", "2027-03-28T20:00Z 2027-03-29T04:00Z It",
		},
		// 02:30 does not exist on the 28th.
		"DTSTART;TZID=Europe/Berlin:20260101T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY": {
			"2027-03-27T01:30Z 2027-03-27T02:30Z It", "2027-03-28T01:00Z 2027-03-28T02:00Z It", "2027-03-29T00:30Z 2027-03-29T01:30Z It",
		},
		"DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=WEEKLY;BYDAY=SU":                              {"2027-03-27T23:00Z 2027-03-28T22:00Z It"},
		"DTSTART;TZID=Europe/Berlin:20260101T120000\nDURATION:P1D\nRRULE:FREQ=WEEKLY;BYDAY=SA": {"2027-03-27T11:00Z 2027-03-28T10:00Z It"},
	} {
		events, problems, err := ical.Read(calendar(lines), "Europe/Berlin", march, march.AddDate(0, 0, 3))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told(events, problems)); diff != "" {
			t.Errorf("%s\n-want +got\n%s", lines, diff)
		}
	}
}

// What is not understood is told with the name of the event, and what there is of it is
// taken where that makes sense.
func TestProblems(t *testing.T) {
	const start = "DTSTART:20261201T100000Z\nDTEND:20261201T110000Z\n"
	const read = "2026-12-01T10:00Z 2026-12-01T11:00Z It"
	for lines, want := range map[string][]string{
		start + "RRULE:FREQ=HOURLY":                {read, `! 2 x: How it repeats is not understood ("FREQ=HOURLY"), so only its first time is taken.`},
		start + "RRULE:FREQ=YEARLY;BYWEEKNO=20":    {read, `! 2 x: How it repeats is not understood ("BYWEEKNO=20"), so only its first time is taken.`},
		start + "RRULE:INTERVAL=2":                 {read, `! 2 x: How it repeats is not understood (FREQ is missing), so only its first time is taken.`},
		start + "RRULE:FREQ=WEEKLY;BYDAY=1MO":      {read, `! 2 x: How it repeats is not understood (a numbered weekday in each WEEKLY period), so only its first time is taken.`},
		start + "EXRULE:FREQ=DAILY":                {read, `! 2 x: When it does not repeat (EXRULE) is not understood, so it may come too often.`},
		start + "EXDATE:yesterday":                 {read, `! 2 x: Its EXDATE "yesterday" is not understood, so that time is not taken out.`},
		start + "RDATE:20261202T100000Z/P":         {read, `! 2 x: Its RDATE "P" is not understood, so that time is left out.`},
		start + "this is no line":                  {read, `! 7 : This line is not understood and is left out.`},
		"DTEND:20261201T110000Z":                   {`! 2 x: It has no beginning (DTSTART), so it is left out.`},
		"DTSTART:20261301T100000Z":                 {`! 2 x: Its DTSTART "20261301T100000Z" is not understood, so it is left out.`},
		"DTSTART:20261201T100000Z":                 {`! 2 x: It ends when it begins or before, so it is left out.`},
		"DTSTART:20261201T100000Z\nDURATION:-PT1H": {`! 2 x: Its length "-PT1H" is not understood, so it is left out.`},
		"DTSTART;TZID=EST:20261201T100000":         {`! 2 x: The time zone "EST" is not known, so it is left out.`},
		start + "END:VEVENT\nBEGIN:VEVENT\nUID:x\nSEQUENCE:1\nDTSTART;VALUE=DATE:20261202": {
			"2026-12-02T00:00Z 2026-12-03T00:00Z ", "! 2 x: The file has this event twice; this older version of it is left out."},
		start + "BEGIN:VEVENT\nUID:y\nDTSTART;VALUE=DATE:20261202": {
			read, "2026-12-02T00:00Z 2026-12-03T00:00Z ", "! 7 : An event begins inside another one, which has no end; both are read."},
		start + "BEGIN:VALARM": {read, "! 8 : Something that began before this line has no end."},
		start + "END:VALARM":   {read, "! 7 : Something ends here that did not begin."},
	} {
		events, problems, err := ical.Read(calendar(lines), "UTC", november, january)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told(events, problems)); diff != "" {
			t.Errorf("%s\n-want +got\n%s", lines, diff)
		}
	}
}

func TestOneTimeOfManyIsMovedOrCancelled(t *testing.T) {
	text := calendar("DTSTART;TZID=Europe/Berlin:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4", "END:VEVENT",
		"BEGIN:VEVENT", "UID:x", "SUMMARY:Moved", "RECURRENCE-ID:20261202T090000Z", "DTSTART:20261220T090000Z", "DURATION:PT1H", "END:VEVENT",
		"BEGIN:VEVENT", "UID:x", "STATUS:CANCELLED", "RECURRENCE-ID;VALUE=DATE:20261203", "DTSTART:20261203T090000Z", "END:VEVENT",
		"BEGIN:VEVENT", "UID:other", "SUMMARY:Of a series that is not in the file", "RECURRENCE-ID:20261202T090000Z", "DTSTART:20261221T090000Z", "DURATION:PT1H")
	events, problems, err := ical.Read(text, "UTC", november, january)
	want := []string{
		"2026-12-01T09:00Z 2026-12-01T10:00Z It", "2026-12-04T09:00Z 2026-12-04T10:00Z It", "2026-12-20T09:00Z 2026-12-20T10:00Z Moved",
		"2026-12-21T09:00Z 2026-12-21T10:00Z Of a series that is not in the file",
	}
	if diff := cmp.Diff(want, told(events, problems)); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
	// It is still the second time of the series, wherever it went.
	if want := "x/20261202T090000Z"; events[2].UID != want {
		t.Errorf("%q, want %q", events[2].UID, want)
	}
}

func TestWhatIsNoCalendar(t *testing.T) {
	for text, kind := range map[string]fault.Kind{
		"":              fault.Invalid,
		"<html></html>": fault.Invalid,
		"BEGIN:VCARD":   fault.Invalid,
		"BEGIN:VCALENDAR\n" + strings.Repeat(" \n", ical.MostBytes/2): fault.Limited,
	} {
		_, _, err := ical.Read([]byte(text), "UTC", november, january)
		if err == nil || fault.KindOf(err) != kind {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	if _, _, err := ical.Read(calendar(), "No/Where", november, january); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	many := []byte("BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261201\nEND:VEVENT\n", ical.MostEvents+1) + "END:VCALENDAR")
	if _, _, err := ical.Read(many, "UTC", november, january); fault.KindOf(err) != fault.Limited {
		t.Error(err)
	}
}

// A hostile file costs a second, not an hour.
func TestAFileOfEndlessRepetitions(t *testing.T) {
	one := "BEGIN:VEVENT\nUID:%d\nDTSTART;VALUE=DATE:00010101\nRRULE:FREQ=DAILY;COUNT=9999999;BYMONTH=2;BYMONTHDAY=31\nEND:VEVENT\n"
	var text strings.Builder
	text.WriteString("BEGIN:VCALENDAR\n")
	for i := range 8000 {
		fmt.Fprintf(&text, one, i)
	}
	text.WriteString("END:VCALENDAR\n")
	events, problems, err := ical.Read([]byte(text.String()), "UTC", november, january)
	if err != nil || len(events) > 0 || len(problems) != 201 || !strings.Contains(problems[0].Say, "repeats too often") {
		t.Errorf("%d events, %d problems, %v", len(events), len(problems), err)
	}
	if last := problems[200].Say; !strings.HasPrefix(last, "There are ") {
		t.Error(last)
	}
}
