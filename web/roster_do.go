package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/skill"
)

// toRoster leads back to a roster, where it is said what was done.
func toRoster(w http.ResponseWriter, r *http.Request, role oncall.Role, did, part string) error {
	http.Redirect(w, r, rosterPath(role.Name)+"?did="+did+"#"+part, http.StatusSeeOther)
	return nil
}

// saveRoster changes the order of a list, and the minimum.
func (s *site) saveRoster(w http.ResponseWriter, r *http.Request) error {
	role, err := oncall.FindRole(r.Context(), s.DB, segment(r, "role"))
	if err != nil {
		return err
	}
	lines, err := s.rosterLines(r, role.Name)
	if err != nil {
		return err
	}
	based := basedOn(r)
	body := rosterBody{Members: lines, Minimum: trimmed(r.PostForm, "minimum"), Based: based, Wrong: map[string]string{}}
	minimum, err := strconv.Atoi(body.Minimum)
	if err != nil {
		minimum = -1 // which is refused with a sentence
	}
	order, ok := body.typedOrder(r)
	if !ok {
		body.Wrong["place"] = "A place is a number from 1. Two with the same number stay as they stand."
		return s.renderRoster(w, r, http.StatusBadRequest, role, body)
	}
	_, err = s.People.SetRoster(r.Context(), s.visitor(r).Actor(), role.Name, based, order, minimum)
	switch fault.KindOf(err) {
	case fault.Invalid:
		body.Wrong = s.wrongFields(err)
		return s.renderRoster(w, r, statusOf(err), role, body)
	case fault.Conflict:
		if role, err = s.quickerRoster(r, err, role, &body, lines, order); err != nil {
			return err
		}
		return s.renderRoster(w, r, http.StatusConflict, role, body)
	}
	if err != nil {
		return err
	}
	return toRoster(w, r, role, "saved", "order")
}

// typedOrder reads the places that were typed, and keeps them in the lines. Who has none
// keeps their place behind the others.
func (b *rosterBody) typedOrder(r *http.Request) (order []int64, ok bool) {
	ok = true
	type placed struct {
		id    int64
		place int
	}
	var list []placed
	b.Members = slices.Clone(b.Members)
	for i, m := range b.Members {
		text := trimmed(r.PostForm, "place-"+strconv.FormatInt(m.Person.ID, 10))
		if text == "" {
			continue // joined while the form was filled in
		}
		b.Members[i].Number = text
		n, err := strconv.Atoi(text)
		if ok = ok && err == nil && n > 0 && n < 1e6; ok {
			list = append(list, placed{m.Person.ID, n})
		}
	}
	slices.SortStableFunc(list, func(x, y placed) int { return cmp.Compare(x.place, y.place) })
	for _, p := range list {
		order = append(order, p.id)
	}
	return order, ok
}

// quickerRoster tells what somebody else made of a roster, and returns the role as it is now.
func (s *site) quickerRoster(r *http.Request, conflict error, role oncall.Role, body *rosterBody, lines []rosterLine, order []int64) (oncall.Role, error) {
	now, err := oncall.FindRole(r.Context(), s.DB, role.Name)
	if err != nil {
		return role, err
	}
	handles := map[int64]string{}
	var theirs, mine []string
	for _, l := range lines {
		handles[l.Person.ID] = l.Person.Handle
		theirs = append(theirs, l.Person.Handle)
	}
	for _, id := range order {
		mine = append(mine, handles[id])
	}
	for _, l := range lines {
		if !slices.Contains(order, l.Person.ID) {
			mine = append(mine, l.Person.Handle)
		}
	}
	body.Quicker, err = s.quickerThan(r, conflict, "role", role.Name, now.Version, rosterPath(role.Name)+"#order",
		differs{"Order", oncall.JoinNames(theirs), oncall.JoinNames(mine)}, differs{"Minimum", strconv.Itoa(now.Minimum), body.Minimum})
	return now, err
}

