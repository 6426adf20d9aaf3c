package retrospective

import (
	"context"
	"slices"
	"strings"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/retrospective/markdown"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const (
	mostTopics   = 30  // of an agenda
	longestTopic = 120 // letters
)

// unmet are the sections that a meeting does not go through one by one: they are read
// before it, or are parts of the others.
var unmet = []string{Decisions, Actions, Reached, Sealed}

// Meet starts a meeting in a room, to go through the document of an incident and the
// actions of it that are open.
func (s *Service) Meet(ctx context.Context, at incidents.Room, by minutes.Who, incident int64, look meeting.Look) error {
	if s.Meetings == nil {
		return fault.New(fault.Conflict, "This bot keeps no minutes, so it can start no meeting.")
	}
	e, err := s.Draft(ctx, incident)
	if err != nil {
		return err
	}
	actions := &action.Service{DB: s.DB, Now: s.Now}
	open, err := actions.List(ctx, action.Filter{Incident: incident, State: action.Open})
	if err != nil {
		return err
	}
	return s.Meetings.Start(ctx, at, by, incidents.Ref(incident)+" retrospective", agenda(e.Text, open), look)
}

// agenda is what is to be talked about: what has a heading, then what is to be done.
func agenda(text string, open []action.Item) (topics []string) {
	for _, h := range headings(strings.Split(text, "\n")) {
		title := topic(markdown.Plain(h.words))
		if h.level == 2 && title != "" && !slices.Contains(unmet, title) {
			topics = append(topics, title)
		}
	}
	topics = topics[:min(len(topics), mostTopics)]
	for _, it := range open[:min(len(open), mostTopics-len(topics))] {
		var names []string
		for _, o := range it.Owners {
			names = append(names, o.Name)
		}
		topics = append(topics, topic(action.Ref(it.ID)+" ("+oncall.JoinNames(names)+"): "+it.Text))
	}
	return topics
}

// topic is a line of an agenda, in which a semicolon would begin the next one.
func topic(text string) string {
	text = strings.NewReplacer("\u200b", "", ";", ",", "\n", " ").Replace(strings.TrimSpace(tidy(text)))
	if r := []rune(text); len(r) > longestTopic {
		text = string(r[:longestTopic-1]) + "…"
	}
	return text
}
