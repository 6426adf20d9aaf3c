package backup

import (
	"context"
	"fmt"
	"time"

	"batsignal/integrations/job"
	"batsignal/integrations/place"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Sweep is the kind of job that removes what puts that were cut off left in places.
type Sweep struct {
	Now    func() time.Time
	Places []place.Named
}

var _ job.Kind = (*Sweep)(nil)

// Plan says what a run would do.
func (s *Sweep) Plan(context.Context, job.Params) ([]string, error) {
	var can []string
	for _, p := range s.Places {
		if _, ok := p.Place.(place.Sweeper); ok {
			can = append(can, p.Name)
		}
	}
	return []string{fmt.Sprintf("What was begun more than two days ago and never finished is removed from %s.", oncall.JoinNames(can))}, nil
}

// Do removes it.
func (s *Sweep) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	removed, failed := sweep(ctx, r, s.Places, s.Now().Add(-sweepAge))
	if ctx.Err() != nil {
		return job.Result{}, context.Cause(ctx)
	}
	res := job.Result{Said: fmt.Sprintf("%s removed.", oncall.Plural(removed, "unfinished file was", "unfinished files were"))}
	if len(failed) > 0 {
		return res, fault.New(fault.Unready, "%s Some places could not be looked at.%s", res.Said, failures(failed))
	}
	return res, nil
}
