package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/oncall"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// scheduleRoutes are the pages of schedules and coverage: everybody reads them; whoever is
// signed in asks for cover and decides about themselves, admins change all of it.
func (s *site) scheduleRoutes(r chi.Router) {
	r.Get("/schedules", s.page(s.scheduleList))
	r.Get("/schedules/new", s.needs(command.Admin, s.newSchedule))
	r.Post("/schedules/new", s.needs(command.Admin, s.sendSchedule))
	r.Get("/schedules/{name}", s.page(s.showSchedule))
	r.Get("/schedules/{name}/edit", s.needs(command.Admin, s.editSchedule))
	r.Post("/schedules/{name}/edit", s.needs(command.Admin, s.sendSchedule))
	r.Get("/schedules/{name}/retire", s.needs(command.Admin, s.askToRetire))
	r.Post("/schedules/{name}/retire", s.needs(command.Admin, s.retireSchedule))
	r.Post("/schedules/{name}/override", s.signedIn(s.sendOverride))
	r.Post("/schedules/{name}/override/{id:[0-9]+}/remove", s.signedIn(s.removeOverride))
	r.Post("/schedules/{name}/cover", s.signedIn(s.sendCover))
	r.Post("/schedules/{name}/cover/{id:[0-9]+}/{answer:accept|decline|withdraw}", s.signedIn(s.answerCover))

	r.Get("/coverage", s.page(s.coverage))
	r.Get("/coverage/{role}", s.page(s.coverageOf))
}

// scheduleNamed finds the schedule that an address names. A beginning of its name is led
// on to its page: then the name is not the one that was asked for.
func (s *site) scheduleNamed(r *http.Request) (schedule.Schedule, error) {
	return rota.ByName(r.Context(), s.DB, chi.URLParam(r, "name"))
}

// schedulePath is the page of a schedule.
func schedulePath(name string) string { return "/schedules/" + name }

// cast are people by number, to name them.
type cast map[int64]oncall.Person

// castOf looks up everybody in one query.
func (s *site) castOf(r *http.Request, people []int64) (cast, error) {
	list, err := oncall.PeopleAmong(r.Context(), s.DB, people)
	out := cast{}
	for _, p := range list {
		out[p.ID] = p
	}
	return out, err
}

// Handle names somebody.
func (c cast) Handle(person int64) string {
	if p, known := c[person]; known {
		return p.Handle
	}
	return "somebody"
}

// peopleOf are all who stand in schedules or come or go by what was decided about them.
func peopleOf(b rota.Book, schedules ...schedule.Schedule) (people []int64) {
	for _, sched := range schedules {
		for _, l := range sched.Layers {
			people = append(people, l.Members...)
		}
		for _, o := range b.Overrides(sched.ID) {
			people = append(people, o.Person, o.Instead)
		}
	}
	return people
}
