package web

import (
	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
)

// alertRoutes are the pages of alerts, for people who are signed in: what a monitoring
// tool says may tell of machines, and of holes in them. Keys are for administrators.
func (s *site) alertRoutes(r chi.Router) {
	r.Get("/alerts", s.signedIn(s.alertList))
	r.Get("/alerts/keys", s.needs(command.Admin, s.showAlertKeys))
	r.Post("/alerts/keys", s.needs(command.Admin, s.addAlertKey))
	r.Post("/alerts/keys/{name}/revoke", s.needs(command.Admin, s.revokeAlertKey))
	r.Get("/alerts/{id}", s.signedIn(s.showAlert))
	r.Post("/alerts/{id}/ack", s.needs(command.LetIn, s.ackAlert))
	r.Post("/alerts/{id}/resolve", s.needs(command.LetIn, s.resolveAlert))
}
