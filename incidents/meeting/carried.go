package meeting

import (
	"github.com/jackc/pgx/v5"
)

// sqlUncarry takes the words of an action out of the meetings that began with it. The
// event that it leaves there is what everybody who has read them knows that by.
const sqlUncarry = `
	with a as (
		select 'A' || id || ': ' as ref, created_at from action_item where meeting_id = @id and item = @item),
	m as (
		update meeting m set
			events = m.events + 1, write_due = m.write_due or m.ended_at is not null or m.written_at is not null,
			setting = jsonb_set(m.setting, '{carried}', (
				select jsonb_agg(case when starts_with(c.text, a.ref) then a.ref || '(taken back)' else c.text end order by c.n)
				from jsonb_array_elements_text(m.setting -> 'carried') with ordinality as c (text, n)))
		from a
		where m.id <> @id and m.started_at > a.created_at - interval '1 day'
			and exists (select from jsonb_array_elements_text(m.setting -> 'carried') as c (text) where starts_with(c.text, a.ref) and c.text <> a.ref || '(taken back)')
		returning m.id, m.events, a.ref),
	e as (
		insert into meeting_event (meeting_id, n, at, kind, message_id)
		select m.id, m.events, @now, 'erased', 'carried ' || m.ref from m)
	update meeting_item i set text = m.ref || '(taken back)', search = null
	from m where i.meeting_id = m.id and i.kind = 'INFO' and i.line = 1 and starts_with(i.text, m.ref)`

// uncarry follows an action whose words were taken back into the meetings that it was
// carried into.
func (w *work) uncarry(item int) error {
	_, err := w.tx.Exec(w.ctx, sqlUncarry, pgx.NamedArgs{"id": w.row.ID, "item": item, "now": w.now})
	return err
}
