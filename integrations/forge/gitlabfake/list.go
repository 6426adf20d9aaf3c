package gitlabfake

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// list answers a list of issues: the newest first, in pages.
func (s *Server) list(w http.ResponseWriter, r *http.Request, p *project) {
	q := r.URL.Query()
	for name, values := range map[string][]string{
		"state": {"", "all", "opened", "closed"}, "scope": {"", "all", "created_by_me", "assigned_to_me"},
		"sort": {"", "asc", "desc"},
	} {
		if !slices.Contains(values, q.Get(name)) {
			answer(w, http.StatusBadRequest, map[string]string{"error": name + " does not have a valid value"})
			return
		}
	}
	var found []*Issue
	for _, i := range slices.Backward(p.issues) {
		if state := q.Get("state"); state != "" && state != "all" && state != i.State {
			continue
		}
		if labels := labelsOf(q.Get("labels")); slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(i.Labels, l) }) {
			continue
		}
		if search := q.Get("search"); search != "" && !matches(search, i.searched(q.Get("in"))) {
			continue
		}
		if q.Get("scope") == "assigned_to_me" {
			continue
		}
		found = append(found, i)
	}
	if q.Get("sort") == "asc" {
		slices.Reverse(found)
	}
	page, perPage := number(q.Get("page"), 1), min(number(q.Get("per_page"), 20), 100)
	from, to := min((page-1)*perPage, len(found)), min(page*perPage, len(found))
	paged(w.Header(), r.URL, page, perPage, len(found))
	shown := []map[string]any{}
	for _, i := range found[from:to] {
		shown = append(shown, s.json(i, p.id))
	}
	answer(w, http.StatusOK, shown)
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func paged(h http.Header, at *url.URL, page, perPage, total int) {
	pages := max((total+perPage-1)/perPage, 1)
	var links []string
	rel := func(name, header string, n int, there bool) {
		text := ""
		if there {
			text = strconv.Itoa(n)
			q := at.Query()
			q.Set("page", text)
			links = append(links, fmt.Sprintf("<%s?%s>; rel=%q", at.EscapedPath(), q.Encode(), name))
		}
		if header != "" {
			h.Set(header, text)
		}
	}
	rel("prev", "X-Prev-Page", page-1, page > 1)
	rel("next", "X-Next-Page", page+1, page < pages)
	rel("first", "", 1, true)
	rel("last", "", pages, true)
	h.Set("X-Page", strconv.Itoa(page))
	h.Set("X-Per-Page", strconv.Itoa(perPage))
	h.Set("X-Total", strconv.Itoa(total))
	h.Set("X-Total-Pages", strconv.Itoa(pages))
	h.Set("Link", strings.Join(links, ", "))
}

// searched is the text that a search looks at.
func (i *Issue) searched(in string) string {
	if in == "" {
		in = "title,description"
	}
	var text string
	for part := range strings.SplitSeq(in, ",") {
		switch part {
		case "title":
			text += i.Title + "\n"
		case "description":
			text += i.Description + "\n"
		}
	}
	return text
}

var (
	// hidden is what is left out of the index: tags and comments.
	hidden = regexp.MustCompile(`(?s)<!--.*?-->|<[a-zA-Z/][^>]*>`)
	// long words are not looked at.
	long = regexp.MustCompile(`[A-Za-z0-9+/@]{50,}`)
	word = regexp.MustCompile(`[\pL\pN]+`)
)

// matches tells whether every word searched for begins one of the text, as the full
// text search of the database behind GitLab does.
func matches(search, text string) bool {
	text = long.ReplaceAllString(hidden.ReplaceAllString(text, " "), " ")
	words := word.FindAllString(strings.ToLower(text), -1)
	for _, want := range word.FindAllString(strings.ToLower(search), -1) {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, want) }) {
			return false
		}
	}
	return true
}
