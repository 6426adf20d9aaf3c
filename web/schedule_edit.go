package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// scheduleEdit is the page on which a schedule is written.
type scheduleEdit struct {
	Form     scheduleForm
	Roles    []oncall.Role
	Zones    []string // that people and schedules have
	Handles  []string // of everybody, those on the role's roster first
	Warnings []string
	Clash    *overtaken
	Looked   bool
	Zone     zoned
	Timeline timeline
	Gaps     []string
	More     int // gaps that are not told
}

const mostGapsTold = 10

func (s *site) newSchedule(w http.ResponseWriter, r *http.Request) error {
	f := scheduleForm{Zone: s.visitor(r).Zone, Layers: []layerForm{newLayer("first", s.Now())}}
	if f.Zone == "" {
		f.Zone = "UTC"
	}
	f.number()
	return s.renderScheduleEdit(w, r, http.StatusOK, scheduleEdit{Form: f})
}

func (s *site) editSchedule(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	people, err := s.castOf(r, peopleOf(rota.Book{}, sched))
	if err != nil {
		return err
	}
	return s.renderScheduleEdit(w, r, http.StatusOK, scheduleEdit{Form: formOf(sched, people)})
}

// renderScheduleEdit adds what can be chosen.
func (s *site) renderScheduleEdit(w http.ResponseWriter, r *http.Request, status int, body scheduleEdit) error {
	var err error
	if body.Roles, err = oncall.Roles(r.Context(), s.DB); err != nil {
		return err
	}
	people, err := oncall.People(r.Context(), s.DB)
	if err != nil {
		return err
	}
	members, err := oncall.MembersOf(r.Context(), s.DB, body.Form.Role)
	if err != nil {
		return err
	}
	zones := map[string]bool{"UTC": true}
	for _, m := range members {
		body.Handles = append(body.Handles, m.Person.Handle)
	}
	for _, p := range people {
		zones[p.Zone] = true
		if !slices.Contains(body.Handles[:len(members)], p.Handle) {
			body.Handles = append(body.Handles, p.Handle)
		}
	}
	body.Zones = slices.Sorted(maps.Keys(zones))
	title := "Change " + body.Form.Title
	if body.Form.New() {
		title = "A new schedule"
	}
	return s.render(w, r, status, "scheduleedit", view{Title: title, Here: "/schedules", Body: body})
}

// sendSchedule presses a button of the form: one that rearranges it, looks, or saves.
func (s *site) sendSchedule(w http.ResponseWriter, r *http.Request) error {
	f := readScheduleForm(r.PostForm)
	button := r.PostForm.Get("do")
	if f.do(button, s.Now()) {
		return s.renderScheduleEdit(w, r, http.StatusOK, scheduleEdit{Form: f})
	}
	body := scheduleEdit{Form: f}
	sched, ok := body.Form.schedule(func(handle string) (int64, error) {
		p, err := oncall.PersonByHandle(r.Context(), s.DB, strings.ToLower(handle))
		return p.ID, err
	})
	if !ok {
		return s.renderScheduleEdit(w, r, http.StatusBadRequest, body)
	}
	v := s.visitor(r)
	save := func(service *rota.Service) (err error) {
		_, body.Warnings, err = service.Save(r.Context(), v.Actor(), f.Version, sched)
		return err
	}
	var err error
	if button == "save" {
		if err = save(s.Rota); err == nil {
			http.Redirect(w, r, schedulePath(sched.Name)+"?did=saved", http.StatusSeeOther)
			return nil
		}
	} else {
		err = s.onlyTry(r.Context(), save)
	}
	switch {
	case err == nil:
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	case fault.KindOf(err) == fault.Conflict && f.ID != 0:
		if done, err := s.clashOf(r, &body, err); err != nil || !done {
			return err
		}
		return s.renderScheduleEdit(w, r, http.StatusConflict, body)
	default:
		body.Form.say(refusedField(err), fault.Say(err))
		return s.renderScheduleEdit(w, r, statusOf(err), body)
	}
	if err := s.lookAt(r, &body, sched); err != nil {
		return err
	}
	return s.renderScheduleEdit(w, r, http.StatusOK, body)
}

