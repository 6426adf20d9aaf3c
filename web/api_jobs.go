package web

import (
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// apiSealedShare is a share that is sealed to a run.
type apiSealedShare struct {
	Sealed    string `json:"sealed" doc:"The share, encrypted by age to the key of the session, in ASCII armor. Never the share itself."`
	Recipient string `json:"recipient,omitempty" doc:"The key that it was encrypted to. If it is not the one of the session, it is not kept."`
}

// apiHolder says that somebody keeps a share.
type apiHolder struct {
	Vault      string `json:"vault"`
	Number     int    `json:"number" doc:"The number of the share: its last byte."`
	Commitment string `json:"commitment" doc:"By what the share is known again; batsignal share register makes it."`
	Place      string `json:"place,omitempty" doc:"Where it is kept."`
}

// apiSession is a run that waits for shares.
type apiSession struct {
	ID        int64  `json:"id"`
	Run       int64  `json:"run"`
	Purpose   string `json:"purpose" enum:"unseal,rekey,verify,root,drill"`
	Vault     string `json:"vault"`
	Node      string `json:"node,omitempty"`
	Recipient string `json:"recipient" doc:"The key of age that shares are to be sealed to. It is gone when the run ends. Empty: the key in the database is not known for the one that the bot made; seal nothing to it."`
	Progress  int    `json:"progress"`
	Threshold int    `json:"threshold"`
}

func (p *api) jobOperations() []operation {
	const group = "Jobs"
	if p.Jobs == nil {
		return nil
	}
	judge := func(name, path, summary string, do func(*asked, int64, string) (job.Row, error)) operation {
		return define(operation{
			Name: name, Method: http.MethodPost, Path: "/jobs/runs/{run}/" + path, Group: group, Scope: access.Command, LetIn: true, Summary: summary,
		}, func(a *asked, in apiVerdict) (apiRun, error) {
			if err := p.mayTouch(a, a.numbered("run")); err != nil {
				return apiRun{}, err
			}
			r, err := do(a, a.numbered("run"), in.Reason)
			return runOf(r), err
		})
	}
	return []operation{
		define(operation{Name: "listJobs", Method: http.MethodGet, Path: "/jobs", Group: group, Scope: access.Read, Summary: "Lists what can be asked for."}, p.listJobs),
		define(operation{
			Name: "listRuns", Method: http.MethodGet, Path: "/jobs/runs", Group: group, Scope: access.Read, Summary: "Lists runs, the newest first.",
			Query: append([]param{{Name: "job", Kind: textParam, Help: "Only runs of this job."}}, pageParams...),
		}, p.listRuns),
		define(operation{Name: "getRun", Method: http.MethodGet, Path: "/jobs/runs/{run}", Group: group, Scope: access.Read, Summary: "Tells everything about a run."}, p.getRun),
		define(operation{
			Name: "getRunLog", Method: http.MethodGet, Path: "/jobs/runs/{run}/log", Group: group, Scope: access.Read, LetIn: true, Summary: "Gives the log of a run.",
			Query: []param{{Name: "after", Kind: numberParam, Help: "Only lines after this one, by its number."}},
		}, p.getRunLog),
		define(operation{
			Name: "askForRun", Method: http.MethodPost, Path: "/jobs/{job}/runs", Group: group, Scope: access.Command, LetIn: true, Status: http.StatusCreated,
			Summary: "Asks for a run of a job.",
		}, p.askForRun),
		judge("approveRun", "approve", "Agrees to a run that somebody else asked for.", func(a *asked, run int64, why string) (job.Row, error) {
			return p.Jobs.Approve(a.ctx(), a.Actor(), run, why)
		}),
		judge("denyRun", "deny", "Refuses a run; one person is enough.", func(a *asked, run int64, why string) (job.Row, error) {
			return p.Jobs.Deny(a.ctx(), a.Actor(), run, why)
		}),
		judge("cancelRun", "cancel", "Ends a run; what it left is taken back.", func(a *asked, run int64, why string) (job.Row, error) {
			return p.Jobs.Cancel(a.ctx(), a.Actor(), run, why)
		}),
		define(operation{Name: "listShareSessions", Method: http.MethodGet, Path: "/shares", Group: group, Scope: access.Read, Summary: "Lists the runs that wait for shares of a vault."}, p.listSessions),
		define(operation{
			Name: "registerShare", Method: http.MethodPost, Path: "/shares", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Says that you keep a share of a vault, without showing it.",
		}, p.registerShare),
		define(operation{
			Name: "handInShare", Method: http.MethodPost, Path: "/shares/{session}", Group: group, Scope: access.Command,
			Summary: "Hands a share in, sealed to the key of the session.",
		}, p.handInShare),
	}
}

// mayTouch refuses a token without the scope of admins where a job is for them: the person may
// be one, and the program is not.
func (p *api) mayTouch(a *asked, run int64) error {
	r, err := p.Jobs.Get(a.ctx(), run)
	if err != nil {
		return err
	}
	if d, err := p.Jobs.Definition(r.Job); err == nil && d.Policy.Admin && !a.admin() {
		return fault.New(fault.Forbidden, "%s is for administrators, and this token has not the scope admin.", r.Job)
	}
	return nil
}

func (p *api) listJobs(a *asked, _ nothing) (apiList[apiJob], error) {
	out := apiList[apiJob]{Items: []apiJob{}}
	times, err := p.jobTimes(a.r)
	if err != nil {
		return out, err
	}
	for _, d := range p.Jobs.Definitions {
		one := apiJob{Name: d.Name, Summary: d.Summary, Admin: d.Policy.Admin, Risky: d.Policy.Risky, Approves: d.Policy.Approvals, Params: []apiJobParam{}}
		for _, q := range d.Params {
			one.Params = append(one.Params, apiJobParam{Name: q.Name, Type: string(q.Type), Choices: q.Choices, Default: q.Default, Help: q.Help})
		}
		if d.Schedule != nil {
			one.Schedule, one.Zone = d.Schedule.Rule, d.Schedule.Zone
		}
		if row := times[d.Name]; row != nil {
			one.Times = jobTimesOf(*row)
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

func (p *api) listRuns(a *asked, _ nothing) (apiList[apiRun], error) {
	var none apiList[apiRun]
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	q := job.Query{Job: a.text("job"), Most: most + 1}
	if q.Before, err = a.after(); err != nil {
		return none, err
	}
	list, err := p.Jobs.Recent(a.ctx(), q)
	if err != nil {
		return none, err
	}
	page := cut(list, most, func(r job.Row) string { return strconv.FormatInt(r.ID, 10) })
	out := apiList[apiRun]{Items: []apiRun{}, Next: page.Next}
	for _, r := range page.Items {
		out.Items = append(out.Items, runOf(r))
	}
	return out, nil
}

func (p *api) getRun(a *asked, _ nothing) (apiRun, error) {
	r, err := p.Jobs.Get(a.ctx(), a.numbered("run"))
	if err != nil {
		return apiRun{}, err
	}
	out := runOf(r)
	files, err := p.Jobs.Artifacts(a.ctx(), r.ID)
	for _, f := range files {
		out.Artifacts = append(out.Artifacts, apiArtifact(f))
	}
	return out, err
}

func (p *api) getRunLog(a *asked, _ nothing) (apiList[apiLogLine], error) {
	out := apiList[apiLogLine]{Items: []apiLogLine{}}
	after, err := a.number("after", 0, 1<<30, 0)
	if err != nil {
		return out, err
	}
	r, err := p.Jobs.Get(a.ctx(), a.numbered("run"))
	if err != nil {
		return out, err
	}
	lines, err := p.Jobs.Lines(a.ctx(), r.ID, after)
	for _, l := range lines {
		out.Items = append(out.Items, apiLogLine{N: l.N, At: l.At.UTC(), Text: l.Text})
	}
	return out, err
}

func (p *api) askForRun(a *asked, in apiAsk) (apiRun, error) {
	ask := job.Ask{
		Job: a.named("job"), Params: in.Params, By: a.Actor(), Admin: a.admin(), Reason: in.Reason, Dry: in.Dry, Override: in.Override, Incident: in.Incident,
	}
	if in.Key != "" {
		ask.Key = "api/" + a.Handle + "/" + in.Key
	}
	r, err := p.Jobs.Ask(a.ctx(), ask)
	if err != nil {
		return apiRun{}, err
	}
	a.made("/jobs/runs/" + strconv.FormatInt(r.ID, 10))
	return runOf(r), nil
}

func (p *api) listSessions(a *asked, _ nothing) (apiList[apiSession], error) {
	out := apiList[apiSession]{Items: []apiSession{}}
	list, err := vault.Sessions(a.ctx(), p.DB, p.Vaults)
	for _, s := range list {
		out.Items = append(out.Items, apiSession{
			ID: s.ID, Run: s.Run, Purpose: string(s.Purpose), Vault: s.Vault, Node: s.Node, Recipient: s.Recipient, Progress: s.Progress, Threshold: s.Threshold,
		})
	}
	return out, err
}

func (p *api) handInShare(a *asked, in apiSealedShare) (nothing, error) {
	return nothing{}, pg.InTx(a.ctx(), p.DB, func(tx pgx.Tx) error {
		return vault.HandIn(a.ctx(), tx, a.now, a.Actor(), p.Vaults, vault.Handing{Session: a.numbered("session"), To: in.Recipient, Sealed: []byte(in.Sealed)})
	})
}

func (p *api) registerShare(a *asked, in apiHolder) (nothing, error) {
	return nothing{}, pg.InTx(a.ctx(), p.DB, func(tx pgx.Tx) error {
		return vault.Register(a.ctx(), tx, a.now, a.Actor(), p.Vaults, vault.Registration{Vault: in.Vault, Number: in.Number, Commitment: in.Commitment, Place: in.Place, Admin: a.admin()})
	})
}
