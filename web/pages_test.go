package web_test

import "testing"

func TestFirstPages(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	for _, path := range []string{"/", "/incidents", "/incidents/1", "/signal", "/people", "/commands", w.link("maria"), "/healthz", "/readyz", "/metrics", "/static/style.css"} {
		w.get(path).says(t, 200)
	}
}
