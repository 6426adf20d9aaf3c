package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/oncall/fault"
)

const (
	searchMost   = 30
	searchLength = 200 // letters of what is looked for
)

// searchBody is what was looked for, and what was found.
type searchBody struct {
	Query string
	Room  string // "network/room"; "" is every room
	Items bool
	Rooms []meeting.RoomShelf
	Found []hitGroup
	First bool
	Next  string // the address of older hits; "": there are none

	Restricted bool // something found is not for everybody
}

// hitGroup is what was found in one meeting.
type hitGroup struct {
	meeting.Hit // the first of them
	Hits        []hit
}

// hit is a line with its matches marked.
type hit struct {
	meeting.Hit
	Label  string // what it made; "" is a line that made nothing
	Pieces []piece
}

func (s *site) minutesSearch(w http.ResponseWriter, r *http.Request) error {
	f, body, err := searchOf(r)
	if err != nil {
		return err
	}
	if f.For, err = s.reader(r); err != nil {
		return err
	}
	if body.Rooms, err = s.Meetings.Rooms(r.Context(), f.For, shelfMost); err != nil {
		return err
	}
	if f.Query != "" {
		found, more, err := s.Meetings.Find(r.Context(), f)
		if err != nil {
			return err
		}
		body.Found = grouped(found, termsOf(f.Query))
		for _, g := range body.Found {
			body.Restricted = body.Restricted || g.Restricted
		}
		if more {
			last := found[len(found)-1]
			body.Next = searchPath(body, fmt.Sprintf("%d-%d", last.Meeting, last.Line))
		}
	}
	title := "Search the minutes"
	if body.Query != "" {
		title = "Search: " + body.Query
	}
	return s.render(w, r, http.StatusOK, "search", view{Title: title, Here: "/minutes", Body: body})
}

// searchOf reads a search from an address.
func searchOf(r *http.Request) (f meeting.Search, body searchBody, err error) {
	q := r.URL.Query()
	text := strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(q.Get("q"), "\x00", " "), " "))
	switch {
	case utf8.RuneCountInString(text) > searchLength:
		return f, body, fault.New(fault.Invalid, "That is too long to look for: %d letters are the most.", searchLength)
	case text != "" && len(termsOf(text)) == 0:
		return f, body, fault.New(fault.Invalid, "Name at least one word that is to be found.")
	}
	body = searchBody{Query: text, Room: q.Get("room"), Items: q.Get("in") == "notes"}
	f = meeting.Search{Query: text, Items: body.Items, Most: searchMost}
	f.Room.Network, f.Room.Room, _ = strings.Cut(body.Room, "/")
	if !utf8.ValidString(body.Room) || strings.Contains(body.Room, "\x00") {
		f.Room, body.Room = incidents.Room{}, ""
	}
	before := q.Get("before")
	if body.First = before == ""; body.First {
		return f, body, nil
	}
	id, line, ok := strings.Cut(before, "-")
	f.Meeting, err = strconv.ParseInt(id, 10, 64)
	n, err2 := strconv.ParseInt(line, 10, 32)
	if f.Line = int(n); !ok || err != nil || err2 != nil || f.Meeting < 1 {
		return f, body, fault.New(fault.Invalid, "A search goes on at a line, as in before=12-340.")
	}
	return f, body, nil
}

func searchPath(b searchBody, before string) string {
	q := url.Values{"q": {b.Query}, "before": {before}}
	if b.Room != "" {
		q.Set("room", b.Room)
	}
	if b.Items {
		q.Set("in", "notes")
	}
	return "/minutes/search?" + q.Encode()
}

// grouped puts what was found in one meeting together.
func grouped(found []meeting.Hit, terms []string) (groups []hitGroup) {
	for _, h := range found {
		if len(groups) == 0 || groups[len(groups)-1].Meeting != h.Meeting {
			groups = append(groups, hitGroup{Hit: h})
		}
		last := &groups[len(groups)-1]
		last.Hits = append(last.Hits, hit{h, kindLabel(h.Kind), snippet(h.Text, terms)})
	}
	return groups
}
