package command

import (
	"context"
	"fmt"

	"batsignal/incidents"
)

func (s Services) pageCommands() []*Command {
	return []*Command{{
		Name: "ack", Needs: Known,
		Summary: "Answers a page: you are awake and take it.",
		Example: "ack P12",
		Params:  []Param{{Name: "page", Kind: Number, Prefix: "P", Optional: true, Help: "which page; the oldest open one if not said"}},
		Run: func(ctx context.Context, c *Call) (Reply, error) {
			ans, err := s.Incidents.Ack(ctx, c.Actor(), c.Number("page"))
			if err != nil {
				return Reply{}, err
			}
			return s.answered(ctx, c, ans)
		},
	}, {
		Name: "decline", Needs: Known,
		Summary: "Refuses a page, so that the next person is rung at once.",
		Example: "decline P12",
		Params:  []Param{{Name: "page", Kind: Number, Prefix: "P", Optional: true, Help: "which page; the oldest open one if not said"}},
		Run: func(ctx context.Context, c *Call) (Reply, error) {
			ans, err := s.Incidents.Decline(ctx, c.Actor(), c.Number("page"))
			if err != nil {
				return Reply{}, err
			}
			return sentence(ans.Say), nil
		},
	}, {
		Name: "page", Needs: Known, Default: "ring",
		Summary: "Rings one person, or the people of a role until one answers.",
		Subs: []*Command{{
			Name: "ring", Needs: Known | LetIn,
			Summary: "Rings one person, or the people of a role until one answers.",
			Example: "page maria the signing server is down",
			Params: []Param{
				incidentOption,
				{Name: "to", Help: "a person or a role"},
				{Name: "why", Kind: Rest, Help: "what you need them for"},
			},
			Run: func(ctx context.Context, c *Call) (Reply, error) {
				text, err := s.Incidents.Page(ctx, c.Actor(), incidents.Call{To: c.Text("to"), Why: c.Text("why"), Incident: incidentNumber(c)})
				return sentence(text), err
			},
		}, {
			Name: "status", Needs: Anyone,
			Summary: "Shows who is rung for what, how, and since when; of one page, every way and how it went.",
			Example: "page status",
			Params: []Param{
				incidentOption,
				{Name: "page", Kind: Number, Prefix: "P", Optional: true, Help: "one page; without it, everything that is rung for here"},
			},
			Run: s.pageStatus,
		}, {
			Name: "cancel", Needs: Known | LetIn,
			Summary: "Stops ringing for a role or a person; who was rung is told.",
			Example: "page cancel qa",
			Params: []Param{
				incidentOption,
				{Name: "to", Help: "the person or the role"},
			},
			Run: func(ctx context.Context, c *Call) (Reply, error) {
				text, err := s.Incidents.CancelPage(ctx, c.Actor(), incidents.Call{To: c.Text("to"), Incident: incidentNumber(c)})
				return sentence(text), err
			},
		}},
	}}
}

// answered tells somebody who answered what that did, and where to go. A room that
// hears it by announcement is only told what else waits.
func (s Services) answered(ctx context.Context, c *Call, ans incidents.Answered) (Reply, error) {
	r := sentence(ans.Say)
	if rooms := incidents.RoomsFrom(ans.Rooms, c.Network); rooms != "" && ans.Incident.Open() {
		r.Blocks = append(r.Blocks, Line("Come to "+rooms+"."))
	}
	if ans.Changed {
		var err error
		if r, err = s.unlessAnnounced(ctx, c, ans.Incident.ID, r); err != nil {
			return Reply{}, err
		}
	}
	for _, other := range ans.Others {
		r.Blocks = append(r.Blocks, Line(fmt.Sprintf("P%d waits for %s as well (%s): !ack P%d or !decline P%d.", other.ID, other.Handle, other.Why, other.ID, other.ID)),
			Actions(incidents.PageActions(other.ID)))
	}
	return r, nil
}
