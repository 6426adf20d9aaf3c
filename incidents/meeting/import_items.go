package meeting

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/action"
	"batsignal/incidents/minutes"
)

// addItems writes the items of an imported meeting, all in one statement.
func (b *bundle) addItems(ctx context.Context, tx pgx.Tx, id int64) error {
	if len(b.m.Items) == 0 {
		return nil
	}
	var (
		ids, lines        []int
		kinds, texts, bys []string
		ats               []time.Time
	)
	for _, it := range b.m.Items {
		ids, lines = append(ids, it.ID), append(lines, it.Line)
		kinds, texts, bys, ats = append(kinds, string(it.Kind)), append(texts, it.Text), append(bys, it.By), append(ats, it.At)
	}
	_, err := tx.Exec(ctx, sqlImportItems, pgx.NamedArgs{
		"meeting": id, "ids": ids, "kinds": kinds, "texts": texts, "bys": bys, "ats": ats, "lines": lines,
	})
	return err
}

// openActions opens the actions of an imported meeting.
func (b *bundle) openActions(ctx context.Context, tx pgx.Tx, id int64) error {
	owners := map[*minutes.Item][]action.Owner{}
	people, _ := b.m.ByPerson()
	for _, one := range people {
		for _, it := range one.Actions {
			owners[it] = append(owners[it], action.Owner{Name: one.Name, Handle: handleIn(it, one.Name)})
		}
	}
	for _, it := range b.m.Actions() {
		if _, err := action.Put(ctx, tx, it.At, action.Item{
			Text: it.Text, Due: it.Due, Owners: owners[it], CreatedBy: it.By, Meeting: id, Number: it.ID,
			Network: b.m.Network, Room: b.m.Room, Series: b.m.Name,
		}); err != nil {
			return err
		}
	}
	return nil
}

// handleIn is who on the roster an owner of an item is, "" if that is not known.
func handleIn(it *minutes.Item, name string) string {
	for _, o := range it.Owners {
		if o.Name == name {
			return o.Handle
		}
	}
	return ""
}
