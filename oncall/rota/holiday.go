package rota

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

// Day is a day of the calendar in a region.
type Day struct {
	Region string // "de" or "de-by"
	Year   int
	Month  time.Month
	Day    int
}

// Holiday is a day on which a region rests.
type Holiday struct {
	Day  civil.DateTime // its midnight
	Name string
}

const (
	sqlHolidaysBetween = `
		select region, day, name from holiday where day between @from and @until`
	sqlHolidays = `
		select day, name from holiday where region = @region and day between @from and @until order by day`
	sqlForgetHolidays = `
		delete from holiday where region = @region
			and (cardinality(@years::int[]) = 0 or extract(year from day)::int = any (@years::int[]))`
	sqlInsertHoliday = `
		insert into holiday (region, day, name)
		select @region, day, name from unnest(@days::date[], @names::text[]) as list (day, name)`
)

var validRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z0-9]{1,3})?$`)

const (
	mostHolidays       = 2000
	longestHolidayName = 120 // letters
)

// SetHolidays makes the holidays of a region those given, in the years that they speak
// of; none at all takes away all of the region. Two on one day become one.
func (s *Service) SetHolidays(ctx context.Context, by oncall.Actor, region string, list []Holiday) error {
	if !validRegion.MatchString(region) {
		return fault.New(fault.Invalid, "%q is no region that I know how to read. Write it like de or de-by.", region)
	}
	if len(list) > mostHolidays {
		return fault.New(fault.Limited, "That are %d holidays; more than %d at once is a mistake, I think.", len(list), mostHolidays)
	}
	named := map[civil.DateTime]string{}
	var order []civil.DateTime
	for _, h := range list {
		day := civil.DateTime{Year: h.Day.Year, Month: h.Day.Month, Day: h.Day.Day}
		if h.Name = cleaned(h.Name); h.Name == "" || utf8.RuneCountInString(h.Name) > longestHolidayName {
			return fault.New(fault.Invalid, "A holiday needs a name of up to %d letters; the one on %s has another.", longestHolidayName, day)
		}
		if before, twice := named[day]; !twice {
			order = append(order, day)
		} else if before != h.Name {
			h.Name = oncall.Clip(before+", "+h.Name, longestHolidayName)
		}
		named[day] = h.Name
	}
	slices.SortFunc(order, func(a, b civil.DateTime) int { return a.Compare(b) })
	years, days, names := []int{}, []time.Time{}, []string{}
	for _, d := range order {
		if !slices.Contains(years, d.Year) {
			years = append(years, d.Year)
		}
		days, names = append(days, time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)), append(names, named[d])
	}
	return s.change(ctx, by, func(c *change) error {
		if _, err := c.tx.Exec(ctx, sqlForgetHolidays, pgx.NamedArgs{"region": region, "years": years}); err != nil {
			return err
		}
		if _, err := c.tx.Exec(ctx, sqlInsertHoliday, pgx.NamedArgs{"region": region, "days": days, "names": names}); err != nil {
			return err
		}
		says := "took the holidays of " + region + " away"
		if len(list) > 0 {
			says = fmt.Sprintf("set %s of %s", oncall.Plural(len(days), "holiday", "holidays"), region)
		}
		return c.record(audit.Change{Kind: "holiday", Subject: region, Says: says})
	})
}

// Holidays lists the holidays of a region between two days, both included.
func Holidays(ctx context.Context, db pg.DB, region string, from, until time.Time) ([]Holiday, error) {
	rows, err := db.Query(ctx, sqlHolidays, pgx.NamedArgs{"region": region, "from": from, "until": until})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Holiday, err error) {
		var day time.Time
		err = row.Scan(&day, &h.Name)
		h.Day = civil.DateTime{Year: day.Year(), Month: day.Month(), Day: day.Day()}
		return h, err
	})
}

func collectHolidays(rows pgx.Rows) (map[Day]string, error) {
	out := map[Day]string{}
	var region, name string
	var day time.Time
	_, err := pgx.ForEachRow(rows, []any{&region, &day, &name}, func() error {
		out[Day{region, day.Year(), day.Month(), day.Day()}] = name
		return nil
	})
	return out, err
}
