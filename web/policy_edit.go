package web

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	escalation "batsignal/oncall/policy"
	"batsignal/oncall/rota"
)

// policyEdit is the page on which a policy is written.
type policyEdit struct {
	Form      policyForm
	Roles     []oncall.Role
	Schedules []string
	Handles   []string
	Clash     *overtaken
	Looked    *hunt
}

func (s *site) newPolicy(w http.ResponseWriter, r *http.Request) error {
	f := policyForm{Steps: []stepForm{{Targets: []targetForm{{Kind: escalation.Schedule}}}}}
	f.number()
	return s.renderPolicyEdit(w, r, http.StatusOK, policyEdit{Form: f})
}

func (s *site) editPolicy(w http.ResponseWriter, r *http.Request) error {
	p, err := escalation.Get(r.Context(), s.DB, chi.URLParam(r, "name"))
	if err != nil {
		return err
	}
	return s.renderPolicyEdit(w, r, http.StatusOK, policyEdit{Form: formOfPolicy(p)})
}

// renderPolicyEdit adds what can be chosen.
func (s *site) renderPolicyEdit(w http.ResponseWriter, r *http.Request, status int, body policyEdit) error {
	var err error
	if body.Roles, err = oncall.Roles(r.Context(), s.DB); err != nil {
		return err
	}
	schedules, err := rota.Schedules(r.Context(), s.DB)
	if err != nil {
		return err
	}
	for _, one := range schedules {
		body.Schedules = append(body.Schedules, one.Name)
	}
	people, err := oncall.People(r.Context(), s.DB)
	if err != nil {
		return err
	}
	for _, p := range people {
		body.Handles = append(body.Handles, p.Handle)
	}
	title := "Change " + body.Form.Title
	if body.Form.New() {
		title = "A new policy"
	}
	return s.render(w, r, status, "policyedit", view{Title: title, Here: "/policies", Body: body})
}

// sendPolicy presses a button of the form: one that rearranges it, looks, or saves.
func (s *site) sendPolicy(w http.ResponseWriter, r *http.Request) error {
	f := readPolicyForm(r.PostForm)
	if name := chi.URLParam(r, "name"); name != "" {
		f.Name = name // it is the policy's for ever
	}
	button := r.PostForm.Get("do")
	if f.do(button) {
		return s.renderPolicyEdit(w, r, http.StatusOK, policyEdit{Form: f})
	}
	body := policyEdit{Form: f}
	p, ok := body.Form.policy()
	if !ok {
		return s.renderPolicyEdit(w, r, http.StatusBadRequest, body)
	}
	ctx, v := r.Context(), s.visitor(r)
	var err error
	if button == "save" {
		if p, err = s.Policies.Save(ctx, v.Actor(), p); err == nil {
			http.Redirect(w, r, "/policies/"+p.Name+"?did=saved", http.StatusSeeOther)
			return nil
		}
	} else if err = s.onlyTryPolicy(r, v, p); err == nil {
		if body.Looked, err = s.tryUnsaved(r, p); err == nil {
			return s.renderPolicyEdit(w, r, http.StatusOK, body)
		}
	}
	if statusOf(err) >= http.StatusInternalServerError {
		return err
	}
	if fault.KindOf(err) == fault.Conflict && !f.New() {
		if err := s.policyClash(r, &body, err); err != nil {
			return err
		}
		return s.renderPolicyEdit(w, r, http.StatusConflict, body)
	}
	field := policyFieldOf(err)
	if fault.KindOf(err) == fault.Conflict {
		field = "name" // it is taken
	}
	body.Form.say(field, fault.Say(err))
	return s.renderPolicyEdit(w, r, statusOf(err), body)
}

// onlyTryPolicy saves and undoes that, for what would refuse it.
func (s *site) onlyTryPolicy(r *http.Request, v visitor, p escalation.Policy) error {
	tx, err := s.DB.Begin(r.Context())
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(r.Context()) }() // that is its end in any case
	_, err = escalation.Save(r.Context(), tx, s.Now(), v.Actor(), p)
	return err
}

// tryUnsaved tries a policy on the first role that follows it, or else the first there is.
func (s *site) tryUnsaved(r *http.Request, p escalation.Policy) (*hunt, error) {
	roles, err := oncall.Roles(r.Context(), s.DB)
	if err != nil || len(roles) == 0 {
		return nil, err
	}
	uses, err := escalation.Uses(r.Context(), s.DB)
	if err != nil {
		return nil, err
	}
	ask := duty.Ask{Role: roles[0].Name, Severity: 1, Policy: &p}
	for _, u := range uses {
		if u.Policy == p.Name {
			ask.Role, ask.Severity = u.Role, max(u.Severity, 1)
			break
		}
	}
	return s.hunt(r, roles, ask, s.Now().Truncate(time.Minute))
}

// policyClash finds out what somebody else saved meanwhile. The form that comes back is
// based on that, so that saving it again is a choice.
func (s *site) policyClash(r *http.Request, body *policyEdit, refusal error) error {
	theirs, err := escalation.Get(r.Context(), s.DB, body.Form.Name)
	if err != nil {
		return err
	}
	var before escalation.Policy
	clash, known, err := s.overtakenBy(r, refusal, "policy", theirs.Name, theirs.Version-body.Form.Version, &before)
	if err != nil {
		return err
	}
	now := formOfPolicy(theirs)
	was := now
	if known {
		was = formOfPolicy(before)
	}
	body.Clash, clash.Path = clash, "/policies/"+theirs.Name+"/edit"
	body.Clash.Differences = differences(was.written(), now.written(), body.Form.written())
	body.Form.Version = theirs.Version
	return nil
}
