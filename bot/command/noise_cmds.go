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
		Name: "noise", Needs: Known, Summary: "Tells how often somebody was rung in a month, at night too, and what it cost.", Example: "noise 2026-03",
		Params: []Param{{Name: "of", Kind: Rest, Optional: true, Help: "a person, a month as 2026-03, or both; you, in this month, if not said"}},
		Run:    s.noise,
	}
}

var (
	monthWord  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}$`)
	errNoMonth = fault.New(fault.Invalid, "Give a person, a month like 2026-03, or both, as in !noise li 2026-03.")
)

func (s Services) noise(ctx context.Context, c *Call) (Reply, error) {
	handle, text := "", ""
	for _, word := range strings.Fields(c.Text("of")) {
		switch {
		case monthWord.MatchString(word) && text == "":
			text = word
		case handle == "":
			handle = strings.TrimPrefix(word, "@")
		default:
			return Reply{}, errNoMonth
		}
	}
	if handle == "" {
		handle = c.Handle
	}
	month := time.Date(c.Now.UTC().Year(), c.Now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	if text != "" {
		var err error
		if month, err = time.Parse("2006-01", text); err != nil {
			return Reply{}, errNoMonth
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
