package alert

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// alertColumns are alerts as columns, for statements over sets.
type alertColumns struct {
	ids, keys, groups, counts                                                      []int64
	dedups, states, summaries, sources, components, classes, parts, details, links []string
	severities                                                                     []int16
	firsts, lasts                                                                  []time.Time
	acked, ended                                                                   []*time.Time
	untold, said                                                                   []bool
}

func (c *alertColumns) add(r *row) {
	e := r.event
	c.said = append(c.said, e != nil)
	if e == nil {
		e = &Event{}
	}
	c.ids, c.keys, c.groups, c.counts = append(c.ids, r.id), append(c.keys, r.key), append(c.groups, r.group.id), append(c.counts, r.count)
	c.dedups, c.states, c.severities = append(c.dedups, r.dedup), append(c.states, string(r.state)), append(c.severities, int16(r.severity))
	c.firsts, c.lasts = append(c.firsts, r.firstAt), append(c.lasts, r.lastAt)
	c.acked, c.ended, c.untold = append(c.acked, r.ackedAt), append(c.ended, r.endedAt), append(c.untold, r.untold)
	c.summaries, c.sources = append(c.summaries, e.Summary), append(c.sources, e.Source)
	c.components, c.classes, c.parts = append(c.components, e.Component), append(c.classes, e.Class), append(c.parts, e.Part)
	c.details, c.links = append(c.details, e.Details), append(c.links, linksJSON(e.Links))
}

func (c *alertColumns) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"ids": c.ids, "keys": c.keys, "groups": c.groups, "counts": c.counts, "dedups": c.dedups, "states": c.states, "severities": c.severities,
		"firsts": c.firsts, "lasts": c.lasts, "acked": c.acked, "ended": c.ended, "untold": c.untold, "said": c.said,
		"summaries": c.summaries, "sources": c.sources, "components": c.components, "classes": c.classes, "parts": c.parts,
		"details": c.details, "links": c.links,
	}
}

// groupColumns are groups as columns.
type groupColumns struct {
	ids, keys                       []int64
	states, titles                  []string
	severities                      []int16
	totals, triggered, acknowledged []int32
	untold                          []bool
}

func (c *groupColumns) add(g *group) {
	c.ids, c.keys = append(c.ids, g.id), append(c.keys, g.key.ID)
	c.states, c.titles, c.severities = append(c.states, string(g.state)), append(c.titles, g.title), append(c.severities, int16(g.severity))
	c.totals, c.triggered, c.acknowledged = append(c.totals, int32(g.total)), append(c.triggered, int32(g.triggered)), append(c.acknowledged, int32(g.acknowledged))
	c.untold = append(c.untold, g.untold)
}

func (c *groupColumns) args(b *book) pgx.NamedArgs {
	return pgx.NamedArgs{
		"now": b.now, "ids": c.ids, "keys": c.keys, "states": c.states, "titles": c.titles, "severities": c.severities,
		"totals": c.totals, "triggered": c.triggered, "acknowledged": c.acknowledged, "untold": c.untold,
	}
}
