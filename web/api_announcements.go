package web

import (
	"net/http"
	"strconv"
	"time"

	"batsignal/incidents/announcement"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
)

// apiAnnouncement is something that is told to the world.
type apiAnnouncement struct {
	ID         int64       `json:"id"`
	What       string      `json:"what" enum:"outage,news"`
	Text       string      `json:"text"`
	State      string      `json:"state" enum:"draft,approved,sent,dropped"`
	Version    int         `json:"version" doc:"It goes up with each change of the text, and is the ETag."`
	Incident   *int64      `json:"incident,omitempty"`
	Run        *int64      `json:"run,omitempty" doc:"The run of a job that it is about."`
	MadeBy     string      `json:"made_by"`
	MadeAt     time.Time   `json:"made_at"`
	EditedAt   time.Time   `json:"edited_at"`
	ApprovedBy string      `json:"approved_by,omitempty"`
	ApprovedAt *time.Time  `json:"approved_at,omitempty"`
	SentBy     string      `json:"sent_by,omitempty"`
	SentAt     *time.Time  `json:"sent_at,omitempty"`
	Copies     []apiWentTo `json:"copies,omitempty" doc:"Of a single one that was sent: where it went."`
}

func (a apiAnnouncement) version() int { return a.Version }

// apiWentTo is a place that an announcement went to.
type apiWentTo struct {
	Way     string    `json:"way" enum:"room,list"`
	Network string    `json:"network,omitempty"`
	Place   string    `json:"place" doc:"The room, or the address of the mailing list."`
	State   string    `json:"state" doc:"waiting, sent, failed or unknown."`
	At      time.Time `json:"at"`
	Detail  string    `json:"detail,omitempty"`
}

// apiDraft is what somebody proposes to announce.
type apiDraft struct {
	What     string `json:"what" enum:"outage,news"`
	Text     string `json:"text" doc:"What, when, for how long, and whom it touches."`
	Incident int64  `json:"incident,omitempty"`
	Run      int64  `json:"run,omitempty" doc:"The run of a job that it is about."`
}

// apiNewText is another text.
type apiNewText struct {
	Text string `json:"text"`
}

// apiReadText says which text somebody read.
type apiReadText struct {
	Version int `json:"version" doc:"The version that was read: another one is not agreed to."`
}

func (p *api) announcementOperations() []operation {
	const group = "Announcements"
	if p.Announcements == nil {
		return nil
	}
	act := func(name, method, path, summary string) operation {
		return operation{Name: name, Method: method, Path: "/announcements" + path, Group: group, Scope: access.Command, LetIn: true, Summary: summary}
	}
	draft := act("draftAnnouncement", http.MethodPost, "", "Drafts an announcement; somebody else is asked to agree.")
	draft.Status = http.StatusCreated
	return []operation{
		define(operation{
			Name: "listAnnouncements", Method: http.MethodGet, Path: "/announcements", Group: group, Scope: access.Read,
			Query: []param{
				{Name: "state", Kind: textParam, Help: "open: only those that were neither sent nor dropped.", Choices: []string{"open", "all"}},
				pageParams[1],
			},
			Summary: "Lists announcements, the newest first.",
		}, p.listAnnouncements),
		define(draft, p.draftAnnouncement),
		define(operation{
			Name: "getAnnouncement", Method: http.MethodGet, Path: "/announcements/{announcement}", Group: group, Scope: access.Read, Guard: tagged,
			Summary: "Tells everything about an announcement.",
		}, p.getAnnouncement),
		defineGuarded(act("editAnnouncement", http.MethodPut, "/{announcement}", "Changes the text; it has to be agreed to again."), p.editAnnouncement, p.getAnnouncement),
		define(act("approveAnnouncement", http.MethodPost, "/{announcement}/approve", "Agrees to a text that somebody else wrote."), p.approveAnnouncement),
		define(act("sendAnnouncement", http.MethodPost, "/{announcement}/send", "Sends what is agreed to, to every configured room and mailing list."), p.sendAnnouncement),
		define(act("dropAnnouncement", http.MethodPost, "/{announcement}/drop", "Gives up what was not sent."), p.dropAnnouncement),
	}
}

