package web

import (
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
)

// kindLabels are the words before an item. Information has none.
var kindLabels = map[minutes.ItemKind]string{
	minutes.TopicItem: "topic", minutes.Agreed: "agreed", minutes.Accepted: "accepted", minutes.Rejected: "rejected",
	minutes.VoteItem: "vote", minutes.Inconclusive: "inconclusive", minutes.Action: "action", minutes.Info: "noted",
	minutes.Idea: "idea", minutes.Help: "help wanted", minutes.Link: "link",
}

// kindLabel is what an item is, in a word; "" for what is none.
func kindLabel(k minutes.ItemKind) string { return kindLabels[k] }

// decides tells whether an item is a decision.
func decides(k minutes.ItemKind) bool {
	switch k {
	case minutes.Agreed, minutes.Accepted, minutes.Rejected, minutes.VoteItem, minutes.Inconclusive:
		return true
	}
	return false
}

func roomIn(m meeting.Summary) incidents.Room {
	return incidents.Room{Network: m.Network, Room: m.Room}
}

// dayOf is the day of UTC that an instant is in.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
