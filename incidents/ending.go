package incidents

import (
	"slices"

	"batsignal/oncall/paging"
)

// answer has a page be acknowledged or declined, and tells providers with a call in
// flight that it is over.
func (c *change) answer(p paging.Page, state paging.PageState, via string) (changed bool, err error) {
	changed, err = paging.Answer(c.ctx, c.tx, c.now, p, state, via)
	if changed {
		c.over = append(c.over, p.EscalationID)
	}
	return changed, err
}

// closePages closes what pages of an escalation are open, and tells their providers.
func (c *change) closePages(escalation int64) ([]paging.Page, error) {
	closed, err := paging.Close(c.ctx, c.tx, c.now, escalation)
	if len(closed) > 0 {
		c.over = append(c.over, escalation)
	}
	return closed, err
}

// endWays has providers told, as this change commits, of what is over among the pages of
// these escalations: calls are hung up, incidents at paging services are ended.
func (c *change) endWays(escalations ...int64) error {
	routes := c.that(func(t paging.Traits) bool { return t.Ends })
	if len(routes) == 0 || c.Queue == nil {
		return nil
	}
	slices.Sort(escalations)
	for _, id := range slices.Compact(escalations) {
		over, err := paging.ToEnd(c.ctx, c.tx, id, routes)
		if err != nil {
			return err
		}
		for _, d := range over {
			if err := c.errand(Errand{What: ErrandEnd, Route: d.Route, Delivery: d.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}
