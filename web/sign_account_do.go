package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// numberOf is the number in an address.
func numberOf(r *http.Request) int64 {
	n, _ := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64) // too many digits are nobody's number
	return n
}

// done sends people back to their account, where it is said what was done. What was done
// already is as good.
func (s *site) done(w http.ResponseWriter, r *http.Request, err error, did, part string) error {
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	http.Redirect(w, r, "/account?did="+did+"#"+part, http.StatusSeeOther)
	return nil
}

func (s *site) endOne(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	if numberOf(r) == v.session.ID {
		return s.signOut(w, r)
	}
	return s.done(w, r, s.Access.EndSession(r.Context(), v.Actor(), numberOf(r)), "ended", "sessions")
}

func (s *site) endOthers(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	_, err := s.Access.EndSessions(r.Context(), v.Actor(), v.session.ID)
	return s.done(w, r, err, "alone", "sessions")
}

// goBody is the page from which one goes to an identity provider.
type goBody struct {
	Provider Provider
	Address  string
}

// beginWay begins to add an identity provider as a way to sign in. The page that it shows
// links there, since browsers refuse forms that end on another site; and a form it must
// be, since otherwise another site could add an account of its own.
func (s *site) beginWay(w http.ResponseWriter, r *http.Request) error {
	p, err := s.providerOf(r)
	if err != nil {
		return err
	}
	address, err := s.askProvider(w, r, p, s.visitor(r).PersonID, "/account")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "signgo", view{Title: "Add " + p.Name, Here: "/account", Body: goBody{p.Provider, address}})
}

func (s *site) removeWay(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	accounts, err := oncall.AccountsOf(r.Context(), s.DB, v.PersonID)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.Network != access.ProviderPrefix+chi.URLParam(r, "id") {
			continue
		}
		if err := s.Access.RemoveAccount(r.Context(), v.Actor(), a, v.session.ID); err != nil {
			return err
		}
	}
	return s.done(w, r, nil, "removed", "ways")
}

func (s *site) removePasskey(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	return s.done(w, r, s.Access.RemovePasskey(r.Context(), v.Actor(), numberOf(r), v.session.ID), "nopasskey", "passkeys")
}

// createToken makes a token, and shows it this once: it is not in any address, and not
// shown again.
func (s *site) createToken(w http.ResponseWriter, r *http.Request) error {
	form := tokenForm{Title: r.PostForm.Get("title"), Chosen: map[access.Scope]bool{}}
	form.Days, _ = strconv.Atoi(r.PostForm.Get("days"))
	var scopes []access.Scope
	for _, text := range r.PostForm["scope"] {
		scopes = append(scopes, access.Scope(text))
		form.Chosen[access.Scope(text)] = true
	}
	if !slices.Contains(form.DayChoices(), form.Days) {
		form.Days = 90
	}
	expires := s.Now().Add(time.Duration(form.Days) * 24 * time.Hour)
	token, made, err := s.Access.CreateToken(r.Context(), s.visitor(r).Actor(), form.Title, scopes, expires)
	switch {
	case err == nil:
		form = tokenForm{Title: made.Title, Made: token.Reveal()}
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	default:
		form.Problem = problem{Say: fault.Say(err)}
		if fault.KindOf(err) == fault.Invalid {
			if form.Problem.Field = "title"; strings.TrimSpace(form.Title) != "" && len(scopes) == 0 {
				form.Problem.Field = "scope"
			}
		}
	}
	status := http.StatusOK
	if err != nil {
		status = statusOf(err)
	}
	return s.renderAccount(w, r, status, accountBody{Token: form})
}

func (s *site) revokeToken(w http.ResponseWriter, r *http.Request) error {
	return s.done(w, r, s.Access.RevokeToken(r.Context(), s.visitor(r).Actor(), numberOf(r)), "notoken", "tokens")
}

// feedChoices are the calendars that there can be addresses for.
func (s *site) feedChoices(r *http.Request, v visitor) ([]feedChoice, error) {
	choices := []feedChoice{{"person:" + strconv.FormatInt(v.PersonID, 10), "My shifts"}}
	calendars, err := s.Access.Calendars(r.Context())
	for _, c := range calendars {
		if c.OfSchedule != 0 {
			choices = append(choices, feedChoice{"schedule:" + strconv.FormatInt(c.OfSchedule, 10), "Schedule " + c.Of})
		} else {
			choices = append(choices, feedChoice{"role:" + c.OfRole, "Role " + c.Of})
		}
	}
	return choices, err
}

// createFeed makes an address of a calendar, and shows it this once.
func (s *site) createFeed(w http.ResponseWriter, r *http.Request) error {
	form := feedForm{Chosen: r.PostForm.Get("of")}
	var feed access.Feed
	switch kind, which, _ := strings.Cut(form.Chosen, ":"); kind {
	case "person":
		feed.OfPerson, _ = strconv.ParseInt(which, 10, 64) // no number is nobody
	case "schedule":
		feed.OfSchedule, _ = strconv.ParseInt(which, 10, 64)
	case "role":
		feed.OfRole = which
	}
	token, made, err := s.Access.CreateFeed(r.Context(), s.visitor(r).Actor(), feed)
	switch {
	case err == nil:
		form.Made, form.Of = strings.TrimRight(s.PublicURL, "/")+access.FeedPath+token.Reveal()+".ics", made.Of
	case statusOf(err) >= http.StatusInternalServerError:
		return err
	default:
		form.Problem = problem{"of", fault.Say(err)}
	}
	status := http.StatusOK
	if err != nil {
		status = statusOf(err)
	}
	return s.renderAccount(w, r, status, accountBody{Feed: form})
}

func (s *site) revokeFeed(w http.ResponseWriter, r *http.Request) error {
	return s.done(w, r, s.Access.RevokeFeed(r.Context(), s.visitor(r).Actor(), numberOf(r)), "nofeed", "feeds")
}
