package main

import (
	"context"
	"fmt"
	"os"

	"batsignal/incidents/minutes/archive"
)

// minutes looks at every place that minutes go to.
func (d *doctor) minutes(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkBudget)
	defer cancel()
	archives, err := archivesOf(d.c)
	if err != nil {
		d.tell("minutes", err, "")
		return
	}
	for _, a := range archives {
		switch a := a.(type) {
		case archive.Dir:
			d.tell("minutes in "+a.Path, writable(a.Path), "The bot must be able to write there; see minutes.dir.")
		case interface{ Check(context.Context) error }:
			d.tell("minutes in "+d.c.Minutes.S3.Bucket, a.Check(ctx), "See minutes.s3.")
		}
	}
	if d.c.Minutes.Tracker.GitLab == "" {
		return
	}
	tracker, err := trackerOf(d.c)
	if err == nil {
		defer tracker.Close()
		err = tracker.Check(ctx)
	}
	d.tell("tracker", err, "See minutes.tracker.")
}

// writable makes a file in a directory, which is made too if need be, and removes it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { // #nosec G301 -- minutes are made to be read by others
		return err
	}
	f, err := os.CreateTemp(dir, ".batsignal-doctor-*")
	if err != nil {
		return fmt.Errorf("no file can be made there: %w", err)
	}
	_ = f.Close() // nothing was written to it
	return os.Remove(f.Name())
}
