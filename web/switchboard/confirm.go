package switchboard

import (
	"net/http"
	"strings"

	"batsignal/incidents"
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
	"batsignal/web"
)

// confirmPage shows what is confirmed, and takes the digits for it.
type confirmPage struct {
	Code      string
	Challenge *unseal.Challenge // nil: its code is asked for
	Box       box               // for the code of the challenge
	Handle    box
	Digits    box
	Problem   string
}

// challengeCode is the code of a challenge as it is looked for.
func challengeCode(text string) string {
	return strings.ToUpper(strings.Join(strings.Fields(text), ""))
}

func challengeBox(value, problem string) box {
	return box{Name: "code", Label: "Code of the request", Value: value, Problem: problem, Most: 8, Help: "Four letters and digits, as the bot said them in the room."}
}

// showConfirm shows what a code opens before anybody types digits for it: nobody confirms
// what they have not read.
func (s *site) showConfirm(w http.ResponseWriter, r *http.Request) error {
	code := challengeCode(r.URL.Query().Get("code"))
	if code == "" {
		return s.renderConfirm(w, r, http.StatusOK, confirmPage{Box: challengeBox("", "")})
	}
	c, err := s.Authority.Shown(code)
	if err != nil {
		return s.noChallenge(w, r, code, err)
	}
	return s.renderConfirm(w, r, http.StatusOK, confirmPage{Code: c.Code, Challenge: &c, Handle: handleBox("", ""), Digits: digitsBox("")})
}

// noChallenge asks for another code.
func (s *site) noChallenge(w http.ResponseWriter, r *http.Request, code string, err error) error {
	if kind := fault.KindOf(err); kind != fault.NotFound && kind != fault.Invalid {
		return err
	}
	if len(code) > 8 {
		code = ""
	}
	return s.renderConfirm(w, r, web.StatusOf(err), confirmPage{Box: challengeBox(code, fault.Say(err))})
}

func (s *site) renderConfirm(w http.ResponseWriter, r *http.Request, status int, p confirmPage) error {
	return s.render(w, r, status, "confirm", view{Title: "Confirm a request", Here: "/confirm", Body: p})
}

// granted is what came of a confirmation, in words.
type granted struct {
	unseal.Grant
	Challenge unseal.Challenge
}

// Ref is the incident; "" is one that begins with the confirmation.
func (g granted) Ref() string {
	if g.Incident == 0 {
		return ""
	}
	return incidents.Ref(g.Incident)
}

func (s *site) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, longestForm); err != nil {
		return err
	}
	code, handle, digits := challengeCode(r.PostForm.Get("code")), typed(r, "handle"), typed(r, "digits")
	c, err := s.Authority.Shown(code)
	if err != nil {
		return s.noChallenge(w, r, code, err)
	}
	page := func(status int, wrong map[string]string) error {
		if len(handle) > 40 {
			handle = ""
		}
		return s.renderConfirm(w, r, status, confirmPage{
			Code: c.Code, Challenge: &c, Handle: handleBox(handle, wrong["handle"]), Digits: digitsBox(wrong["digits"]), Problem: wrong[""],
		})
	}
	if wrong := checkSigner(handle, digits); len(wrong) > 0 {
		return page(http.StatusBadRequest, wrong)
	}
	g, err := s.Authority.Confirm(r.Context(), code, handle, digits)
	switch {
	case fault.KindOf(err) == fault.Internal && err != nil:
		return err
	case err != nil:
		return page(web.StatusOf(err), map[string]string{"": fault.Say(err)})
	case g.Refused != "":
		return page(http.StatusForbidden, map[string]string{"": g.Refused})
	}
	return s.render(w, r, http.StatusOK, "confirmed", view{Title: "Confirmed", Here: "/confirm", Body: granted{g, c}})
}
