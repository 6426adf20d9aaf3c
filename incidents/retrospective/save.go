package retrospective

import (
	"context"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Save keeps a text as the next edition. basedOn is the edition that it was made from:
// if somebody else has saved one since, it is a conflict and nothing is changed. A text
// that says what the newest edition says makes none.
func (s *Service) Save(ctx context.Context, a oncall.Actor, incident int64, basedOn int, text string) (Edition, error) {
	if text = tidy(text); text == "" {
		return Edition{}, fault.New(fault.Invalid, "The document is empty, so nothing was saved: write a sentence at least.")
	}
	return s.change(ctx, a, incident, func(e Edition) (string, error) {
		if e.Number != basedOn && e.Text != text {
			return "", fault.New(fault.Conflict, "Edition %d was saved while edition %d was being changed, so nothing was saved: put the two together, and save that.", e.Number, basedOn)
		}
		return text, nil
	})
}

// change makes the next edition of a document from the newest.
func (s *Service) change(ctx context.Context, a oncall.Actor, incident int64, next func(Edition) (string, error)) (e Edition, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		ended, err := lock(ctx, tx, incident)
		if err != nil {
			return err
		}
		var found bool
		e, found, err = newest(ctx, tx, incident)
		switch {
		case err != nil:
			return err
		case !found && ended == nil:
			return goesOn(incident)
		case !found:
			return notYet(incident)
		}
		text, err := next(e)
		if err != nil || text == e.Text {
			return err
		}
		letters := utf8.RuneCountInString(text)
		if letters > Longest {
			return fault.New(fault.Invalid, "The document would have %d letters and may have %d, so nothing was saved: make it shorter, or put long logs elsewhere and link to them.", letters, Longest)
		}
		e = Edition{Incident: incident, Number: e.Number + 1, At: s.Now(), By: a.Handle, Letters: letters, Text: text}
		return add(ctx, tx, e.At, incident, e.Number, a.PersonID, text)
	})
	return e, err
}
