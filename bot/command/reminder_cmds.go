package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"batsignal/incidents/reminder"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

func (s Services) reminderCommands() []*Command {
	if s.Reminders == nil {
		return nil
	}
	number := Param{Name: "reminder", Kind: Number, Prefix: "R", Help: "which one"}
	note := Param{Name: "note", Kind: Rest, Optional: true, Help: "what was done, in a few words"}
	owner := Param{Name: "owner", Kind: Option, Help: "who sees to it"}
	ahead := Param{Name: "ahead", Kind: Option, Help: "how many days before it is due people are told first"}
	means := Param{Name: "means", Kind: Option, Help: "what it means if it is left, in double quotes"}
	title := Param{Name: "title", Kind: Rest, Help: "what it is about"}
	return []*Command{{
		Name: "reminder", Aliases: []string{"reminders"}, Default: "list", Needs: Known,
		Summary: "Remembers for months: what is done in a rhythm, and what runs out.", Example: "reminder list",
		Subs: []*Command{
			{Name: "list", Summary: "Lists what is to be remembered, what is due first coming first.", Example: "reminder list", Run: s.reminderList},
			{
				Name: "every", Needs: Known | LetIn, Summary: "Remembers a rhythm; it is never due on a day on which nothing risky is done.", Example: "reminder every 150 --ahead 7 reboot the build hosts",
				Params: []Param{owner, ahead, means, {Name: "days", Kind: Number, Help: "how many days from one time to the next"}, title}, Run: s.reminderEvery,
			},
			{
				Name: "ends", Needs: Known | LetIn, Summary: "Remembers that something ends: a warranty, a contract, a level of support.", Example: `reminder ends 2027-06-30 --means "a new disk takes five days" warranty of rack 3`,
				Params: []Param{owner, ahead, means, {Name: "day", Kind: Word, Help: "as in 2027-06-30"}, title}, Run: s.reminderEnds,
			},
			{
				Name: "done", Needs: Known | LetIn, Summary: "Says that it was done today; a rhythm begins anew.", Example: "reminder done R3", Params: []Param{number, note},
				Run: s.onReminder(func(ctx context.Context, c *Call, id int64) (reminder.Reminder, error) {
					return s.Reminders.Done(ctx, c.Actor(), id, c.Text("note"))
				}),
			},
			{
				Name: "renew", Needs: Known | LetIn, Summary: "Says until when what ends was renewed.", Example: "reminder renew R3 2029-06-30",
				Params: []Param{number, {Name: "day", Kind: Word, Help: "as in 2029-06-30"}, note},
				Run: s.onReminder(func(ctx context.Context, c *Call, id int64) (reminder.Reminder, error) {
					day, err := dayIn(c, "day")
					if err != nil {
						return reminder.Reminder{}, err
					}
					return s.Reminders.Renew(ctx, c.Actor(), id, day, c.Text("note"))
				}),
			},
			{
				Name: "owner", Needs: Known | LetIn, Summary: "Says who sees to it.", Example: "reminder owner R3 maria", Params: []Param{number, {Name: "name", Kind: Rest, Help: "who"}},
				Run: s.onReminder(func(ctx context.Context, c *Call, id int64) (reminder.Reminder, error) {
					return s.Reminders.SetOwner(ctx, c.Actor(), id, c.Text("name"))
				}),
			},
			{
				Name: "remove", Needs: Known | LetIn, Summary: "Forgets one for good.", Example: "reminder remove R3", Params: []Param{number},
				Run: s.onReminder(func(ctx context.Context, c *Call, id int64) (reminder.Reminder, error) {
					return s.Reminders.Remove(ctx, c.Actor(), id)
				}),
			},
		},
	}}
}

func (s Services) reminderList(ctx context.Context, c *Call) (Reply, error) {
	all, err := s.Reminders.List(ctx)
	if err != nil {
		return Reply{}, err
	}
	if len(all) == 0 {
		return sentence("Nothing is to be remembered. " + c.Typed("reminder every") + " and " + c.Typed("reminder ends") + " change that."), nil
	}
	var l List
	for _, r := range all {
		l.Items = append(l.Items, r.Head(c.Now)+": "+r.Title)
	}
	return Reply{Blocks: []Block{l}}, nil
}

func (s Services) reminderEvery(ctx context.Context, c *Call) (Reply, error) {
	days := int(c.Number("days"))
	return s.addReminder(ctx, c, reminder.Reminder{What: reminder.Rhythm, Every: &days})
}

func (s Services) reminderEnds(ctx context.Context, c *Call) (Reply, error) {
	day, err := dayIn(c, "day")
	if err != nil {
		return Reply{}, err
	}
	return s.addReminder(ctx, c, reminder.Reminder{What: reminder.End, DueOn: day, Ahead: 30})
}

func (s Services) addReminder(ctx context.Context, c *Call, r reminder.Reminder) (Reply, error) {
	r.Title, r.Means, r.Owner = c.Text("title"), c.Text("means"), c.Text("owner")
	if text := c.Text("ahead"); text != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(text, "days"), "d"))
		if err != nil {
			return Reply{}, fault.New(fault.Invalid, "The value of --ahead should be a number of days, such as 7.")
		}
		r.Ahead = n
	}
	r, err := s.Reminders.Add(ctx, c.Actor(), r)
	if err != nil {
		return Reply{}, err
	}
	return sentence(fmt.Sprintf("%s: %s.", r.Head(c.Now), r.Title)), nil
}

// onReminder is a verb on one reminder.
func (s Services) onReminder(do func(context.Context, *Call, int64) (reminder.Reminder, error)) func(context.Context, *Call) (Reply, error) {
	return func(ctx context.Context, c *Call) (Reply, error) {
		r, err := do(ctx, c, c.Number("reminder"))
		if err != nil {
			return Reply{}, err
		}
		return sentence(fmt.Sprintf("%s: %s.", r.Head(c.Now), r.Title)), nil
	}
}

// dayIn reads a day in the caller's zone, as the day at midnight UTC. Written with its year it
// may be in any: a warranty ends in five years.
func dayIn(c *Call, param string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, c.Text(param)); err == nil {
		return day, nil
	}
	m, err := when.Reader{Now: c.Now, Zone: c.Zone}.Instant(c.Text(param))
	if err != nil {
		return time.Time{}, err
	}
	at := m.At.In(oncall.Location(c.Zone))
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC), nil
}
