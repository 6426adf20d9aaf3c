package meeting

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"
)

// How lines are looked for. Words that stand in few lines are found by the index, and
// all their lines are put in order. Of words that stand in many, the newest lines are
// found sooner by going through the newest meetings; only if those do not have enough
// of them, all the lines are put in order after all.
const (
	rareMost  = 300 // lines that words may stand in to be rare
	walkFirst = 16  // meetings that are gone through at first
	walkMost  = 64  // and then, if those were not enough
)

const (
	inRooms = mayRead + `
		and (@network = '' or m.network = @network) and (@room = '' or lower(m.room) in (lower(@room), '#' || lower(@room)))`
	// newestFirst draws the lines that were found, as they stand now. A line's words tell
	// whether it was ever changed; only then its newest text is looked for.
	newestFirst = `
		select h.meeting, m.title, m.network, m.room, m.started_at, e.line, e.at, e.nick, '' as kind, e.kind = 'did' as did,
			case when e.search = to_tsvector('simple', translate(e.nick || ' ' || e.text, '<>', '  ')) then e.text
				else coalesce((select x.text from meeting_event x where x.meeting_id = h.meeting and x.message_id = e.message_id and x.kind = 'edited'
					order by x.n desc limit 1), e.text) end as text, m.restricted
		from h join meeting m on m.id = h.meeting join meeting_event e on e.meeting_id = h.meeting and e.n = h.n
		order by m.started_at desc, h.meeting desc, e.line desc`

	sqlSearchItems = `
		select m.id as meeting, m.title, m.network, m.room, m.started_at, i.line, i.at, i.by_nick as nick, i.kind, false as did, i.text, m.restricted
		from meeting m join meeting_item i on i.meeting_id = m.id
		where i.search @@ websearch_to_tsquery('simple', @query) and not i.gone and ` + inRooms + `
			and (m.started_at < @started or m.started_at = @started and (m.id < @meeting or m.id = @meeting and i.line < @line))
		order by m.started_at desc, m.id desc, i.line desc, i.id desc limit @most`
	sqlHowMany = `
		select count(*) from (
			select from meeting_event e where e.search @@ websearch_to_tsquery('simple', @query) limit @most) f`
	sqlSearchAll = `
		with f as materialized (
			select e.meeting_id, e.n, e.line from meeting_event e where e.search @@ websearch_to_tsquery('simple', @query)),
		h as materialized (
			select f.meeting_id as meeting, f.n
			from f join meeting m on m.id = f.meeting_id
			where ` + inRooms + `
				and (m.started_at < @started or m.started_at = @started and (m.id < @meeting or m.id = @meeting and f.line < @line))
			order by m.started_at desc, m.id desc, f.line desc limit @most)` + newestFirst
	// "is true" keeps the index of words out of it: it would be read once a meeting.
	sqlSearchNewest = `
		with r as materialized (
			select m.id, m.started_at from meeting m
			where ` + inRooms + ` and (m.started_at < @started or m.started_at = @started and m.id <= @meeting)
			order by m.started_at desc, m.id desc limit @take),
		h as materialized (
			select r.id as meeting, e.n
			from r cross join lateral (
				select l.n, l.line from meeting_event l
				where l.meeting_id = r.id and (l.search @@ websearch_to_tsquery('simple', @query)) is true
					and (r.started_at < @started or r.id < @meeting or l.line < @line)
				order by l.n desc limit @most) e
			order by r.started_at desc, r.id desc, e.n desc limit @most)` + newestFirst
)

// findLines looks for words in what was said.
func (s *Service) findLines(ctx context.Context, args pgx.NamedArgs, enough int) ([]Hit, error) {
	var lines int
	if err := s.DB.QueryRow(ctx, sqlHowMany, pgx.QueryExecModeCacheDescribe,
		pgx.NamedArgs{"query": args["query"], "most": rareMost + 1}).Scan(&lines); err != nil {
		return nil, err
	}
	if lines > rareMost {
		for _, take := range []int{walkFirst, walkMost} {
			args = maps.Clone(args)
			args["take"] = take
			found, err := s.hits(ctx, sqlSearchNewest, args)
			if err != nil || len(found) >= enough {
				return found, err
			}
		}
	}
	return s.hits(ctx, sqlSearchAll, args)
}
