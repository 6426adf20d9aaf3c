package web

import (
	"net/http"

	"batsignal/integrations/vault"
)

// parcelsBody is what ceremonies made for whoever is signed in.
type parcelsBody struct{ Parcels []vault.Parcel }

// parcelList shows people what was encrypted to their own keys: new shares, root tokens. It is
// ciphertext, and shown to nobody else all the same.
func (s *site) parcelList(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	list, err := vault.ParcelsFor(r.Context(), s.DB, v.PersonID, v.Handle)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "parcels", view{Title: "For you", Here: "/jobs", Body: parcelsBody{list}})
}
