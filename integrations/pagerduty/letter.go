package pagerduty

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	pd "github.com/PagerDuty/go-pagerduty"

	"batsignal/oncall/paging"
)

const clientName = "Batsignal"

// eventOf makes an event of a message. It holds nothing that changes from try to try,
// and the key to acknowledge by only where its owner is to say it back.
func (r *Route) eventOf(m paging.Message, key string) *pd.V2Event {
	e := &pd.V2Event{
		RoutingKey: key, Action: string(Trigger), DedupKey: r.keys.There(m.Key),
		Client: clientName, ClientURL: r.webURL,
		Payload: &pd.V2Payload{
			Summary: oneLine(summaryOf(m), LongestSummary), Source: r.source(),
			Severity: string(severityOf(m)), Component: oneLine(m.Ref, longestText),
			Group: oneLine(m.Role, longestText), Class: "page", Details: detailsOf(m),
		},
	}
	if m.Kind != paging.KindPage {
		e.Payload.Class = string(m.Kind)
	}
	if link := m.AckLink.Reveal(); link != "" {
		e.Links = []interface{}{map[string]string{"href": link, "text": "Answer this page without signing in"}}
	}
	return e
}

// source is the machine that has the trouble, for PagerDuty: we are the one who knows.
func (r *Route) source() string {
	if u, err := url.Parse(r.webURL); err == nil && u.Host != "" {
		return u.Host
	}
	return cmp.Or(r.keys.Name, "batsignal")
}

func summaryOf(m paging.Message) string {
	switch m.Kind {
	case paging.KindProof:
		return "Batsignal wants to know whether pages may come here: say the code " + m.Code + " back to it"
	case paging.KindTest:
		return "This is a test by Batsignal, nothing is on fire: say the code " + m.Code + " back to it"
	case paging.KindCanary:
		return "The daily test page of Batsignal: nothing is on fire"
	}
	text := cmp.Or(oneLine(m.Why, LongestSummary), "You are needed")
	if m.Ref != "" {
		text = m.Ref + ": " + text
	}
	if len(m.Items) > 1 {
		text += fmt.Sprintf(" (%d alerts)", len(m.Items))
	}
	if m.Role != "" {
		text += " [" + m.Role + " needed]"
	}
	return text
}

// severityOf maps ours, 1 is worst, to PagerDuty's. An unknown one is "error": a service
// that calls by severity must not sleep through a page.
func severityOf(m paging.Message) Severity {
	switch {
	case m.Kind == paging.KindCanary:
		return Info
	case m.Kind != paging.KindPage:
		return Warning
	case m.Severity == 1:
		return Critical
	case m.Severity == 3:
		return Warning
	case m.Severity > 3:
		return Info
	}
	return Error
}

// mostItems is how many alerts of one page are listed.
const mostItems = 50

func detailsOf(m paging.Message) map[string]any {
	d := map[string]any{"person": m.Person}
	for name, v := range map[string]string{"incident": m.Ref, "role": m.Role, "why": m.Why, "rooms": strings.Join(m.Rooms, " ")} {
		if v != "" {
			d[name] = v
		}
	}
	if m.Page != 0 {
		d["page"] = fmt.Sprintf("P%d", m.Page)
	}
	if m.Severity != 0 {
		d["severity"] = m.Severity
	}
	if m.Code != "" {
		d["code"] = m.Code
	}
	if n := len(m.Items); n > 0 {
		items := m.Items[:min(n, mostItems)]
		if n > mostItems {
			items = append(items[:mostItems:mostItems], fmt.Sprintf("and %d more", n-mostItems))
		}
		d["alerts"] = items
	}
	return d
}
