package switchboard

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/web"
)

// revealForm asks to see an address of somebody else's.
type revealForm struct {
	RevealAsk
	Kinds []string
	Inc   string // the incident as it was typed
	Find  string // the code that was looked for
	Wrong map[string]string
}

// Boxes of the form.
func (f revealForm) Boxes() []box {
	return []box{
		{Name: "whose", Label: "Whose address", Value: f.Whose, Problem: f.Wrong["whose"], Most: 40},
		{Name: "incident", Label: "For which incident", Value: f.Inc, Problem: f.Wrong["incident"], Most: 20, Help: "Its number, as in INC-7."},
	}
}

func (f revealForm) WhyBox() box {
	return box{Name: "why", Label: "Why somebody has to see it, and dialling is not enough", Value: f.Why, Problem: f.Wrong["why"], Most: mostWhy, Wide: true}
}

func (f revealForm) Signer() []box {
	return []box{handleBox(f.Handle, f.Wrong["handle"]), digitsBox(f.Wrong["digits"])}
}

const mostWhy = 200

// revealPage is one request, with what can be done about it.
type revealPage struct {
	Showing
	Did       string
	Problem   string
	Signature string // what is wrong with the one that was pasted
	Boxes     []box
}

// Ref is the incident.
func (p revealPage) Ref() string { return incidents.Ref(p.Incident) }

// Lacks is how many custodians are still to approve.
func (p revealPage) Lacks() int { return p.Need - len(p.Approved) }

func (s *site) showReveal(w http.ResponseWriter, r *http.Request) error {
	code := challengeCode(r.URL.Query().Get("code"))
	if code == "" {
		return s.renderAsk(w, r, http.StatusOK, revealForm{})
	}
	found, err := s.Reveals.Find(r.Context(), code)
	if kind := fault.KindOf(err); err != nil && (kind == fault.NotFound || kind == fault.Invalid) {
		if len(code) > 20 {
			code = ""
		}
		return s.renderAsk(w, r, web.StatusOf(err), revealForm{Find: code, Wrong: map[string]string{"code": fault.Say(err)}})
	}
	if err != nil {
		return err
	}
	return s.renderReveal(w, r, http.StatusOK, revealPage{Showing: found})
}

func (s *site) renderAsk(w http.ResponseWriter, r *http.Request, status int, f revealForm) error {
	f.Kinds = escrow.Kinds()
	return s.render(w, r, status, "reveal", view{Title: "See an address", Here: "/reveal", Body: f})
}

func (s *site) renderReveal(w http.ResponseWriter, r *http.Request, status int, p revealPage) error {
	if p.Boxes == nil {
		p.Boxes = []box{handleBox("", ""), digitsBox("")}
	}
	return s.render(w, r, status, "asked", view{Title: "See an address", Here: "/reveal", Body: p})
}

// incidentOf reads the number of an incident; 0 is none.
func incidentOf(text string) int64 {
	text = strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(text), "INC-"), "#")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

func (s *site) askReveal(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, longestForm); err != nil {
		return err
	}
	f := revealForm{Inc: typed(r, "incident"), RevealAsk: RevealAsk{
		Handle: typed(r, "handle"), Digits: typed(r, "digits"), Whose: typed(r, "whose"), Kind: typed(r, "kind"), Why: web.Visible(typed(r, "why")), // as custodians see it, and sign it
	}}
	f.Incident, f.Wrong = incidentOf(f.Inc), checkSigner(f.Handle, f.Digits)
	if f.Whose == "" || len(f.Whose) > 40 {
		f.Wrong["whose"] = "Type their handle, as it is on the roster."
	}
	if f.Incident == 0 {
		f.Wrong["incident"] = "Type the number of the incident, as in INC-7."
	}
	if f.Why == "" || len(f.Why) > mostWhy {
		f.Wrong["why"] = "Say why, in at most " + strconv.Itoa(mostWhy) + " letters. Custodians decide by it."
	}
	if !slices.Contains(escrow.Kinds(), f.Kind) {
		f.Wrong["kind"], f.Kind = "Choose one of these.", ""
	}
	status := http.StatusBadRequest
	if len(f.Wrong) == 0 {
		made, err := s.Reveals.Ask(r.Context(), f.RevealAsk)
		switch {
		case err == nil:
			return s.renderReveal(w, r, http.StatusOK, revealPage{Showing: made, Did: "Your request is made. Custodians have to approve it now."})
		case fault.KindOf(err) == fault.Internal:
			return err
		}
		f.Wrong[""], status = fault.Say(err), web.StatusOf(err)
	}
	for _, text := range []*string{&f.Handle, &f.Whose, &f.Inc, &f.Why} {
		if len(*text) > 4*mostWhy {
			*text = ""
		}
	}
	return s.renderAsk(w, r, status, f)
}

// approve takes what a custodian signed on a machine of their own.
func (s *site) approve(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, longestForm); err != nil {
		return err
	}
	code := challengeCode(r.PostForm.Get("code"))
	found, err := s.Reveals.Approve(r.Context(), code, strings.TrimSpace(r.PostForm.Get("signature")))
	if err == nil {
		return s.renderReveal(w, r, http.StatusOK, revealPage{Showing: found, Did: "That signature counts."})
	}
	was, lost := s.Reveals.Find(r.Context(), code)
	if lost != nil || fault.KindOf(err) == fault.Internal {
		return err
	}
	return s.renderReveal(w, r, web.StatusOf(err), revealPage{Showing: was, Signature: fault.Say(err)})
}

// reveal is the one page that shows somebody an address that is not theirs, once.
func (s *site) reveal(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, longestForm); err != nil {
		return err
	}
	code, handle, digits := challengeCode(r.PostForm.Get("code")), typed(r, "handle"), typed(r, "digits")
	found, err := s.Reveals.Find(r.Context(), code)
	if err != nil {
		return err
	}
	if wrong := checkSigner(handle, digits); len(wrong) > 0 {
		if len(handle) > 40 {
			handle = ""
		}
		return s.renderReveal(w, r, http.StatusBadRequest, revealPage{Showing: found, Boxes: []box{handleBox(handle, wrong["handle"]), digitsBox(wrong["digits"])}})
	}
	address, err := s.Reveals.Show(r.Context(), code, handle, digits)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		if now, lost := s.Reveals.Find(r.Context(), code); lost == nil {
			found = now
		}
		return s.renderReveal(w, r, web.StatusOf(err), revealPage{Showing: found, Problem: fault.Say(err), Boxes: []box{handleBox(handle, ""), digitsBox("")}})
	}
	return s.render(w, r, http.StatusOK, "address", view{Title: "Shown once", Here: "/reveal", Body: shown{
		Label: oncall.UpperFirst(contact.Noun(found.Kind)) + " of " + found.Whose, Address: address.Reveal(), Showing: &found,
	}})
}
