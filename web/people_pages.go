package web

import (
	"net/http"
	"slices"
	"time"

	"batsignal/incidents/action"
	"batsignal/oncall"
	"batsignal/oncall/duty"
)

// roleList is one role with everybody in it.
type roleList struct {
	Role    oncall.Role
	Order   []listed // who would be rung, in this order, now
	LeftOut []listed // who would be rung, and is not at this time
	Pending []listed // who is not rung, and why
	Awake   int
}

// listed is one person in a role's list.
type listed struct {
	Handle   string
	Clock    string // their own time of day
	Zone     string
	Awake    bool
	Schedule string    // by which they are on; "" is none
	Until    time.Time // when that shift ends; zero if it is not known
	Step     int       // of the policy, from 1
	Standing string    // why they are not rung
	Tasks    int       // actions of theirs that are open
}

func (s *site) people(w http.ResponseWriter, r *http.Request) error {
	now := s.Now()
	facts, err := duty.LoadAll(r.Context(), s.DB, "", now, now.Add(duty.Ahead))
	if err != nil {
		return err
	}
	lists := rostersOf(facts, now, s.visitor(r).Zone)
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
		for _, part := range [][]listed{l.Order, l.LeftOut, l.Pending} {
			for i := range part {
				part[i].Tasks = tasks[part[i].Handle]
			}
		}
	}
	return nil
}

// rostersOf says of some roles, or of all, who would be rung now in which order, and who
// not. zone is the reader's.
func rostersOf(facts duty.Facts, now time.Time, zone string, only ...string) []roleList {
	byRole := map[string][]oncall.Member{}
	people := map[int64]oncall.Person{}
	for _, m := range facts.Members {
		byRole[m.Role] = append(byRole[m.Role], m)
		people[m.Person.ID] = m.Person
	}
	for _, p := range facts.Strangers {
		people[p.ID] = p
	}
	lists := make([]roleList, 0, len(facts.Roles))
	for _, r := range facts.Roles {
		if len(only) > 0 && !slices.Contains(only, r.Name) {
			continue
		}
		list, ranking := roleList{Role: r}, facts.Rank(duty.Ask{Role: r.Name, Severity: 1}, now)
		said, member := map[int64]bool{}, map[int64]bool{}
		for _, m := range byRole[r.Name] {
			member[m.Person.ID] = true
		}
		for _, p := range ranking.People {
			one := listedOf(p.Person, now)
			one.Awake, one.Schedule, one.Until, one.Step = !p.Asleep, p.Schedule, p.Until, p.Tier
			if one.Awake {
				list.Awake++
			}
			list.Order, said[p.Person.ID] = append(list.Order, one), true
		}
		for _, l := range ranking.LeftOut {
			if member[l.Person] && (l.Reason == duty.Lapsed || l.Reason == duty.NoYes) {
				continue // their membership says more of it
			}
			one := listedOf(people[l.Person], now)
			one.Handle, one.Standing = l.Handle, l.Why(zone)
			list.LeftOut, said[l.Person] = append(list.LeftOut, one), true
		}
		for _, m := range byRole[r.Name] {
			if !m.Active() && !said[m.Person.ID] {
				one := listedOf(m.Person, now)
				one.Standing = m.Standing()
				list.Pending = append(list.Pending, one)
			}
		}
		lists = append(lists, list)
	}
	return lists
}

func listedOf(p oncall.Person, now time.Time) listed {
	return listed{Handle: p.Handle, Zone: p.Zone, Clock: now.In(oncall.Location(p.Zone)).Format("15:04")}
}
