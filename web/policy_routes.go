package web

import (
	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
)

// policyRoutes are the pages of who is rung after whom: everybody reads and tries, admins
// change. (The package is called escalation here, since policy is that of browsers.)
func (s *site) policyRoutes(r chi.Router) {
	r.Get("/policies", s.page(s.policyList))
	r.Post("/policies", s.needs(command.Admin, s.assignPolicies))
	r.Get("/policies/try", s.page(s.tryPolicy))
	r.Get("/policies/new", s.needs(command.Admin, s.newPolicy))
	r.Post("/policies/new", s.needs(command.Admin, s.sendPolicy))
	r.Get("/policies/{name}", s.page(s.showPolicy))
	r.Get("/policies/{name}/edit", s.needs(command.Admin, s.editPolicy))
	r.Post("/policies/{name}/edit", s.needs(command.Admin, s.sendPolicy))
	r.Get("/policies/{name}/remove", s.needs(command.Admin, s.askToRemovePolicy))
	r.Post("/policies/{name}/remove", s.needs(command.Admin, s.removePolicy))
}
