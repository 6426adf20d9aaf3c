package action

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Mailer sends plain mail. key is the same for every try, so that who gets two shows
// one. An error that repeating cannot change wraps paging.ErrPermanent; none holds the
// address.
type Mailer interface {
	Mail(ctx context.Context, to secret.Text, key, subject, body string) error
}

// mailKind is the kind of contact that a reminder is mailed to.
const mailKind = "mail"

// LetterArgs is the job of mailing a reminder to a person. It holds no address: that is
// looked up when it is sent.
type LetterArgs struct {
	Person  int64  `json:"person"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// Kind names the job for River.
func (LetterArgs) Kind() string { return "action_letter" }

// LetterQueue is worked by the processes that can send mail.
const LetterQueue = "action_letters"

// letterTries spreads over an hour and a half; a reminder later than that is none.
const letterTries = 8

// post has a letter mailed, in the caller's transaction.
func (s *Service) post(ctx context.Context, tx pgx.Tx, person int64, l *letter) error {
	body := l.body(s.Base)
	if s.Localize != nil {
		body = s.Localize(body)
	}
	_, err := s.Queue.InsertTx(ctx, tx, LetterArgs{Person: person, Subject: l.subject(), Body: body},
		&river.InsertOpts{Queue: LetterQueue, MaxAttempts: letterTries})
	return err
}

// Postman mails reminders. It is the worker of the jobs that Remind leaves behind.
type Postman struct {
	river.WorkerDefaults[LetterArgs]
	DB     pg.DB
	Mailer Mailer
	Log    *slog.Logger
}

// Timeout is for one letter, a slow server included.
func (*Postman) Timeout(*river.Job[LetterArgs]) time.Duration { return time.Minute }

// Work implements [river.Worker].
func (p *Postman) Work(ctx context.Context, job *river.Job[LetterArgs]) error {
	err := p.Deliver(ctx, fmt.Sprint("action letter ", job.ID), job.Args)
	if errors.Is(err, paging.ErrPermanent) {
		p.Log.Warn("a reminder could not be mailed", "person", job.Args.Person, "error", err)
		return river.JobCancel(err)
	}
	return err
}

// Deliver sends a letter to the first address of the person that takes it. A person
// who has none any more is not told.
func (p *Postman) Deliver(ctx context.Context, key string, l LetterArgs) error {
	contacts, err := contact.Of(ctx, p.DB, l.Person)
	if err != nil {
		return err
	}
	var refused error
	for _, c := range contacts {
		if c.Kind != mailKind {
			continue
		}
		address, err := contact.Open(ctx, p.DB, c.ID)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if refused = p.Mailer.Mail(ctx, address, key, l.Subject, l.Body); !errors.Is(refused, paging.ErrPermanent) {
			return refused
		}
	}
	return refused
}
