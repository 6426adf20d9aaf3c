package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/incidents/announcement"
	"batsignal/oncall/fault"
)

const announcePath = "/announcements"

// announceRoutes are the pages of what is told to the world.
func (s *site) announceRoutes(r chi.Router) {
	r.Get(announcePath, s.signedIn(s.announcementList))
	r.Post(announcePath, s.needs(command.LetIn, s.draftAnnouncement))
	r.Get(announcePath+"/{id}", s.signedIn(s.showAnnouncement))
	r.Post(announcePath+"/{id}", s.needs(command.LetIn, s.onAnnouncement))
}

// announcementsBody is what was drafted and sent, and the form for one more.
type announcementsBody struct {
	Open, Past []announcement.Announcement
	Draft      announcement.NewDraft // as it was sent, or as an address says
	Incidents  []incidents.Incident  // that go on
	MayDraft   bool
	Wrong      string
	Rooms      int // that hear it
	Lists      int // mailing lists that get it
}

func (s *site) announcementList(w http.ResponseWriter, r *http.Request) error {
	d := announcement.NewDraft{What: announcement.Outage}
	d.Run, _ = strconv.ParseInt(r.URL.Query().Get("run"), 10, 64) // what is no number is none
	d.Incident, _ = strconv.ParseInt(r.URL.Query().Get("incident"), 10, 64)
	return s.renderAnnouncements(w, r, http.StatusOK, announcementsBody{Draft: d})
}

func (s *site) renderAnnouncements(w http.ResponseWriter, r *http.Request, status int, body announcementsBody) (err error) {
	list, err := s.Announcements.List(r.Context(), false, listMost)
	if err != nil {
		return err
	}
	// One that waits stays on top, however old it is.
	if body.Open, err = s.Announcements.List(r.Context(), true, listMost); err != nil {
		return err
	}
	for _, a := range list {
		if a.State == announcement.Sent || a.State == announcement.Dropped {
			body.Past = append(body.Past, a)
		}
	}
	if body.MayDraft = s.visitor(r).May(command.LetIn); body.MayDraft {
		if body.Incidents, err = s.Incidents.OpenIncidents(r.Context()); err != nil {
			return err
		}
	}
	body.Rooms, body.Lists = len(s.Announcements.Rooms), len(s.Announcements.Lists)
	return s.render(w, r, status, "announcements", view{Title: "Announcements", Here: jobsPath, Under: announcePath, Body: body})
}

func (s *site) draftAnnouncement(w http.ResponseWriter, r *http.Request) error {
	d := announcement.NewDraft{What: announcement.Outage, Text: linesOf(r, "text")}
	if field(r, "what") == announcement.News {
		d.What = announcement.News
	}
	var err error
	again := func(status int, wrong string) error {
		return s.renderAnnouncements(w, r, status, announcementsBody{Draft: d, Wrong: wrong})
	}
	if text := field(r, "incident"); text != "" {
		if d.Incident, err = parseIncident(text); err != nil {
			return again(http.StatusBadRequest, "An incident has a number, such as 7.")
		}
		if err := s.Incidents.Exists(r.Context(), d.Incident); err != nil {
			return s.after(w, r, "", err, again)
		}
	}
	if text := field(r, "run"); text != "" && s.Jobs != nil {
		d.Run, _ = strconv.ParseInt(text, 10, 64)
		if _, err := s.Jobs.Get(r.Context(), d.Run); err != nil {
			return s.after(w, r, "", err, again)
		}
	}
	a, err := s.Announcements.Draft(r.Context(), s.visitor(r).Actor(), d)
	return s.after(w, r, announcementPath(a.ID), err, again)
}

// announcementBody is one announcement.
type announcementBody struct {
	announcement.Announcement
	Copies     []announcement.Copy
	MayAct     bool // edit, send, drop
	MayApprove bool
	Own        bool // the visitor wrote it as it is
	Editing    bool
	Typed      string // the text as it was sent
	Read       int    // the version that stood beside it
	Wrong      string
	Rooms      int // that will hear it
	Lists      int // mailing lists that will get it
}

// Over tells whether nothing more becomes of it.
func (b announcementBody) Over() bool {
	return b.State == announcement.Sent || b.State == announcement.Dropped
}

