package web

import (
	"net/http"
	"strings"

	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/oncall/fault"
)

// logMost is how many lines of a log are on one page.
const logMost = 2000

// logBody is a page of a log.
type logBody struct {
	meeting.Summary
	Days        []logDay
	Files       []fileLink
	Page, Pages int
}

// logDay are the lines of one day, the oldest first.
type logDay struct {
	Lines []logLine
	First minutes.Line
}

// logLine is a line, and what it made.
type logLine struct {
	minutes.Line
	Label string // what it made; "" is nothing
	Item  int    // the number of that
}

func (s *site) meetingLog(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	m, d, err := s.readMeeting(r, id)
	if err != nil {
		return err
	}
	page, pages, err := pageOf(r, d.Meeting.Lines)
	if err != nil {
		return err
	}
	made := map[int]*minutes.Item{}
	for _, item := range d.Items {
		made[item.Line] = item
	}
	body := logBody{Summary: m, Page: page, Pages: pages, Days: logDays(d.Lines, made, page)}
	for _, f := range filesOf(m) {
		if strings.HasPrefix(f.Ext, "log.") {
			body.Files = append(body.Files, f)
		}
	}
	return s.render(w, r, http.StatusOK, "log", view{Title: "Log of " + m.Title, Here: "/minutes", Feed: feedOf(m), Body: body})
}

// pageOf reads which page of a log is asked for.
func pageOf(r *http.Request, lines int) (page, pages int, err error) {
	pages = max(1, (lines+logMost-1)/logMost)
	text := r.URL.Query().Get("page")
	if text == "" {
		return 1, pages, nil
	}
	page, ok := number(text)
	if !ok || page < 1 || page > pages {
		return 0, 0, fault.New(fault.NotFound, "This log has %d pages, as in ?page=1.", pages)
	}
	return page, pages, nil
}

// logDays parts a page of a log by days of UTC. What is no line of anybody stays with
// the line before it.
func logDays(lines []minutes.Line, made map[int]*minutes.Item, page int) (days []logDay) {
	last := 0
	for _, l := range lines {
		if !l.Note {
			last = l.N
		}
		if at := max(0, last-1) / logMost; at != page-1 {
			continue
		}
		if len(days) == 0 || !dayOf(days[len(days)-1].First.At).Equal(dayOf(l.At)) {
			days = append(days, logDay{First: l})
		}
		one := logLine{Line: l}
		if item := made[l.N]; item != nil && !l.Note {
			one.Label, one.Item = kindLabel(item.Kind), item.ID
		}
		day := &days[len(days)-1]
		day.Lines = append(day.Lines, one)
	}
	return days
}
