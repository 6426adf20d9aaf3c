package switchboard

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"batsignal/web"
)

// routes is the whole surface.
func (s *site) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(secure, s.recover, middleware.GetHead, s.limit, s.sameOrigin)

	r.Get("/", s.page(s.index))
	// contact.LinkTo writes the token into the path.
	for _, path := range []string{"/seal", "/enrol/{token}"} {
		r.Get(path, s.page(s.showSeal))
	}
	r.Post("/seal", s.page(s.seal))
	r.Get("/sealed", s.page(s.sealed))
	r.Post("/sealed", s.page(s.prove))

	for _, path := range []string{"/mine", "/mine/{token:[A-Z2-7]{20,}}"} {
		r.Get(path, s.page(s.mine))
	}
	r.Post("/mine", s.page(s.enter))
	r.Post("/mine/leave", s.page(s.leave))
	r.Get("/mine/statement", s.page(s.statement))
	r.Post("/mine/export", s.page(s.export))
	r.Get("/mine/{id:[0-9]+}/code", s.page(s.codeForm))
	r.Post("/mine/{id:[0-9]+}/code", s.page(s.sendCode))
	r.Post("/mine/{id:[0-9]+}/show", s.page(s.showAddress))
	r.Get("/mine/{id:[0-9]+}/delete", s.page(s.askDelete))
	r.Post("/mine/{id:[0-9]+}/delete", s.page(s.delete))

	r.Get("/confirm", s.page(s.showConfirm))
	r.Post("/confirm", s.page(s.confirm))

	r.Get("/reveal", s.page(s.showReveal))
	r.Post("/reveal", s.page(s.askReveal))
	r.Post("/reveal/approve", s.page(s.approve))
	r.Post("/reveal/show", s.page(s.reveal))
	r.Get("/confirmer/{token}", s.page(s.showSeed))
	r.Post("/confirmer", s.page(s.takeSeed))
	r.Get("/ledger/check", s.page(s.showCheck))
	r.Post("/ledger/check", s.page(s.check))

	r.Get("/static/{name}", s.page(s.static))
	r.NotFound(s.page(web.NotFound))
	r.MethodNotAllowed(s.page(s.wrongMethod))
	return r
}
