package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	escalation "batsignal/oncall/policy"
)

// policiesBody is the list of policies, and which role follows which.
type policiesBody struct {
	Policies []policyLine
	Roles    []roleUses
	Names    []string // of the policies, to choose from
	Did      string
	Problem  string
}

// policyLine is a policy in words.
type policyLine struct {
	escalation.Policy
	Lines   []string // its steps
	Repeat  string
	UsedFor []string
}

// roleUses is which policies a role follows: at every severity, then at each.
type roleUses struct {
	oncall.Role
	Cells []useCell
}

// useCell is the policy that a role follows at one severity.
type useCell struct {
	Field, Label string
	Was, Chosen  string
}

// severities are the columns of the grid; 0 is every other.
var severities = [...]int{0, 1, 2, 3, 4}

var policyDids = map[string]string{"saved": "The policy is saved.", "uses": "That is stored.", "removed": "The policy is removed."}

func (s *site) policyList(w http.ResponseWriter, r *http.Request) error {
	return s.renderPolicies(w, r, http.StatusOK, policiesBody{Did: policyDids[r.URL.Query().Get("did")]}, nil)
}

// renderPolicies draws the list; chosen is what somebody chose who could not store it.
func (s *site) renderPolicies(w http.ResponseWriter, r *http.Request, status int, body policiesBody, chosen map[string]string) error {
	set, err := escalation.Load(r.Context(), s.DB)
	if err != nil {
		return err
	}
	roles, err := oncall.Roles(r.Context(), s.DB)
	if err != nil {
		return err
	}
	for _, p := range set.Policies {
		body.Policies, body.Names = append(body.Policies, lineOf(p, set)), append(body.Names, p.Name)
	}
	for _, role := range roles {
		line := roleUses{Role: role}
		for _, severity := range severities {
			cell := useCell{Field: useField(role.Name, severity), Was: followed(set, role.Name, severity)}
			cell.Label = fmt.Sprintf("%s at severity %d", role.Title, severity)
			if severity == 0 {
				cell.Label = role.Title + " at every other severity"
			}
			if cell.Chosen = cell.Was; chosen != nil {
				cell.Chosen = chosen[cell.Field]
			}
			line.Cells = append(line.Cells, cell)
		}
		body.Roles = append(body.Roles, line)
	}
	return s.render(w, r, status, "policies", view{Title: "Who is rung after whom", Here: "/policies", Body: body})
}

func useField(role string, severity int) string { return fmt.Sprintf("use-%d-%s", severity, role) }

// followed is the policy that a role has of its own at a severity.
func followed(set escalation.Set, role string, severity int) string {
	for _, u := range set.Uses {
		if u.Role == role && u.Severity == severity {
			return u.Policy
		}
	}
	return ""
}

// lineOf puts a policy into words.
func lineOf(p escalation.Policy, set escalation.Set) policyLine {
	line := policyLine{Policy: p, Repeat: "Repeated until somebody answers."}
	switch {
	case p.Repeats == 1:
		line.Repeat = "Gone through once."
	case p.Repeats > 1:
		line.Repeat = fmt.Sprintf("Gone through %d times.", p.Repeats)
	}
	if p.Needs > 1 {
		line.Repeat += fmt.Sprintf(" %d people must answer.", p.Needs)
	}
	for _, step := range p.Steps {
		line.Lines = append(line.Lines, step.Says())
	}
	for _, u := range set.UsesOf(p.Name) {
		line.UsedFor = append(line.UsedFor, u.Words())
	}
	return line
}

// assignPolicies stores what was changed in the grid, all of it or nothing. What
// somebody else changed meanwhile is not overwritten.
func (s *site) assignPolicies(w http.ResponseWriter, r *http.Request) error {
	ctx, v := r.Context(), s.visitor(r)
	roles, err := oncall.Roles(ctx, s.DB)
	if err != nil {
		return err
	}
	chosen := map[string]string{}
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		set, err := escalation.Load(ctx, tx)
		if err != nil {
			return err
		}
		for _, role := range roles {
			for _, severity := range severities {
				name := useField(role.Name, severity)
				if _, sent := r.PostForm[name]; !sent {
					continue
				}
				was, now := r.PostForm.Get("was-"+name), r.PostForm.Get(name)
				chosen[name] = now
				if now == was {
					continue
				}
				if err := s.assign(ctx, tx, v, set, escalation.Use{Role: role.Name, Severity: severity, Policy: now}, was); err != nil {
					return err
				}
			}
		}
		return nil
	})
	switch {
	case err == nil:
		http.Redirect(w, r, "/policies?did=uses#uses", http.StatusSeeOther)
		return nil
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	}
	return s.renderPolicies(w, r, statusOf(err), policiesBody{Problem: fault.Say(err)}, chosen)
}

func (s *site) assign(ctx context.Context, tx pgx.Tx, v visitor, set escalation.Set, u escalation.Use, was string) error {
	if is := followed(set, u.Role, u.Severity); is != was && is != u.Policy {
		return fault.New(fault.Conflict, "Nothing is stored: somebody else changed meanwhile what is followed for %s. The grid shows what you chose; beside it stands what is followed now. Look through it, and store it again.", u.Words())
	}
	return escalation.Assign(ctx, tx, s.Now(), v.Actor(), u)
}

// policyBody is one policy.
type policyBody struct {
	policyLine
	Uses []escalation.Use
	Did  string
}

func (s *site) showPolicy(w http.ResponseWriter, r *http.Request) error {
	set, err := escalation.Load(r.Context(), s.DB)
	if err != nil {
		return err
	}
	p, err := escalation.Get(r.Context(), s.DB, chi.URLParam(r, "name"))
	if err != nil {
		return err
	}
	body := policyBody{lineOf(p, set), set.UsesOf(p.Name), policyDids[r.URL.Query().Get("did")]}
	return s.render(w, r, http.StatusOK, "policy", view{Title: p.Title, Here: "/policies", Body: body})
}

func (s *site) askToRemovePolicy(w http.ResponseWriter, r *http.Request) error {
	p, err := escalation.Get(r.Context(), s.DB, chi.URLParam(r, "name"))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "policyremove", view{Title: "Remove " + p.Title, Here: "/policies", Body: p})
}

func (s *site) removePolicy(w http.ResponseWriter, r *http.Request) error {
	f := readPolicyForm(r.PostForm)
	if err := s.Policies.Remove(r.Context(), s.visitor(r).Actor(), chi.URLParam(r, "name"), f.Version); err != nil {
		return err
	}
	http.Redirect(w, r, "/policies?did=removed", http.StatusSeeOther)
	return nil
}
