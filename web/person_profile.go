package web

import (
	"net/http"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// profileForm is what somebody may change about themselves, as it was typed.
type profileForm struct {
	Version               int
	Name, Zone            string
	Wakes, Sleeps         string // "07:00"
	WorksFrom, WorksUntil string // "" says nothing about work
	Days                  int
	Region, Languages     string
	Wrong                 map[string]string
	Quicker               *quicker
}

func profileFormOf(p oncall.Person) *profileForm {
	f := &profileForm{
		Version: p.Version, Name: p.Name, Zone: p.Zone, Wakes: oncall.Minutes(p.Wakes), Sleeps: oncall.Minutes(p.Sleeps),
		Days: p.WorksDays, Region: p.Region, Languages: p.Languages,
	}
	if p.WorksFrom != nil && p.WorksUntil != nil {
		f.WorksFrom, f.WorksUntil = oncall.Minutes(*p.WorksFrom), oncall.Minutes(*p.WorksUntil)
	}
	return f
}

// readProfile reads a form, and what it means. What cannot be read becomes what the check
// refuses, so that all that is wrong is told at once.
func readProfile(r *http.Request) (*profileForm, oncall.Profile) {
	get := func(name string) string { return trimmed(r.PostForm, name) }
	f := &profileForm{
		Version: basedOn(r), Name: get("name"), Zone: get("zone"), Wakes: get("wakes"), Sleeps: get("sleeps"),
		WorksFrom: get("works_from"), WorksUntil: get("works_until"), Region: get("region"), Languages: get("languages"),
	}
	for i, name := range dayFields {
		for _, day := range r.PostForm["day"] {
			if day == name {
				f.Days |= 1 << i
			}
		}
	}
	profile := oncall.Profile{Name: f.Name, Zone: f.Zone, WorksDays: f.Days, Region: f.Region, Languages: f.Languages}
	var err error
	if profile.Wakes, profile.Sleeps, err = oncall.ParseHours(f.Wakes + "-" + f.Sleeps); err != nil {
		profile.Wakes = -1
	}
	if f.WorksFrom != "" || f.WorksUntil != "" {
		from, until, err := oncall.ParseHours(f.WorksFrom + "-" + f.WorksUntil)
		if err != nil {
			from = -1
		}
		profile.WorksFrom, profile.WorksUntil = &from, &until
	}
	return f, profile
}

// dayFields are the days of the week as forms have them.
var dayFields = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// formDay is one day of the week in a form.
type formDay struct {
	Name, Title string
	On          bool
}

// DayBoxes are the days of the week.
func (f *profileForm) DayBoxes() []formDay {
	titles := [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	days := make([]formDay, len(titles))
	for i, title := range titles {
		days[i] = formDay{dayFields[i], title, f.Days&(1<<i) != 0}
	}
	return days
}

// Boxes are the other fields, in the order of the page.
func (f *profileForm) Boxes(names ...string) []box {
	all := map[string]box{
		"name":        {Label: "Name", Value: f.Name, Most: 100, Wide: true, Problem: f.Wrong["name"]},
		"zone":        {Label: "Time zone", Value: f.Zone, Most: 64, Wide: true, List: "zones", Problem: f.Wrong["zone"], Help: "as in Europe/Berlin"},
		"wakes":       {Label: "Awake from", Value: f.Wakes, Most: 5, Problem: f.Wrong["awake"], Help: "as in 07:00"},
		"sleeps":      {Label: "until", Value: f.Sleeps, Most: 5},
		"works_from":  {Label: "At work from", Value: f.WorksFrom, Most: 5, Problem: f.Wrong["work"], Help: "empty says nothing"},
		"works_until": {Label: "until", Value: f.WorksUntil, Most: 5},
		"region":      {Label: "Public holidays of", Value: f.Region, Most: 6, Problem: f.Wrong["region"], Help: "as in de or de-by"},
		"languages":   {Label: "Languages", Value: f.Languages, Most: 80, Problem: f.Wrong["languages"], Help: "codes, as in de en"},
	}
	out := make([]box, len(names))
	for i, name := range names {
		out[i] = all[name]
		out[i].Name, out[i].ID = name, "profile-"+strings.ReplaceAll(name, "_", "-")
	}
	return out
}

// words writes working hours to be compared.
func (f *profileForm) words() string {
	if f.WorksFrom == "" && f.WorksUntil == "" {
		return "nothing said"
	}
	return f.WorksFrom + "-" + f.WorksUntil + " " + oncall.WriteDays(f.Days)
}

// saveProfile changes what is known of somebody.
func (s *site) saveProfile(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	form, profile := readProfile(r)
	_, err := s.People.SetProfile(r.Context(), s.visitor(r).Actor(), p.ID, form.Version, profile)
	switch fault.KindOf(err) {
	case fault.Invalid:
		form.Wrong = s.wrongFields(err)
	case fault.Conflict:
		if p, form.Quicker, err = s.quickerProfile(r, err, p, form); err != nil {
			return err
		}
		return s.renderPerson(w, r, http.StatusConflict, p, personBody{Profile: form})
	default:
		if err != nil {
			return err
		}
		return toPerson(w, r, p, "profile", "profile")
	}
	return s.renderPerson(w, r, statusOf(err), p, personBody{Profile: form})
}

// quickerProfile tells what somebody else made of a profile.
func (s *site) quickerProfile(r *http.Request, conflict error, p oncall.Person, mine *profileForm) (oncall.Person, *quicker, error) {
	now, err := oncall.PersonByID(r.Context(), s.DB, p.ID)
	if err != nil {
		return p, nil, err
	}
	theirs := profileFormOf(now)
	q, err := s.quickerThan(r, conflict, "person", now.Handle, now.Version, personPath(now.Handle)+"#profile",
		differs{"Name", theirs.Name, mine.Name}, differs{"Time zone", theirs.Zone, mine.Zone},
		differs{"Awake", theirs.Wakes + "-" + theirs.Sleeps, mine.Wakes + "-" + mine.Sleeps},
		differs{"At work", theirs.words(), mine.words()}, differs{"Public holidays of", theirs.Region, mine.Region},
		differs{"Languages", theirs.Languages, mine.Languages})
	return now, q, err
}
