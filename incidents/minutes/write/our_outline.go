package write

import (
	"strings"
	"time"

	"batsignal/incidents/minutes"
)

// outline is what our minutes say and in which order. Every format draws it, so none
// can leave out what another has.
type outline struct {
	title   string
	when    string
	facts   []fact
	decided []entry
	actions []entry
	shares  []share
	topics  []chapter
	people  []attendee
	from    time.Time
	to      time.Time

	stamp  string // layout of an entry's time
	owners map[*minutes.Item][]string
}

// fact is one thing about the meeting as a whole. words are ours, names are people's.
type fact struct {
	label  string
	words  string
	names  []string
	warned bool // it is to be seen first
}

// share is what one person has to do; without a name it is what nobody has yet.
type share struct {
	name    string
	actions []entry
}

// chapter is a topic and what was noted under it. The first has no topic if something
// was noted before there was one.
type chapter struct {
	topic   entry
	titled  bool
	entries []entry
}

func outlineOf(d Doc) *outline {
	o := &outline{
		title: oneLine(d.Title()), when: span(d.Started, d.End()), from: d.Started, to: d.End(),
		stamp: stampLayout(d.Started, d.End()), owners: map[*minutes.Item][]string{},
	}
	people, nobody := d.ByPerson()
	for _, one := range people {
		for _, item := range one.Actions {
			o.owners[item] = append(o.owners[item], one.Name)
		}
	}
	for item := range o.owners {
		if len(item.Owners) > 0 { // in the order of the text
			o.owners[item] = o.owners[item][:0]
			for _, owner := range item.Owners {
				o.owners[item] = append(o.owners[item], owner.Name)
			}
		}
	}
	for _, one := range people {
		o.share(one.Name, one.Actions)
	}
	o.share("", nobody)
	for _, item := range d.Items {
		o.note(item)
	}
	o.markDays()
	o.attend(d)
	o.factsOf(d)
	return o
}

func (o *outline) share(name string, items []*minutes.Item) {
	if len(items) == 0 {
		return
	}
	mine := share{name: oneLine(name)}
	for _, item := range items {
		mine.actions = append(mine.actions, o.entry(item))
	}
	o.shares = append(o.shares, mine)
}

// note puts an item where it belongs.
func (o *outline) note(item *minutes.Item) {
	e := o.entry(item)
	if item.Kind == minutes.TopicItem {
		o.topics = append(o.topics, chapter{topic: e, titled: true})
		return
	}
	if len(o.topics) == 0 {
		o.topics = append(o.topics, chapter{})
	}
	last := &o.topics[len(o.topics)-1]
	last.entries = append(last.entries, e)
	switch {
	case item.Gone:
	case item.Kind == minutes.Action:
		o.actions = append(o.actions, e)
	case decides(item.Kind):
		o.decided = append(o.decided, e)
	}
}

func decides(kind minutes.ItemKind) bool {
	switch kind {
	case minutes.Agreed, minutes.Accepted, minutes.Rejected, minutes.VoteItem, minutes.Inconclusive:
		return true
	}
	return false
}

// markDays finds where in the topics a new day begins.
func (o *outline) markDays() {
	day := o.from
	mark := func(e *entry) {
		if !sameDay(day, e.at) {
			day = e.at
			e.day = day
		}
	}
	for i := range o.topics {
		if c := &o.topics[i]; c.titled {
			mark(&c.topic)
		}
		for j := range o.topics[i].entries {
			mark(&o.topics[i].entries[j])
		}
	}
}

func (o *outline) factsOf(d Doc) {
	add := func(label, words string, names ...string) {
		if words != "" || strings.Join(names, "") != "" {
			o.facts = append(o.facts, fact{label: label, words: words, names: names})
		}
	}
	add("Incident", "", oneLine(d.Incident))
	if d.Restricted {
		o.facts = append(o.facts, fact{label: "Restricted", words: "for those who may read them, not for the world", warned: true})
	}
	add("Network", "", oneLine(d.Network))
	var chairs []string
	for _, one := range d.People() {
		if one.Chair {
			chairs = append(chairs, oneLine(one.Nick))
		}
	}
	if owner := oneLine(d.Owner); len(chairs) == 1 && chairs[0] == owner {
		add("Started and chaired by", "", owner)
	} else {
		add("Started by", "", owner)
		add("Chaired by", "", chairs...)
	}
	add("Said", counted(d.Meeting.Lines, "line")+" by "+heads(o.speakers()))
	add("Ended by the bot", "", oneLine(d.Why))
	if !d.Over {
		add("Not ended", "the meeting went on when this was written, or nobody ended it")
	}
}

func (o *outline) speakers() (n int) {
	for _, one := range o.people {
		if one.lines > 0 {
			n++
		}
	}
	return n
}
