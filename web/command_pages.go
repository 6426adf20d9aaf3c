package web

import "net/http"

// commandsBody explains what can be typed.
type commandsBody struct {
	Intro  [][]span
	Groups []commandGroup
}

func (s *site) commandList(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "commands", view{
		Title: "Commands", Here: "/commands", Body: commandsBody{s.intro, s.commands},
	})
}
