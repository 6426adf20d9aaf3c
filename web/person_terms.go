package web

import (
	"net/http"
	"slices"
	"strconv"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// agreedForm is what somebody agreed to, and the form in which they change it.
type agreedForm struct {
	Version               int
	Routes                []string // that are chosen; none is any
	QuietFrom, QuietUntil string
	Sev1                  bool
	Calls, Words          string
	Wrong                 map[string]string
	Quicker               *quicker

	Terms    oncall.Terms     // in force
	Versions []oncall.Consent // the newest first; words are only for who said them
	Rung     int              // calls in this quarter
}

// RouteBoxes are the ways by which people can be rung.
func (f *agreedForm) RouteBoxes() []formDay {
	titles := map[string]string{oncall.Chat: "chat", "mail": "mail", "webhook": "a webhook"}
	var out []formDay
	for _, kind := range oncall.RouteKinds() {
		title := titles[kind]
		if title == "" {
			title = kind
		}
		out = append(out, formDay{kind, title, slices.Contains(f.Routes, kind)})
	}
	return out
}

// QuietBoxes are the hours in which they are not rung.
func (f *agreedForm) QuietBoxes() []box {
	return []box{
		{ID: "quiet-from", Name: "quiet_from", Label: "Quiet from", Value: f.QuietFrom, Most: 5, Problem: f.Wrong["quiet"], Help: "empty is at no time"},
		{ID: "quiet-until", Name: "quiet_until", Label: "until", Value: f.QuietUntil, Most: 5},
		{ID: "calls", Name: "calls", Label: "Calls a quarter at most", Value: f.Calls, Most: 4, Mode: "numeric", Problem: f.Wrong["calls"], Help: "empty is no limit"},
	}
}

func (f *agreedForm) fill(version int, t oncall.Terms) {
	f.Version, f.Routes, f.Sev1, f.Words = version, t.Routes, t.QuietSev1, t.Words
	if t.QuietFrom != nil && t.QuietUntil != nil {
		f.QuietFrom, f.QuietUntil = oncall.Minutes(*t.QuietFrom), oncall.Minutes(*t.QuietUntil)
	}
	if t.Calls != nil {
		f.Calls = strconv.Itoa(*t.Calls)
	}
}

// agreedOf reads what somebody agreed to. Their own words are for nobody else.
func (s *site) agreedOf(r *http.Request, body *personBody) (*agreedForm, error) {
	ctx, id := r.Context(), body.Person.ID
	f, fresh := body.Agreed, body.Agreed == nil
	if fresh {
		f = &agreedForm{}
	}
	var err error
	if f.Versions, err = oncall.ConsentVersions(ctx, s.DB, id); err != nil {
		return nil, err
	}
	if !body.Own {
		for i := range f.Versions {
			f.Versions[i].Words = ""
		}
	}
	version := 0
	if len(f.Versions) > 0 {
		version, f.Terms = f.Versions[0].Version, f.Versions[0].Terms
	}
	if fresh {
		f.fill(version, f.Terms)
	}
	calls, err := oncall.CallsInQuarter(ctx, s.DB, s.Now(), id)
	f.Rung = calls[id]
	return f, err
}

// readTerms reads a form, and what it means. What cannot be read becomes what the check
// refuses.
func readTerms(r *http.Request) (*agreedForm, oncall.Terms) {
	get := func(name string) string { return trimmed(r.PostForm, name) }
	f := &agreedForm{
		Version: basedOn(r), Routes: r.PostForm["route"], QuietFrom: get("quiet_from"), QuietUntil: get("quiet_until"),
		Sev1: get("sev1") != "", Calls: get("calls"), Words: get("words"),
	}
	t := oncall.Terms{Words: f.Words, Routes: f.Routes, QuietSev1: f.Sev1}
	if f.QuietFrom != "" || f.QuietUntil != "" {
		from, until, err := oncall.ParseHours(f.QuietFrom + "-" + f.QuietUntil)
		if err != nil {
			from = -1
		}
		t.QuietFrom, t.QuietUntil = &from, &until
	}
	if f.Calls != "" {
		n, err := strconv.Atoi(f.Calls)
		if err != nil {
			n = -1
		}
		t.Calls = &n
	}
	return f, t
}

// saveTerms changes what somebody agreed to. Every kind of way is the same as any.
func (s *site) saveTerms(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	form, terms := readTerms(r)
	if len(terms.Routes) == len(oncall.RouteKinds()) {
		terms.Routes = nil
	}
	_, err := s.People.Agree(r.Context(), s.visitor(r).Actor(), form.Version, terms)
	switch fault.KindOf(err) {
	case fault.Invalid:
		form.Wrong = s.wrongFields(err)
		return s.renderPerson(w, r, statusOf(err), p, personBody{Agreed: form})
	case fault.Conflict:
		of, err2 := oncall.ConsentsOf(r.Context(), s.DB, p.ID)
		if err2 != nil {
			return err2
		}
		theirs := of[p.ID]
		form.Quicker, err2 = s.quickerThan(r, err, "consent", p.Handle, theirs.Version, personPath(p.Handle)+"#terms",
			differs{"Rung", theirs.Says(p.Zone), terms.Says(p.Zone)}, differs{"In your own words", theirs.Words, terms.Words})
		if err2 != nil {
			return err2
		}
		return s.renderPerson(w, r, http.StatusConflict, p, personBody{Agreed: form})
	}
	if err != nil {
		return err
	}
	return toPerson(w, r, p, "terms", "terms")
}
