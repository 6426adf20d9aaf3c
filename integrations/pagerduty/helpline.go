package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

var _ paging.HelpCaller = (*Route)(nil)

// CallHelp opens an incident on a service, for a role that is hunted for here. One that
// was opened with the same key is found instead: while it is open PagerDuty itself sees to
// that, and of a try whose end we never heard it is asked for, open or over. Its errors
// hold only sentences of ours.
func (r *Route) CallHelp(ctx context.Context, h paging.HelpCall) (paging.HelpCalled, error) {
	if r.rest == nil {
		return paging.HelpCalled{}, noToken()
	}
	key := r.keys.There(h.Key)
	if h.Attempt > 1 {
		before, err := r.rest.Incidents(ctx, IncidentQuery{Services: []string{h.Place}, Key: key, Over: true})
		if err != nil {
			return paging.HelpCalled{}, helpError(err)
		}
		if len(before) > 0 {
			return called(before[len(before)-1]), nil
		}
	}
	i, err := r.rest.OpenIncident(ctx, Opening{
		Service: h.Place, Policy: h.Policy, Key: key, Loud: h.Severity == 1 || h.Severity == 2,
		Title:   summaryOf(paging.Message{Why: h.Why, Ref: h.Ref, Role: h.Role}),
		Details: r.helpDetails(h),
	})
	if err != nil {
		return paging.HelpCalled{}, helpError(err)
	}
	return called(i), nil
}

// EndHelp resolves what CallHelp opened, and is still open.
func (r *Route) EndHelp(ctx context.Context, h paging.HelpEnd) error {
	if r.rest == nil {
		return noToken()
	}
	_, err := r.rest.ResolveIncidents(ctx, h.Place, r.keys.There(h.Key), h.Why)
	return helpError(err)
}

func called(i Incident) paging.HelpCalled {
	return paging.HelpCalled{Name: strconv.Itoa(i.Number), Link: i.URL}
}

// helpDetails is what whoever is called there reads below the title.
func (r *Route) helpDetails(h paging.HelpCall) string {
	lines := []string{
		fmt.Sprintf("Somebody is needed for %s at severity %d: %s", oneLine(h.Role, longestText), h.Severity, oneLine(h.Why, LongestSummary)),
	}
	if len(h.Rooms) > 0 {
		lines = append(lines, "Come to "+strings.Join(h.Rooms, ", ")+".")
	}
	if r.webURL != "" {
		lines = append(lines, "How it stands: "+strings.TrimRight(r.webURL, "/")+"/incidents/"+strings.TrimPrefix(h.Ref, "INC-"))
	}
	return strings.Join(append(lines, "Acknowledge this to take it, if Batsignal knows you. It is resolved when nobody is needed any more."), "\n")
}

func noToken() error {
	return fmt.Errorf("%w: there is no token for PagerDuty's REST API: set pagerduty.token_file", paging.ErrPermanent)
}

// helpError makes an error for whoever waits for help: one that repeating can heal is the
// provider's, any other is permanent.
func helpError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errSilent):
		return providerError(strings.TrimSuffix(fault.Say(err), " Ask again in a while."))
	}
	return fmt.Errorf("%w: %s", paging.ErrPermanent, fault.Say(err))
}
