package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
)

// peoplePerPage is how many of everybody are shown at once.
const peoplePerPage = 100

// everybodyBody is a part of everybody.
type everybodyBody struct {
	Query       string
	People      []personRow
	Found, All  int
	First       int    // of those on this page, from 1
	Older, Next string // addresses of the pages beside it; "" is none
}

// personRow is somebody in the list of everybody.
type personRow struct {
	oncall.Person
	Clock  string
	State  string // "awake", "asleep", "away"
	Roles  []string
	Labels []string
}

func (s *site) everybody(w http.ResponseWriter, r *http.Request) error {
	rows, err := s.personRows(r.Context())
	if err != nil {
		return err
	}
	body := everybodyBody{Query: oncall.Clip(strings.TrimSpace(r.FormValue("q")), 100), All: len(rows)}
	words := strings.Fields(strings.ToLower(body.Query))
	found := slices.DeleteFunc(rows, func(p personRow) bool { return !p.fits(words) })
	page, _ := strconv.Atoi(r.FormValue("page")) // what is no number is the first page
	body.turnTo(page, found)
	if err := s.addStates(r.Context(), body.People); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "peopleall", view{Title: "Everybody", Here: "/people", Body: body})
}

// personRows are all people, with their roles and labels.
func (s *site) personRows(ctx context.Context) ([]personRow, error) {
	people, err := oncall.People(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	members, err := oncall.Members(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	labels, err := skill.Of(ctx, s.DB, ids...)
	if err != nil {
		return nil, err
	}
	roles := map[int64][]string{}
	for _, m := range members {
		if m.Active() {
			roles[m.Person.ID] = append(roles[m.Person.ID], m.Role)
		}
	}
	rows := make([]personRow, len(people))
	for i, p := range people {
		rows[i] = personRow{Person: p, Roles: roles[p.ID]}
		for _, h := range labels[p.ID] {
			if h.Counts() {
				rows[i].Labels = append(rows[i].Labels, h.Title)
			}
		}
	}
	return rows, nil
}

// turnTo shows one page of what was found, or the nearest that there is.
func (b *everybodyBody) turnTo(page int, found []personRow) {
	pages := max(1, (len(found)+peoplePerPage-1)/peoplePerPage)
	page = min(max(page, 1), pages)
	at := func(page int) string {
		return "/people/all?" + url.Values{"q": {b.Query}, "page": {strconv.Itoa(page)}}.Encode()
	}
	if page > 1 {
		b.Older = at(page - 1)
	}
	if page < pages {
		b.Next = at(page + 1)
	}
	b.Found, b.First = len(found), (page-1)*peoplePerPage+1
	b.People = found[b.First-1 : min(page*peoplePerPage, len(found))]
}

// addStates tells what time it is for each, and whether they are there.
func (s *site) addStates(ctx context.Context, rows []personRow) error {
	now := s.Now()
	book, err := rota.Load(ctx, s.DB, now, now)
	if err != nil {
		return err
	}
	for i := range rows {
		p := &rows[i]
		p.Clock = now.In(oncall.Location(p.Zone)).Format("Mon 15:04")
		switch _, away := book.Away(p.ID, now); {
		case away:
			p.State = "away"
		case p.Awake(now):
			p.State = "awake"
		default:
			p.State = "asleep"
		}
	}
	return nil
}

// fits tells whether every word is part of what is known of somebody, or a language that
// they speak. A word with @ before it is a whole handle.
func (p personRow) fits(words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(p.Handle + "\n" + p.Name + "\n" + p.Zone + "\n" + strings.Join(p.Labels, "\n") + "\n" + strings.Join(p.Roles, "\n"))
	languages := strings.Fields(p.Languages)
	for _, word := range words {
		handle, exactly := strings.CutPrefix(word, "@")
		if exactly && p.Handle != handle || !exactly && !slices.Contains(languages, word) && !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