func (p *api) listAnnouncements(a *asked, _ nothing) (apiList[apiAnnouncement], error) {
	out := apiList[apiAnnouncement]{Items: []apiAnnouncement{}}
	most, err := a.limit()
	if err != nil {
		return out, err
	}
	list, err := p.Announcements.List(a.ctx(), a.text("state") == "open", most)
	for _, one := range list {
		out.Items = append(out.Items, announcementOf(one))
	}
	return out, err
}

func (p *api) draftAnnouncement(a *asked, in apiDraft) (apiAnnouncement, error) {
	if in.Incident != 0 {
		if err := p.Incidents.Exists(a.ctx(), in.Incident); err != nil {
			return apiAnnouncement{}, err
		}
	}
	if in.Run != 0 {
		if p.Jobs == nil {
			return apiAnnouncement{}, fault.New(fault.NotFound, "There is no run %d, since there are no jobs here.", in.Run)
		}
		if _, err := p.Jobs.Get(a.ctx(), in.Run); err != nil {
			return apiAnnouncement{}, err
		}
	}
	one, err := p.Announcements.Draft(a.ctx(), a.Actor(), announcement.NewDraft(in))
	if err != nil {
		return apiAnnouncement{}, err
	}
	a.made("/announcements/" + strconv.FormatInt(one.ID, 10))
	return announcementOf(one), nil
}

func (p *api) getAnnouncement(a *asked, _ nothing) (apiAnnouncement, error) {
	one, err := p.Announcements.Get(a.ctx(), a.numbered("announcement"))
	if err != nil {
		return apiAnnouncement{}, err
	}
	out := announcementOf(one)
	copies, err := p.Announcements.Copies(a.ctx(), one.ID)
	for _, c := range copies {
		c.At = c.At.UTC()
		out.Copies = append(out.Copies, apiWentTo(c))
	}
	return out, err
}

func (p *api) editAnnouncement(a *asked, in apiNewText) (apiAnnouncement, error) {
	one, err := p.Announcements.Edit(a.ctx(), a.Actor(), a.numbered("announcement"), a.based, in.Text)
	return announcementOf(one), err
}

func (p *api) approveAnnouncement(a *asked, in apiReadText) (apiAnnouncement, error) {
	if in.Version < 1 {
		return apiAnnouncement{}, wrong("version", "The version is the one that was read, such as 1.")
	}
	one, err := p.Announcements.Approve(a.ctx(), a.Actor(), a.numbered("announcement"), in.Version)
	return announcementOf(one), err
}

func (p *api) sendAnnouncement(a *asked, _ nothing) (apiAnnouncement, error) {
	one, err := p.Announcements.Send(a.ctx(), a.Actor(), a.numbered("announcement"))
	return announcementOf(one), err
}

func (p *api) dropAnnouncement(a *asked, _ nothing) (apiAnnouncement, error) {
	one, err := p.Announcements.Drop(a.ctx(), a.Actor(), a.numbered("announcement"))
	return announcementOf(one), err
}

func announcementOf(one announcement.Announcement) apiAnnouncement {
	return apiAnnouncement{
		ID: one.ID, What: one.What, Text: one.Text, State: string(one.State), Version: one.Version, Incident: one.Incident, Run: one.Run,
		MadeBy: one.MadeWords, MadeAt: one.MadeAt.UTC(), EditedAt: one.EditedAt.UTC(), ApprovedBy: one.ApprovedBy, ApprovedAt: maybeInstant(one.ApprovedAt),
		SentBy: one.SentBy, SentAt: maybeInstant(one.SentAt),
	}
}

// maybeInstant is an instant that there may be none of, in UTC.
func maybeInstant(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return instantOf(*t)
}
