package ical_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/oncall/ical"
)

func TestFeed(t *testing.T) {
	stamp := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	got := string(ical.Calendar{
		Name: "Release engineers", Stamp: stamp, Refresh: 30 * time.Minute,
		Events: []ical.Event{{
			UID: "shift-1@batsignal.example", Summary: "maria, on call; \\o/", Description: "First\nSecond", URL: "https://batsignal.example/schedules/1",
			From: stamp.In(time.FixedZone("", 3600)), Until: stamp.Add(8 * time.Hour),
		}, {
			UID: "shift-2@batsignal.example", Summary: strings.Repeat("障害", 20), From: stamp.Add(8 * time.Hour), Until: stamp.Add(9 * time.Hour),
		}},
	}.Bytes())
	want := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//batsignal//schedules//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Release engineers
REFRESH-INTERVAL;VALUE=DURATION:PT30M
X-PUBLISHED-TTL:PT30M
BEGIN:VEVENT
UID:shift-1@batsignal.example
DTSTAMP:20261128T140000Z
DTSTART:20261128T140000Z
DTEND:20261128T220000Z
SUMMARY:maria\, on call\; \\o/
DESCRIPTION:First\nSecond
URL:https://batsignal.example/schedules/1
END:VEVENT
BEGIN:VEVENT
UID:shift-2@batsignal.example
DTSTAMP:20261128T140000Z
DTSTART:20261128T220000Z
DTEND:20261128T230000Z
SUMMARY:障害障害障害障害障害障害障害障害障害障害障
 害障害障害障害障害障害障害障害障害障害
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	// Both lines of the long one are as long as whole letters allow.
	want = strings.Replace(want, "障\r\n 害", "障害\r\n ", 1)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Without events it is still a calendar to strict readers.
func TestAnEmptyFeed(t *testing.T) {
	text := ical.Calendar{Name: "Nobody"}.Bytes()
	if _, err := ics.ParseCalendar(bytes.NewReader(text)); err != nil || !bytes.Contains(text, []byte("BEGIN:VTIMEZONE")) {
		t.Errorf("%v\n%s", err, text)
	}
	events, problems, err := ical.Read(text, "UTC", november, january)
	if err != nil || len(events)+len(problems) > 0 {
		t.Error(events, problems, err)
	}
}

// anyText is what people and programs may have written, control characters left out.
func anyText(t *rapid.T, name string) string {
	return rapid.OneOf(
		rapid.StringMatching(`[ -~äöü—障]{0,100}`),
		rapid.StringMatching(`[\\;,:"\n\t nN=]{0,40}`),
		rapid.SampledFrom([]string{"BEGIN:VEVENT\nEND:VCALENDAR", "\\n", "\\\\n", " leading and trailing ", "👩‍🚒👩‍🚒👩‍🚒👩‍🚒👩‍🚒👩‍🚒👩‍🚒👩‍🚒👩‍🚒👩‍🚒"}),
	).Draw(t, name)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []ical.Event
		for i := range rapid.IntRange(0, 8).Draw(t, "events") {
			from := november.Add(time.Duration(rapid.IntRange(0, 40*24*3600).Draw(t, "from")) * time.Second)
			want = append(want, ical.Event{
				UID:         string(rune('a'+i)) + rapid.StringMatching(`[ -~ü]{0,60}[!-~]`).Draw(t, "uid"),
				Summary:     anyText(t, "summary"),
				Description: anyText(t, "description"),
				URL:         rapid.SampledFrom([]string{"", "https://example.org/a;b,c?d=\\n"}).Draw(t, "url"),
				From:        from, Until: from.Add(time.Duration(rapid.IntRange(1, 1_000_000).Draw(t, "seconds")) * time.Second),
			})
		}
		slices.SortFunc(want, func(a, b ical.Event) int {
			return cmp.Or(a.From.Compare(b.From), a.Until.Compare(b.Until), strings.Compare(a.UID, b.UID))
		})
		text := ical.Calendar{Name: anyText(t, "name"), Stamp: november, Events: want}.Bytes()
		got, problems, err := ical.Read(text, rapid.SampledFrom([]string{"UTC", "Asia/Kathmandu"}).Draw(t, "zone"), november, january)
		if err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		if len(got) > 0 || len(want) > 0 {
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("-want +got\n%s\n%s", diff, text)
			}
		}
		for line := range strings.SplitSeq(string(text), "\r\n") {
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("%q is no line", line)
			}
		}
		// Somebody else's reader finds the same events.
		theirs, err := ics.ParseCalendar(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if n := len(theirs.Events()); n != len(want) {
			t.Fatalf("another reader finds %d events of %d", n, len(want))
		}
		for i, e := range theirs.Events() {
			from, bad := e.GetStartAt()
			if bad != nil || !from.Equal(want[i].From) {
				t.Fatalf("another reader reads %s, %v, want %s", from, bad, want[i].From)
			}
		}
	})
}

// Control characters and broken letters never come into a feed.
func TestAFeedIsClean(t *testing.T) {
	text := string(ical.Calendar{Name: "a\x00\r\nb\x1b", Events: []ical.Event{{UID: "u\r\nX:y", Summary: "\xff\u2028\r", URL: "https://a\r\nX:y"}}}.Bytes())
	for _, bad := range []string{"\x00", "\x1b", "\r\nX:y", "\xff", "\u2028"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in\n%s", bad, text)
		}
	}
	if !strings.Contains(text, `a\nb`) || !strings.Contains(text, `u\nX:y`) {
		t.Error(text)
	}
}
