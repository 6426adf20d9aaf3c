package web

import (
	"slices"
	"strconv"

	"batsignal/incidents/action"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
)

// note is an item of the minutes as a page shows it.
type note struct {
	*minutes.Item
	Label string
	Log   string // the address of its line in the log
	Stamp string // when, as exactly as it takes in this meeting
}

// topicNotes is a topic with what was noted under it. The first has no topic if
// something was noted before there was one.
type topicNotes struct {
	Topic *note
	Notes []note
}

// task is an action of the minutes: as it was noted, and as it stands now.
type task struct {
	note
	Owners []string
	Action *action.Item // nil: the minutes are all that is known of it
}

// meetingStory is what came of a meeting, in the order of a page.
type meetingStory struct {
	Decided []note
	Tasks   []task
	Topics  []topicNotes
	Chairs  []string
	People  []*minutes.Person
}

// storyOf sorts the minutes of a meeting. actions are those that came of it, as they
// stand now.
func storyOf(id int64, d write.Doc, actions []action.Item) (st meetingStory) {
	byNumber := map[int]*action.Item{}
	for i := range actions {
		byNumber[actions[i].Number] = &actions[i]
	}
	owners := ownersOf(d.Meeting)
	stamp := "15:04:05"
	if !dayOf(d.End()).Equal(dayOf(d.Started)) {
		stamp = "2 Jan 2006 15:04:05"
	}
	for _, item := range d.Items {
		n := note{Item: item, Label: kindLabel(item.Kind), Log: linePath(id, item.Line), Stamp: item.At.UTC().Format(stamp)}
		st.add(n)
		switch {
		case item.Gone:
		case decides(item.Kind):
			st.Decided = append(st.Decided, n)
		case item.Kind == minutes.Action:
			st.Tasks = append(st.Tasks, task{note: n, Owners: owners[item], Action: byNumber[item.ID]})
		}
	}
	for _, p := range d.ByLines() {
		st.People = append(st.People, p)
		if p.Chair {
			st.Chairs = append(st.Chairs, p.Nick)
		}
	}
	slices.Sort(st.Chairs)
	return st
}

func (st *meetingStory) add(n note) {
	if n.Kind == minutes.TopicItem {
		st.Topics = append(st.Topics, topicNotes{Topic: &n})
		return
	}
	if len(st.Topics) == 0 {
		st.Topics = append(st.Topics, topicNotes{})
	}
	last := &st.Topics[len(st.Topics)-1]
	last.Notes = append(last.Notes, n)
}

// ownersOf finds whose the actions are, as the meeting's dialect judges that.
func ownersOf(m *minutes.Meeting) map[*minutes.Item][]string {
	owners := map[*minutes.Item][]string{}
	people, _ := m.ByPerson()
	for _, one := range people {
		for _, item := range one.Actions {
			owners[item] = append(owners[item], one.Name)
		}
	}
	return owners
}

// fileLink is one of a meeting's files.
type fileLink struct {
	Address, Title, Ext string
}

func filesOf(m meeting.Summary) (files []fileLink) {
	for _, f := range formatsOf(m.Dialect) {
		files = append(files, fileLink{filePath(m.Path, f.Ext), f.Title, f.Ext})
	}
	return files
}

// lastSaid are the last lines of a log, newest first.
func lastSaid(lines []minutes.Line, most int) (last []minutes.Line) {
	for _, l := range slices.Backward(lines) {
		if len(last) == most {
			break
		}
		if !l.Note {
			last = append(last, l)
		}
	}
	return last
}

// linePath is where a line of a log is.
func linePath(id int64, line int) string {
	path := meetingPath(id) + "/log"
	if page := (line-1)/logMost + 1; page > 1 {
		path += "?page=" + strconv.Itoa(page)
	}
	return path + "#l-" + strconv.Itoa(line)
}
