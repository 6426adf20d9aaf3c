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
		m.tell(e.Who, "There is a vote already, on: "+m.vote.question+". A chair ends it with #endvote.")
	case text == "":
		m.tell(e.Who, "What do you propose? #motion TEXT")
	default:
		m.open(&vote{question: text, motion: true, by: e, options: []string{inFavour, against, abstained}})
		m.reply("Proposed by " + e.Who.Nick + ": " + text)
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
	answer := motionAnswer.FindString(text)
	switch answer {
	case "":
		return false
	case "0", "-0", "+0":
		answer = abstained
	}
	m.count(e, answer)
	return true
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
