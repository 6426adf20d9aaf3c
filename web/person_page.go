package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/component"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
)

const (
	shiftsAhead = 14 * 24 * time.Hour // how far ahead the shifts of a person are shown
	mostOwned   = 50                  // components
)

// personBody is one person. What only they and admins may know is empty for others.
type personBody struct {
	oncall.Person
	Clock   string
	State   string    // "awake", "asleep", "away"
	Back    time.Time // when they are back; zero if they are not away
	Labels  []skill.Held
	Owned   []component.Owned
	Roles   []personRole
	Shifts  []oncall.Shift
	Own     bool // it is the reader's own page
	Change  bool // the reader may change it
	Linked  bool // schedules have pages
	Did     string
	Problem string // what went wrong with a button
	Left    *oncall.Left

	Profile  *profileForm // nil: cannot be changed by the reader
	Away     *awayForm
	Agreed   *agreedForm
	Accounts []oncall.Account
	Contacts []string      // kinds, never addresses
	Ways     *contactsForm // nil: not the reader's own
	Offer    []skill.Label // labels that they do not have
	Skills   bool          // labels can be changed here
}

// Hours are waking hours in words.
func (b personBody) Hours(now time.Time) string { return b.Person.Profile().Awake(now) }

// Works are working hours in words.
func (b personBody) Works(now time.Time) string { return b.Person.Profile().Works(now) }

// Path is the page's own address.
func (b personBody) Path() string { return personPath(b.Handle) }

// personRole is what somebody is to a role.
type personRole struct {
	Role     oncall.Role
	In       bool
	Active   bool
	Asked    bool // has not said yes
	Waits    bool // for an admin
	Lapsed   bool
	Standing string
}

// personOf finds whom an address means.
func (s *site) personOf(r *http.Request) (oncall.Person, error) {
	return oncall.PersonByHandle(r.Context(), s.DB, segment(r, "handle"))
}

// ownPage leads people to their own page.
func (s *site) ownPage(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, personPath(s.visitor(r).Handle), http.StatusSeeOther)
	return nil
}

func (s *site) showPerson(w http.ResponseWriter, r *http.Request) error {
	p, err := s.personOf(r)
	if err != nil {
		return err
	}
	if own := personPath(p.Handle); chi.URLParam(r, "handle") != p.Handle && r.URL.EscapedPath() != own {
		http.Redirect(w, r, own, http.StatusSeeOther)
		return nil
	}
	return s.renderPerson(w, r, http.StatusOK, p, personBody{Did: personDids[r.URL.Query().Get("did")]})
}

// renderPerson adds to what a form has to say everything else that the page shows.
func (s *site) renderPerson(w http.ResponseWriter, r *http.Request, status int, p oncall.Person, body personBody) error {
	v := s.visitor(r)
	body.Person = p
	body.Own = v.PersonID == p.ID
	body.Change = s.People != nil && (body.Own || v.Admin())
	body.Linked = s.Rota != nil
	if err := s.addPublic(r, &body); err != nil {
		return err
	}
	if body.Change {
		if err := s.addPrivate(r, &body); err != nil {
			return err
		}
	}
	here := "/people"
	if body.Own {
		here = "/me"
	}
	return s.render(w, r, status, "person", view{Title: p.Handle, Here: here, Body: body})
}

// addPublic reads what everybody may know.
func (s *site) addPublic(r *http.Request, body *personBody) error {
	ctx, now, p := r.Context(), s.Now(), body.Person
	body.Clock = now.In(oncall.Location(p.Zone)).Format("Mon 15:04")
	book, err := rota.Load(ctx, s.DB, now, now.Add(shiftsAhead))
	if err != nil {
		return err
	}
	until, away := book.Away(p.ID, now)
	switch {
	case away:
		body.State, body.Back = "away", until
	case p.Awake(now):
		body.State = "awake"
	default:
		body.State = "asleep"
	}
	shifts, err := rota.Calendar{}.Shifts(ctx, s.DB, p.ID, now, now.Add(shiftsAhead))
	if err != nil {
		return err
	}
	body.Shifts = joinedShifts(shifts)
	held, err := skill.Of(ctx, s.DB, p.ID)
	if err != nil {
		return err
	}
	body.Labels = held[p.ID]
	if body.Owned, err = component.OwnedBy(ctx, s.DB, p.ID, mostOwned); err != nil {
		return err
	}
	body.Roles, err = s.rolesOf(r, p)
	return err
}

