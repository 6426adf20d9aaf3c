package web

import (
	"net/http"

	"batsignal/incidents/meeting"
)

const (
	indexLatest = 10
	shelfMost   = 200 // rooms, names and months that are listed
)

// indexBody is the first page of the archive.
type indexBody struct {
	Now    []meeting.Summary
	Latest []meeting.Summary
	Rooms  []meeting.RoomShelf
	Names  []meeting.NameShelf
	Years  []yearShelf
	Search searchBody

	Restricted bool // something listed is not for everybody
}

// yearShelf is a year with its months.
type yearShelf struct {
	Year   int
	Months []meeting.MonthShelf
}

func (s *site) minutesIndex(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var body indexBody
	by, err := s.reader(r)
	if err != nil {
		return err
	}
	if body.Now, err = s.Meetings.Meetings(ctx, meeting.Filter{State: meeting.GoingOn, Most: listMost, For: by}); err != nil {
		return err
	}
	if body.Latest, err = s.Meetings.LastEnded(ctx, meeting.Filter{Most: indexLatest, For: by}); err != nil {
		return err
	}
	if body.Rooms, err = s.Meetings.Rooms(ctx, by, shelfMost); err != nil {
		return err
	}
	if body.Names, err = s.Meetings.Names(ctx, by, shelfMost); err != nil {
		return err
	}
	months, err := s.Meetings.Months(ctx, by, shelfMost)
	if err != nil {
		return err
	}
	body.Years = byYear(months)
	body.Search.Rooms, body.Restricted = body.Rooms, someRestricted(body.Now, body.Latest)
	return s.render(w, r, http.StatusOK, "minutes", view{Title: "Minutes", Here: "/minutes", Feed: "/minutes/feed.atom", Body: body})
}

func byYear(months []meeting.MonthShelf) (years []yearShelf) {
	for _, m := range months {
		m.Month = m.Month.UTC()
		if len(years) == 0 || years[len(years)-1].Year != m.Month.Year() {
			years = append(years, yearShelf{Year: m.Month.Year()})
		}
		last := &years[len(years)-1]
		last.Months = append(last.Months, m)
	}
	return years
}
