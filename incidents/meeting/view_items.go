package meeting

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/action"
	"batsignal/incidents/minutes"
)

// Outcome is a decision or an action of a meeting, in its words.
type Outcome struct {
	Meeting int64
	Number  int
	Kind    minutes.ItemKind
	Text    string
}

const (
	sqlOutcomes = `
		select i.meeting_id as meeting, i.id as number, i.kind, i.text from meeting_item i join meeting m on m.id = i.meeting_id
		where i.meeting_id = any(@ids) and not m.restricted and not i.gone
			and i.kind in ('AGREED', 'ACCEPTED', 'REJECTED', 'VOTE', 'INCONCLUSIVE', 'ACTION')
		order by i.meeting_id, i.id`
	sqlSource = `
		select m.path, m.setting ->> 'prefix', i.line from meeting m join meeting_item i on i.meeting_id = m.id
		where m.id = @id and i.id = @item and not m.restricted`
)

// Outcomes are the decisions and actions of meetings, in their order.
func (s *Service) Outcomes(ctx context.Context, ids []int64) (map[int64][]Outcome, error) {
	rows, err := s.DB.Query(ctx, sqlOutcomes, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Outcome])
	of := map[int64][]Outcome{}
	for _, o := range list {
		of[o.Meeting] = append(of[o.Meeting], o)
	}
	return of, err
}

// Source is the address of the line that an action was noted in, "" if it has none for
// everybody.
func (s *Service) Source(ctx context.Context, it action.Item) string {
	var path string
	var prefix *string
	var line int
	err := s.DB.QueryRow(ctx, sqlSource, pgx.NamedArgs{"id": it.Meeting, "item": it.Number}).Scan(&path, &prefix, &line)
	if err != nil {
		if !errors.Is(err, pgx.ErrNoRows) {
			s.Log.Warn("where an action was noted could not be read", "action", it.ID, "error", err)
		}
		return ""
	}
	if prefix == nil || *prefix == "" {
		return ""
	}
	return *prefix + path + ".log.html#l-" + strconv.Itoa(line)
}
