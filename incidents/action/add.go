package action

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const sqlIncidentHere = `
	select incident_id from incident_room where network = @network and lower(room) = lower(@room)
	order by incident_id desc limit 1`

// longestText is in letters.
const longestText = 1000

// Add keeps an action that was noted outside of any meeting, with the owners and the
// day that its text names. In the room of an incident it is one of that incident.
func (s *Service) Add(ctx context.Context, a oncall.Actor, text string) (Item, error) {
	var it Item
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		incident, err := here(ctx, tx, a.Network, a.Room)
		if err != nil {
			return err
		}
		if it, err = AddIn(ctx, tx, s.Now(), a, incident, text); err != nil {
			return err
		}
		return tell(ctx, tx, it)
	})
	return it, err
}

// AddIn is Add for an incident (0 is none), in the caller's transaction.
func AddIn(ctx context.Context, tx pgx.Tx, now time.Time, a oncall.Actor, incident int64, text string) (Item, error) {
	if n := utf8.RuneCountInString(text); n == 0 || n > longestText {
		return Item{}, fault.New(fault.Invalid, "An action has 1 to %d letters, as in !action add maria rotates the signing key by friday.", longestText)
	}
	roster, err := rosterOf(ctx, tx, a.Network)
	if err != nil {
		return Item{}, err
	}
	it := Item{Text: text, Due: minutes.DueIn(text, local(now, a.Zone)), CreatedBy: a.Who(), Incident: incident, Network: a.Network, Room: a.Room}
	for _, o := range minutes.OwnersIn(text, minutes.Who{Nick: a.Handle, Handle: a.Handle}, roster) {
		if o.Handle != "" {
			o.Name = o.Handle
		}
		it.Owners = append(it.Owners, Owner(o))
	}
	id, err := Put(ctx, tx, now, it)
	if err != nil {
		return Item{}, err
	}
	return get(ctx, tx, id)
}

// Here is the incident whose room that is, 0 if it is none's.
func (s *Service) Here(ctx context.Context, network, room string) (int64, error) {
	return here(ctx, s.DB, network, room)
}

func here(ctx context.Context, db pg.DB, network, room string) (incident int64, err error) {
	if room == "" {
		return 0, nil
	}
	err = db.QueryRow(ctx, sqlIncidentHere, pgx.NamedArgs{"network": network, "room": room}).Scan(&incident)
	return incident, ignoreNone(err)
}
