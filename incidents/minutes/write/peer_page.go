package write

import (
	"strings"
	"time"

	"batsignal/incidents/minutes"
)

// peerPage is a meeting as the peers' minutes tell it: texts are clean (see [peerClean])
// but not yet marked up, times are written out. Writers of minutes read nothing else.
type peerPage struct {
	layout  *peerLayout
	dialect *minutes.Dialect
	title   string
	owner   string
	zone    string // the name of the zone of all times
	started string
	ended   string
	url     string // of the log
	base    string // the same, seen from the page beside it

	items      []peerItem
	actions    []string
	owners     []peerOwner
	unassigned []string
	present    []*minutes.Person
}

// peerItem is one item of the minutes.
type peerItem struct {
	kind minutes.ItemKind
	// A link stands between two texts; of any other item, before is the whole text.
	before, link, after string

	by   string
	at   string // time of day
	line int    // of the log
}

// peerOwner is somebody with their actions.
type peerOwner struct {
	name    string
	actions []string
}

// newPage cleans and lays out what minutes tell.
func newPage(d Doc) *peerPage {
	zone := peerZone(d)
	p := &peerPage{
		layout: layoutOf(d.Dialect), dialect: d.Dialect, title: peerClean(d.Title()), owner: peerClean(d.Owner),
		zone: zone.String(), started: peerClock(d.Started, zone), ended: peerClock(d.End(), zone),
		url: peerClean(d.BaseURL() + ".log.html"), base: peerClean(d.BaseName() + ".log.html"),
		actions: actionTexts(d.Actions()), present: layoutOf(d.Dialect).present(d.People()),
	}
	for _, item := range d.Items {
		p.items = append(p.items, p.item(item, zone))
	}
	people, unassigned := d.ByPerson()
	for _, one := range people {
		p.owners = append(p.owners, peerOwner{peerClean(one.Name), actionTexts(one.Actions)})
	}
	p.unassigned = actionTexts(unassigned)
	return p
}

func (p *peerPage) item(item *minutes.Item, zone *time.Location) peerItem {
	out := peerItem{kind: item.Kind, before: peerClean(item.Text), by: peerClean(item.By), at: peerClock(item.At, zone), line: item.Line}
	if item.Kind == minutes.Link {
		link := minutes.Item{Text: out.before}
		out.before, out.link, out.after = p.layout.splitLink(link)
	}
	return out
}

// splitLink finds the address in a link, and the blanks that the peers leave around it.
func (l *peerLayout) splitLink(item minutes.Item) (before, link, after string) {
	if !l.firstWord {
		var found bool
		if before, link, after, found = item.URL(); found {
			return before, link, after
		}
	}
	link, after, more := strings.Cut(item.Text, " ")
	after = " " + after
	if more && !l.firstWord {
		after += " "
	}
	return "", link, after
}

// text is an item's text as one.
func (i peerItem) text() string { return i.before + i.link + i.after }

func actionTexts(items []*minutes.Item) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = peerClean(item.Text)
	}
	return list
}

func peerZone(d Doc) *time.Location {
	if d.Files.Zone == nil {
		return time.UTC
	}
	return d.Files.Zone
}

func peerClock(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.TimeOnly) }
