package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"batsignal/incidents/runbook"
	"batsignal/incidents/runbook/book"
	"batsignal/oncall/access"
)

// apiBook is a runbook.
type apiBook struct {
	Name  string        `json:"name"`
	Title string        `json:"title"`
	About string        `json:"about,omitempty" doc:"When to use it, and when not."`
	Hash  string        `json:"hash" doc:"Of its text, by SHA-256: another text has another one."`
	Steps []apiBookStep `json:"steps"`
}

// apiBookStep is a step of a runbook.
type apiBookStep struct {
	Number  int             `json:"number" doc:"From 1."`
	Name    string          `json:"name"`
	Kind    string          `json:"kind" enum:"sentence,confirmation,decision,job"`
	Say     string          `json:"say" doc:"What is to be done."`
	Why     string          `json:"why,omitempty"`
	Guard   string          `json:"guard,omitempty" doc:"Two people must find this true before it begins."`
	Undo    string          `json:"undo,omitempty" doc:"How it is taken back when the runbook is aborted."`
	Two     bool            `json:"two,omitempty" doc:"Two people must say that it is done."`
	Who     string          `json:"who,omitempty" doc:"admin, or the name of a role; missing: everybody who was let in."`
	Must    bool            `json:"must,omitempty" doc:"Only administrators may skip it."`
	Choices []apiBookChoice `json:"choices,omitempty"`
	Job     string          `json:"job,omitempty" doc:"The job that the bot does."`
	Values  []string        `json:"values,omitempty" doc:"Parameters of the job that whoever starts it says."`
}

// apiBookChoice is one answer to a decision.
type apiBookChoice struct {
	Name  string `json:"name"`
	Means string `json:"means,omitempty"`
}

// apiBookRun is one time that people walk through a runbook.
type apiBookRun struct {
	Ref       string         `json:"ref" doc:"R3."`
	Runbook   string         `json:"runbook"`
	Title     string         `json:"title"`
	Incident  int64          `json:"incident,omitempty"`
	State     string         `json:"state" enum:"open,done,aborted"`
	Step      int            `json:"step" doc:"The number of the one at hand."`
	Steps     int            `json:"steps" doc:"How many there are."`
	Phase     string         `json:"phase,omitempty" doc:"What the step waits for: guarding (two people who look), waiting (people), running (its job), stopped (its job did not succeed)."`
	JobRun    int64          `json:"job_run,omitempty" doc:"The run of a job that is waited for."`
	StartedAt time.Time      `json:"started_at"`
	StartedBy string         `json:"started_by"`
	EndedAt   *time.Time     `json:"ended_at,omitempty"`
	AtHand    *apiBookStep   `json:"at_hand,omitempty" doc:"Of a single run that goes on."`
	Says      string         `json:"says,omitempty" doc:"The same in words, with what can be done."`
	Events    []apiBookEvent `json:"events,omitempty" doc:"Of a single run: who did what, the first first."`
}

// apiBookEvent is one thing that happened.
type apiBookEvent struct {
	At   time.Time `json:"at"`
	Step int       `json:"step"`
	Says string    `json:"says"`
	Note string    `json:"note,omitempty"`
}

// apiBookStart starts a runbook.
type apiBookStart struct {
	Incident int64 `json:"incident,omitempty" doc:"For which one."`
}

// apiBookDid is what somebody does at a step.
type apiBookDid struct {
	Step   int               `json:"step" doc:"Which one is meant: another one than that at hand is refused, since somebody else was faster."`
	Choice string            `json:"choice,omitempty" doc:"Of a decision."`
	Values map[string]string `json:"values,omitempty" doc:"Of a job."`
	Note   string            `json:"note,omitempty" doc:"It stays on record; skipping takes one."`
}

// apiBookAbort ends a run.
type apiBookAbort struct {
	Reason string `json:"reason"`
}