// refusedField is the field that a refusal on saving is about.
func refusedField(err error) string {
	switch fault.KindOf(err) {
	case fault.Conflict:
		return "name" // it is taken
	case fault.NotFound:
		return "role"
	}
	return ""
}

// clashOf finds out what somebody else saved meanwhile. The form that comes back is based
// on that, so that saving it again is a choice. A conflict of another kind is said of the
// name.
func (s *site) clashOf(r *http.Request, body *scheduleEdit, refusal error) (bool, error) {
	theirs, err := rota.ByID(r.Context(), s.DB, body.Form.ID)
	if err != nil {
		return false, err
	}
	if theirs.Version == body.Form.Version {
		body.Form.say("name", fault.Say(refusal))
		return true, nil
	}
	people, err := s.castOf(r, peopleOf(rota.Book{}, theirs))
	if err != nil {
		return false, err
	}
	var before rota.Written
	clash, known, err := s.overtakenBy(r, refusal, "schedule", theirs.Name, theirs.Version-body.Form.Version, &before)
	if err != nil {
		return false, err
	}
	now := formOf(theirs, people)
	was := now
	if known {
		was = formOfWritten(before)
	}
	body.Clash, clash.Path = clash, schedulePath(theirs.Name)+"/edit"
	body.Clash.Differences = differences(was.written(), now.written(), body.Form.written())
	body.Form.Version = theirs.Version
	return true, nil
}

// formOfWritten is a form of what the audit trail keeps.
func formOfWritten(w rota.Written) scheduleForm {
	s := schedule.Schedule{Name: w.Name, Title: w.Title, Role: w.Role, Zone: w.Zone}
	f := formOf(s, nil)
	for _, l := range w.Layers {
		one := formOf(schedule.Schedule{Layers: []schedule.Layer{{Name: l.Name, Zone: l.Zone, Unit: l.Unit, Turns: l.Turns, Windows: l.Windows, Shadow: l.Shadow}}}, nil).Layers[0]
		one.Starts, one.Ends, one.Members = l.Starts, l.Ends, l.Members
		f.Layers = append(f.Layers, one)
	}
	f.number()
	return f
}

// lookAt draws what is not saved yet.
func (s *site) lookAt(r *http.Request, body *scheduleEdit, sched schedule.Schedule) error {
	body.Looked = true
	body.Zone = zoneNamed("", s.visitor(r).Zone, sched.Zone) // the field called zone is the schedule's here
	from := body.Zone.midnight(s.Now())
	until := body.Zone.addDays(from, usualDays)
	book, err := rota.Load(r.Context(), s.DB, from, until)
	if err != nil {
		return err
	}
	people, err := s.castOf(r, peopleOf(book, sched))
	if err != nil {
		return err
	}
	shifts := sched.Shifts(book.Overrides(sched.ID), absencesOf(book, sched), from, until)
	d := drawing{Schedule: sched, Shifts: shifts, From: from, Until: until, Now: s.Now(), Zone: body.Zone, Handle: people.Handle}
	body.Timeline = d.timeline()
	for _, g := range gapsIn(shifts, from, until) {
		body.Gaps = append(body.Gaps, "Nobody is on "+when.EchoSpan(g.From, g.Until, body.Zone.Name)+".")
	}
	if body.More = len(body.Gaps) - mostGapsTold; body.More > 0 {
		body.Gaps = body.Gaps[:mostGapsTold]
	}
	return nil
}

// askToRetire asks whether a schedule is to end.
func (s *site) askToRetire(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "scheduleretire", view{Title: "Retire " + sched.Title, Here: "/schedules", Body: sched})
}

func (s *site) retireSchedule(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	f := readScheduleForm(r.PostForm)
	if err := s.Rota.Retire(r.Context(), s.visitor(r).Actor(), f.Version, sched.ID); err != nil {
		return err
	}
	http.Redirect(w, r, "/schedules", http.StatusSeeOther)
	return nil
}
