package meeting

import (
	"cmp"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/minutes"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

const (
	sqlPutItem = `
		insert into meeting_item (meeting_id, id, kind, text, by_nick, at, line, gone, search)
		values (@meeting, @id, @kind, @text, @by, @at, @line, @gone, to_tsvector('simple', translate(@text, '<>', '  ')))
		on conflict (meeting_id, id) do update set text = excluded.text, gone = excluded.gone, search = excluded.search`
	sqlDropItem = `delete from meeting_item where meeting_id = @meeting and id = @id`
	sqlRename   = `update action_item set series = @series where meeting_id = @id`
)

// cause does what the machine wants done about an event.
func (w *work) cause(effects []minutes.Effect, e minutes.Event, place incidents.Room, index int) error {
	for _, f := range effects {
		switch f.Kind {
		case minutes.Reply:
			w.say(place, f.Text)
		case minutes.Error:
			if w.m.Dialect.Explain {
				w.answer(index, minutes.Private, f.Text)
			} else {
				w.say(place, f.Who.Nick+": Error: "+f.Text)
			}
		case minutes.Private, minutes.CallNames:
			w.answer(index, f.Kind, f.Text)
		case minutes.Topic:
			if w.row.Incident == nil { // over the room of an incident stands how it goes
				w.notices = append(w.notices, notice.Notice{Network: w.row.Network, Kind: notice.Topic, Room: w.row.Room, Text: oncall.Clip(f.Text, 400)})
			}
		case minutes.Save, minutes.Over:
			w.save = true
		case minutes.Adopt:
			if err := w.adopt(f, place, index); err != nil {
				return err
			}
		case minutes.Added, minutes.Changed, minutes.Removed:
			if err := w.item(f, e, place); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) answer(index int, kind minutes.EffectKind, text string) {
	if index >= 0 {
		w.answers = append(w.answers, Answer{Index: index, Kind: kind, Text: text})
	}
}

// noticeLength is how much a line of ours holds, in letters.
const noticeLength = 2000

func (w *work) say(place incidents.Room, text string) {
	w.notices = append(w.notices, notice.Notice{
		Network: place.Network, Kind: notice.Say, Room: place.Room, Text: oncall.Clip(text, noticeLength), Incident: w.row.Incident,
	})
}

// item keeps the rows of an item as the machine has it.
func (w *work) item(f minutes.Effect, e minutes.Event, place incidents.Room) error {
	it := w.m.Item(f.Item)
	if it == nil {
		if _, err := w.tx.Exec(w.ctx, sqlDropItem, pgx.NamedArgs{"meeting": w.row.ID, "id": f.Item}); err != nil {
			return err
		}
		return action.Withdraw(w.ctx, w.tx, w.now, w.row.ID, f.Item, e.Who.Nick, false)
	}
	if _, err := w.tx.Exec(w.ctx, sqlPutItem, pgx.NamedArgs{
		"meeting": w.row.ID, "id": it.ID, "kind": it.Kind, "text": it.Text, "by": it.By, "at": it.At, "line": it.Line, "gone": it.Gone,
	}); err != nil {
		return err
	}
	if it.Kind == minutes.Action && w.m.Dialect.Own {
		if err := w.action(it, e, place); err != nil {
			return err
		}
	}
	if w.row.Incident == nil || f.Kind != minutes.Added {
		return nil
	}
	kind := timelineKind(it.Kind)
	if kind == "" {
		return nil
	}
	by, err := w.actor(e, place)
	if err != nil {
		return err
	}
	return w.Incidents.RecordIn(w.ctx, w.tx, w.now, *w.row.Incident, by, incidents.Noted{Meeting: w.row.ID, Item: it.ID, Kind: kind, Text: it.Text})
}

func (w *work) action(it *minutes.Item, e minutes.Event, place incidents.Room) error {
	if it.Gone {
		if err := action.Withdraw(w.ctx, w.tx, w.now, w.row.ID, it.ID, e.Who.Nick, true); err != nil {
			return err
		}
		return w.uncarry(it.ID)
	}
	a := action.Item{
		Text: it.Text, Due: it.Due, CreatedBy: it.By, Meeting: w.row.ID, Number: it.ID,
		Network: place.Network, Room: place.Room, Series: w.m.Name,
	}
	if w.row.Incident != nil {
		a.Incident = *w.row.Incident
	}
	for _, o := range it.Owners {
		a.Owners = append(a.Owners, action.Owner{Name: o.Name, Handle: o.Handle})
	}
	_, err := action.Put(w.ctx, w.tx, w.now, a)
	return err
}

// timelineKind is what an item of an incident's minutes is on its timeline, "" if it
// is not on it.
func timelineKind(k minutes.ItemKind) string {
	switch k {
	case minutes.Agreed, minutes.Accepted, minutes.Rejected, minutes.VoteItem:
		return "decision"
	case minutes.Action:
		return "action"
	case minutes.Info, minutes.Link:
		return "info"
	}
	return ""
}

// actor is who said something, for a timeline. What is seen of somebody whom nothing
// proves is their nick.
func (w *work) actor(e minutes.Event, place incidents.Room) (oncall.Actor, error) {
	a := oncall.Actor{Network: place.Network, Room: place.Room, Account: cmp.Or(e.Who.Account, e.Who.Nick)}
	if e.Who.Handle == "" {
		return a, nil
	}
	p, err := oncall.PersonByHandle(w.ctx, w.tx, e.Who.Handle)
	a.PersonID, a.Handle = p.ID, p.Handle
	return a, err
}

// rename keeps the actions of a meeting under the name that it has now.
func (w *work) rename() error {
	_, err := w.tx.Exec(w.ctx, sqlRename, pgx.NamedArgs{"id": w.row.ID, "series": w.m.Name})
	return err
}
