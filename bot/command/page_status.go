package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// pageStatus shows one page, or the board of the incident of the place, or the calls that
// were made in it.
func (s Services) pageStatus(ctx context.Context, c *Call) (Reply, error) {
	if n := c.Number("page"); n != 0 {
		return s.onePage(ctx, c, n)
	}
	if inc, err := s.pick(ctx, c); err == nil && (c.Room != "" || c.Given("inc")) {
		rows, err := s.Incidents.Board(ctx, inc.ID)
		if err != nil {
			return Reply{}, err
		}
		l := List{Title: inc.Ref() + ", severity " + fmt.Sprint(inc.Severity)}
		for _, row := range rows {
			l.Items = append(l.Items, row.Says(c.Now))
		}
		return Reply{Blocks: []Block{l}}, nil
	}
	pages, err := s.Incidents.CallsOf(ctx, c.Actor())
	if err != nil {
		return Reply{}, err
	}
	l := List{Title: "Paged from here"}
	for _, p := range pages {
		if p.State == paging.PageOpen {
			l.Items = append(l.Items, fmt.Sprintf("P%d: %s is rung since %s: %s", p.ID, p.Handle, oncall.Clock(p.RungAt, c.Zone), p.Why))
		}
	}
	if len(l.Items) == 0 {
		return sentence("Nobody is paged from here now."), nil
	}
	return Reply{Blocks: []Block{l}}, nil
}

// onePage tells the story of one page: every way, and how each try went.
func (s Services) onePage(ctx context.Context, c *Call, number int64) (Reply, error) {
	story, found, err := s.Incidents.PageStory(ctx, number)
	if err != nil {
		return Reply{}, err
	}
	if !found {
		return Reply{}, fault.New(fault.NotFound, "There is no page P%d.", number)
	}
	l := List{Title: fmt.Sprintf("P%d for %s, %s: %s", story.ID, story.Handle, story.State, story.Why)}
	for _, w := range story.Ways {
		l.Items = append(l.Items, wayWords(w, c))
	}
	if story.Via != "" {
		l.Items = append(l.Items, fmt.Sprintf("answered by %s at %s", story.Via, oncall.Clock(*story.AnsweredAt, c.Zone)))
	}
	return Reply{Blocks: []Block{l}}, nil
}

func wayWords(w incidents.WayStory, c *Call) string {
	text := fmt.Sprintf("round %d, %s: %s", w.Ring, w.Route, w.Says(c.Now))
	var tries []string
	for _, a := range w.Attempts {
		if a.Outcome != string(paging.Accepted) && a.Outcome != "open" {
			tries = append(tries, fmt.Sprintf("try %d at %s: %s", a.N, oncall.Clock(a.StartedAt, c.Zone), a.Detail))
		}
	}
	if len(tries) > 0 {
		text += " (" + strings.Join(tries, "; ") + ")"
	}
	return text
}
