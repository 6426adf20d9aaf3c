package rota

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
)

// kindAbsence is what the audit trail calls them. It is not told why somebody is away.
const kindAbsence = "absence"

const (
	sqlAbsenceColumns = `
		select id, person_id, starts_at, ends_at, note from absence`
	sqlAbsence    = sqlAbsenceColumns + ` where id = @id`
	sqlAbsencesOf = sqlAbsenceColumns + ` where person_id = @person
		and ends_at > @from and starts_at < @until order by starts_at, id`
	sqlSameAbsence = sqlAbsenceColumns + ` where person_id = @person
		and starts_at = @from and ends_at = @until and source = '' order by id limit 1`
	sqlLockPerson    = `select handle from person where id = @person for no key update`
	sqlInsertAbsence = `
		insert into absence (person_id, starts_at, ends_at, note, created_at)
		values (@person, @from, @until, @note, @now) returning id`
	sqlDeleteAbsence = `
		delete from absence where id = @id`
	// What is as it was is left alone, so that it can be told what changed.
	sqlImportAbsences = `
		insert into absence (person_id, starts_at, ends_at, note, source, uid, created_at)
		select @person, starts, ends, note, @source, uid, @now
		from unnest(@uids::text[], @starts::timestamptz[], @ends::timestamptz[], @notes::text[]) as list (uid, starts, ends, note)
		on conflict (person_id, source, uid) where uid <> '' do update
			set starts_at = excluded.starts_at, ends_at = excluded.ends_at, note = excluded.note
			where (absence.starts_at, absence.ends_at, absence.note) is distinct from (excluded.starts_at, excluded.ends_at, excluded.note)
		returning xmax = 0`
	sqlForgetAbsences = `
		delete from absence where person_id = @person and source = @source and uid <> all (@uids::text[])`
)

const (
	longestAbsenceNote = 200 // letters
	longestSource      = 64  // letters
	longestUID         = 300 // letters
	mostEvents         = 2000
)

// Hit is a shift that somebody has while they are away.
type Hit struct {
	Schedule string // its name
	Shift    schedule.Shift
}

// Event is an absence as a calendar has it.
type Event struct {
	UID   string // stays the same when the event is moved; several may have one if it repeats; "" is none
	From  time.Time
	Until time.Time
	Note  string
}

// Imported tells what an import did.
type Imported struct {
	Added, Changed, Gone int
	Skipped              int // events that are over, or end before they begin
}

// Absences lists when a person is away, within a range.
func Absences(ctx context.Context, db pg.DB, person int64, from, until time.Time) ([]schedule.Absence, error) {
	return queryAbsences(ctx, db, sqlAbsencesOf, pgx.NamedArgs{"person": person, "from": from, "until": until})
}

// AddAbsence notes that somebody is away; a.Person 0 is the actor. The hits are the
// shifts that they have then and should have covered. A repeat has no effect.
func (s *Service) AddAbsence(ctx context.Context, by oncall.Actor, admin bool, a schedule.Absence) (added schedule.Absence, hits []Hit, err error) {
	if a.Person == 0 {
		a.Person = by.PersonID
	}
	a.Note = cleaned(a.Note)
	err = s.change(ctx, by, func(c *change) error {
		added = a
		if err := own(by, admin, a.Person, "Let them say it: !away."); err != nil {
			return err
		}
		if err := span(a.From, a.Until, c.now); err != nil {
			return err
		}
		if utf8.RuneCountInString(a.Note) > longestAbsenceNote {
			return fault.New(fault.Invalid, "That note is longer than %d letters. Make it shorter.", longestAbsenceNote)
		}
		if err := c.lockPerson(a.Person); err != nil {
			return err
		}
		same, err := queryAbsences(ctx, c.tx, sqlSameAbsence, pgx.NamedArgs{"person": a.Person, "from": a.From, "until": a.Until})
		if err != nil {
			return err
		}
		switch {
		case len(same) > 0:
			added = same[0]
		case c.trying:
		default:
			if err := c.tx.QueryRow(ctx, sqlInsertAbsence, pgx.NamedArgs{
				"person": a.Person, "from": a.From, "until": a.Until, "note": a.Note, "now": c.now,
			}).Scan(&added.ID); err != nil {
				return err
			}
			c.tell(a.Person, fmt.Sprintf("%s noted that you are away %s. If that is wrong: !away.", by.Who(), stretch(a.From, a.Until, c.zone(a.Person))))
			if err := c.recordAbsence(a, "is away "+stretch(a.From, a.Until, "")); err != nil {
				return err
			}
		}
		hits, err = hitsOf(ctx, c.tx, c.now, a.Person, a)
		return err
	})
	return added, hits, err
}

