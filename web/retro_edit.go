package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/incidents/retrospective"
	"batsignal/incidents/retrospective/linediff"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// longestForm is how much a browser may send, in bytes: a document of the longest kind,
// of letters that take most, as forms write them.
const longestForm = 4 << 20

// editBody is the form behind a link to edit by.
type editBody struct {
	Editor   retrospective.Editor
	Ref      string
	Edition  int    // that the text is based on
	Text     string // in the form
	Saved    int    // the edition that was just saved; 0 is none
	Problem  string // why nothing was saved; "" says nothing
	Looked   bool   // Doc shows what the text would look like
	Heading  string
	Doc      []docBlock
	Clash    *clash // somebody else was quicker
	Longest  int
	Document string // where it is shown
}

// clash is what two people made of one edition.
type clash struct {
	Based  int
	Mine   string
	Theirs retrospective.Edition
	Merged bool // the form holds both, put together
	Lines  []diffLine
	More   int
}

// showEdit shows the form. It changes nothing, and uses nothing up.
func (s *site) showEdit(w http.ResponseWriter, r *http.Request) error {
	editor, ok, err := s.editorOf(w, r)
	if err != nil || !ok {
		return err
	}
	e, err := s.Retro.Get(r.Context(), editor.Incident, 0)
	if err != nil {
		return err
	}
	body := editBodyOf(editor, e.Number, e.Text)
	if saved, err := editionOf(r, "saved", 0); err == nil && saved <= e.Number {
		body.Saved = saved
	}
	return s.renderEdit(w, r, http.StatusOK, body)
}

// edit is what the form sends. Whatever goes wrong, what somebody wrote comes back to
// them.
func (s *site) edit(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "That is more than a document may hold, so nothing was saved. Go back in your browser: your text is still there.")
	}
	editor, ok, err := s.editorOf(w, r)
	if err != nil || !ok {
		return err
	}
	based, _ := strconv.Atoi(r.PostForm.Get("edition")) // what is no number is no edition, and a conflict
	body := editBodyOf(editor, based, r.PostForm.Get("text"))
	if r.PostForm.Get("do") == "look" {
		body.Looked = true
		body.Heading, body.Doc = drawDocument(strings.ReplaceAll(body.Text, "\r\n", "\n"))
		return s.renderEdit(w, r, http.StatusOK, body)
	}
	saved, err := s.Retro.Save(r.Context(), editor.Actor(), editor.Incident, based, body.Text)
	switch {
	case err == nil:
		http.Redirect(w, r, r.URL.Path+"?saved="+strconv.Itoa(saved.Number), http.StatusSeeOther)
		return nil
	case fault.KindOf(err) == fault.Conflict:
		if err := s.clash(r, &body); err != nil {
			return err
		}
	case statusOf(err) >= http.StatusInternalServerError:
		s.Log.Error("a retrospective could not be saved", "incident", editor.Incident, "error", err)
	}
	body.Problem = fault.Say(err)
	return s.renderEdit(w, r, statusOf(err), body)
}

// clash puts together what was written with what somebody else saved meanwhile, if they
// are in different places; else the form keeps what was written, with theirs beside it.
func (s *site) clash(r *http.Request, body *editBody) error {
	theirs, err := s.Retro.Get(r.Context(), body.Editor.Incident, 0)
	if err != nil {
		return err
	}
	c := &clash{Based: body.Edition, Mine: body.Text, Theirs: theirs}
	if base, err := s.Retro.Get(r.Context(), body.Editor.Incident, max(body.Edition, 1)); err == nil {
		mine := strings.ReplaceAll(body.Text, "\r\n", "\n")
		if merged, ok := linediff.Merge(base.Text, mine, theirs.Text); ok {
			body.Text, c.Merged = merged, true
		}
		c.Lines, c.More = drawDiff(base.Text, theirs.Text)
	} else if fault.KindOf(err) != fault.NotFound {
		return err
	}
	body.Clash, body.Edition = c, theirs.Number
	return nil
}

func editBodyOf(editor retrospective.Editor, edition int, text string) editBody {
	return editBody{
		Editor: editor, Ref: incidents.Ref(editor.Incident), Edition: edition, Text: text,
		Longest: retrospective.Longest, Document: retrospective.Path(editor.Incident),
	}
}

func (s *site) renderEdit(w http.ResponseWriter, r *http.Request, status int, body editBody) error {
	return s.render(w, r, status, "retroedit", view{Title: "Edit the retrospective of " + body.Ref, Body: body})
}

// editorOf reads whose link this is. The token is wrapped as soon as it is read, so that
// nothing later can print it. Where the link opens nothing, that is said, together with
// what was written.
func (s *site) editorOf(w http.ResponseWriter, r *http.Request) (editor retrospective.Editor, ok bool, err error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex")
	text := chi.URLParam(r, "token")
	if s.Retro == nil || len(text) != retrospective.TokenLength || strings.Trim(text, tokenLetters) != "" {
		return editor, false, s.noEdit(w, r, http.StatusNotFound)
	}
	editor, err = s.Retro.Editor(r.Context(), secret.New(text))
	if fault.KindOf(err) == fault.NotFound {
		return editor, false, s.noEdit(w, r, http.StatusGone)
	}
	return editor, err == nil, err
}

// noEdit answers a link that was never one of ours, or is none any more.
func (s *site) noEdit(w http.ResponseWriter, r *http.Request, status int) error {
	return s.render(w, r, status, "retronolink", view{Title: "This link does not work", Body: r.PostForm.Get("text")})
}
