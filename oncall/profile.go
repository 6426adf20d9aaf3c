package oncall

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const sqlSetProfile = `
	update person set name = @name, zone = @zone, wakes = @wakes, sleeps = @sleeps, works_from = @works_from,
		works_until = @works_until, works_days = @works_days, region = @region, languages = @languages, version = version + 1
	where id = @id and version = @based returning version`

// Profile is what somebody may change about themselves, beside their accounts and
// contacts.
type Profile struct {
	Name       string
	Zone       string // IANA name
	Wakes      int    // minutes after local midnight
	Sleeps     int    // minutes after local midnight; before Wakes means after midnight
	WorksFrom  *int   // minutes after local midnight; nil: says nothing about work
	WorksUntil *int   // minutes after local midnight; before WorksFrom means after midnight
	WorksDays  int    // Monday is 1, Tuesday 2, Sunday 64
	Region     string // "de" or "de-by"; "" is none
	Languages  string // "de en"; "" says nothing
}

// Profile is what a person may change about themselves.
func (p Person) Profile() Profile {
	return Profile{
		Name: p.Name, Zone: p.Zone, Wakes: p.Wakes, Sleeps: p.Sleeps,
		WorksFrom: p.WorksFrom, WorksUntil: p.WorksUntil, WorksDays: p.WorksDays, Region: p.Region, Languages: p.Languages,
	}
}

// with is the person with another profile.
func (p Person) with(f Profile) Person {
	p.Name, p.Zone, p.Wakes, p.Sleeps = f.Name, f.Zone, f.Wakes, f.Sleeps
	p.WorksFrom, p.WorksUntil, p.WorksDays, p.Region, p.Languages = f.WorksFrom, f.WorksUntil, f.WorksDays, f.Region, f.Languages
	return p
}

var (
	validRegion    = regexp.MustCompile(`^([a-z]{2}(-[a-z0-9]{1,3})?)?$`)
	validLanguages = regexp.MustCompile(`^([a-z]{2,3}( [a-z]{2,3}){0,15})?$`)
)

// Check says what is wrong with a profile, with the field that it is wrong in: "name",
// "zone", "awake", "work", "region" or "languages". The error joins a [FieldError] for
// each.
func (f Profile) Check() error {
	var all fieldErrors
	all.unless(isLine(f.Name, longestName), "name", "A name is letters, at most %d of them. Say it shorter.", longestName)
	if err := checkZone(f.Zone); err != nil {
		all.add("zone", "%s", fault.Say(err))
	}
	all.unless(minuteOrNil(&f.Wakes) && minuteOrNil(&f.Sleeps), "awake", "Write waking hours like 07:00-23:00, in your own time.")
	all.unless((f.WorksFrom == nil) == (f.WorksUntil == nil) && minuteOrNil(f.WorksFrom) && minuteOrNil(f.WorksUntil), "work",
		"Write working hours like 09:00-17:00 mon-fri, in your own time.")
	all.unless(f.WorksDays >= 0 && f.WorksDays < 128 && (f.WorksFrom == nil || f.WorksDays > 0), "work", "Say on which days you work, like mon-fri or mon,wed.")
	all.unless(validRegion.MatchString(f.Region), "region", "I cannot know the holidays of %q. Write a region like de or de-by.", Clip(f.Region, 32))
	all.unless(validLanguages.MatchString(f.Languages), "languages", "Write languages as codes, those that you like best first: de en.")
	return all.err()
}

// tidy forgives what people type in other ways.
func (f Profile) tidy() Profile {
	f.Name, f.Zone = oneLine(f.Name), strings.TrimSpace(f.Zone)
	f.Region = strings.ToLower(strings.TrimSpace(f.Region))
	f.Languages = strings.Join(strings.FieldsFunc(strings.ToLower(f.Languages), func(r rune) bool { return r == ' ' || r == ',' }), " ")
	return f
}

