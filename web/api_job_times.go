package web

import (
	"context"
	"net/http"
	"time"

	"batsignal/integrations/job/clockwork"
	"batsignal/oncall"
	"batsignal/oncall/access"
)

// apiJobTimes is how it stands with the times of a job.
type apiJobTimes struct {
	Says         string     `json:"says" doc:"When it runs by itself, in words."`
	NextAt       *time.Time `json:"next_at,omitempty"`
	HeldSince    *time.Time `json:"held_since,omitempty" doc:"Since when its times are not used, by a freeze or since it is refused."`
	PausedAt     *time.Time `json:"paused_at,omitempty"`
	PausedBy     string     `json:"paused_by,omitempty"`
	SucceededAt  *time.Time `json:"succeeded_at,omitempty"`
	OverdueSince *time.Time `json:"overdue_since,omitempty" doc:"It should have succeeded by then, and did not."`
}

func jobTimesOf(r clockwork.Row) *apiJobTimes {
	utc := func(t *time.Time) *time.Time {
		if t == nil {
			return nil
		}
		return instantOf(*t)
	}
	return &apiJobTimes{
		Says: r.Words(), NextAt: utc(r.NextAt), HeldSince: utc(r.HeldAt), PausedAt: utc(r.PausedAt), PausedBy: r.PausedBy,
		SucceededAt: utc(r.SucceededAt), OverdueSince: utc(r.AlarmedAt),
	}
}

func (p *api) jobTimeOperations() []operation {
	if p.Jobs == nil || p.Clock == nil {
		return nil
	}
	on := func(name, path, summary string, do func(context.Context, oncall.Actor, string) (clockwork.Row, error)) operation {
		return define(operation{
			Name: name, Method: http.MethodPost, Path: "/jobs/{job}/" + path, Group: "Jobs", Scope: access.Command, LetIn: true, Summary: summary,
		}, func(a *asked, _ nothing) (apiJobTimes, error) {
			row, err := do(a.ctx(), a.Actor(), a.named("job"))
			return *jobTimesOf(row), err
		})
	}
	return []operation{
		on("pauseJob", "pause", "Has a job not run by itself until somebody resumes it.", p.Clock.Pause),
		on("resumeJob", "resume", "Has a job run by itself again.", p.Clock.Resume),
	}
}
