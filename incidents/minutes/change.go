package minutes

import "strings"

// change follows a line that was edited or taken back. An edit is never a command: it
// changes what its line made of its text, and makes nothing new. What the meeting put down
// at that line, such as the next topic of the agenda, is not the line's to change.
func (m *Meeting) change(e Event) {
	for _, item := range m.byID[e.ID] {
		item.Edited = true
		text, still := m.edited(item, e)
		if item.Gone = !still; item.Gone {
			text = ""
		}
		if item.Text = text; item.Kind == Action {
			item.Owners, item.Unsure = m.ownersIn(text, e.Who)
			item.Due = dueIn(text, m.local(item.by, item.At))
			m.await(item)
		}
		if item == m.topic {
			m.Now = text
			if item.Gone && !m.Over {
				m.showTopic() // what was taken back does not stay over the room
			}
		}
		m.effect(Effect{Kind: Changed, Item: item.ID})
	}
}

// edited is what an item says now that its line was edited, and whether the line still
// is what made the item.
func (m *Meeting) edited(item *Item, e Event) (string, bool) {
	if e.Kind != Edited || isOff(e.Text) {
		return "", false
	}
	word, rest, is := m.Dialect.split(e.Text)
	switch {
	case is && kinds[word] == item.Kind:
		return rest, true
	case !is && item.Kind == Link && startsWithURL(e.Text):
		return m.linkText(e.Text), true
	}
	return "", false
}

// kinds are the items that commands make.
var kinds = map[string]ItemKind{
	"topic": TopicItem, "subtopic": TopicItem, "progress": TopicItem,
	"agreed": Agreed, "agree": Agreed, "accepted": Accepted, "accept": Accepted,
	"rejected": Rejected, "reject": Rejected, "action": Action, "todo": Action,
	"info": Info, "idea": Idea, "help": Help, "halp": Help, "link": Link,
}

// offMark begins a line that is not for the record.
const offMark = "[off]"

func isOff(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) >= len(offMark) && strings.EqualFold(text[:len(offMark)], offMark)
}

// OffRecord tells whether a line is not to be kept: only that there was one.
func (d *Dialect) OffRecord(text string) bool { return d.Off && isOff(text) }
