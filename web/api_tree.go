package web

import (
	"net/http"

	"batsignal/oncall/access"
	"batsignal/oncall/tree"
)

// yamlText is a body or an answer that is YAML and not JSON.
type yamlText string

const yamlType = "application/yaml"

const mostTree = 2 << 20

// apiPlan is what applying a tree would do, or has done.
type apiPlan struct {
	Fingerprint string           `json:"fingerprint" doc:"Of the state that it was made from. Give it to apply."`
	Summary     string           `json:"summary" doc:"What it does, counted, in a sentence."`
	Changes     []apiPlanChange  `json:"changes"`
	Problems    []apiPlanProblem `json:"problems" doc:"Why it cannot be applied."`
	Warnings    []string         `json:"warnings" doc:"What can be, and is worth to know."`
	GapsMade    []string         `json:"gaps_made" doc:"Where there would be too few people in the next 14 days, and are not now."`
	GapsClosed  []string         `json:"gaps_closed"`
}

// apiPlanChange is one thing that is added, changed or removed.
type apiPlanChange struct {
	Kind    string   `json:"kind" doc:"role, schedule, policy, label, component or person."`
	Subject string   `json:"subject"`
	Does    string   `json:"does" enum:"add,change,remove"`
	Says    []string `json:"says" doc:"What that means; each the end of a sentence."`
	Before  []string `json:"before" doc:"Its lines in the file; none if it was not."`
	After   []string `json:"after" doc:"Its lines in the file; none if it is no more."`
}

// apiPlanProblem is one thing that is wrong with a file.
type apiPlanProblem struct {
	Line int    `json:"line,omitempty" doc:"From 1; missing is the file as a whole."`
	Says string `json:"says"`
}

func (p *api) treeOperations() []operation {
	if p.Tree == nil {
		return nil
	}
	const group = "As text"
	return []operation{
		define(operation{
			Name: "getTree", Method: http.MethodGet, Path: "/tree", Group: group, Scope: access.Read,
			Summary: "Writes roles, rosters, schedules, policies, skills, components and people as one YAML file, always the same for the same.",
		}, p.getTree),
		define(operation{
			Name: "planTree", Method: http.MethodPost, Path: "/tree/plan", Group: group, Scope: access.AdminScope, Admin: true, Most: mostTree,
			Summary: "Tells what would change if everything were made as in a file. Nothing is changed and nobody is told.",
		}, p.planTree),
		define(operation{
			Name: "applyTree", Method: http.MethodPost, Path: "/tree/apply", Group: group, Scope: access.AdminScope, Admin: true, Most: mostTree,
			Query:   []param{{Name: "fingerprint", Kind: textParam, Needed: true, Help: "That of the plan. If anything has changed since, nothing is done."}},
			Summary: "Makes everything as in a file: all of it, or nothing.",
		}, p.applyTree),
	}
}

func (p *api) getTree(a *asked, _ nothing) (yamlText, error) {
	f, err := p.Tree.Export(a.ctx())
	if err != nil {
		return "", err
	}
	return yamlText(tree.Encode(f)), nil
}

func (p *api) planTree(a *asked, in yamlText) (apiPlan, error) {
	f, err := tree.Parse([]byte(in))
	if err != nil {
		return apiPlan{}, err
	}
	plan, err := p.Tree.Plan(a.ctx(), a.Actor(), f)
	return planOf(plan), err
}

func (p *api) applyTree(a *asked, in yamlText) (apiPlan, error) {
	f, err := tree.Parse([]byte(in))
	if err != nil {
		return apiPlan{}, err
	}
	done, err := p.Tree.Apply(a.ctx(), a.Actor(), f, a.text("fingerprint"))
	return planOf(done), err
}

func planOf(plan tree.Plan) apiPlan {
	some := func(list []string) []string { return append([]string{}, list...) }
	out := apiPlan{
		Fingerprint: plan.Fingerprint, Summary: plan.Summary(), Changes: []apiPlanChange{}, Problems: problemsOf(plan.Problems),
		Warnings: some(plan.Warnings), GapsMade: some(plan.GapsMade), GapsClosed: some(plan.GapsClosed),
	}
	for _, c := range plan.Changes {
		out.Changes = append(out.Changes, apiPlanChange{Kind: c.Kind, Subject: c.Subject, Does: c.Does, Says: some(c.Says), Before: some(c.Before), After: some(c.After)})
	}
	return out
}

func problemsOf(list []tree.Problem) []apiPlanProblem {
	out := make([]apiPlanProblem, 0, len(list))
	for _, one := range list {
		out = append(out, apiPlanProblem(one))
	}
	return out
}
