package ical_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/ical"
)

// Whatever is in a file: nothing breaks, what comes out is within limits and in the time
// that was asked for, the same each time.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "Europe/Berlin")
	}
	f.Add(calendar("DTSTART:20261201T000000Z", "RRULE:FREQ=MONTHLY;BYDAY=-1MO,2TU;BYSETPOS=-1", "RDATE;VALUE=PERIOD:20261202T000000Z/PT1H"), "UTC")
	f.Fuzz(func(t *testing.T, text []byte, zone string) {
		events, problems, err := ical.Read(text, zone, november, january)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Limited {
				t.Fatal(err)
			}
			return
		}
		if len(events) > ical.MostEvents || len(problems) > 201 {
			t.Errorf("%d events, %d problems", len(events), len(problems))
		}
		var last time.Time
		for _, e := range events {
			if !e.Until.After(e.From) || !e.Until.After(november) || !e.From.Before(january) || e.From.Before(last) || e.UID == "" || len(e.UID) > 200 {
				t.Errorf("%+v", e)
			}
			last = e.From
		}
		for _, p := range problems {
			if p.Say == "" {
				t.Errorf("%+v", p)
			}
		}
		again, _, err := ical.Read(ical.Calendar{Events: events}.Bytes(), "UTC", november, january)
		if len(again) != len(events) && err == nil {
			seen := map[string]bool{}
			for _, e := range events {
				if seen[e.UID] {
					return // without a UID of their own two may look alike
				}
				seen[e.UID] = true
			}
			t.Errorf("%d events are written, %d read", len(events), len(again))
		}
		day := civil.Of(november, time.UTC)
		if days, _, err := ical.Holidays(text, day, day.AddDays(30)); err == nil {
			for _, d := range days {
				if d.Day.Compare(day) < 0 || d.Day.Compare(day.AddDays(30)) >= 0 {
					t.Errorf("%v", d)
				}
			}
		}
	})
}
