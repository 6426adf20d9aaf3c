package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// apiPageStory is one page with all that became of it. No address and no code is ever told.
type apiPageStory struct {
	apiPage
	Hunt string       `json:"hunt" enum:"hunting,filled,stopped" doc:"Whether somebody is still looked for."`
	Ways []apiPageWay `json:"ways" doc:"In the order in which they were made."`
}

// apiPageWay is one message of a page.
type apiPageWay struct {
	Name  string         `json:"name" doc:"The route, or message on a chat network."`
	Round int            `json:"round"`
	State string         `json:"state" enum:"queued,leased,submitted,accepted,delivered,acked,failed,expired,cancelled"`
	Says  string         `json:"says" doc:"Where it stands, in words."`
	DueAt time.Time      `json:"due_at" doc:"When it is used, or was to be."`
	Lines []apiPageEvent `json:"lines" doc:"Every try, what came back, and what is to come; the oldest first."`
}

// apiPageEvent is one thing that happened on a way, or will.
type apiPageEvent struct {
	At     *time.Time `json:"at,omitempty"`
	Says   string     `json:"says"`
	Detail string     `json:"detail,omitempty" doc:"What the route told of it."`
}

// apiRing is a page that somebody sends.
type apiRing struct {
	To       string `json:"to" doc:"A handle, or a role."`
	Why      string `json:"why" doc:"What they are needed for, in up to 300 letters."`
	Incident int64  `json:"incident,omitempty" doc:"The number of the incident that it belongs to; missing is none."`
}

// apiSaid is what was done, in a sentence.
type apiSaid struct {
	Say string `json:"say"`
}

// apiPageAnswer is what an answer to a page did.
type apiPageAnswer struct {
	Say     string  `json:"say"`
	Changed bool    `json:"changed" doc:"The answer counted: the page was open."`
	Page    apiPage `json:"page"`
}

var pageWords = []string{"open", "acked", "declined", "closed", "past", "all"}

func (p *api) pageOperations() []operation {
	const group = "Pages"
	return []operation{
		define(operation{
			Name: "listPages", Method: http.MethodGet, Path: "/pages", Group: group, Scope: access.Read,
			Query: append([]param{
				{Name: "state", Kind: textParam, Help: "Only those; past are all that are not open. All if it is missing.", Choices: pageWords},
				{Name: "person", Kind: textParam, Help: "Only those of this handle."},
				{Name: "incident", Kind: numberParam, Help: "Only those of the incident of this number, all in one list."},
			}, pageParams...),
			Summary: "Lists who was rung, the newest first.",
		}, p.listPages),
		define(operation{
			Name: "getPage", Method: http.MethodGet, Path: "/pages/{page}", Group: group, Scope: access.Read,
			Summary: "Tells what became of a page: every way, every try, and what its providers said.",
		}, p.getPage),
		define(operation{
			Name: "ringPage", Method: http.MethodPost, Path: "/pages", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Rings one person, or the people of a role until one answers.",
		}, p.ringPage),
		define(operation{
			Name: "ackPage", Method: http.MethodPost, Path: "/pages/{page}/ack", Group: group, Scope: access.Command,
			Summary: "Answers a page of whose token it is: they are awake and take it.",
		}, p.ackPage),
		define(operation{
			Name: "declinePage", Method: http.MethodPost, Path: "/pages/{page}/decline", Group: group, Scope: access.Command,
			Summary: "Refuses a page of whose token it is, so that the next person is rung at once.",
		}, p.declinePage),
		define(operation{
			Name: "cancelPage", Method: http.MethodPost, Path: "/pages/{page}/cancel", Group: group, Scope: access.Command, LetIn: true,
			Summary: "Stops ringing for what a page was made for; everybody who was rung is told.",
		}, p.cancelPage),
	}
}

// rungOf is a page as programs read it.
func rungOf(p incidents.PageStory) apiPage {
	incident, alerts := incidents.CauseOf(p.Page)
	role, _ := p.Slot.Role()
	return apiPage{
		Ref: "P" + strconv.FormatInt(p.ID, 10), Handle: p.Handle, Role: role, State: string(p.State), Rang: p.Round, At: p.OpenedAt.UTC(),
		For: slotTitle(p.Slot), Why: p.Why, Severity: p.Severity, Incident: incident, Alerts: alerts, RungAt: instantOf(p.RungAt),
		AnsweredAt: inUTC(p.AnsweredAt), Via: p.Via,
	}
}

// pageFromLine makes of a line of a list what a page is elsewhere.
func pageFromLine(l incidents.PageLine) incidents.PageStory {
	return incidents.PageStory{Round: l.Round, Via: l.Via, Page: paging.Page{
		ID: l.ID, Handle: l.Handle, Cause: l.Cause, Slot: l.Slot, Why: l.Why, Severity: l.Severity, State: l.State,
		OpenedAt: l.OpenedAt, RungAt: l.RungAt, AnsweredAt: l.AnsweredAt,
	}}
}

