// Package letter owns mail to people that is no page: reminders and warnings, which may
// come some minutes late and must not get lost.
//
// A letter is a job, inserted in the transaction of what it tells of. It holds no
// address: that is looked up when it is sent. How mail travels is integrations/mail's.
package letter

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
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Mailer sends plain mail. key is the same for every try, so that who gets two shows
// one. An error that repeating cannot change wraps paging.ErrPermanent; none holds the
// address.
type Mailer interface {
	Mail(ctx context.Context, to secret.Text, key, subject, body string) error
}

// mailKind is the kind of contact that letters go to.
const mailKind = "mail"

// Args is the job of mailing something to a person.
type Args struct {
	Person  int64  `json:"person"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// Kind names the job for River. The first letters were reminders of actions, and jobs
// of that name may still wait; the queue has its name from then, too.
func (Args) Kind() string { return "action_letter" }

// Queue is worked by the processes that can send mail.
const Queue = "action_letters"

// tries spread over an hour and a half; what comes later than that is of no use.
const tries = 8

// Post has a letter mailed, in the caller's transaction.
func Post(ctx context.Context, tx pgx.Tx, q notice.Queue, l Args) error {
	_, err := q.InsertTx(ctx, tx, l, &river.InsertOpts{Queue: Queue, MaxAttempts: tries})
	return err
}

// Reaches tells which of the people have an address that letters go to.
func Reaches(ctx context.Context, db pg.DB, people []int64) (map[int64]bool, error) {
	has := map[int64]bool{}
	contacts, err := contact.Of(ctx, db, people...)
	for _, c := range contacts {
		if takes(c) {
			has[c.PersonID] = true
		}
	}
	return has, err
}

// takes tells whether letters go to a contact. What nobody proved may be a stranger's, and
// what is sealed is opened in emergencies only.
func takes(c contact.Contact) bool { return c.Kind == mailKind && c.Usable() && !c.Sealed }

// Postman mails letters. It is the worker of the jobs that Post leaves behind.
type Postman struct {
	river.WorkerDefaults[Args]
	DB     pg.DB
	Mailer Mailer
	Log    *slog.Logger
}

// Timeout is for one letter, a slow server included.
func (*Postman) Timeout(*river.Job[Args]) time.Duration { return time.Minute }

// Work implements [river.Worker].
func (p *Postman) Work(ctx context.Context, job *river.Job[Args]) error {
	err := p.Deliver(ctx, fmt.Sprint("action letter ", job.ID), job.Args)
	if errors.Is(err, paging.ErrPermanent) {
		p.Log.Warn("a letter could not be mailed", "person", job.Args.Person, "error", err)
		return river.JobCancel(err)
	}
	return err
}

// Deliver sends a letter to the first address of the person that takes it. A person
// who has none any more is not told.
func (p *Postman) Deliver(ctx context.Context, key string, l Args) error {
	contacts, err := contact.Of(ctx, p.DB, l.Person)
	if err != nil {
		return err
	}
	var refused error
	for _, c := range contacts {
		if !takes(c) {
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