// Nowhere tells whether there is no place to send it to.
func (b announcementBody) Nowhere() bool { return b.Rooms+b.Lists == 0 }

// Pending is how many lists it still has to be mailed to.
func (b announcementBody) Pending() (n int) {
	for _, c := range b.Copies {
		if c.State == "waiting" {
			n++
		}
	}
	return n
}

func (s *site) showAnnouncement(w http.ResponseWriter, r *http.Request) error {
	id, err := announcementID(r)
	if err != nil {
		return err
	}
	return s.renderAnnouncement(w, r, http.StatusOK, id, announcementBody{Editing: r.URL.Query().Has("edit")})
}

func (s *site) renderAnnouncement(w http.ResponseWriter, r *http.Request, status int, id int64, body announcementBody) (err error) {
	if body.Announcement, err = s.Announcements.Get(r.Context(), id); err != nil {
		return err
	}
	if body.Copies, err = s.Announcements.Copies(r.Context(), id); err != nil {
		return err
	}
	v := s.visitor(r)
	body.MayAct = v.May(command.LetIn) && !body.Over()
	body.Own = body.EditedBy != nil && *body.EditedBy == v.PersonID
	body.MayApprove = body.MayAct && body.State == announcement.Draft && !body.Own
	if body.Editing = body.Editing && body.MayAct; body.Typed == "" {
		body.Typed = body.Text
	}
	if body.Read == 0 {
		body.Read = body.Version
	}
	body.Rooms, body.Lists = len(s.Announcements.Rooms), len(s.Announcements.Lists)
	out := view{Title: announcement.Ref(id), Here: jobsPath, Under: announcePath, Body: body}
	if body.State == announcement.Sent && body.Pending() > 0 {
		out.Refresh = jobRefresh
	}
	return s.render(w, r, status, "announcement", out)
}

// onAnnouncement does what a button says.
func (s *site) onAnnouncement(w http.ResponseWriter, r *http.Request) error {
	id, err := announcementID(r)
	if err != nil {
		return err
	}
	by := s.visitor(r).Actor()
	again := announcementBody{}
	again.Read, _ = strconv.Atoi(field(r, "version")) // 0 is not said
	switch field(r, "do") {
	case "approve":
		if again.Read == 0 { // else it would approve what nobody has read
			return fault.New(fault.Invalid, "This form lacks the version that was read. Reload the page.")
		}
		_, err = s.Announcements.Approve(r.Context(), by, id, again.Read)
		again.Read = 0 // what is shown next is read anew
	case "edit":
		again.Editing, again.Typed = true, linesOf(r, "text")
		if again.Read == 0 { // else it would overwrite what nobody has read
			return fault.New(fault.Invalid, "This form lacks the version that was read. Reload the page.")
		}
		_, err = s.Announcements.Edit(r.Context(), by, id, again.Read, again.Typed)
		if now, lost := s.Announcements.Get(r.Context(), id); fault.KindOf(err) == fault.Conflict && lost == nil && now.Version != again.Read && now.State != announcement.Sent && now.State != announcement.Dropped {
			err = fault.New(fault.Conflict, "Somebody changed the text since you read it. What it is now stands above; what you wrote is in the form. Send it again to have yours in its place.")
			again.Read = 0
		}
	case "send":
		_, err = s.Announcements.Send(r.Context(), by, id)
	case "drop":
		_, err = s.Announcements.Drop(r.Context(), by, id)
	default:
		return fault.New(fault.Invalid, "This form can only say approve, edit, send or drop.")
	}
	return s.after(w, r, announcementPath(id), err, func(status int, wrong string) error {
		again.Wrong = wrong
		return s.renderAnnouncement(w, r, status, id, again)
	})
}

func announcementID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "An announcement has a number, as in /announcements/3.")
	}
	return id, nil
}

func announcementPath(id int64) string { return announcePath + "/" + strconv.FormatInt(id, 10) }

// linesOf is a text of several lines, with line ends as we keep them.
func linesOf(r *http.Request, name string) string {
	return strings.ReplaceAll(field(r, name), "\r\n", "\n")
}
