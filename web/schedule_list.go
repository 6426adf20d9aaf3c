package web

import (
	"net/http"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/coverage"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// scheduleLine is a schedule as the list of them shows it.
type scheduleLine struct {
	schedule.Schedule
	RoleTitle string
	outlook
}

// outlook is who is on by a schedule now and next.
type outlook struct {
	On     []onLine
	Next   string    // the handle of who is on after the first; "" is nobody
	NextAt string    // when, in UTC and in the reader's zone
	Gaps   []stretch // of the coming days, where nobody is on
}

// onLine is somebody who is on.
type onLine struct {
	Handle string
	Of     string // instead of whom; "" is nobody
	Layer  string
	Until  string // in UTC and in the reader's zone; "" is for as long as nobody changes the schedule
	Shadow bool
	Away   bool
}

func (s *site) scheduleList(w http.ResponseWriter, r *http.Request) error {
	now := s.Now()
	book, err := rota.Load(r.Context(), s.DB, now, now.Add(coverage.Ahead))
	if err != nil {
		return err
	}
	roles, err := oncall.Roles(r.Context(), s.DB)
	if err != nil {
		return err
	}
	people, err := s.castOf(r, peopleOf(book, book.Schedules...))
	if err != nil {
		return err
	}
	lines := make([]scheduleLine, 0, len(book.Schedules))
	for _, one := range book.Schedules {
		lines = append(lines, scheduleLine{one, titleOf(roles, one.Role), outlookOf(book, one, now, people, s.visitor(r).Zone)})
	}
	return s.render(w, r, http.StatusOK, "schedules", view{Title: "Schedules", Here: "/schedules", Body: lines})
}

// outlookOf looks ahead for as long as coverage does.
func outlookOf(b rota.Book, sched schedule.Schedule, now time.Time, people cast, zone string) outlook {
	ahead := b.Shifts(sched, now, now.Add(coverage.Ahead))
	o := outlook{Gaps: gapsIn(ahead, now, now.Add(coverage.Ahead))}
	for _, shift := range b.On(sched, now) {
		line := onLine{
			Handle: people.Handle(shift.Person), Layer: shift.Layer, Shadow: shift.Shadow, Away: shift.Away,
		}
		if !shift.Endless() {
			line.Until = when.Echo(shift.Until, zone)
		}
		if shift.Of != 0 {
			line.Of = people.Handle(shift.Of)
		}
		o.On = append(o.On, line)
	}
	next, at := nextOn(b, sched, now, ahead, people)
	if o.Next = next; next != "" {
		o.NextAt = when.Echo(at, zone)
	}
	return o
}

// nextOn is who is on after whoever is asked first now.
func nextOn(b rota.Book, sched schedule.Schedule, now time.Time, ahead []schedule.Shift, people cast) (handle string, at time.Time) {
	present := schedule.Present(b.On(sched, now))
	if len(present) > 0 {
		if present[0].Endless() {
			return "", at
		}
		at = present[0].Until
		if after := schedule.Present(b.On(sched, at)); len(after) > 0 {
			return people.Handle(after[0].Person), at
		}
	}
	for _, shift := range schedule.Present(ahead) {
		if shift.From.After(now) && !shift.From.Before(at) {
			return people.Handle(shift.Person), shift.From
		}
	}
	return "", time.Time{}
}

// titleOf is what a role is called; "" if there is none.
func titleOf(roles []oncall.Role, name string) string {
	for _, role := range roles {
		if role.Name == name {
			return role.Title
		}
	}
	return name
}
