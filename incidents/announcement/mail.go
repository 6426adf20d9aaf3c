package announcement

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"batsignal/oncall"
	"batsignal/oncall/letter"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// MailArgs is the job of mailing an announcement to a list.
type MailArgs struct {
	Announcement int64  `json:"announcement"`
	List         string `json:"list"`
}

// Kind names the job for River.
func (MailArgs) Kind() string { return "announcement_mail" }

// Queue is worked by the processes that can send mail.
const Queue = "announcements"

// mailTries spread over a day: an announcement that comes late is better than none, and
// whoever sent it sees on its page that it waits.
const mailTries = 12

// Mailing mails announcements to lists. It is the worker of the jobs that Send leaves behind.
type Mailing struct {
	river.WorkerDefaults[MailArgs]
	Service *Service
	Mailer  letter.Mailer
	Log     *slog.Logger
}

// Timeout is for one mail, a slow server included.
func (*Mailing) Timeout(*river.Job[MailArgs]) time.Duration { return time.Minute }

// Work implements [river.Worker].
func (m *Mailing) Work(ctx context.Context, job *river.Job[MailArgs]) error {
	a, err := m.Service.Get(ctx, job.Args.Announcement)
	if err != nil {
		return err
	}
	// A list shows what came twice with the same key once.
	err = m.Mailer.Mail(ctx, secret.New(job.Args.List), fmt.Sprintf("announcement %d %s", a.ID, job.Args.List), a.Subject(), a.Text+"\n")
	if err != nil && job.Attempt < job.MaxAttempts && !errors.Is(err, paging.ErrPermanent) {
		return err
	}
	state, detail := "sent", ""
	if err != nil {
		m.Log.Warn("an announcement could not be mailed", "announcement", a.ID, "list", job.Args.List, "error", err)
		state, detail = "failed", oncall.Clip(err.Error(), 500)
	}
	if kept := m.Service.change(ctx, oncall.Actor{}, func(c *change) error { return c.mailed(a.ID, job.Args.List, state, detail) }); kept != nil {
		return errors.Join(kept, err) // it is tried again; a list shows it once
	}
	if err != nil {
		return river.JobCancel(err)
	}
	return nil
}
