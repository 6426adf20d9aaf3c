package web

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall/fault"
)

// api is what programs can do.
type api struct {
	*site
	operations []operation
	document   map[string]any
	meter      meter
}

// newAPI makes the table of everything that programs can ask for.
func newAPI(s *site) *api {
	p := &api{site: s}
	p.operations = slices.Concat(
		p.selfOperations(), p.peopleOperations(), p.contactOperations(), p.absenceOperations(), p.roleOperations(), p.memberOperations(),
		p.oncallOperations(), p.scheduleOperations(), p.overrideOperations(), p.coverOperations(), p.coverageOperations(), p.wayOperations(), p.noiseOperations(),
		p.policyOperations(), p.escrowOperations(), p.alertOperations(), p.jobOperations(), p.jobTimeOperations(), p.backupOperations(), p.announcementOperations(), p.calendarOperations(), p.runbookOperations(), p.componentOperations(), p.incidentOperations(), p.pageOperations(), p.auditOperations(), p.commandOperations(), p.treeOperations(),
		p.documentOperations(),
	)
	p.document = openAPI(p.operations, s.Version)
	return p
}

// apiRoutes are the routes of programs, and the page that explains them.
func (s *site) apiRoutes(r chi.Router) {
	p := newAPI(s)
	r.Route(apiPath, func(r chi.Router) {
		for _, o := range p.operations {
			r.Method(o.Method, o.Path, p.serves(o))
		}
		r.NotFound(func(w http.ResponseWriter, r *http.Request) {
			p.refuses(w, r, fault.New(fault.NotFound, "There is nothing at this address. What there is: %s/openapi.json, and for people /api.", apiPath))
		})
		r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, http.StatusMethodNotAllowed, apiRefusal{Error: apiError{
				Kind: fault.Invalid.String(), Say: "That cannot be done to this address. What can: " + apiPath + "/openapi.json, and for people /api.",
			}})
		})
	})
	r.Get("/api", s.page(p.reference))
}

func (p *api) documentOperations() []operation {
	return []operation{define(operation{
		Name: "openAPI", Method: http.MethodGet, Path: "/openapi.json", Group: "About this", Public: true,
		Summary: "Tells all of this as an OpenAPI 3.1 document.",
	}, func(*asked, nothing) (map[string]any, error) { return p.document, nil })}
}
