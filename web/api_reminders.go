package web

import (
	"net/http"
	"time"

	"batsignal/incidents/reminder"
	"batsignal/oncall/access"
)

// apiReminder is something that has to be remembered for months.
type apiReminder struct {
	Ref     string             `json:"ref" doc:"R3."`
	What    string             `json:"what" enum:"rhythm,end" doc:"Whether it comes again, or ends on a day."`
	Title   string             `json:"title"`
	Means   string             `json:"means,omitempty" doc:"What its end means for how long a recovery takes."`
	Every   int                `json:"every,omitempty" doc:"Of a rhythm: it comes again so many days after it was done."`
	Ahead   int                `json:"ahead" doc:"How many days before it is due people are told first."`
	DueOn   string             `json:"due_on" doc:"A day, such as 2027-06-30: moved off the days on which nothing risky is done."`
	Zone    string             `json:"zone" doc:"Whose days they are."`
	Owner   string             `json:"owner,omitempty" doc:"Whoever sees to it."`
	MadeBy  string             `json:"made_by"`
	GoneAt  *time.Time         `json:"gone_at,omitempty"`
	History []apiRemindersDone `json:"history,omitempty" doc:"Of a single one: when it was done or renewed, the last time first."`
}

// apiRemindersDone is one time that it was done or renewed.
type apiRemindersDone struct {
	DueOn string    `json:"due_on" doc:"The day on which it was due then."`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Note  string    `json:"note,omitempty"`
}

// apiNewReminder is one that is to be added.
type apiNewReminder struct {
	What  string `json:"what" enum:"rhythm,end"`
	Title string `json:"title"`
	Means string `json:"means,omitempty"`
	Every int    `json:"every,omitempty" doc:"Of a rhythm: days."`
	Ahead int    `json:"ahead,omitempty" doc:"Days."`
	DueOn string `json:"due_on,omitempty" doc:"A day, such as 2027-06-30. A rhythm without one is due so many days from today."`
	Owner string `json:"owner,omitempty"`
}

// apiNote says something of what was done.
type apiNote struct {
	Note string `json:"note,omitempty"`
}

// apiRenewal says until when something goes on.
type apiRenewal struct {
	Until string `json:"until" doc:"A day, such as 2029-06-30."`
	Note  string `json:"note,omitempty"`
}

// apiReminderOwner is whoever sees to something.
type apiReminderOwner struct {
	Owner string `json:"owner" doc:"Nobody, if it is empty."`
}

func (p *api) reminderOperations(group string) []operation {
	if p.Reminders == nil {
		return nil
	}
	act := func(name, method, path, summary string) operation {
		return operation{Name: name, Method: method, Path: "/reminders" + path, Group: group, Scope: access.Command, LetIn: true, Summary: summary}
	}
	add := act("addReminder", http.MethodPost, "", "Has something remembered: what comes again, or what ends on a day.")
	add.Status = http.StatusCreated
	return []operation{
		define(operation{
			Name: "listReminders", Method: http.MethodGet, Path: "/reminders", Group: group, Scope: access.Read,
			Summary: "Lists what is to be remembered, what is due first coming first.",
		}, p.listReminders),
		define(add, p.addReminder),
		define(operation{
			Name: "getReminder", Method: http.MethodGet, Path: "/reminders/{reminder}", Group: group, Scope: access.Read,
			Summary: "Tells about one reminder, and when it was done.",
		}, p.getReminder),
		define(act("reminderDone", http.MethodPost, "/{reminder}/done", "Says that it was done today."), func(a *asked, in apiNote) (apiReminder, error) {
			return reminderOf(p.Reminders.Done(a.ctx(), a.Actor(), a.reminder(), in.Note))
		}),
		define(act("renewReminder", http.MethodPost, "/{reminder}/renew", "Says until when something goes on now."), func(a *asked, in apiRenewal) (apiReminder, error) {
			day, err := apiDay("until", in.Until)
			if err != nil {
				return apiReminder{}, err
			}
			return reminderOf(p.Reminders.Renew(a.ctx(), a.Actor(), a.reminder(), day, in.Note))
		}),
		define(act("setReminderOwner", http.MethodPost, "/{reminder}/owner", "Says who sees to it."), func(a *asked, in apiReminderOwner) (apiReminder, error) {
			return reminderOf(p.Reminders.SetOwner(a.ctx(), a.Actor(), a.reminder(), in.Owner))
		}),
		define(act("removeReminder", http.MethodDelete, "/{reminder}", "Has it remembered no more."), func(a *asked, _ nothing) (nothing, error) {
			_, err := p.Reminders.Remove(a.ctx(), a.Actor(), a.reminder())
			return nothing{}, err
		}),
	}
}

// reminder is the number of the reminder that an address names.
func (a *asked) reminder() int64 { return a.reference("reminder", "R") }

func (p *api) listReminders(a *asked, _ nothing) (apiList[apiReminder], error) {
	out := apiList[apiReminder]{Items: []apiReminder{}}
	list, err := p.Reminders.List(a.ctx())
	for _, one := range list {
		row, _ := reminderOf(one, nil)
		out.Items = append(out.Items, row)
	}
	return out, err
}

func (p *api) getReminder(a *asked, _ nothing) (apiReminder, error) {
	out, err := reminderOf(p.Reminders.Get(a.ctx(), a.reminder()))
	if err != nil {
		return out, err
	}
	history, err := p.Reminders.History(a.ctx(), a.reminder())
	for _, d := range history {
		out.History = append(out.History, apiRemindersDone{DueOn: d.DueOn.Format(time.DateOnly), By: d.By, At: d.At.UTC(), Note: d.Note})
	}
	return out, err
}

func (p *api) addReminder(a *asked, in apiNewReminder) (apiReminder, error) {
	one := reminder.Reminder{What: reminder.What(in.What), Title: in.Title, Means: in.Means, Ahead: in.Ahead, Owner: in.Owner}
	if in.Every != 0 {
		one.Every = &in.Every
	}
	var err error
	if in.DueOn != "" {
		if one.DueOn, err = apiDay("due_on", in.DueOn); err != nil {
			return apiReminder{}, err
		}
	}
	out, err := reminderOf(p.Reminders.Add(a.ctx(), a.Actor(), one))
	if err == nil {
		a.made("/reminders/" + out.Ref)
	}
	return out, err
}

// apiDay reads a day of a field.
func apiDay(field, text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, wrong(field, "%s is a day such as 2027-06-30.", field)
	}
	return day, nil
}

func reminderOf(r reminder.Reminder, err error) (apiReminder, error) {
	if err != nil {
		return apiReminder{}, err
	}
	out := apiReminder{
		Ref: reminder.Ref(r.ID), What: string(r.What), Title: r.Title, Means: r.Means, Ahead: r.Ahead, DueOn: r.Due.Format(time.DateOnly),
		Zone: r.Zone, Owner: r.Owner, MadeBy: r.MadeBy, GoneAt: maybeInstant(r.GoneAt),
	}
	if r.Every != nil {
		out.Every = *r.Every
	}
	return out, nil
}