// joinedShifts makes one of shifts by the same schedule that follow each other, by
// whichever layer.
func joinedShifts(shifts []oncall.Shift) []oncall.Shift {
	var out []oncall.Shift
	last := map[string]int{} // by schedule
	for _, shift := range shifts {
		i, seen := last[shift.Schedule]
		if !seen || shift.From.After(out[i].Until) {
			last[shift.Schedule] = len(out)
			out = append(out, shift)
		} else if shift.Until.After(out[i].Until) {
			out[i].Until = shift.Until
		}
	}
	return out
}

// rolesOf tells what somebody is to every role.
func (s *site) rolesOf(r *http.Request, p oncall.Person) ([]personRole, error) {
	roles, err := oncall.Roles(r.Context(), s.DB)
	if err != nil {
		return nil, err
	}
	members, err := oncall.MembersAmong(r.Context(), s.DB, []string{}, []string{p.Handle})
	if err != nil {
		return nil, err
	}
	var out []personRole
	for _, role := range roles {
		one := personRole{Role: role}
		for _, m := range members {
			if m.Role == role.Name && m.Person.ID == p.ID {
				one = personRole{
					Role: role, In: true, Active: m.Active(), Standing: m.Standing(),
					Asked: m.AgreedAt == nil, Waits: m.AgreedAt != nil && m.ApprovedAt == nil, Lapsed: m.LapsedAt != nil,
				}
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// addPrivate reads what only the person and admins may know, and makes the forms that
// are not there yet.
func (s *site) addPrivate(r *http.Request, body *personBody) error {
	ctx, p := r.Context(), body.Person
	if body.Profile == nil {
		body.Profile = profileFormOf(p)
	}
	accounts, err := oncall.AccountsOf(ctx, s.DB, p.ID)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if !isProvider(a.Network) {
			body.Accounts = append(body.Accounts, a)
		}
	}
	if err := s.addWays(r, body); err != nil {
		return err
	}
	if body.Agreed, err = s.agreedOf(r, body); err != nil {
		return err
	}
	if s.Rota != nil {
		if err := s.addAbsences(r, body); err != nil {
			return err
		}
	}
	if s.Skills == nil {
		return nil
	}
	body.Skills = true
	all, err := skill.Labels(ctx, s.DB)
	for _, l := range all {
		if !slices.ContainsFunc(body.Labels, func(h skill.Held) bool { return h.Label == l.Name }) {
			body.Offer = append(body.Offer, l)
		}
	}
	return err
}

// isProvider tells whether an account is a way to sign in, which the account page shows.
func isProvider(network string) bool {
	return len(network) > len(access.ProviderPrefix) && network[:len(access.ProviderPrefix)] == access.ProviderPrefix
}

// personRoutes are what is changed about people.
func (s *site) personRoutes(r chi.Router) {
	r.Post("/people/{handle}/profile", s.ofPerson(s.saveProfile))
	r.Post("/people/{handle}/terms", s.ofSelf(s.saveTerms))
	r.Post("/people/{handle}/renew", s.ofSelf(s.renewYes))
	r.Post("/people/{handle}/roles/{role}/join", s.ofSelf(s.joinRole))
	r.Post("/people/{handle}/roles/{role}/leave", s.ofPerson(s.leaveRole))
	r.Post("/people/{handle}/roles/{role}/let-in", s.needs(command.Admin, s.letIn))
	s.contactRoutes(r)
	if s.Skills != nil {
		r.Post("/people/{handle}/labels/say", s.ofSelf(s.sayLabel))
		r.Post("/people/{handle}/labels/take", s.ofPerson(s.takeLabel))
		r.Post("/people/{handle}/labels/give", s.needs(command.Admin, s.giveLabel))
	}
	if s.Rota != nil {
		r.Post("/people/{handle}/absences", s.ofPerson(s.sendAbsence))
		r.Post("/people/{handle}/absences/{id:[0-9]+}/remove", s.ofPerson(s.removeAbsence))
		r.Post("/people/{handle}/calendar", s.ofPerson(s.importCalendar))
		r.Post("/people/{handle}/calendar/forget", s.ofPerson(s.forgetCalendar))
	}
}
