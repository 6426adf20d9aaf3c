package rota

import (
	"context"
	"slices"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// Calendar tells when people are on and away, as schedules have it.
type Calendar struct{}

var _ oncall.Calendar = Calendar{}

// Shifts are the times at which somebody is on and rung in [from, until), in order.
func (Calendar) Shifts(ctx context.Context, db pg.DB, person int64, from, until time.Time) ([]oncall.Shift, error) {
	b, err := Load(ctx, db, from, until)
	if err != nil {
		return nil, err
	}
	var out []oncall.Shift
	for _, s := range b.Schedules {
		if !b.concerns(s, person) {
			continue
		}
		for _, sh := range shiftsOf(b.Shifts(s, from, until), person, "") {
			if !sh.Away && !sh.Shadow {
				out = append(out, oncall.Shift{Schedule: s.Name, Role: s.Role, From: sh.From, Until: sh.Until})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b oncall.Shift) int { return a.From.Compare(b.From) })
	return out, nil
}

// Absences are the times at which somebody is away in [from, until), in order.
func (Calendar) Absences(ctx context.Context, db pg.DB, person int64, from, until time.Time) ([]oncall.Absence, error) {
	list, err := Absences(ctx, db, person, from, until)
	out := make([]oncall.Absence, 0, len(list))
	for _, a := range list {
		out = append(out, oncall.Absence{From: a.From, Until: a.Until, Note: a.Note})
	}
	return out, err
}
