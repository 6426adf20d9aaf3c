package web

import (
	"net/http"
	"time"

	"batsignal/incidents/action"
	"batsignal/oncall"
)

// roleList is one role with everybody in it.
type roleList struct {
	Role    oncall.Role
	Order   []listed // who would be rung, in this order, now
	Pending []listed // who is not rung, and why
	Awake   int
}

// listed is one person in a role's list.
type listed struct {
	Handle   string
	Clock    string // their own time of day
	Zone     string
	Awake    bool
	Standing string
	Tasks    int // actions of theirs that are open
}

func (s *site) people(w http.ResponseWriter, r *http.Request) error {
	roles, err := oncall.Roles(r.Context(), s.DB)
	if err != nil {
		return err
	}
	members, err := oncall.Members(r.Context(), s.DB)
	if err != nil {
		return err
	}
	lists := rosterOf(roles, members, s.Now())
	if s.Actions != nil {
		if err := s.countTasks(r, lists); err != nil {
			return err
		}
	}
	return s.render(w, r, http.StatusOK, "people", view{Title: "People", Here: "/people", Body: lists})
}

// countTasks notes how many open actions everybody has.
func (s *site) countTasks(r *http.Request, lists []roleList) error {
	open, err := s.actions(r, action.Filter{State: action.Open})
	if err != nil {
		return err
	}
	tasks := map[string]int{}
	for _, a := range open {
		for _, o := range a.Owners {
			tasks[o.Handle]++
		}
	}
	for _, l := range lists {
		for i := range l.Order {
			l.Order[i].Tasks = tasks[l.Order[i].Handle]
		}
		for i := range l.Pending {
			l.Pending[i].Tasks = tasks[l.Pending[i].Handle]
		}
	}
	return nil
}

// rosterOf sorts everybody into the lists of their roles.
func rosterOf(roles []oncall.Role, members []oncall.Member, now time.Time) []roleList {
	byRole := map[string][]oncall.Member{}
	for _, m := range members {
		byRole[m.Role] = append(byRole[m.Role], m)
	}
	lists := make([]roleList, 0, len(roles))
	for _, r := range roles {
		list := roleList{Role: r}
		for _, m := range oncall.Order(byRole[r.Name], now) {
			one := listedOf(m, now)
			if one.Awake {
				list.Awake++
			}
			list.Order = append(list.Order, one)
		}
		for _, m := range byRole[r.Name] {
			if !m.Active() {
				list.Pending = append(list.Pending, listedOf(m, now))
			}
		}
		lists = append(lists, list)
	}
	return lists
}

func listedOf(m oncall.Member, now time.Time) listed {
	return listed{
		Handle: m.Person.Handle, Zone: m.Person.Zone, Awake: m.Person.Awake(now), Standing: m.Standing(),
		Clock: now.In(oncall.Location(m.Person.Zone)).Format("15:04"),
	}
}
