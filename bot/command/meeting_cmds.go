package command

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/oncall/fault"
)

func (s Services) meetingCommands() []*Command {
	number := Param{Name: "meeting", Kind: Number, Prefix: "M", Optional: true, Help: "which meeting, if not the one in this room"}
	return []*Command{{
		Name: "meeting", Aliases: []string{"minutes", "meetings"}, Group: "Meetings", Default: "list",
		Summary: "Shows meetings and looks after their minutes; #startmeeting starts one.",
		Example: "meeting list",
		Subs: []*Command{
			{Name: "list", Aliases: []string{"recent"}, Summary: "Lists the meetings that go on, then the last ones.", Example: "meeting list", Run: s.meetingList},
			{
				Name: "find", Needs: Known, Aliases: []string{"search"}, Summary: "Finds what was said in meetings.", Example: "meeting find restore test",
				Params: []Param{{Name: "words", Kind: Rest, Help: "what to look for"}}, Run: s.meetingFind,
			},
			{
				Name: "erase", Needs: Known, Summary: "Takes a line out of all minutes; for who said it, and admins.", Example: "meeting erase M7 12",
				Params: []Param{number, {Name: "line", Kind: Word, Help: "its number in the log, or last for the last one of yours"}}, Run: s.meetingErase,
			},
			{
				Name: "chair", Needs: Admin, Summary: "Makes somebody a chair of a meeting whose chairs are gone.", Example: "meeting chair M7 bert",
				Params: []Param{number, {Name: "nick", Kind: Word, Help: "whom"}}, Run: s.meetingChair,
			},
			{Name: "end", Needs: Admin, Summary: "Ends a meeting that no chair ends.", Example: "meeting end M7", Params: []Param{number}, Run: s.meetingEnd},
		},
	}}
}

// meetingOf is the meeting that a call means: by its number, or its room.
func (s Services) meetingOf(ctx context.Context, c *Call) (int64, error) {
	if id := c.Number("meeting"); id != 0 {
		return id, nil
	}
	id, err := s.Meetings.In(ctx, incidents.Room{Network: c.Network, Room: c.Room})
	if err == nil && id == 0 {
		err = fault.New(fault.NotFound, "No meeting goes on here. %s lists them with their numbers.", c.Typed("meeting list"))
	}
	return id, err
}

// meetingList lists all meetings for those whom we know. Anybody else is told of those
// in the room that they are in: rooms that they may not enter have meetings too.
func (s Services) meetingList(ctx context.Context, c *Call) (Reply, error) {
	known := c.Rights.Has(Known)
	f := meeting.Filter{Most: 8}
	if !known {
		if c.Room == "" {
			return Reply{}, fault.New(fault.Forbidden, "Meetings are listed in their own room, or for people whom I know: ask there, or use %s ROLE to join.", c.Typed("roster join"))
		}
		f.Room = incidents.Room{Network: c.Network, Room: c.Room}
	}
	list, err := s.Meetings.Meetings(ctx, f)
	if err != nil {
		return Reply{}, err
	}
	if len(list) == 0 && !known {
		return sentence("There was no meeting in this room so far. #startmeeting TOPIC starts one."), nil
	}
	if len(list) == 0 {
		return sentence("There was no meeting so far. #startmeeting TOPIC in a room starts one."), nil
	}
	t := Table{Head: []string{"Meeting", "Room", "Began", "State", "Title"}}
	for _, m := range list {
		state := "goes on"
		if !m.GoesOn() {
			state = strconv.Itoa(m.Lines) + " lines"
		}
		t.Rows = append(t.Rows, []string{"M" + strconv.FormatInt(m.ID, 10), m.Room, stamp(m.StartedAt, c), state, m.Title})
	}
	r := Reply{Blocks: []Block{t}}
	if s.PublicURL != "" && known {
		r.Blocks = append(r.Blocks, Line("All of them: "+strings.TrimRight(s.PublicURL, "/")+"/minutes"))
	}
	return r, nil
}

func (s Services) meetingFind(ctx context.Context, c *Call) (Reply, error) {
	hits, more, err := s.Meetings.Find(ctx, meeting.Search{Query: c.Text("words"), Most: 5})
	if err != nil {
		return Reply{}, err
	}
	if len(hits) == 0 {
		return sentence("Nothing is found. Words are looked for whole; -word leaves lines with it out."), nil
	}
	list := List{Title: "Found, newest first:"}
	for _, h := range hits {
		list.Items = append(list.Items, hitText(h, c))
	}
	r := Reply{Blocks: []Block{list}}
	if more && s.PublicURL != "" {
		r.Blocks = append(r.Blocks, Line("There is more: "+strings.TrimRight(s.PublicURL, "/")+"/minutes/search?q="+url.QueryEscape(c.Text("words"))))
	}
	return r, nil
}

func hitText(h meeting.Hit, c *Call) string {
	return "M" + strconv.FormatInt(h.Meeting, 10) + " line " + strconv.Itoa(h.Line) + ", " + h.Room + ", " + stamp(h.At, c) + ": <" + h.Nick + "> " + h.Text
}

func (s Services) meetingErase(ctx context.Context, c *Call) (Reply, error) {
	id, err := s.meetingOf(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	line, err := strconv.Atoi(c.Text("line"))
	if strings.EqualFold(c.Text("line"), "last") {
		line, err = s.Meetings.LastLine(ctx, c.Actor(), id)
	} else if err != nil {
		err = fault.New(fault.Invalid, "Which line? %s with its number in the log, or %s for the last one of yours.", c.Typed("meeting erase 12"), c.Typed("meeting erase last"))
	}
	if err != nil {
		return Reply{}, err
	}
	return sentence("Line " + strconv.Itoa(line) + " is erased: its words are nowhere any more, and its place shows that."),
		s.Meetings.Erase(ctx, c.Actor(), id, line, c.Rights.Has(Admin))
}

func (s Services) meetingChair(ctx context.Context, c *Call) (Reply, error) {
	id, err := s.meetingOf(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	return sentence("A chair of M" + strconv.FormatInt(id, 10) + " now: " + c.Text("nick") + "."), s.Meetings.MakeChair(ctx, c.Actor(), id, c.Text("nick"))
}

func (s Services) meetingEnd(ctx context.Context, c *Call) (Reply, error) {
	id, err := s.meetingOf(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	return Reply{}, s.Meetings.End(ctx, c.Actor(), id)
}
