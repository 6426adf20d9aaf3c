package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/oncall/fault"
	"batsignal/oncall/tree"
)

// longestTree is how much of a tree can be sent, in bytes.
const longestTree = 1 << 20

func (s *site) treeRoutes(r chi.Router) {
	r.Get("/export", s.needs(command.Admin, s.exportTree))
	r.Get("/import", s.needs(command.Admin, s.showImport))
	r.Post("/import", s.needs(command.Admin, s.planTree))
	r.Post("/import/apply", s.needs(command.Admin, s.applyTree))
}

// treeBody is a tree that somebody would have applied, and what that would do.
type treeBody struct {
	Text     string
	Problems []tree.Problem // with the text
	Problem  string
	Moved    string // why the plan is another one than was seen
	Plan     *tree.Plan
	Changes  []treeChange
	Done     bool // the plan was applied
}

// treeChange is one change of a plan, with its title.
type treeChange struct {
	tree.Change
	Title string
}

// exportTree gives the whole tree as a file.
func (s *site) exportTree(w http.ResponseWriter, r *http.Request) error {
	f, err := s.Tree.Export(r.Context())
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="batsignal-`+s.Now().UTC().Format("2006-01-02")+`.yaml"`)
	_, _ = w.Write(tree.Encode(f)) // who went away meanwhile needs no answer
	return nil
}

func (s *site) showImport(w http.ResponseWriter, r *http.Request) error {
	return s.renderTree(w, r, http.StatusOK, treeBody{})
}

func (s *site) renderTree(w http.ResponseWriter, r *http.Request, status int, body treeBody) error {
	if body.Plan != nil {
		titles := map[string]string{tree.Add: "Add", tree.Alter: "Change", tree.Remove: "Remove"}
		for _, c := range body.Plan.Changes {
			body.Changes = append(body.Changes, treeChange{c, titles[c.Does] + " the " + c.Kind})
		}
	}
	return s.render(w, r, status, "import", view{Title: "Import and export", Here: "/people", Body: body})
}

// treeText is the text of a form: of a file, or else what was pasted.
func treeText(r *http.Request) (string, error) {
	text := r.PostForm.Get("text")
	if r.MultipartForm != nil && len(r.MultipartForm.File["file"]) > 0 {
		file, err := uploaded(r, "file", longestTree)
		if err != nil {
			return "", err
		}
		if len(file) > 0 {
			text = string(file)
		}
	}
	// Browsers send what was pasted with another kind of line end.
	if text = strings.ReplaceAll(text, "\r\n", "\n"); strings.TrimSpace(text) == "" {
		return "", fault.New(fault.Invalid, "Choose a file, or paste its text.")
	}
	if len(text) > longestTree {
		return "", fault.New(fault.Invalid, "That text has more than %d KiB. Apply it in parts: a section that it does not have is left alone.", longestTree>>10)
	}
	return text, nil
}

// planTree shows what a tree would change. It changes nothing.
func (s *site) planTree(w http.ResponseWriter, r *http.Request) error {
	text, err := treeText(r)
	if err != nil {
		return s.badTree(w, r, treeBody{}, err)
	}
	return s.planAgain(w, r, http.StatusOK, treeBody{Text: text})
}

// planAgain makes the plan of a text.
func (s *site) planAgain(w http.ResponseWriter, r *http.Request, status int, body treeBody) error {
	f, err := tree.Parse([]byte(body.Text))
	if err != nil {
		return s.badTree(w, r, body, err)
	}
	plan, err := s.Tree.Plan(r.Context(), s.visitor(r).Actor(), f)
	if err != nil {
		return s.badTree(w, r, body, err)
	}
	body.Plan = &plan
	return s.renderTree(w, r, status, body)
}

// badTree says what is wrong with a text, by line.
func (s *site) badTree(w http.ResponseWriter, r *http.Request, body treeBody, err error) error {
	if statusOf(err) >= http.StatusInternalServerError {
		return err
	}
	if body.Problems = tree.Problems(err); len(body.Problems) == 0 {
		body.Problem = s.said(err)
	}
	return s.renderTree(w, r, statusOf(err), body)
}

// applyTree does what was planned, if everything is as it was then. If not, the plan
// that there is now is shown.
func (s *site) applyTree(w http.ResponseWriter, r *http.Request) error {
	text, err := treeText(r)
	if err != nil {
		return s.badTree(w, r, treeBody{}, err)
	}
	f, err := tree.Parse([]byte(text))
	if err != nil {
		return s.badTree(w, r, treeBody{Text: text}, err)
	}
	seen := r.PostForm.Get("fingerprint")
	if seen == "" { // which would take whatever there is
		return s.planAgain(w, r, http.StatusOK, treeBody{Text: text})
	}
	done, err := s.Tree.Apply(r.Context(), s.visitor(r).Actor(), f, seen)
	switch {
	case err == nil:
		return s.renderTree(w, r, http.StatusOK, treeBody{Plan: &done, Done: true})
	case fault.KindOf(err) == fault.Conflict:
		return s.planAgain(w, r, http.StatusConflict, treeBody{Text: text, Moved: s.said(err)})
	}
	return s.badTree(w, r, treeBody{Text: text}, err)
}