// addToRoster lets somebody in, or asks them.
func (s *site) addToRoster(w http.ResponseWriter, r *http.Request) error {
	role, err := oncall.FindRole(r.Context(), s.DB, segment(r, "role"))
	if err != nil {
		return err
	}
	handle := trimmed(r.PostForm, "handle")
	// A name that is no handle would be taken for an account, and there are none here.
	p, err := oncall.PersonByHandle(r.Context(), s.DB, handle)
	var m oncall.Member
	if err == nil {
		m, err = s.People.Add(r.Context(), s.visitor(r).Actor(), p.Handle, role.Name)
	}
	switch {
	case err == nil && m.Active():
		return toRoster(w, r, role, "added", "order")
	case err == nil:
		return toRoster(w, r, role, "asked", "order")
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	}
	return s.renderRoster(w, r, statusOf(err), role, rosterBody{Add: handle, Wrong: map[string]string{"add": s.said(err)}})
}

// savePreferences changes which labels a role prefers: a combination moves, goes or comes.
func (s *site) savePreferences(w http.ResponseWriter, r *http.Request) error {
	role, err := oncall.FindRole(r.Context(), s.DB, segment(r, "role"))
	if err != nil {
		return err
	}
	based := basedOn(r)
	body := rosterBody{Prefer: trimmed(r.PostForm, "new"), Wrong: map[string]string{}}
	again := func(err error) error {
		if statusOf(err) >= http.StatusInternalServerError {
			return err
		}
		body.Wrong["prefer"] = s.said(err)
		return s.renderRoster(w, r, statusOf(err), role, body)
	}
	wanted, err := preferencesIn(r, body.Prefer)
	if err != nil {
		return again(err)
	}
	_, err = s.Skills.SetPreferences(r.Context(), s.visitor(r).Actor(), role.Name, based, wanted)
	if fault.KindOf(err) == fault.Conflict {
		theirs, version, err2 := skill.Preferences(r.Context(), s.DB, role.Name)
		if err2 != nil {
			return err2
		}
		body.Wish = skill.Order(wanted)
		role.Version = version
		body.PQuicker, err2 = s.quickerThan(r, err, "role", role.Name, version, rosterPath(role.Name)+"#preferences",
			differs{"Preferred", skill.Order(theirs), body.Wish})
		if err2 != nil {
			return err2
		}
		return s.renderRoster(w, r, http.StatusConflict, role, body)
	}
	if err != nil {
		return again(err)
	}
	return toRoster(w, r, role, "prefers", "preferences")
}

// preferencesIn reads the combinations of a form, changed as the button says that was
// pressed: "up 2", "down 1", "remove 3", or none for one more at the end.
func preferencesIn(r *http.Request, more string) ([][]string, error) {
	if wish := r.PostForm.Get("wish"); wish != "" && r.PostForm.Get("over") != "" {
		return skill.ParseOrder(wish)
	}
	var list [][]string
	for _, text := range r.PostForm["combination"] {
		one, err := skill.ParseOrder(text)
		if err != nil {
			return nil, err
		}
		list = append(list, one...)
	}
	for name, do := range map[string]func(i int){
		"up": func(i int) {
			if i > 0 {
				list[i-1], list[i] = list[i], list[i-1]
			}
		},
		"down": func(i int) {
			if i < len(list)-1 {
				list[i+1], list[i] = list[i], list[i+1]
			}
		},
		"remove": func(i int) { list = slices.Delete(list, i, i+1) },
	} {
		if text := r.PostForm.Get(name); text != "" {
			if i, err := strconv.Atoi(text); err == nil && i >= 0 && i < len(list) {
				do(i)
			}
			return list, nil
		}
	}
	if more == "" {
		return nil, fault.New(fault.Invalid, "Write labels with + between them, as in owner + security-expert.")
	}
	one, err := skill.ParseOrder(more)
	return append(list, one...), err
}
