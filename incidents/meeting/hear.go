package meeting

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
)

// roomsEvery is how long it may stay unknown that another process began a meeting:
// every line of talk comes through here, and none may cost a query.
const roomsEvery = time.Second

// Hear takes what was said, in order. When it returns without an error, every line
// that belongs to a meeting is a row, and what it causes is too. A line that a network
// delivers again is heard once.
func (s *Service) Hear(ctx context.Context, heard ...Heard) ([]Answer, error) {
	_, answers, err := s.Take(ctx, heard)
	return answers, err
}

// Take is Hear for who goes on after an error: the first so many are rows then, and
// must not be told again.
func (s *Service) Take(ctx context.Context, heard []Heard) (taken int, answers []Answer, err error) {
	for still := 0; taken < len(heard); {
		end := taken + 1
		for end < len(heard) && heard[end].Room == heard[taken].Room {
			end++
		}
		n, said, err := s.hearRoom(ctx, heard[taken:end])
		for _, a := range said {
			a.Index += taken
			answers = append(answers, a)
		}
		if err != nil {
			return taken, answers, err
		}
		// Another process began or ended the meeting meanwhile: that is seen the next time.
		if still++; n > 0 {
			still = 0
		}
		if still > patience {
			return taken, answers, fmt.Errorf("whether a meeting goes on in %s on %s changes too often", heard[taken].Room.Room, heard[taken].Room.Network)
		}
		taken += n
	}
	return taken, answers, nil
}

// patience is how often a line is tried anew because its room's meeting is not what it
// was a moment ago.
const patience = 5

// hearRoom takes lines of one room, up to where a meeting begins or ends.
func (s *Service) hearRoom(ctx context.Context, heard []Heard) (taken int, answers []Answer, err error) {
	id, err := s.In(ctx, heard[0].Room)
	if err != nil {
		return 0, nil, err
	}
	if id != 0 {
		taken, answers, err = s.feed(ctx, id, heard)
		if taken > 0 || err != nil {
			return taken, answers, err
		}
		s.Refresh() // it has ended meanwhile
		if id, err = s.In(ctx, heard[0].Room); err != nil || id != 0 {
			return 0, nil, err
		}
	}
	start := slices.IndexFunc(heard, s.begins)
	if start < 0 {
		start = len(heard)
	}
	if start > 0 {
		for _, h := range heard[:start] {
			if err := s.amend(ctx, h); err != nil {
				return 0, nil, err
			}
		}
		return start, nil, s.keepRecent(ctx, heard[:start])
	}
	return s.begin(ctx, heard[0])
}

// Begins tells whether a line would start a meeting in its room if none goes on there:
// the caller should look at the room first.
func (s *Service) Begins(at incidents.Room, text string) bool {
	if !strings.HasPrefix(strings.TrimLeft(text, " \t"), "#") {
		return false // of most lines, before anything is looked up for them
	}
	d, ok := minutes.DialectNamed(cmp.Or(s.Policy.For(at).Dialect, s.Policy.Dialect, minutes.Batsignal().Name))
	return ok && d.IsStart(text)
}

func (s *Service) begins(h Heard) bool {
	return h.Event.Kind == minutes.Said && !h.Event.Self && s.Begins(h.Room, h.Event.Text)
}

// In is the meeting that goes on in a room, 0 if none does.
func (s *Service) In(ctx context.Context, at incidents.Room) (int64, error) {
	now := s.Now()
	s.mu.Lock()
	rooms, read, since := s.rooms, s.reads, now.Sub(s.at)
	s.mu.Unlock()
	if rooms != nil && since < roomsEvery && since >= 0 {
		return rooms[folded(at)], nil
	}
	// Nobody waits for this query who does not need what it reads.
	rows, err := s.DB.Query(ctx, sqlOpenRooms)
	if err != nil {
		return 0, err
	}
	rooms = map[incidents.Room]int64{}
	var id int64
	var r incidents.Room
	if _, err := pgx.ForEachRow(rows, []any{&id, &r.Network, &r.Room}, func() error {
		rooms[folded(r)] = id
		return nil
	}); err != nil {
		return 0, err
	}
	s.mu.Lock()
	if s.reads == read { // nobody heard since that it changed
		s.rooms, s.at = rooms, now
	}
	s.mu.Unlock()
	return rooms[folded(at)], nil
}

