package rota

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// Share is one person's part of the work, of those who are rung; shadows have none.
type Share struct {
	Person   oncall.Person
	On       time.Duration // the sum of all schedules: on by two at once counts twice
	Nights   time.Duration // of that between 22:00 and 06:00 on their own clock
	Weekends time.Duration // of that on Saturdays and Sundays of their own
	Holidays time.Duration // of that on holidays of their region
	Shifts   int           // times that they came on, or will
	Pages    int           // pages that rang them
}

// Fairness is who carried, and will carry, how much. The past is as it happened.
type Fairness struct {
	From, Until time.Time
	Shares      []Share       // the most hours first
	Covered     time.Duration // the sum over all of them
}

// Worked is a time for which somebody was or will be on.
type Worked struct {
	Person int64
	From   time.Time
	Until  time.Time
}

const (
	sqlCheckedOfAll = `
		select id, checked_at from schedule where retired_at is null`
	sqlPagesRung = `
		select person_id, count(*) from page where rung_at >= @from and rung_at < @until group by person_id`
)

// Report tells who carried how much between two instants, and who will as things are
// decided now; without schedules it is of all of them. Pages are not told apart by
// schedule, since what rings is a role.
func (s *Service) Report(ctx context.Context, from, until time.Time, schedules ...int64) (Fairness, error) {
	f := Fairness{From: from, Until: until}
	if !from.Before(until) {
		return f, fault.New(fault.Invalid, "That ends before it begins. Give a beginning, and an end after it.")
	}
	if until.Sub(from) > 2*longestRange {
		return f, fault.New(fault.Invalid, "I report on 800 days at most. Choose a shorter time.")
	}
	worked, b, err := s.worked(ctx, from, until, schedules)
	if err != nil {
		return f, err
	}
	pages, err := s.pagesRung(ctx, from, until)
	if err != nil {
		return f, err
	}
	ids := make([]int64, 0, len(worked))
	for _, w := range worked {
		ids = append(ids, w.Person)
	}
	if len(schedules) == 0 {
		for person := range pages {
			ids = append(ids, person)
		}
	}
	people, err := peopleByID(ctx, s.DB, distinct(ids))
	if err != nil {
		return f, err
	}
	f.Shares = Shares(worked, people, b.holidays)
	for i, share := range f.Shares {
		f.Shares[i].Pages = pages[share.Person.ID]
		f.Covered += share.On
	}
	return f, nil
}

// worked is the past from stints and the future from the rotation, joined where
// somebody is on right now.
func (s *Service) worked(ctx context.Context, from, until time.Time, schedules []int64) ([]Worked, Book, error) {
	wanted := func(id int64) bool { return len(schedules) == 0 || slices.Contains(schedules, id) }
	b, err := Load(ctx, s.DB, from, until)
	if err != nil {
		return nil, b, err
	}
	rows, err := s.DB.Query(ctx, sqlCheckedOfAll)
	if err != nil {
		return nil, b, err
	}
	checked := map[int64]time.Time{}
	var id int64
	var at time.Time
	if _, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error { checked[id] = at; return nil }); err != nil {
		return nil, b, err
	}
	stints, err := Stints(ctx, s.DB, 0, from, until)
	if err != nil {
		return nil, b, err
	}
	type seat struct {
		schedule int64
		place
	}
	var out []Worked
	last := map[seat]int{}
	add := func(st seat, begin, end time.Time) {
		begin, end = civil.Later(begin, from), civil.Earlier(end, until)
		if st.shadow || !begin.Before(end) {
			return
		}
		if i, seen := last[st]; seen && out[i].Until.Equal(begin) {
			out[i].Until = end
			return
		}
		last[st] = len(out)
		out = append(out, Worked{st.person, begin, end})
	}
	for _, st := range stints {
		end := checked[st.Schedule]
		if st.Until != nil {
			end = *st.Until
		}
		if wanted(st.Schedule) {
			add(seat{st.Schedule, place{st.Layer, st.Person, st.Shadow}}, st.From, end)
		}
	}
	for _, sched := range b.Schedules {
		begin := civil.Later(from, checked[sched.ID])
		if !wanted(sched.ID) || !begin.Before(until) {
			continue
		}
		for _, t := range turnsOf(b.Shifts(sched, begin, until)) {
			add(seat{sched.ID, t.place}, t.from, t.until)
		}
	}
	return out, b, nil
}

func (s *Service) pagesRung(ctx context.Context, from, until time.Time) (map[int64]int, error) {
	rows, err := s.DB.Query(ctx, sqlPagesRung, pgx.NamedArgs{"from": from, "until": until})
	if err != nil {
		return nil, err
	}
	out := map[int64]int{}
	var person int64
	var n int
	_, err = pgx.ForEachRow(rows, []any{&person, &n}, func() error { out[person] = n; return nil })
	return out, err
}

// A night is when nobody likes to be on: these are minutes after midnight on one's own
// clock.
const (
	NightFrom  = 22 * 60
	NightUntil = 6 * 60
)

// Shares sums what people worked, the most hours first. Each of people has a share, if
// it is none. It is a pure function.
func Shares(worked []Worked, people map[int64]oncall.Person, holidays map[Day]string) []Share {
	sums := map[int64]*Share{}
	for id, p := range people {
		sums[id] = &Share{Person: p}
	}
	for _, w := range worked {
		sum, known := sums[w.Person]
		if !known {
			sum = &Share{Person: oncall.Person{ID: w.Person}}
			sums[w.Person] = sum
		}
		sum.Shifts++
		sum.On += w.Until.Sub(w.From)
		sum.split(w, holidays)
	}
	out := make([]Share, 0, len(sums))
	for _, sum := range sums {
		out = append(out, *sum)
	}
	slices.SortFunc(out, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.On, a.On), cmp.Compare(a.Person.Handle, b.Person.Handle), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out
}

// split goes through the days of somebody's calendar that a time touches. A day begins
// where the one before it ended, so that none is counted twice where clocks change.
func (s *Share) split(w Worked, holidays map[Day]string) {
	zone := oncall.Location(s.Person.Zone)
	day := civil.Of(w.From, zone).Midnight()
	begin := day.In(zone, civil.Start)
	for begin.Before(w.Until) {
		next := day.AddDays(1)
		end := next.In(zone, civil.Start)
		if end.After(begin) { // a day may be missing altogether, as in Apia
			morning, evening := day.AddMinutes(NightUntil).In(zone, civil.Start), day.AddMinutes(NightFrom).In(zone, civil.Start)
			s.Nights += shared(w, begin, civil.Earlier(morning, end)) + shared(w, civil.Later(evening, begin), end)
			whole := shared(w, begin, end)
			if weekday := day.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
				s.Weekends += whole
			}
			if _, holiday := holidays[Day{s.Person.Region, day.Year, day.Month, day.Day}]; holiday {
				s.Holidays += whole
			}
		}
		day, begin = next, end
	}
}

// shared is how much of a time lies between two instants.
func shared(w Worked, from, until time.Time) time.Duration {
	return max(0, civil.Earlier(w.Until, until).Sub(civil.Later(w.From, from)))
}
