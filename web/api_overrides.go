package web

import (
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// apiOverride is what was decided about a schedule for a while.
type apiOverride struct {
	ID      int64     `json:"id" read:"1"`
	Layer   string    `json:"layer,omitempty" doc:"Missing is all of them."`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Person  string    `json:"person,omitempty" doc:"Who comes, by handle; missing is nobody."`
	Instead string    `json:"instead,omitempty" doc:"Whom they replace, by handle; missing: they come in addition, and first."`
	Cover   string    `json:"cover,omitempty" read:"1" doc:"The request that it comes of: C12."`
	Note    string    `json:"note,omitempty"`
}

func (p *api) overrideOperations() []operation {
	if p.Rota == nil {
		return nil
	}
	const group = "Schedules"
	return []operation{
		define(operation{
			Name: "listOverrides", Method: http.MethodGet, Path: "/schedules/{name}/overrides", Group: group, Scope: access.Read, Query: spanParams,
			Summary: "Lists what was decided about a schedule, in the order in which it is applied.",
		}, p.listOverrides),
		define(operation{
			Name: "addOverride", Method: http.MethodPost, Path: "/schedules/{name}/overrides", Group: group, Scope: access.ScheduleWrite, Status: http.StatusCreated,
			Summary: "Decides for a while who comes. Without being an administrator one can put oneself in, or take oneself out. The same once more is one.",
		}, p.addOverride),
		define(operation{
			Name: "removeOverride", Method: http.MethodDelete, Path: "/schedules/{name}/overrides/{id}", Group: group, Scope: access.ScheduleWrite,
			Summary: "Takes a decision back.",
		}, p.removeOverride),
	}
}

func (p *api) writeOverrides(a *asked, list ...schedule.Override) ([]apiOverride, error) {
	var ids []int64
	for _, o := range list {
		ids = append(ids, o.Person, o.Instead)
	}
	handles, err := p.handles(a, ids...)
	out := make([]apiOverride, 0, len(list))
	for _, o := range list {
		one := apiOverride{
			ID: o.ID, Layer: o.Layer, From: o.From.UTC(), Until: o.Until.UTC(), Person: handles[o.Person], Instead: handles[o.Instead], Note: o.Note,
		}
		if o.Cover != 0 {
			one.Cover = rota.Ref(o.Cover)
		}
		out = append(out, one)
	}
	return out, err
}

func (p *api) listOverrides(a *asked, _ nothing) (apiList[apiOverride], error) {
	var none apiList[apiOverride]
	sched, from, until, err := during(a, p.schedule)
	if err != nil {
		return none, err
	}
	list, err := rota.Overrides(a.ctx(), p.DB, sched.ID, from, until)
	if err != nil {
		return none, err
	}
	written, err := p.writeOverrides(a, list...)
	return listOf(written), err
}

func (p *api) addOverride(a *asked, in apiOverride) (apiOverride, error) {
	sched, err := p.schedule(a)
	if err != nil {
		return in, err
	}
	o := schedule.Override{Schedule: sched.ID, Layer: in.Layer, From: in.From, Until: in.Until, Note: in.Note}
	if o.Person, err = p.numberOfHandle(a, "person", in.Person); err != nil {
		return in, err
	}
	if o.Instead, err = p.numberOfHandle(a, "instead", in.Instead); err != nil {
		return in, err
	}
	if o, err = p.Rota.AddOverride(a.ctx(), a.Actor(), a.admin(), o); err != nil {
		return in, err
	}
	written, err := p.writeOverrides(a, o)
	return written[0], err
}

func (p *api) removeOverride(a *asked, _ nothing) (nothing, error) {
	sched, err := p.schedule(a)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, pg.InTx(a.ctx(), p.DB, func(tx pgx.Tx) error {
		removed, err := p.Rota.In(tx).RemoveOverride(a.ctx(), a.Actor(), a.admin(), a.numbered("id"))
		if err == nil && removed.Schedule != sched.ID {
			err = fault.New(fault.NotFound, "%s has no such override. GET the list of them for the numbers.", sched.Name)
		}
		return err
	})
}