func folded(r incidents.Room) incidents.Room {
	r.Room = strings.ToLower(r.Room)
	return r
}

// Refresh forgets which rooms have meetings, for whoever hears that it changed.
func (s *Service) Refresh() {
	s.mu.Lock()
	s.rooms = nil
	s.reads++
	s.mu.Unlock()
}

// feed hears lines in the rooms of a meeting that goes on. It takes none if the
// meeting is over, and none after the one that ends it.
func (s *Service) feed(ctx context.Context, id int64, heard []Heard) (taken int, answers []Answer, err error) {
	l := s.takeLive(id)
	var elsewhere []Heard
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		taken, answers, elsewhere = 0, nil, nil
		w, err := s.open(ctx, tx, id, &l)
		if err != nil || w == nil {
			return err
		}
		if heard, err = w.prove(heard); err != nil {
			return err
		}
		known, err := w.known(heard)
		if err != nil {
			return err
		}
		for _, h := range heard {
			if w.m.Over {
				break
			}
			taken++
			if w.announced(h) {
				continue
			}
			if h.Event.Kind.IsChange() {
				here, err := w.change(h, taken-1)
				if err != nil {
					return err
				}
				if !here {
					elsewhere = append(elsewhere, h)
				}
				continue
			}
			if h.Event.ID != "" && h.Event.Kind.IsLine() {
				if known[h.Event.ID] {
					continue
				}
				known[h.Event.ID] = true
			}
			if err := w.hear(h.Event, h.Room, taken-1); err != nil {
				return err
			}
		}
		answers = w.answers
		return w.close()
	})
	if pg.IsUnique(err, "meeting_event_once") {
		return 0, nil, nil // another process has just heard one of them: now it is known
	}
	if err != nil {
		return 0, nil, err
	}
	s.putLive(id, l)
	for _, h := range elsewhere {
		if err := s.amend(ctx, h); err != nil {
			return 0, nil, err
		}
	}
	return taken, answers, nil
}

// announced tells whether a line is what the bot says in every room of an incident: in
// the first of them it is on record.
func (w *work) announced(h Heard) bool {
	return h.Event.Self && w.row.Incident != nil && folded(h.Room) != folded(w.row.at()) &&
		strings.HasPrefix(h.Event.Text, "["+w.m.Incident+"]")
}

// known are those of the lines that were heard before.
func (w *work) known(heard []Heard) (map[string]bool, error) {
	var ids []string
	for _, h := range heard {
		if h.Event.ID != "" && h.Event.Kind.IsLine() {
			ids = append(ids, h.Event.ID)
		}
	}
	known := map[string]bool{}
	if len(ids) == 0 {
		return known, nil
	}
	// It is planned for the values at hand: a plan from when the table was small would
	// read all of it, each time.
	rows, err := w.tx.Query(w.ctx, sqlKnown, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{"network": heard[0].Room.Network, "ids": ids})
	if err != nil {
		return nil, err
	}
	var one string
	_, err = pgx.ForEachRow(rows, []any{&one}, func() error { known[one] = true; return nil })
	return known, err
}

// prove fills in who on the roster the proven accounts belong to, and their zones.
func (w *work) prove(heard []Heard) ([]Heard, error) {
	var accounts []string
	for _, h := range heard {
		if h.Event.Who.Account != "" && !slices.Contains(accounts, h.Event.Who.Account) {
			accounts = append(accounts, h.Event.Who.Account)
		}
	}
	heard = slices.Clone(heard)
	type known struct{ handle, zone string }
	people := map[string]known{}
	if len(accounts) > 0 {
		rows, err := w.tx.Query(w.ctx, sqlHandles, pgx.NamedArgs{"network": heard[0].Room.Network, "accounts": accounts})
		if err != nil {
			return nil, err
		}
		var account string
		var one known
		if _, err := pgx.ForEachRow(rows, []any{&account, &one.handle, &one.zone}, func() error {
			people[account] = one
			return nil
		}); err != nil {
			return nil, err
		}
	}
	for i := range heard {
		who := &heard[i].Event.Who
		who.Network, who.Handle, who.Zone = heard[i].Room.Network, people[who.Account].handle, people[who.Account].zone
	}
	return heard, nil
}
