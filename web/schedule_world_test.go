package web_test

import (
	"testing"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/policy"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/web"
)

// newScheduleWorld is a world in which people can sign in, with two schedules: one of
// weekly turns, in which things were decided and somebody is away, and one of office
// hours that leaves gaps.
func newScheduleWorld(t testing.TB, change ...func(*web.Options)) *world {
	t.Helper()
	w := newSignWorld(t, change...)
	w.save(schedule.Schedule{
		Name: "fixers", Title: "Package fixers", Role: "package-fixing", Zone: "Europe/Berlin",
		Layers: []schedule.Layer{
			{Name: "first", Starts: wall("2026-02-02 09:00"), Unit: schedule.Day, Turns: []int{1}, Members: w.ids("tunde", "li", "sam")},
			{Name: "second", Starts: wall("2026-02-02 09:00"), Unit: schedule.Week, Turns: []int{1}, Members: w.ids("li", "tunde")},
			{Name: "learners", Starts: wall("2026-02-02 09:00"), Unit: schedule.Week, Turns: []int{1}, Members: w.ids("priya"), Shadow: true},
		},
	})
	w.save(schedule.Schedule{
		Name: "office", Title: "Office hours", Zone: "America/New_York",
		Layers: []schedule.Layer{{
			Name: "day", Starts: wall("2026-02-02 00:00"), Unit: schedule.Week, Turns: []int{1}, Members: w.ids("kevin", "ana"),
			Windows: []schedule.Window{{Days: 31, From: 9 * 60, Until: 17 * 60}},
		}},
	})
	p, err := w.policies().Save(ctx, w.as("maria"), policy.Policy{
		Name: "late", Title: "At night", Repeats: 2, Steps: []policy.Step{
			{Targets: []policy.Target{{Kind: policy.Schedule, Name: "fixers"}, {Kind: policy.Room, Name: "#ops"}}, Wait: 2 * time.Minute},
			{Targets: []policy.Target{{Kind: policy.Role, Name: "package-fixing"}}, Wait: 5 * time.Minute},
			{Targets: []policy.Target{{Kind: policy.Person, Name: "maria"}, {Kind: policy.Person, Name: "kevin"}}, All: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.policies().Assign(ctx, w.as("maria"), policy.Use{Role: "package-fixing", Severity: 1, Policy: p.Name}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) policies() *policy.Service { return &policy.Service{DB: w.DB, Now: w.Now} }

// busy decides things about the schedule fixers, as a screen full of life has them.
func (w *world) busy() {
	w.t.Helper()
	now := w.Now()
	w.decide(schedule.Override{Person: w.person("sam").ID, Instead: w.person("tunde").ID, From: now.Add(30 * time.Hour), Until: now.Add(90 * time.Hour), Note: "tunde flies"})
	w.decide(schedule.Override{Person: w.person("li").ID, From: now.Add(100 * time.Hour), Until: now.Add(112 * time.Hour)})
	if _, _, err := w.rota.AddAbsence(ctx, w.as("li"), false, schedule.Absence{From: now.Add(150 * time.Hour), Until: now.Add(250 * time.Hour), Note: "skiing"}); err != nil {
		w.t.Fatal(err)
	}
	fixers := w.schedule("fixers")
	for _, q := range []rota.Request{
		{Schedule: fixers.ID, Person: w.person("tunde").ID, From: now.Add(5 * 24 * time.Hour), Until: now.Add(8 * 24 * time.Hour), Note: "a wedding"},
	} {
		if _, err := w.rota.Ask(ctx, w.as("tunde"), false, q); err != nil {
			w.t.Fatal(err)
		}
	}
	w.sql(`update person set region = 'de' where handle in ('tunde', 'li')`)
	if err := w.rota.SetHolidays(ctx, w.as("maria"), "de", []rota.Holiday{{Day: wall("2026-03-19 00:00"), Name: "Josefstag"}}); err != nil {
		w.t.Fatal(err)
	}
}

func wall(text string) civil.DateTime {
	d, err := civil.Parse(text)
	if err != nil {
		panic(err)
	}
	return d
}

func (w *world) ids(handles ...string) (ids []int64) {
	for _, h := range handles {
		ids = append(ids, w.person(h).ID)
	}
	return ids
}

func (w *world) as(handle string) oncall.Actor {
	return oncall.Actor{PersonID: w.person(handle).ID, Handle: handle, Network: "console"}
}

func (w *world) save(s schedule.Schedule) schedule.Schedule {
	w.t.Helper()
	saved, _, err := w.rota.Save(ctx, w.as("maria"), s.Version, s)
	if err != nil {
		w.t.Fatal(err)
	}
	return saved
}

func (w *world) decide(o schedule.Override) schedule.Override {
	w.t.Helper()
	if o.Schedule == 0 {
		o.Schedule = w.schedule("fixers").ID
	}
	added, err := w.rota.AddOverride(ctx, w.as("maria"), true, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return added
}

func (w *world) schedule(name string) schedule.Schedule {
	w.t.Helper()
	s, err := rota.ByName(ctx, w.DB, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}