func (p *api) runbookOperations() []operation {
	const group = "Runbooks"
	if p.Runbooks == nil {
		return nil
	}
	act := func(name, path, summary string) operation {
		return operation{Name: name, Method: http.MethodPost, Path: "/runbooks" + path, Group: group, Scope: access.Command, LetIn: true, Summary: summary}
	}
	at := func(name, path, summary string, do func(context.Context, runbook.By, runbook.Said) (runbook.Told, error)) operation {
		return define(act(name, "/runs/{run}/"+path, summary), func(a *asked, in apiBookDid) (apiBookRun, error) { return p.atStep(a, in, do) })
	}
	start := act("startRunbook", "/{runbook}/runs", "Starts a runbook.")
	start.Status = http.StatusCreated
	return []operation{
		define(operation{Name: "listRunbooks", Method: http.MethodGet, Path: "/runbooks", Group: group, Scope: access.Read, Summary: "Lists the runbooks that there are."}, p.listRunbooks),
		define(operation{
			Name: "listRunbookRuns", Method: http.MethodGet, Path: "/runbooks/runs", Group: group, Scope: access.Read, Summary: "Lists runs of runbooks, the newest first.",
			Query: []param{
				{Name: "state", Kind: textParam, Help: "open: only those that go on.", Choices: []string{"open", "all"}},
				{Name: "runbook", Kind: textParam, Help: "Only runs of this one."}, {Name: "incident", Kind: numberParam, Help: "Only those for this one."}, pageParams[1],
			},
		}, p.listRunbookRuns),
		define(operation{
			Name: "getRunbookRun", Method: http.MethodGet, Path: "/runbooks/runs/{run}", Group: group, Scope: access.Read,
			Summary: "Tells where a run of a runbook is, and who did what.",
		}, p.getRunbookRun),
		define(operation{Name: "getRunbook", Method: http.MethodGet, Path: "/runbooks/{runbook}", Group: group, Scope: access.Read, Summary: "Shows the steps of a runbook."}, p.getRunbook),
		define(start, p.startRunbookRun),
		at("runbookNext", "next", "Goes on from what is only to be read, and starts the job of a step.", p.Runbooks.Next),
		at("runbookDone", "done", "Says that a step is done or that its guard is true, or chooses.", p.Runbooks.Done),
		at("runbookRetry", "retry", "Starts the job of a step once more that did not succeed.", p.Runbooks.Retry),
		at("runbookSkip", "skip", "Goes on without a step, for a reason.", p.Runbooks.Skip),
		define(act("runbookAbort", "/runs/{run}/abort", "Ends a runbook before its end."), func(a *asked, in apiBookAbort) (apiBookRun, error) {
			return p.toldRun(a, func() (runbook.Told, error) {
				return p.Runbooks.Abort(a.ctx(), a.runbookBy(), runbook.Said{Run: a.reference("run", "R"), Text: in.Reason})
			})
		}),
	}
}

// runbookBy is whoever asks, as runbooks know them.
func (a *asked) runbookBy() runbook.By { return runbook.By{Actor: a.Actor(), Admin: a.admin()} }

func (p *api) listRunbooks(*asked, nothing) (apiList[apiBook], error) {
	out := apiList[apiBook]{Items: []apiBook{}}
	for _, b := range p.Runbooks.Books {
		out.Items = append(out.Items, bookOf(p.Runbooks.Bound(b)))
	}
	return out, nil
}

func (p *api) getRunbook(a *asked, _ nothing) (apiBook, error) {
	b, err := p.Runbooks.Named(a.named("runbook"))
	if err != nil {
		return apiBook{}, err
	}
	return bookOf(p.Runbooks.Bound(b)), nil
}

func (p *api) listRunbookRuns(a *asked, _ nothing) (apiList[apiBookRun], error) {
	out := apiList[apiBookRun]{Items: []apiBookRun{}}
	most, err := a.limit()
	if err != nil {
		return out, err
	}
	incident, err := a.number("incident", 1, 1<<30, 0)
	if err != nil {
		return out, err
	}
	runs, err := p.Runbooks.List(a.ctx(), runbook.Filter{Open: a.text("state") == "open", Name: a.text("runbook"), Incident: int64(incident), Limit: most})
	for _, r := range runs {
		out.Items = append(out.Items, bookRunOf(r))
	}
	return out, err
}

