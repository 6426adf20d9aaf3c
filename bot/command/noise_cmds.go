package command

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// noiseCommand is the report of how often people are rung, and what it costs.
func (s Services) noiseCommand() *Command {
	return &Command{
		Name: "noise", Needs: Known, Summary: "Tells how often you were rung in a month, at night too, and what it cost; admins ask about others too.", Example: "noise 2026-03",
		Params: []Param{
			{Name: "person", Optional: true, Help: "about whom; you if not said"},
			{Name: "month", Optional: true, Help: "as 2026-03, in UTC; this month if not said"},
		},
		Run: s.noise,
	}
}

var monthWord = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}$`)

func (s Services) noise(ctx context.Context, c *Call) (Reply, error) {
	handle, text := c.Text("person"), c.Text("month")
	if text == "" && monthWord.MatchString(handle) {
		handle, text = "", handle
	}
	if handle == "" {
		handle = c.Handle
	}
	month := time.Date(c.Now.UTC().Year(), c.Now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	if text != "" {
		var err error
		if month, err = time.Parse("2006-01", text); err != nil || !monthWord.MatchString(text) {
			return Reply{}, fault.New(fault.Invalid, "Write a month like 2026-03, as in !noise 2026-03.")
		}
	}
	p, err := oncall.PersonByHandle(ctx, s.DB, handle)
	if err != nil {
		return Reply{}, err
	}
	if p.ID != c.PersonID && !c.Rights.Has(Admin) {
		return Reply{}, fault.New(fault.Forbidden, "How often somebody is rung is told to them and to admins. Yours: !noise")
	}
	list, err := s.Incidents.Noise(ctx, month, month.AddDate(0, 1, 0), p.ID)
	if err != nil {
		return Reply{}, err
	}
	if len(list) == 0 {
		return privately(fmt.Sprintf("%s was not paged in %s.", p.Handle, month.Format("January 2006"))), nil
	}
	return privately(noiseWords(list[0])), nil
}

// noiseWords tells what somebody was put through in a month.
func noiseWords(n paging.Noise) string {
	text := fmt.Sprintf("%s in %s: %s, rung %s, %d of them outside of waking hours.", n.Handle, n.Month.Format("January 2006"),
		oncall.Plural(n.Pages, "page", "pages"), oncall.Plural(n.Rings, "time", "times"), n.Night)
	text += fmt.Sprintf(" Acknowledged %d, declined %d, over before an answer %d", n.Acked, n.Declined, n.Unanswered())
	if n.Open > 0 {
		text += fmt.Sprintf(", open %d", n.Open)
	}
	text += "."
	var by []string
	for _, r := range n.Routes {
		by = append(by, fmt.Sprintf("%d by %s", r.Messages, r.Route))
	}
	if len(by) > 0 {
		text += " Messages: " + strings.Join(by, ", ") + "."
	}
	if n.Cost > 0 {
		text += " They cost " + paging.Money(n.Cost) + "."
	}
	return text
}