func (p *api) listPages(a *asked, _ nothing) (apiList[apiPage], error) {
	none := listOf[apiPage](nil)
	most, err := a.limit()
	if err != nil {
		return none, err
	}
	incident, err := a.number("incident", 1, 1<<31-1, 0)
	if err != nil {
		return none, err
	}
	q := incidents.PageQuery{State: a.text("state"), Person: strings.TrimPrefix(a.text("person"), "@"), Most: most + 1}
	if q.State == "all" {
		q.State = ""
	}
	if q.Before, err = a.after(); err != nil {
		return none, err
	}
	var list []incidents.PageStory
	if incident != 0 {
		v, err := p.Incidents.View(a.ctx(), int64(incident), 1)
		if err != nil {
			return none, err
		}
		list = slices.DeleteFunc(v.Pages, func(s incidents.PageStory) bool { return !wanted(s, q) })
		slices.Reverse(list)
	} else {
		lines, err := p.Incidents.Pages(a.ctx(), q)
		if err != nil {
			return none, err
		}
		for _, l := range lines {
			list = append(list, pageFromLine(l))
		}
	}
	page := cut(list, most, func(s incidents.PageStory) string { return strconv.FormatInt(s.ID, 10) })
	out := apiList[apiPage]{Items: []apiPage{}, Next: page.Next}
	for _, one := range page.Items {
		out.Items = append(out.Items, rungOf(one))
	}
	return out, nil
}

// wanted tells whether a page of an incident is among those that were asked for.
func wanted(s incidents.PageStory, q incidents.PageQuery) bool {
	state := q.State == "" || q.State == string(s.State) || q.State == "past" && s.State != paging.PageOpen
	return state && (q.Person == "" || q.Person == s.Handle) && (q.Before == 0 || s.ID < q.Before)
}

func (p *api) detail(a *asked) (incidents.PageDetail, error) {
	id, err := pageID(a.named("page"))
	if err != nil {
		return incidents.PageDetail{}, err
	}
	d, found, err := p.Incidents.PageDetail(a.ctx(), id)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "There is no page P%d.", id)
	}
	return d, err
}

func (p *api) getPage(a *asked, _ nothing) (apiPageStory, error) {
	d, err := p.detail(a)
	if err != nil {
		return apiPageStory{}, err
	}
	out := apiPageStory{apiPage: rungOf(d.PageStory), Hunt: d.Hunt.State, Ways: []apiPageWay{}}
	for i, w := range d.Ways {
		told := storyOfWay(w, d.Facts[i], d.Events[i], a.now, true)
		way := apiPageWay{Name: told.Name, Round: w.Ring, State: w.State, Says: told.Word, DueAt: w.DueAt.UTC(), Lines: []apiPageEvent{}}
		for _, line := range told.Lines {
			one := apiPageEvent{Says: line.Word, Detail: line.Detail}
			if !line.At.IsZero() {
				one.At = instantOf(line.At)
			}
			way.Lines = append(way.Lines, one)
		}
		out.Ways = append(out.Ways, way)
	}
	return out, nil
}

func (p *api) ringPage(a *asked, in apiRing) (apiSaid, error) {
	if in.Incident < 0 {
		return apiSaid{}, wrong("incident", "incident is the number of an incident.")
	}
	say, err := p.Incidents.Page(a.ctx(), a.Actor(), incidents.Call{To: in.To, Why: in.Why, Incident: in.Incident})
	// There is no place here where an answer could be announced.
	return apiSaid{Say: p.Commands.Localize(strings.TrimSuffix(say, " The answer is announced here."))}, err
}

func (p *api) ackPage(a *asked, _ nothing) (apiPageAnswer, error) {
	return p.answers(a, p.Incidents.Ack)
}

func (p *api) declinePage(a *asked, _ nothing) (apiPageAnswer, error) {
	return p.answers(a, p.Incidents.Decline)
}

// cancelPage stops the hunt of a page as somebody would in its room. Alerts are answered,
// not called off.
func (p *api) cancelPage(a *asked, _ nothing) (apiSaid, error) {
	d, err := p.detail(a)
	if err != nil {
		return apiSaid{}, err
	}
	incident, alerts := incidents.CauseOf(d.Page)
	to, isRole := d.Slot.Role()
	if !isRole {
		to, _ = d.Slot.Person()
	}
	if alerts != 0 || to == "" {
		return apiSaid{}, fault.New(fault.Conflict, "P%d is rung for alerts: acknowledge or resolve those, and it ends.", d.ID)
	}
	say, err := p.Incidents.CancelPage(a.ctx(), a.Actor(), incidents.Call{To: to, Incident: incident, Cause: d.Cause})
	return apiSaid{Say: p.Commands.Localize(say)}, err
}

// answers acknowledges or declines, and tells how the page is then.
func (p *api) answers(a *asked, do func(context.Context, oncall.Actor, int64) (incidents.Answered, error)) (apiPageAnswer, error) {
	id, err := pageID(a.named("page"))
	if err != nil {
		return apiPageAnswer{}, err
	}
	done, err := do(a.ctx(), a.Actor(), id)
	if err != nil {
		return apiPageAnswer{}, err
	}
	d, err := p.detail(a)
	return apiPageAnswer{Say: p.Commands.Localize(done.Say), Changed: done.Changed, Page: rungOf(d.PageStory)}, err
}
