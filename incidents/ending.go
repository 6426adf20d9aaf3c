package incidents

import (
	"context"
	"slices"

	"batsignal/incidents/alert"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
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
		if err := c.endEach(over); err != nil {
			return err
		}
	}
	return nil
}

// endCauses tells providers once more, as this change commits, of causes that have ended.
// An incident at a paging service that was acknowledged for somebody is open there, and
// would ring them again when its acknowledgement runs out.
func (c *change) endCauses(causes ...string) error {
	routes := c.that(func(t paging.Traits) bool { return t.Stays })
	if len(routes) == 0 || c.Queue == nil {
		return nil
	}
	for _, cause := range causes {
		told, err := paging.EndedBefore(c.ctx, c.tx, cause, routes)
		if err != nil {
			return err
		}
		if err := c.endEach(told); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) endEach(list []paging.Ending) error {
	for _, d := range list {
		if err := c.errand(Errand{What: ErrandEnd, Route: d.Route, Delivery: d.ID}); err != nil {
			return err
		}
	}
	return nil
}

// causeOver tells whether what people were rung for is over. A call without an incident is
// about nothing that goes on: it is over as soon as nobody is looked for any more.
func causeOver(ctx context.Context, db pg.DB, cause string, hunting bool) (bool, error) {
	if id, ok := incidentOf(cause); ok {
		inc, err := getIncident(ctx, db, id)
		if fault.KindOf(err) == fault.NotFound {
			return true, nil
		}
		return !inc.Open(), err
	}
	if id, ok := alert.GroupOf(cause); ok {
		g, found, err := alert.GetGroup(ctx, db, id)
		return !found || g.State == alert.GroupResolved, err
	}
	return !hunting, nil
}
