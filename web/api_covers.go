package web

import (
	"net/http"
	"time"

	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
)

// apiCover is somebody's wish to be replaced for a while.
type apiCover struct {
	Ref      string     `json:"ref" read:"1" doc:"C12."`
	Schedule string     `json:"schedule"`
	Layer    string     `json:"layer,omitempty" doc:"Missing is wherever they are on."`
	Person   string     `json:"person,omitempty" doc:"Whose shift it is, by handle; missing in a request is one's own."`
	From     time.Time  `json:"from"`
	Until    time.Time  `json:"until"`
	Of       string     `json:"of,omitempty" doc:"Who is asked; missing is anybody who can come."`
	Return   *apiReturn `json:"return,omitempty" doc:"The shift of whoever is asked that is taken in return: then it is a swap."`
	Note     string     `json:"note,omitempty"`

	State   string     `json:"state" read:"1" enum:"open,accepted,declined,withdrawn,lapsed"`
	Asked   time.Time  `json:"asked_at" read:"1"`
	Decided *time.Time `json:"decided_at,omitempty" read:"1"`
	By      string     `json:"decided_by,omitempty" read:"1" doc:"Who took it, said no or withdrew it."`
}

// apiReturn is a shift that is taken in return.
type apiReturn struct {
	Layer string    `json:"layer,omitempty"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

func (p *api) coverOperations() []operation {
	if p.Rota == nil {
		return nil
	}
	const group = "Cover and swaps"
	answer := func(name, verb, summary string, do func(a *asked, id int64) (rota.Request, error)) operation {
		return define(operation{
			Name: name, Method: http.MethodPost, Path: "/covers/{ref}/" + verb, Group: group, Scope: access.ScheduleWrite, Summary: summary,
		}, func(a *asked, _ nothing) (apiCover, error) {
			id, err := rota.ParseRef(a.named("ref"))
			if err != nil {
				return apiCover{}, err
			}
			r, err := do(a, id)
			if err != nil {
				return apiCover{}, err
			}
			return p.writeCover(a, r)
		})
	}
	return []operation{
		define(operation{
			Name: "listCovers", Method: http.MethodGet, Path: "/covers", Group: group, Scope: access.Read,
			Query:   []param{{Name: "schedule", Kind: textParam, Help: "Only of this schedule."}},
			Summary: "Lists the requests that wait for an answer, those first whose shift begins first.",
		}, p.listCovers),
		define(operation{
			Name: "askForCover", Method: http.MethodPost, Path: "/covers", Group: group, Scope: access.ScheduleWrite, Status: http.StatusCreated,
			Summary: "Asks somebody, or anybody who can come, to take a shift, or to swap. It is cut to the shifts that there are. The same once more is one.",
		}, p.askForCover),
		define(operation{
			Name: "getCover", Method: http.MethodGet, Path: "/covers/{ref}", Group: group, Scope: access.Read, Summary: "Tells what became of a request.",
		}, p.getCover),
		answer("acceptCover", "accept", "Takes the shift. Exactly one gets it.", func(a *asked, id int64) (rota.Request, error) {
			return p.Rota.Accept(a.ctx(), a.Actor(), id)
		}),
		answer("declineCover", "decline", "Says no.", func(a *asked, id int64) (rota.Request, error) {
			return p.Rota.Decline(a.ctx(), a.Actor(), id)
		}),
		answer("withdrawCover", "withdraw", "Takes a request back that nobody said yes to yet.", func(a *asked, id int64) (rota.Request, error) {
			return p.Rota.Withdraw(a.ctx(), a.Actor(), a.admin(), id)
		}),
	}
}

func (p *api) writeCover(a *asked, r rota.Request) (apiCover, error) {
	handles, err := p.handles(a, r.Person, r.Of, r.DecidedBy)
	out := apiCover{
		Ref: rota.Ref(r.ID), Schedule: r.Name, Layer: r.Layer, Person: handles[r.Person], From: r.From.UTC(), Until: r.Until.UTC(),
		Of: handles[r.Of], Note: r.Note, State: string(r.State), Asked: r.AskedAt.UTC(), By: handles[r.DecidedBy],
	}
	if r.DecidedAt != nil {
		out.Decided = instantOf(*r.DecidedAt)
	}
	if r.Swap() && r.ReturnUntil != nil {
		out.Return = &apiReturn{Layer: r.ReturnLayer, From: r.ReturnFrom.UTC(), Until: r.ReturnUntil.UTC()}
	}
	return out, err
}

func (p *api) listCovers(a *asked, _ nothing) (apiList[apiCover], error) {
	var none apiList[apiCover]
	var of int64
	if name := a.text("schedule"); name != "" {
		sched, err := p.scheduleCalled(a, name)
		if err != nil {
			return none, err
		}
		of = sched.ID
	}
	list, err := rota.OpenRequests(a.ctx(), p.DB, of)
	if err != nil {
		return none, err
	}
	out := listOf[apiCover](nil)
	for _, r := range list {
		written, err := p.writeCover(a, r)
		if err != nil {
			return none, err
		}
		out.Items = append(out.Items, written)
	}
	return out, nil
}

func (p *api) getCover(a *asked, _ nothing) (apiCover, error) {
	id, err := rota.ParseRef(a.named("ref"))
	if err != nil {
		return apiCover{}, err
	}
	r, err := rota.RequestByID(a.ctx(), p.DB, id)
	if err != nil {
		return apiCover{}, err
	}
	return p.writeCover(a, r)
}

func (p *api) askForCover(a *asked, in apiCover) (apiCover, error) {
	sched, err := p.scheduleCalled(a, in.Schedule)
	if fault.KindOf(err) == fault.NotFound {
		return in, wrong("schedule", "%s", fault.Say(err))
	} else if err != nil {
		return in, err
	}
	r := rota.Request{Schedule: sched.ID, Layer: in.Layer, From: in.From, Until: in.Until, Note: in.Note}
	if r.Person, err = p.numberOfHandle(a, "person", in.Person); err != nil {
		return in, err
	}
	if r.Of, err = p.numberOfHandle(a, "of", in.Of); err != nil {
		return in, err
	}
	if in.Return != nil {
		r.ReturnLayer, r.ReturnFrom, r.ReturnUntil = in.Return.Layer, &in.Return.From, &in.Return.Until
	}
	if r, err = p.Rota.Ask(a.ctx(), a.Actor(), a.admin(), r); err != nil {
		return in, err
	}
	a.made("/covers/" + rota.Ref(r.ID))
	return p.writeCover(a, r)
}
