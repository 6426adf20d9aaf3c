package minutes

import (
	"fmt"
	"strings"
)

// The answers to a motion.
const (
	inFavour  = "+1"
	against   = "-1"
	abstained = "+0"
)

// motion proposes something that becomes a decision if more are for it than against.
// Fedora's "#proposed #agreed TEXT" is the same.
func motion(m *Meeting, e Event, text string) {
	if verb, rest, ok := m.Dialect.split(text); ok && (verb == "agreed" || verb == "agree") {
		text = rest
	}
	text = strings.TrimSpace(text)
	switch {
	case m.vote != nil:
		m.tell(e.Who, "There is a vote already, on: "+clip(m.vote.question, 300)+". A chair ends it with #endvote.")
	case text == "":
		m.tell(e.Who, "What do you propose? #motion TEXT")
	default:
		m.open(&vote{question: text, motion: true, by: e, options: []string{inFavour, against, abstained}})
		m.replyOf("Proposed by " + e.Who.Nick + ": " + text)
		m.reply("Say +1, -1 or +0. Your last word counts; a chair ends it with #endvote.")
	}
}

// maybeVote takes a line that begins with an answer for a vote on the motion.
func (m *Meeting) maybeVote(e Event) {
	if m.vote != nil && m.vote.motion {
		m.motionVote(e, strings.TrimSpace(e.Text))
	}
}

func (m *Meeting) motionVote(e Event, text string) bool {
	answer := answerIn(text)
	if answer == "" {
		return false
	}
	m.count(e, answer)
	return true
}

// answerIn is the answer that a line gives to a motion, "" if it gives none. A number is
// one only with its sign ("0.5 s latency now" is talk), or as the only thing said.
func answerIn(text string) string {
	text = strings.TrimSpace(text)
	if text == "0" {
		return abstained
	}
	parts := motionAnswer.FindStringSubmatch(text)
	switch {
	case parts == nil:
		return ""
	case parts[1] == "-0":
		return abstained
	}
	return parts[1]
}

func (m *Meeting) settleMotion(e Event, v *vote) {
	votes := map[string]int{}
	for _, said := range v.said {
		votes[said]++
	}
	kind, word := Inconclusive, "Motion inconclusive"
	switch yes, no := votes[inFavour], votes[against]; {
	case yes+no+votes[abstained] < m.quorum:
		word = "Motion inconclusive, too few voted"
	case yes > no:
		kind, word = Agreed, "Motion accepted"
	case no > yes:
		kind, word = Rejected, "Motion failed"
	}
	counts := fmt.Sprintf("%d in favour, %d against, %d abstained", votes[inFavour], votes[against], votes[abstained])
	m.reply(word + ": " + counts)
	m.add(e, kind, v.question+" ("+counts+")")
}
