package action

import (
	"context"

	"github.com/jackc/pgx/v5"

	letters "batsignal/oncall/letter"
)

// post has a letter mailed, in the caller's transaction.
func (s *Service) post(ctx context.Context, tx pgx.Tx, person int64, l *letter) error {
	body := l.body(s.Base)
	if s.Localize != nil {
		body = s.Localize(body)
	}
	return letters.Post(ctx, tx, s.Queue, letters.Args{Person: person, Subject: l.subject(), Body: body})
}

// mailed are those of the people who have a mail contact, if mail is sent at all.
func (s *Service) mailed(ctx context.Context, tx pgx.Tx, people []int64) (map[int64]bool, error) {
	if !s.Mails {
		return nil, nil
	}
	return letters.Reaches(ctx, tx, people)
}
