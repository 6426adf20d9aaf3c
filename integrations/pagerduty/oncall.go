package pagerduty

import (
	"cmp"
	"context"
	"slices"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
)

// OnCallQuery is of what to ask who is on call. Its parts narrow it down. Of a service,
// ask by its escalation policy.
type OnCallQuery struct {
	Schedules []string // IDs
	Policies  []string // IDs
}

// OnCall is that somebody is on call now.
type OnCall struct {
	User     Ref
	Level    int // of the escalation policy; 1 is called first
	Policy   Ref
	Schedule Ref       // empty for whoever stands in the policy by name
	Until    time.Time // zero for always
}

// OnCalls asks who is on call now, first by policy, then by level.
func (c *Client) OnCalls(ctx context.Context, q OnCallQuery) ([]OnCall, error) {
	o := pd.ListOnCallOptions{Limit: pageSize, ScheduleIDs: q.Schedules, EscalationPolicyIDs: q.Policies, TimeZone: "UTC"}
	list, err := pages(ctx, c, func(ctx context.Context, offset uint) ([]OnCall, bool, error) {
		o.Offset = offset
		answer, err := c.lib.ListOnCallsWithContext(ctx, o)
		if err != nil {
			return nil, false, err
		}
		list := make([]OnCall, len(answer.OnCalls))
		for i, a := range answer.OnCalls {
			list[i] = OnCall{
				User: refOf(a.User.APIObject), Level: int(a.EscalationLevel), Until: moment(a.End),
				Policy: refOf(a.EscalationPolicy.APIObject), Schedule: refOf(a.Schedule.APIObject),
			}
			list[i].User.Name = cmp.Or(list[i].User.Name, oneLine(a.User.Name, longestText))
		}
		return list, answer.More, nil
	})
	slices.SortStableFunc(list, func(a, b OnCall) int {
		return cmp.Or(cmp.Compare(a.Policy.Name, b.Policy.Name), cmp.Compare(a.Policy.ID, b.Policy.ID), cmp.Compare(a.Level, b.Level))
	})
	return list, err
}
