package switchboard

import (
	"html/template"
	"net/http"

	"batsignal/oncall/secret"
)

// showSeed leads to a button first: what only looks at links uses none up.
func (s *site) showSeed(w http.ResponseWriter, r *http.Request) error {
	token := tokenOf(r)
	handle, err := s.Seeds.Look(r.Context(), token)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "authenticator", view{Title: "Your authenticator", Body: struct {
		Handle, Token string
	}{handle, token.Reveal()}})
}

// takeSeed shows a seed, once.
func (s *site) takeSeed(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, longestForm); err != nil {
		return err
	}
	seed, err := s.Seeds.Take(r.Context(), secret.New(r.PostForm.Get("token")))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "seed", view{Title: "Your authenticator", Body: struct {
		Handle, Typed string
		URI           template.URL // ours, of a scheme that templates do not know
	}{seed.Handle, seed.Typed.Reveal(), template.URL(seed.URI.Reveal())}}) // #nosec G203 -- totp.URI escapes what it writes into it
}
