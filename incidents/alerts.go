package incidents

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/alert"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
)

// Over stops ringing for a group of alerts, in the transaction that ended it: it
// implements [alert.Engine].
func (s *Service) Over(ctx context.Context, tx pgx.Tx, now time.Time, g alert.Group, by oncall.Actor) error {
	c := &change{Service: s, ctx: ctx, tx: tx, now: now}
	if err := c.endAlerts(g, by); err != nil {
		return err
	}
	return c.flush()
}

// endAlerts ends the hunts of a group, tells those who were rung, and everybody how it
// ended, if they had heard of it.
func (c *change) endAlerts(g alert.Group, by oncall.Actor) error {
	hunts, err := paging.Hunting(c.ctx, c.tx, g.Cause())
	if err != nil {
		return err
	}
	text := alertsEnded(g, by)
	for _, h := range hunts {
		if _, err := paging.Stop(c.ctx, c.tx, c.now, h.ID); err != nil {
			return err
		}
		if err := c.standDown(Incident{}, h, by.PersonID, text); err != nil {
			return err
		}
	}
	c.rings = true
	if g.State == alert.GroupResolved {
		c.done = append(c.done, g.Cause())
	}
	if g.ToldAt != nil {
		c.sayHome(0, text)
	}
	return nil
}

func alertsEnded(g alert.Group, by oncall.Actor) string {
	who := "its source"
	if by.PersonID != 0 || by.Handle != "" {
		who = by.Who()
	}
	verb := "acknowledges"
	if g.State == alert.GroupResolved {
		verb = "resolves"
	}
	return fmt.Sprintf("%s %s: %s", oncall.UpperFirst(who), verb, ended(g.Title))
}

// alertsAnswered acknowledges the alerts of a page that was answered by as many as its
// policy wants.
func (c *change) alertsAnswered(group int64, a oncall.Actor) error {
	_, err := alert.Acked(c.ctx, c.tx, c.now, group, a)
	return err
}

// tellAlerts has everybody hear of what a group has that no message named yet. Who is
// rung now is told by their page; whom an earlier page reached is told by one more.
func (c *change) tellAlerts(g alert.Group) error {
	lines, more, err := alert.Untold(c.ctx, c.tx, g.ID)
	if err != nil {
		return err
	}
	if len(lines) > 0 { // else what it had to tell has moved to another group
		c.sayHome(0, alert.Announcement(g, lines, more))
	}
	return alert.MarkTold(c.ctx, c.tx, c.now, g.ID)
}

// tellOfGroup tells what a ring for a group names.
func (c *change) tellOfGroup(id int64) error {
	g, found, err := alert.GetGroup(c.ctx, c.tx, id)
	if err != nil || !found {
		return err
	}
	return c.tellAlerts(g)
}

// foldAlerts tells of one group what joined it since the last message.
func (s *Service) foldAlerts(ctx context.Context) (did bool, err error) {
	if s.Alerts == nil {
		return false, nil
	}
	due, err := s.Alerts.DueFolds(ctx, s.DB, s.Now())
	if err != nil {
		return false, err
	}
	for _, id := range due {
		if err := s.change(ctx, func(c *change) error {
			g, found, err := alert.Lock(c.ctx, c.tx, id)
			if err != nil || !found || !c.Alerts.FoldIsDue(g, c.now) {
				return err
			}
			return c.foldIn(g)
		}); err != nil {
			return false, err
		}
	}
	return len(due) > 0, nil
}

// foldIn sends one more message to whoever was rung for a group, and to whoever answered.
func (c *change) foldIn(g alert.Group) error {
	lines, more, err := alert.Untold(c.ctx, c.tx, g.ID)
	if err != nil {
		return err
	}
	if err := c.tellAlerts(g); err != nil || len(lines) == 0 {
		return err
	}
	if g.State == alert.GroupOpen {
		c.rings = true
		return paging.More(c.ctx, c.tx, c.now, g.Cause(), c.that(func(t paging.Traits) bool { return t.Loud }))
	}
	pages, err := paging.Of(c.ctx, c.tx, g.Cause())
	if err != nil {
		return err
	}
	for _, p := range pages {
		if p.State != paging.PageAcked {
			continue
		}
		if err := c.tell(p.PersonID, 0, alert.Announcement(g, lines, more)); err != nil {
			return err
		}
	}
	return nil
}

// policyOf reads the policy of a slot that is one. A policy that was deleted rings nobody
// by itself; then come the admins.
func (c *change) policyOf(e paging.Escalation) (*policy.Policy, error) {
	name, ok := e.Slot.Policy()
	if !ok {
		return nil, nil
	}
	p, err := policy.Get(c.ctx, c.tx, name)
	if fault.KindOf(err) == fault.NotFound {
		return &policy.Policy{Name: name, Title: name}, nil
	}
	return &p, err
}

const sqlToldWith = `
	select a.id as alert, a.severity, a.state, a.summary, a.source, a.count
	from alert a
	where a.group_id = @group and a.told_at <= @at
		and (a.told_at > coalesce((
			select max(d.created_at) from delivery d
			where d.page_id = @page and d.created_at < @at and d.route = @route and d.contact_id is not distinct from @contact
				and d.state in ('accepted', 'delivered', 'acked')), '-infinity')
			or not exists (
				select from alert o where o.group_id = @group and o.told_at = @at) and a.state <> 'resolved')
	order by a.severity, a.id`

// itemsOf are the alerts that one message names: those that came since the one before it on
// the same way, or, where it only repeats that, what is not over.
func (s *Service) itemsOf(ctx context.Context, d paging.Delivery) ([]string, error) {
	group, ok := alert.GroupOf(d.Cause)
	if !ok {
		return nil, nil
	}
	rows, err := s.DB.Query(ctx, sqlToldWith, pgx.NamedArgs{
		"group": group, "page": d.PageID, "at": d.CreatedAt, "route": d.Route, "contact": d.ContactID,
	})
	if err != nil {
		return nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[alert.Line])
	more := max(len(lines)-alert.MostLines, 0)
	return alert.Items(lines[:len(lines)-more], more), err
}
