package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/pgbackup"
)

// rehearse restores on a server that is thrown away.
func (a *app) rehearse(ctx context.Context, c Config, from toRestore, begun time.Time) error {
	// Not in the state directory: the server's account must get at it. And a short name: the
	// path of a socket is short.
	dir, err := os.MkdirTemp("", "bs-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()     // what is left of it is told below
	if err := os.Chmod(dir, 0o711); err != nil { // #nosec G302 -- others only pass through it
		return err
	}
	k := &teller{app: a}
	r := job.NewRun(job.About{ID: 1, Attempt: 1, Job: "restore", AskedAt: begun, ScratchRoot: dir}, k)
	var out pgbackup.Restored
	err = from.into(ctx, func(stream io.Reader) (err error) {
		out, err = pgbackup.Rehearse(ctx, r, c.Database.PGBinDir, stream)
		return err
	})
	if err := errors.Join(err, k.undo(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "It can be restored: schema %d of then, %d now. That took %s, with reading it first. Nothing is left of it.\n",
		out.From, out.To, time.Since(begun).Round(time.Second))
	a.tellRestored(out)
	return nil
}

// teller tells what a run does to whoever sits there, and keeps what it left.
type teller struct {
	app   *app
	steps []job.Step
}

var _ job.Keeper = (*teller)(nil)

// Log tells a line.
func (k *teller) Log(_ context.Context, text string) { k.app.doing(text) }

// Progress says nothing.
func (k *teller) Progress(int64, int64, string) {}

// Doing tells what goes on.
func (k *teller) Doing(_ context.Context, what string) { k.app.doing(what) }

// Say tells a line.
func (k *teller) Say(_ context.Context, text string) error { k.app.doing(text); return nil }

// Begin keeps a step.
func (k *teller) Begin(_ context.Context, s job.Step) (int, error) {
	k.steps = append(k.steps, s)
	return len(k.steps), nil
}

// Ended says nothing.
func (k *teller) Ended(context.Context, int, error) error { return nil }

// undo takes back what steps left, the last first.
func (k *teller) undo(ctx context.Context) error {
	var errs []error
	for _, s := range slices.Backward(k.steps) {
		switch s.Undo {
		case "":
		case job.UndoScratch:
			var memo job.ScratchMemo
			err := json.Unmarshal(s.Memo, &memo)
			if err == nil {
				err = os.RemoveAll(memo.Dir)
			}
			errs = append(errs, err)
		default:
			errs = append(errs, (&pgbackup.Source{}).Undo(ctx, s))
		}
	}
	return errors.Join(errs...)
}
