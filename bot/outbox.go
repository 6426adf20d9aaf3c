package bot

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
)

// Outbox drains announcements to the networks that this process is on. It is the
// worker of the jobs that notice.Post leaves behind; the rows say what to send, so
// a job that runs twice, or after another has done its work, does no harm.
type Outbox struct {
	river.WorkerDefaults[notice.DrainArgs]
	DB       pg.DB
	Now      func() time.Time
	Log      *slog.Logger
	Networks map[string]Network
	Localize func(string) string
}

const (
	noticeTries = 5
	// offlinePause is how long a drain rests while its network is away.
	offlinePause = 2 * time.Second
	// noticeBudget is how long one announcement may take to be confirmed; a network
	// that paces us counts in.
	noticeBudget = time.Minute
)

// Timeout tells River that a drain may take long: IRC lets few lines a second pass.
func (*Outbox) Timeout(*river.Job[notice.DrainArgs]) time.Duration { return 10 * time.Minute }

// Work implements [river.Worker].
func (o *Outbox) Work(ctx context.Context, job *river.Job[notice.DrainArgs]) error {
	drained, err := o.Drain(ctx, job.Args.Network)
	if err != nil {
		return err
	}
	if !drained {
		return river.JobSnooze(offlinePause)
	}
	return nil
}

// Drain sends what waits for a network, oldest first. drained is false when the
// network was away and something still waits.
func (o *Outbox) Drain(ctx context.Context, network string) (drained bool, err error) {
	n, ok := o.Networks[network]
	if !ok {
		return true, nil
	}
	for {
		waiting, err := notice.Next(ctx, o.DB, network)
		if err != nil {
			return false, err
		}
		if len(waiting) == 0 {
			return true, nil
		}
		for _, one := range waiting {
			if done, err := o.deliver(ctx, n, one); err != nil || !done {
				return false, err
			}
		}
	}
}

// deliver sends one notice and marks its row. done is false if it must wait.
func (o *Outbox) deliver(ctx context.Context, n Network, one notice.Notice) (done bool, err error) {
	sendCtx, cancel := context.WithTimeout(ctx, noticeBudget)
	defer cancel()
	sendErr := o.send(sendCtx, n, one)
	switch {
	case sendErr == nil:
		return true, notice.Sent(ctx, o.DB, o.Now(), one.ID)
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(sendErr, ErrOffline):
		return false, notice.Tried(ctx, o.DB, one.ID, sendErr.Error())
	case errors.Is(sendErr, ErrAbsent) || one.Tries+1 >= noticeTries:
		o.Log.Warn("an announcement was given up", "network", one.Network, "kind", one.Kind, "room", one.Room, "incident", one.Incident, "error", sendErr)
		return true, notice.Failed(ctx, o.DB, o.Now(), one.ID, sendErr.Error())
	}
	return false, notice.Tried(ctx, o.DB, one.ID, sendErr.Error())
}

func (o *Outbox) send(ctx context.Context, n Network, one notice.Notice) error {
	text := o.Localize(one.Text)
	switch one.Kind {
	case notice.Open:
		return n.OpenRoom(ctx, one.Room, text)
	case notice.Topic:
		return n.SetTopic(ctx, one.Room, text)
	case notice.Invite:
		return n.Invite(ctx, one.Room, one.Account)
	}
	if one.Account != "" {
		return n.Direct(ctx, one.Account, text)
	}
	return n.Say(ctx, one.Room, text)
}
