package web

import (
	"net/http"
	"slices"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// invitationsBody is the invitations of the last three months, and the form for one more.
type invitationsBody struct {
	Open, Over []invitation
	Roles      []oncall.Role
	Did        string
	Problem    string

	Chosen []string
	Note   string
	Wrong  map[string]string
	Made   *oncall.Invitation
	Says   string // what to pass on: told this once
}

// invitation is one of them, as it stands.
type invitation struct {
	oncall.Invitation
	Standing string
}

// Has tells whether a role is chosen.
func (b invitationsBody) Has(role string) bool { return slices.Contains(b.Chosen, role) }

// NoteBox is the field for whom it is for.
func (b invitationsBody) NoteBox() box {
	return box{ID: "note", Name: "note", Label: "Whom it is for", Value: b.Note, Most: 300, Wide: true, Problem: b.Wrong["note"], Help: "only administrators see it"}
}

func (s *site) showInvitations(w http.ResponseWriter, r *http.Request) error {
	body := invitationsBody{}
	if r.URL.Query().Get("did") == "revoked" {
		body.Did = "The invitation is taken back."
	}
	return s.renderInvitations(w, r, http.StatusOK, body)
}

func (s *site) renderInvitations(w http.ResponseWriter, r *http.Request, status int, body invitationsBody) error {
	list, err := s.People.Invitations(r.Context())
	if err != nil {
		return err
	}
	now := s.Now()
	for _, i := range list {
		if i.Open(now) {
			body.Open = append(body.Open, invitation{i, i.Standing(now)})
		} else {
			body.Over = append(body.Over, invitation{i, i.Standing(now)})
		}
	}
	if body.Roles, err = oncall.Roles(r.Context(), s.DB); err != nil {
		return err
	}
	return s.render(w, r, status, "invitations", view{Title: "Invitations", Here: "/people", Body: body})
}

// invite makes an invitation. Its code is shown on the page that answers, and nowhere
// else: it is in no address, and not stored.
func (s *site) invite(w http.ResponseWriter, r *http.Request) error {
	body := invitationsBody{Chosen: r.PostForm["role"], Note: trimmed(r.PostForm, "note")}
	if len(body.Chosen) == 0 {
		body.Wrong = map[string]string{"roles": "Choose at least one role."}
		return s.renderInvitations(w, r, http.StatusBadRequest, body)
	}
	made, code, err := s.People.Invite(r.Context(), s.visitor(r).Actor(), body.Chosen, body.Note)
	switch {
	case err == nil:
		says := "In chat, logged in, send me in private: " + s.Commands.Typed("roster accept "+code+" yes, ring me")
		return s.renderInvitations(w, r, http.StatusOK, invitationsBody{Made: &made, Says: says})
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	}
	body.Wrong = s.wrongFields(err)
	return s.renderInvitations(w, r, statusOf(err), body)
}

func (s *site) revokeInvitation(w http.ResponseWriter, r *http.Request) error {
	_, err := s.People.Revoke(r.Context(), s.visitor(r).Actor(), numberOf(r))
	switch fault.KindOf(err) {
	case fault.Conflict, fault.NotFound:
		return s.renderInvitations(w, r, statusOf(err), invitationsBody{Problem: s.said(err)})
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/invitations?did=revoked", http.StatusSeeOther)
	return nil
}
