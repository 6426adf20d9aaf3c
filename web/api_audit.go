package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"batsignal/oncall/access"
	"batsignal/oncall/audit"
)

// apiChange is one entry of the record of changes.
type apiChange struct {
	ID      int64           `json:"id"`
	At      time.Time       `json:"at"`
	By      string          `json:"by,omitempty" doc:"A handle; missing is nobody we know, such as an operator at the shell."`
	From    string          `json:"from" doc:"Where from: a chat network, web, api or cli."`
	Kind    string          `json:"kind"`
	Subject string          `json:"subject"`
	Says    string          `json:"says" doc:"What was done, without who did it."`
	Before  json.RawMessage `json:"before,omitempty" doc:"What it was; missing if it was not."`
	After   json.RawMessage `json:"after,omitempty" doc:"What it is; missing if it is no more."`
}

func (p *api) auditOperations() []operation {
	return []operation{define(operation{
		Name: "listChanges", Method: http.MethodGet, Path: "/audit", Group: "Audit", Scope: access.Read,
		Query: append([]param{
			{Name: "kind", Kind: textParam, Help: "Only changes of this kind: schedule, override, person."},
			{Name: "subject", Kind: textParam, Help: "Only changes of what has this name."},
		}, pageParams...),
		Summary: "Lists who changed what, the newest first: for administrators' programs everything, for others what concerns their person.",
	}, p.listChanges)}
}

func (p *api) listChanges(a *asked, _ nothing) (apiList[apiChange], error) {
	var none apiList[apiChange]
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	q := audit.Query{Reader: a.PersonID, Kind: a.text("kind"), Subject: a.text("subject"), Most: most + 1}
	if a.admin() {
		q.Reader = 0
	}
	if q.Before, err = a.after(); err != nil {
		return none, err
	}
	list, err := audit.List(a.ctx(), p.DB, q)
	if err != nil {
		return none, err
	}
	page := cut(list, most, func(e audit.Entry) string { return strconv.FormatInt(e.ID, 10) })
	out := apiList[apiChange]{Items: []apiChange{}, Next: page.Next}
	for _, e := range page.Items {
		out.Items = append(out.Items, apiChange{
			ID: e.ID, At: e.At.UTC(), By: e.Handle, From: e.Network, Kind: e.Kind, Subject: e.Subject, Says: e.Says,
			Before: recordFor(e, a.PersonID, e.Before), After: recordFor(e, a.PersonID, e.After),
		})
	}
	return out, nil
}