// RemoveAbsence notes that somebody is there after all. What came of a calendar comes
// back with the next import, unless it is taken out there.
func (s *Service) RemoveAbsence(ctx context.Context, by oncall.Actor, admin bool, id int64) (removed schedule.Absence, err error) {
	err = s.change(ctx, by, func(c *change) error {
		list, err := queryAbsences(ctx, c.tx, sqlAbsence, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return noAbsence(id)
		}
		a := list[0]
		if err := own(by, admin, a.Person, "Let them say it: !away."); err != nil {
			return err
		}
		if err := c.lockPerson(a.Person); err != nil {
			return err
		}
		tag, err := c.tx.Exec(ctx, sqlDeleteAbsence, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return noAbsence(id) // somebody was quicker
		}
		removed = a
		c.tell(a.Person, fmt.Sprintf("%s noted that you are not away %s after all.", by.Who(), stretch(a.From, a.Until, c.zone(a.Person))))
		return c.recordAbsence(a, "is not away "+stretch(a.From, a.Until, "")+" after all")
	})
	return removed, err
}

// ImportAbsences makes a person's absences of one source those of a calendar: what is
// new in it comes, what was moved moves, what is gone goes. Events that are over are
// skipped. source names the calendar; what was said by hand is not touched.
func (s *Service) ImportAbsences(ctx context.Context, by oncall.Actor, admin bool, person int64, source string, events []Event) (done Imported, hits []Hit, err error) {
	if source = cleaned(source); source == "" || utf8.RuneCountInString(source) > longestSource {
		return done, nil, fault.New(fault.Invalid, "A calendar needs a name of up to %d letters.", longestSource)
	}
	if len(events) > mostEvents {
		return done, nil, fault.New(fault.Limited, "That calendar has %d events; I read up to %d. Export fewer, or choose a shorter time.", len(events), mostEvents)
	}
	err = s.change(ctx, by, func(c *change) error {
		done = Imported{}
		if err := own(by, admin, person, "Let them import it."); err != nil {
			return err
		}
		if err := c.lockPerson(person); err != nil {
			return err
		}
		list := c.usable(events, &done)
		uids, starts, ends, notes := []string{}, []time.Time{}, []time.Time{}, []string{}
		var absences []schedule.Absence
		for _, e := range list {
			uids, starts, ends, notes = append(uids, e.UID), append(starts, e.From), append(ends, e.Until), append(notes, e.Note)
			absences = append(absences, schedule.Absence{Person: person, From: e.From, Until: e.Until})
		}
		args := pgx.NamedArgs{"person": person, "source": source, "uids": uids, "starts": starts, "ends": ends, "notes": notes, "now": c.now}
		tag, err := c.tx.Exec(ctx, sqlForgetAbsences, args)
		if err != nil {
			return err
		}
		done.Gone = int(tag.RowsAffected())
		rows, err := c.tx.Query(ctx, sqlImportAbsences, args)
		if err != nil {
			return err
		}
		fresh, err := pgx.CollectRows(rows, pgx.RowTo[bool])
		if err != nil {
			return err
		}
		for _, isNew := range fresh {
			if isNew {
				done.Added++
			} else {
				done.Changed++
			}
		}
		if done.Added+done.Changed+done.Gone > 0 {
			if err := c.recordAbsence(schedule.Absence{Person: person}, fmt.Sprintf("absences of the calendar %s: %d new, %d moved, %d gone",
				source, done.Added, done.Changed, done.Gone)); err != nil {
				return err
			}
		}
		hits, err = hitsOf(ctx, c.tx, c.now, person, absences...)
		return err
	})
	return done, hits, err
}