func (p *api) getRunbookRun(a *asked, _ nothing) (apiBookRun, error) {
	return p.bookRun(a, a.reference("run", "R"))
}

func (p *api) bookRun(a *asked, id int64) (apiBookRun, error) {
	d, err := p.Runbooks.Get(a.ctx(), id)
	if err != nil {
		return apiBookRun{}, err
	}
	out := bookRunOf(d.Run)
	for _, e := range d.Events {
		out.Events = append(out.Events, apiBookEvent{At: e.At.UTC(), Step: e.Step + 1, Says: d.Book.Past(e), Note: e.Note})
	}
	if d.Open() {
		step := bookStepOf(d.Where.At, d.Book.Steps[d.Where.At])
		out.AtHand = &step
		out.Says, _, err = p.Runbooks.AtHand(a.ctx(), d)
	}
	return out, err
}

func (p *api) startRunbookRun(a *asked, in apiBookStart) (apiBookRun, error) {
	out, err := p.toldRun(a, func() (runbook.Told, error) {
		return p.Runbooks.Start(a.ctx(), a.runbookBy(), a.named("runbook"), in.Incident)
	})
	if err == nil {
		a.made("/runbooks/runs/" + strings.TrimPrefix(out.Ref, "R"))
	}
	return out, err
}

func (p *api) atStep(a *asked, in apiBookDid, do func(context.Context, runbook.By, runbook.Said) (runbook.Told, error)) (apiBookRun, error) {
	if in.Step < 1 {
		return apiBookRun{}, wrong("step", "The step is the number of the one at hand, from 1.")
	}
	words := []string{in.Choice, in.Note}
	for _, name := range slices.Sorted(maps.Keys(in.Values)) {
		words = append(words, name+"="+in.Values[name])
	}
	said := runbook.Said{Run: a.reference("run", "R"), Step: in.Step, Text: strings.Join(strings.Fields(strings.Join(words, " ")), " ")}
	return p.toldRun(a, func() (runbook.Told, error) { return do(a.ctx(), a.runbookBy(), said) })
}

// toldRun does something in a run, and tells where it is then.
func (p *api) toldRun(a *asked, do func() (runbook.Told, error)) (apiBookRun, error) {
	told, err := do()
	if err != nil {
		return apiBookRun{}, err
	}
	return p.bookRun(a, told.Run.ID)
}

func bookRunOf(r runbook.Run) apiBookRun {
	out := apiBookRun{
		Ref: r.Ref(), Runbook: r.Name, Title: r.Title, Incident: r.Incident, State: r.State, Step: r.Step, Steps: r.Steps, JobRun: r.JobRun,
		StartedAt: r.StartedAt.UTC(), StartedBy: r.StartedBy, EndedAt: maybeInstant(r.EndedAt),
	}
	if r.Open() {
		out.Phase = r.Phase
	}
	return out
}

func bookOf(b book.Book) apiBook {
	out := apiBook{Name: b.Name, Title: b.Title, About: b.About, Hash: b.Hash(), Steps: []apiBookStep{}}
	for i, s := range b.Steps {
		out.Steps = append(out.Steps, bookStepOf(i, s))
	}
	return out
}

func bookStepOf(at int, s book.Step) apiBookStep {
	out := apiBookStep{
		Number: at + 1, Name: s.Name, Kind: string(s.Kind), Say: s.Say, Why: s.Why, Guard: s.Guard, Undo: s.Undo, Two: s.Two, Who: s.Who, Must: s.Must, Job: s.Job,
	}
	for _, c := range s.Choices {
		out.Choices = append(out.Choices, apiBookChoice{Name: c.Name, Means: c.Means})
	}
	for _, blank := range s.Fill {
		out.Values = append(out.Values, blank.Name)
	}
	return out
}
