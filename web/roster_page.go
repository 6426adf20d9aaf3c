package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/skill"
)

func (s *site) rosterRoutes(r chi.Router) {
	r.Post("/rosters/{role}/order", s.needs(command.Admin, s.saveRoster))
	r.Post("/rosters/{role}/add", s.needs(command.Admin, s.addToRoster))
	if s.Skills != nil {
		r.Post("/rosters/{role}/preferences", s.needs(command.Admin, s.savePreferences))
	}
	if s.Rota != nil {
		r.Get("/rosters/{role}/fairness.csv", s.signedIn(s.fairnessFile))
	}
}

// rosterBody is the roster of one role.
type rosterBody struct {
	Role      oncall.Role
	Now       roleList // who would be rung
	Members   []rosterLine
	Minimum   string // as typed
	Based     int    // the version that the form of the order was made from
	Prefers   [][]string
	Schedules []schedule.Schedule
	Labels    []skill.Label
	People    []string // handles that can be added
	Edit      bool     // the reader may change it
	Skills    bool
	Linked    bool // schedules have pages
	Did       string

	Wrong    map[string]string // by field: "minimum", "place", "add", "prefer"
	Quicker  *quicker
	Add      string // as typed
	Prefer   string
	PQuicker *quicker // of the preferences
	Wish     string   // the whole order as somebody wanted it, when somebody else was quicker
	Fair     *fairness
}

// rosterLine is one member in the order of the list.
type rosterLine struct {
	oncall.Member
	Number string // their place as typed
}

// Waits tells whether an admin has to let them in.
func (l rosterLine) Waits() bool { return l.AgreedAt != nil && l.ApprovedAt == nil }

// Path is the page's own address.
func (b rosterBody) Path() string { return rosterPath(b.Role.Name) }

// MinimumBox is the field for how many there should be.
func (b rosterBody) MinimumBox() box {
	return box{ID: "minimum", Name: "minimum", Label: "How many should be on or awake at any time", Value: b.Minimum, Most: 3, Mode: "numeric", Wide: true, Problem: b.Wrong["minimum"], Help: "0 asks for nobody"}
}

// AddBox is the field for whom to add.
func (b rosterBody) AddBox() box {
	return box{ID: "add", Name: "handle", Label: "Somebody else", Value: b.Add, Most: 33, List: "handles", Wide: true, Problem: b.Wrong["add"], Help: "they are asked, unless they said yes already"}
}

// PreferBox is the field for one more combination of labels.
func (b rosterBody) PreferBox() box {
	return box{ID: "prefer", Name: "new", Label: "One more", Value: b.Prefer, Most: 200, List: "labels", Wide: true, Problem: b.Wrong["prefer"], Help: "labels with + between them, as in owner + security-expert"}
}

// Combined writes a combination of labels.
func (b rosterBody) Combined(labels []string) string { return strings.Join(labels, " + ") }

// rosterDids are what a roster's page can say was done.
var rosterDids = map[string]string{
	"saved": "The roster is saved.", "asked": "They are asked. Nobody is rung before saying yes.", "added": "They can be rung now.",
	"prefers": "Who is preferred is saved.",
}

func (s *site) showRoster(w http.ResponseWriter, r *http.Request) error {
	role, err := oncall.FindRole(r.Context(), s.DB, segment(r, "role"))
	if err != nil {
		return err
	}
	if segment(r, "role") != role.Name {
		http.Redirect(w, r, rosterPath(role.Name), http.StatusSeeOther)
		return nil
	}
	return s.renderRoster(w, r, http.StatusOK, role, rosterBody{Did: rosterDids[r.URL.Query().Get("did")]})
}

// renderRoster adds to what a form has to say everything else that the page shows.
func (s *site) renderRoster(w http.ResponseWriter, r *http.Request, status int, role oncall.Role, body rosterBody) error {
	ctx, v, now := r.Context(), s.visitor(r), s.Now()
	body.Role, body.Edit, body.Linked = role, s.People != nil && v.Admin(), s.Rota != nil
	body.Skills = body.Edit && s.Skills != nil
	facts, err := duty.Load(ctx, s.DB, duty.Ask{Role: role.Name, Severity: 1}, now, now.Add(duty.Ahead))
	if err != nil {
		return err
	}
	for _, list := range rostersOf(facts, now, v.Zone, role.Name) {
		body.Now = list
	}
	if body.Members == nil {
		if body.Members, err = s.rosterLines(r, role.Name); err != nil {
			return err
		}
		body.Minimum, body.Based = strconv.Itoa(role.Minimum), role.Version
	}
	if body.Prefers, _, err = skill.Preferences(ctx, s.DB, role.Name); err != nil {
		return err
	}
	book, err := rota.Load(ctx, s.DB, now, now)
	if err != nil {
		return err
	}
	body.Schedules = book.OfRole(role.Name)
	if body.Edit {
		if err := s.addEditing(r, &body); err != nil {
			return err
		}
	}
	if v.SignedIn() && s.Rota != nil {
		if body.Fair, err = s.fairnessOf(r, body.Schedules); err != nil {
			return err
		}
	}
	return s.render(w, r, status, "roster", view{Title: "Roster of " + role.Title, Here: "/people", Body: body})
}

// addEditing reads what the forms offer.
func (s *site) addEditing(r *http.Request, body *rosterBody) error {
	people, err := oncall.People(r.Context(), s.DB)
	if err != nil {
		return err
	}
	for _, p := range people {
		if !slices.ContainsFunc(body.Members, func(l rosterLine) bool { return l.Person.ID == p.ID }) {
			body.People = append(body.People, p.Handle)
		}
	}
	body.Labels, err = skill.Labels(r.Context(), s.DB)
	return err
}

// rosterLines are the members of a role, in the order of its list.
func (s *site) rosterLines(r *http.Request, role string) ([]rosterLine, error) {
	members, err := oncall.MembersOf(r.Context(), s.DB, role)
	if err != nil {
		return nil, err
	}
	lines := make([]rosterLine, len(members))
	for i, m := range members {
		lines[i] = rosterLine{m, strconv.Itoa(i + 1)}
	}
	return lines, nil
}