// usable brings the events of a calendar into shape: no event that is over, each UID
// once, notes that fit.
func (c *change) usable(events []Event, done *Imported) []Event {
	times := map[string]int{} // one that repeats has one UID for all times
	for _, e := range events {
		times[cleaned(e.UID)]++
	}
	seen := map[string]bool{}
	var out []Event
	for _, e := range events {
		if !e.From.Before(e.Until) || !e.Until.After(c.now) {
			done.Skipped++
			continue
		}
		e.Note, e.UID = oncall.Clip(cleaned(e.Note), longestAbsenceNote), cleaned(e.UID)
		began := e.From.UTC().Format(time.RFC3339)
		if e.UID == "" {
			e.UID = began
		} else if times[e.UID] > 1 {
			e.UID += " " + began
		}
		if utf8.RuneCountInString(e.UID) > longestUID {
			sum := sha256.Sum256([]byte(e.UID))
			e.UID = hex.EncodeToString(sum[:])
		}
		if seen[e.UID] { // the same event twice
			done.Skipped++
			continue
		}
		seen[e.UID] = true
		out = append(out, e)
	}
	return out
}

// lockPerson has changes of one person's absences take turns, and knows them.
func (c *change) lockPerson(person int64) error {
	var handle string
	err := c.tx.QueryRow(c.ctx, sqlLockPerson, pgx.NamedArgs{"person": person}).Scan(&handle)
	if noRow(err) {
		return fault.New(fault.NotFound, "There is no such person. !roster show lists who is there.")
	}
	if err != nil {
		return err
	}
	return c.know(person)
}

func (c *change) recordAbsence(a schedule.Absence, says string) error {
	return c.record(audit.Change{Kind: kindAbsence, Subject: c.handle(a.Person), Says: says, Concerns: []int64{a.Person}})
}

func noAbsence(id int64) error {
	return fault.New(fault.NotFound, "There is no absence %d any more. !away lists yours.", id)
}

// hitsOf finds the shifts, from now on, that fall into absences.
func hitsOf(ctx context.Context, db pg.DB, now time.Time, person int64, absences ...schedule.Absence) ([]Hit, error) {
	if len(absences) == 0 {
		return nil, nil
	}
	from, until := absences[0].From, absences[0].Until
	for _, a := range absences {
		if a.From.Before(from) {
			from = a.From
		}
		if a.Until.After(until) {
			until = a.Until
		}
	}
	if from.Before(now) {
		from = now
	}
	if limit := from.Add(longestRange); until.After(limit) {
		until = limit
	}
	b, err := Load(ctx, db, from, until)
	if err != nil {
		return nil, err
	}
	var out []Hit
	for _, s := range b.Schedules {
		if !b.concerns(s, person) {
			continue
		}
		for _, sh := range shiftsOf(b.Shifts(s, from, until), person, "") {
			for _, a := range absences {
				if !sh.Shadow && crosses(sh.From, sh.Until, a.From, a.Until) {
					out = append(out, Hit{s.Name, sh})
					break
				}
			}
		}
	}
	return out, nil
}

// concerns tells whether a person can be on by a schedule at all.
func (b Book) concerns(s schedule.Schedule, person int64) bool {
	for _, l := range s.Layers {
		for _, m := range l.Members {
			if m == person {
				return true
			}
		}
	}
	for _, o := range b.overrides[s.ID] {
		if o.Person == person {
			return true
		}
	}
	return false
}

func queryAbsences(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]schedule.Absence, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pg.Collect(rows, absenceFields)
}

func absenceFields(a *schedule.Absence) []any {
	return []any{&a.ID, &a.Person, &a.From, &a.Until, &a.Note}
}
