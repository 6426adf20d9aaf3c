package coverage

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/letter"
)

const (
	sqlLetters    = `select person_id, sent_at from coverage_letter where person_id = any (@people)`
	sqlLetterSent = `
		insert into coverage_letter (person_id, sent_at) values (@person, @now)
		on conflict (person_id) do update set sent_at = excluded.sent_at`
)

// mailEvery is how often one person is written to at most. What comes meanwhile is in
// the next letter.
const mailEvery = 24 * time.Hour

// reader is somebody who is written to, and the roles they are told of.
type reader struct {
	oncall.Person
	roles []*ledger
}

// mail writes to the people of each role with gaps, and to those who lead, if there is
// something that they were not written of.
func (w *Watch) mail(ctx context.Context, tx pgx.Tx, now time.Time, ledgers []*ledger) error {
	if !w.Mails {
		return nil
	}
	readers := readersOf(ledgers)
	ids := make([]int64, 0, len(readers))
	for _, r := range readers {
		ids = append(ids, r.ID)
	}
	reached, err := letter.Reaches(ctx, tx, ids)
	if err != nil {
		return err
	}
	sent, err := lettersTo(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, r := range readers {
		last := sent[r.ID]
		if !reached[r.ID] || now.Sub(last) < mailEvery || !r.hasNews(last) {
			continue
		}
		subject, body := r.letter(w.Base)
		if w.Localize != nil {
			body = w.Localize(body)
		}
		if err := letter.Post(ctx, tx, w.Queue, letter.Args{Person: r.ID, Subject: subject, Body: body}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlLetterSent, pgx.NamedArgs{"person": r.ID, "now": now}); err != nil {
			return err
		}
	}
	return nil
}

// lettersTo is when people were last written to.
func lettersTo(ctx context.Context, tx pgx.Tx, people []int64) (map[int64]time.Time, error) {
	sent := map[int64]time.Time{}
	rows, err := tx.Query(ctx, sqlLetters, pgx.NamedArgs{"people": people})
	if err != nil {
		return nil, err
	}
	var id int64
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error { sent[id] = at; return nil })
	return sent, err
}

// readersOf are the people of roles that have gaps, and those who lead, in their order.
func readersOf(ledgers []*ledger) (readers []*reader) {
	place := map[int64]*reader{}
	add := func(p oncall.Person, l *ledger) {
		r, ok := place[p.ID]
		if !ok {
			r = &reader{Person: p}
			place[p.ID] = r
			readers = append(readers, r)
		}
		if !slices.Contains(r.roles, l) {
			r.roles = append(r.roles, l)
		}
	}
	for _, l := range ledgers {
		if len(l.told()) == 0 {
			continue
		}
		for _, of := range ledgers {
			if of != l && !of.report.Role.Leads {
				continue
			}
			for _, m := range of.report.Members {
				if m.Active {
					add(m.Person, l)
				}
			}
		}
	}
	return readers
}

// told are the gaps that were told of in chat.
func (l *ledger) told() (gaps []Gap) {
	for _, p := range l.gaps {
		if p.row.WarnedAt != nil {
			gaps = append(gaps, p.Gap)
		}
	}
	return gaps
}

// hasNews tells whether something was told of since an instant.
func (r *reader) hasNews(since time.Time) bool {
	for _, l := range r.roles {
		for _, p := range l.gaps {
			for _, at := range []*time.Time{p.row.WarnedAt, p.row.RemindedAt} {
				if at != nil && at.After(since) {
					return true
				}
			}
		}
	}
	return false
}

// letter is all that there is to tell a reader.
func (r *reader) letter(base string) (subject, body string) {
	var titles []string
	var b strings.Builder
	b.WriteString("In the next two weeks there are times with too few people who could be rung.\n")
	for _, l := range r.roles {
		titles = append(titles, l.report.Role.Title)
		told := l.report
		told.Gaps = l.told()
		b.WriteString("\n" + told.Role.Title + ":\n")
		for _, text := range words(told.Groups(), r.Zone) {
			b.WriteString("- " + text + "\n")
		}
	}
	b.WriteString("\nWho can step in says so in chat: !coverage shows what is missing, !roster show who there is.\n")
	if base != "" {
		b.WriteString("\nCoverage: " + page(base) + "\n")
	}
	return "Too few people for " + oncall.Clip(oncall.JoinNames(titles), 120), b.String()
}