// SetProfile changes what is known of a person. based is the version of the person that
// the change was made from; if somebody was quicker, it is a Conflict that says who.
// That the actor may change this person is checked by the caller.
func (d *Desk) SetProfile(ctx context.Context, a Actor, person int64, based int, f Profile) (p Person, err error) {
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		if p, err = PersonByID(ctx, tx, person); noRow(err) {
			return fault.New(fault.NotFound, "There is no such person any more.")
		} else if err != nil {
			return err
		}
		p, err = setProfile(ctx, tx, d.Now(), a, p, based, f)
		return err
	})
	return p, err
}

func setProfile(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person, based int, f Profile) (Person, error) {
	f = f.tidy()
	if err := f.Check(); err != nil {
		return p, err
	}
	before, next := p.Profile(), p.with(f)
	err := tx.QueryRow(ctx, sqlSetProfile, pgx.NamedArgs{
		"id": p.ID, "based": based, "name": f.Name, "zone": f.Zone, "wakes": f.Wakes, "sleeps": f.Sleeps, "works_from": f.WorksFrom,
		"works_until": f.WorksUntil, "works_days": f.WorksDays, "region": f.Region, "languages": f.Languages,
	}).Scan(&next.Version)
	if noRow(err) {
		return p, errQuicker(ctx, tx, "person", p.Handle, "What is known of "+p.Handle)
	}
	if err != nil {
		return p, err
	}
	says := "changed their own profile"
	if a.PersonID != p.ID {
		says = "changed the profile of " + p.Handle
	}
	return next, audit.Record(ctx, tx, now, a.By(), audit.Change{
		Kind: "person", Subject: p.Handle, Says: says, Before: before, After: f, Concerns: []int64{p.ID},
	})
}

// errQuicker says that something was changed by somebody else meanwhile, and by whom.
func errQuicker(ctx context.Context, db pg.DB, kind, subject, what string) error {
	by := "Somebody"
	if last, err := audit.List(ctx, db, audit.Query{Kind: kind, Subject: subject, Most: 1}); err == nil && len(last) > 0 && last[0].Handle != "" {
		by = last[0].Handle
	}
	return fault.New(fault.Conflict, "%s was changed meanwhile. %s was quicker: look at it again, then change it.", what, by)
}

// Hours are a person's zone and waking hours; nil or "" leaves a part as it is.
type Hours struct {
	Zone          string
	Wakes, Sleeps *int // minutes after local midnight
}

// setHours changes zone and waking hours as far as they are given.
func setHours(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person, h Hours) (Person, error) {
	f := p.Profile()
	if h.Zone != "" {
		f.Zone = h.Zone
	}
	if h.Wakes != nil && h.Sleeps != nil {
		f.Wakes, f.Sleeps = *h.Wakes, *h.Sleeps
	}
	if f == p.Profile() {
		return p, nil
	}
	return setProfile(ctx, tx, now, a, p, p.Version, f)
}

// Awake writes waking hours on the clock of their zone and in UTC on that day, so that
// nobody errs in either: "07:00-23:00 Europe/Berlin (06:00-22:00 UTC today)".
func (f Profile) Awake(now time.Time) string { return hoursIn(now, f.Zone, f.Wakes, f.Sleeps) }

// Works writes working hours as [Profile.Awake] does, with the days; "" if they say
// nothing about work.
func (f Profile) Works(now time.Time) string {
	if f.WorksFrom == nil || f.WorksUntil == nil {
		return ""
	}
	return WriteDays(f.WorksDays) + " " + hoursIn(now, f.Zone, *f.WorksFrom, *f.WorksUntil)
}

func hoursIn(now time.Time, zone string, from, until int) string {
	local := now.In(Location(zone))
	utc := func(minute int) string {
		return time.Date(local.Year(), local.Month(), local.Day(), minute/60, minute%60, 0, 0, local.Location()).UTC().Format("15:04")
	}
	here := Minutes(from) + "-" + Minutes(until)
	if there := utc(from) + "-" + utc(until); there != here {
		return fmt.Sprintf("%s %s (%s UTC today)", here, zone, there)
	}
	return here + " " + zone
}
