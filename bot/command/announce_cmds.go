package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"batsignal/incidents/announcement"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const listedAnnouncements = 10

func (s Services) announceCommands() []*Command {
	if s.Announcements == nil {
		return nil
	}
	number := Param{Name: "announcement", Kind: Number, Help: "which one"}
	text := Param{Name: "text", Kind: Rest, Help: "what, when, for how long, and whom it touches"}
	draft := func(what string) func(context.Context, *Call) (Reply, error) {
		return func(ctx context.Context, c *Call) (Reply, error) { return s.announceDraft(ctx, c, what) }
	}
	about := []Param{incidentOption, {Name: "run", Kind: Option, Help: "the run of a job that it is about"}, text}
	return []*Command{{
		Name: "announce", Default: "list", Needs: Known,
		Summary: "Tells the world: drafts an announcement, has it approved, sends it.", Example: "announce outage The wiki is away from 22:00 to 23:00 UTC for an update.",
		Subs: []*Command{
			{Name: "outage", Needs: Known | LetIn, Summary: "Drafts an announcement of an outage.", Example: "announce outage The wiki is away from 22:00 to 23:00 UTC.", Params: about, Run: draft(announcement.Outage)},
			{Name: "news", Needs: Known | LetIn, Summary: "Drafts any other announcement.", Example: "announce news The fixed packages are on all mirrors.", Params: about, Run: draft(announcement.News)},
			{Name: "list", Summary: "Lists what is drafted or approved, and the last ones sent.", Example: "announce list", Run: s.announceList},
			{Name: "show", Summary: "Shows an announcement, and where it went.", Example: "announce show 3", Params: []Param{number}, Run: s.announceShow},
			{
				Name: "edit", Needs: Known | LetIn, Summary: "Changes the text; it has to be approved again.", Example: "announce edit 3 The wiki is away from 22:00 to 24:00 UTC.", Params: []Param{number, {Name: "version", Kind: Option, Help: "which text you read, if somebody else changed it"}, text},
				Run: s.onAnnouncement(func(ctx context.Context, c *Call, id int64) (announcement.Announcement, error) {
					version := 0
					if given := c.Text("version"); given != "" {
						n, err := strconv.Atoi(given)
						if err != nil || n < 1 {
							return announcement.Announcement{}, fault.New(fault.Invalid, "The value of --version should be the number of a text, such as 2.")
						}
						version = n
					}
					return s.Announcements.Edit(ctx, c.Actor(), id, version, c.Text("text"))
				}),
			},
			{
				Name: "approve", Needs: Known | LetIn, Summary: "Agrees to a text that somebody else wrote.", Example: "announce approve 3", Params: []Param{number, {Name: "version", Kind: Number, Optional: true, Help: "which text you read, if it was changed"}},
				Run: s.onAnnouncement(func(ctx context.Context, c *Call, id int64) (announcement.Announcement, error) {
					return s.Announcements.Approve(ctx, c.Actor(), id, int(c.Number("version")))
				}),
			},
			{
				Name: "send", Needs: Known | LetIn, Summary: "Sends what is approved to the rooms and mailing lists.", Example: "announce send 3", Params: []Param{number},
				Run: s.onAnnouncement(func(ctx context.Context, c *Call, id int64) (announcement.Announcement, error) {
					return s.Announcements.Send(ctx, c.Actor(), id)
				}),
			},
			{
				Name: "drop", Needs: Known | LetIn, Summary: "Gives up what was not sent.", Example: "announce drop 3", Params: []Param{number},
				Run: s.onAnnouncement(func(ctx context.Context, c *Call, id int64) (announcement.Announcement, error) {
					return s.Announcements.Drop(ctx, c.Actor(), id)
				}),
			},
		},
	}}
}

func (s Services) announceDraft(ctx context.Context, c *Call, what string) (Reply, error) {
	d := announcement.NewDraft{What: what, Text: c.Text("text")}
	var err error
	if d.Incident, err = s.jobIncident(ctx, c); err != nil {
		return Reply{}, err
	}
	if c.Given("run") && s.Jobs != nil {
		digits, _, ok := readNumber(c.Text("run"), "R")
		if !ok {
			return Reply{}, fault.New(fault.Invalid, "The value of --run should be the number of a run, such as 12.")
		}
		run, _ := strconv.ParseInt(digits, 10, 64) // only digits
		r, err := s.Jobs.Get(ctx, run)
		if err != nil {
			return Reply{}, err
		}
		d.Run = r.ID
	}
	a, err := s.Announcements.Draft(ctx, c.Actor(), d)
	return s.unlessInRoom(c, a), err
}

// onAnnouncement is a verb on one announcement. The room hears what came of it.
func (s Services) onAnnouncement(do func(context.Context, *Call, int64) (announcement.Announcement, error)) func(context.Context, *Call) (Reply, error) {
	return func(ctx context.Context, c *Call) (Reply, error) {
		a, err := do(ctx, c, c.Number("announcement"))
		return s.unlessInRoom(c, a), err
	}
}

func (s Services) unlessInRoom(c *Call, a announcement.Announcement) Reply {
	if a.ID == 0 || c.Room != "" {
		return Reply{}
	}
	if a.State == announcement.Draft {
		return sentence(announcement.Ref(a.ID) + " is a draft; the home room was asked to agree.")
	}
	return sentence(fmt.Sprintf("%s is %s.", announcement.Ref(a.ID), a.State))
}

func (s Services) announceList(ctx context.Context, c *Call) (Reply, error) {
	list, err := s.Announcements.List(ctx, false, listedAnnouncements)
	if err != nil {
		return Reply{}, err
	}
	if len(list) == 0 {
		return sentence("Nothing was announced so far. " + c.Typed("announce outage") + " TEXT drafts one."), nil
	}
	t := Table{Head: []string{"Number", "State", "Drafted", "By", "Text"}}
	for _, a := range list {
		t.Rows = append(t.Rows, []string{strconv.FormatInt(a.ID, 10), string(a.State), stamp(a.MadeAt, c), a.MadeWords, oncall.Clip(strings.ReplaceAll(a.Text, "\n", " "), 80)})
	}
	return Reply{Blocks: []Block{t}}, nil
}

func (s Services) announceShow(ctx context.Context, c *Call) (Reply, error) {
	a, err := s.Announcements.Get(ctx, c.Number("announcement"))
	if err != nil {
		return Reply{}, err
	}
	copies, err := s.Announcements.Copies(ctx, a.ID)
	if err != nil {
		return Reply{}, err
	}
	facts := Facts{{"Drafted", a.MadeWords + ", " + stamp(a.MadeAt, c)}}
	if a.Version > 1 {
		facts = append(facts, [2]string{"Text", fmt.Sprintf("version %d", a.Version)})
	}
	if a.ApprovedAt != nil {
		facts = append(facts, [2]string{"Approved", a.ApprovedBy + ", " + stamp(*a.ApprovedAt, c)})
	}
	if a.SentAt != nil {
		facts = append(facts, [2]string{"Sent", a.SentBy + ", " + stamp(*a.SentAt, c)})
	}
	for _, one := range copies {
		state := one.State
		if one.Detail != "" {
			state += ": " + one.Detail
		}
		facts = append(facts, [2]string{strings.TrimSpace(one.Network + " " + one.Place), state})
	}
	return Reply{Blocks: []Block{Line(fmt.Sprintf("%s, %s: %s", announcement.Ref(a.ID), a.State, a.Text)), facts}}, nil
}
