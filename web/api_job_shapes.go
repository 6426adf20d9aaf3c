package web

import (
	"time"

	"batsignal/integrations/job"
)

// apiJob is something that can be asked for.
type apiJob struct {
	Name     string        `json:"name"`
	Summary  string        `json:"summary"`
	Params   []apiJobParam `json:"params"`
	Admin    bool          `json:"admin" doc:"Only administrators may ask for it."`
	Risky    bool          `json:"risky" doc:"It is refused in a freeze."`
	Approves int           `json:"approvals" doc:"How many other people must agree."`
	Schedule string        `json:"schedule,omitempty" doc:"When it runs by itself, as in crontab."`
	Zone     string        `json:"zone,omitempty" doc:"On whose clock."`
	Times    *apiJobTimes  `json:"times,omitempty" doc:"How it stands with its times."`
}

// apiJobParam is something that a job takes.
type apiJobParam struct {
	Name    string   `json:"name"`
	Type    string   `json:"type" enum:"id,host,number,duration,choice,text"`
	Choices []string `json:"choices,omitempty"`
	Default string   `json:"default,omitempty" doc:"What it is if it is not given; missing: it must be given."`
	Help    string   `json:"help,omitempty"`
}

// apiAsk asks for a run.
type apiAsk struct {
	Params   map[string]string `json:"params,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Dry      bool              `json:"dry,omitempty" doc:"Only say what it would do."`
	Override bool              `json:"override,omitempty" doc:"Although nothing risky is done now; it takes a reason, and two other people."`
	Incident int64             `json:"incident,omitempty" doc:"On whose timeline it stands."`
	Key      string            `json:"key,omitempty" doc:"The same key asks once."`
}

// apiRun is one time that a job was asked for.
type apiRun struct {
	ID        int64             `json:"id"`
	Job       string            `json:"job"`
	State     string            `json:"state" enum:"asked,queued,running,undoing,succeeded,failed,timed_out,cancelled,denied,expired,lost"`
	Params    map[string]string `json:"params"`
	Dry       bool              `json:"dry,omitempty"`
	Plan      []string          `json:"plan,omitempty" doc:"Of a dry run, in the answer that asked for it: what it would do."`
	Reason    string            `json:"reason,omitempty"`
	Incident  *int64            `json:"incident,omitempty"`
	AskedAt   time.Time         `json:"asked_at"`
	AskedBy   string            `json:"asked_by"`
	Approvals int               `json:"approvals,omitempty"`
	Agreed    int               `json:"agreed,omitempty"`
	Attempt   int               `json:"attempt"`
	StartedAt *time.Time        `json:"started_at,omitempty"`
	EndedAt   *time.Time        `json:"ended_at,omitempty"`
	NotBefore *time.Time        `json:"not_before,omitempty" doc:"It does not begin before: a next try, or one that a freeze holds."`
	SilentAt  *time.Time        `json:"silent_since,omitempty" doc:"When whoever does it was heard of last, if that is too long ago: their process may be dead."`
	Doing     string            `json:"doing,omitempty"`
	Done      int64             `json:"done,omitempty"`
	Total     int64             `json:"total,omitempty" doc:"0 is not known."`
	Unit      string            `json:"unit,omitempty"`
	Said      string            `json:"said,omitempty" doc:"What came of it, in a sentence."`
	Evidence  []apiFact         `json:"evidence"`
	Artifacts []apiArtifact     `json:"artifacts,omitempty" doc:"Of a single run."`
}

// apiFact is a name with a value.
type apiFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// apiArtifact is a file that a run made.
type apiArtifact struct {
	Name   string `json:"name"`
	Place  string `json:"place"`
	Key    string `json:"key"`
	Size   int64  `json:"size" doc:"In bytes."`
	SHA256 string `json:"sha256"`
}

// apiLogLine is a line of a log.
type apiLogLine struct {
	N    int       `json:"n"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// apiVerdict is what somebody says to a run.
type apiVerdict struct {
	Reason string `json:"reason,omitempty"`
}

func runOf(r job.Row) apiRun {
	out := apiRun{
		ID: r.ID, Job: r.Job, State: string(r.State), Params: r.Params, Dry: r.Dry, Plan: r.Plan, Reason: r.Reason, Incident: r.Incident,
		AskedAt: r.AskedAt.UTC(), AskedBy: r.AskedWords, Approvals: r.Approvals, Agreed: r.Agreed, Attempt: r.Attempt,
		Doing: r.Doing, Done: r.Done, Total: r.Total, Unit: r.Unit, Said: r.Said, Evidence: []apiFact{},
	}
	if r.StartedAt != nil {
		out.StartedAt = instantOf(*r.StartedAt)
	}
	if r.EndedAt != nil {
		out.EndedAt = instantOf(*r.EndedAt)
	}
	if r.NotBefore != nil && r.State == job.Queued {
		out.NotBefore = instantOf(*r.NotBefore)
	}
	if r.SilentSince != nil {
		out.SilentAt = instantOf(*r.SilentSince)
	}
	for _, e := range r.Evidence {
		out.Evidence = append(out.Evidence, apiFact{e[0], e[1]})
	}
	return out
}
