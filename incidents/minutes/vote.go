package minutes

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// vote is one vote under way.
type vote struct {
	question string
	options  []string
	said     map[*Person]string  // who chose what; the last word counts
	chosen   map[string]struct{} // options that anybody ever chose
	// motion votes are answered by +1, -1 and +0, and become a decision.
	motion bool
	// lost marks a vote whose answers the peer loses (fault B9).
	lost bool
	by   Event
}

var (
	votePattern  = regexp.MustCompile(`^\s*(.*?)\?\s*(.*)$`)
	voteOptions  = regexp.MustCompile(`[^\w+-]+`)
	motionAnswer = regexp.MustCompile(`^([+-][01])[.,:;!]*(?:\s|$)`)
)

func startVote(m *Meeting, e Event, text string) {
	if !m.isChair(e.Who) {
		m.reply("Only the meeting chair may start a vote.")
		return
	}
	if m.vote != nil {
		m.replyOf("Already voting on '" + m.vote.question + "'")
		return
	}
	parts := votePattern.FindStringSubmatch(text)
	if parts == nil || m.Dialect.FullVotes && strings.TrimSpace(parts[1]) == "" {
		m.reply("Unable to parse vote topic and options.")
		return
	}
	v := &vote{question: parts[1], by: e}
	switch {
	case parts[2] == "":
		v.options, v.lost = []string{"Yes", "No"}, !m.Dialect.FullVotes
	case m.Dialect.FullVotes:
		v.options = options(parts[2])
	default:
		v.options = voteOptions.Split(parts[2], -1)
	}
	m.open(v)
	question := v.question
	if m.Dialect.Own {
		question = clip(question, 200)
	}
	m.replyOf("Begin voting on: " + question + "? Valid vote options are " + strings.Join(v.options, ", ") + ".")
	m.reply("Vote using '#vote OPTION'. Only your last vote counts.")
}

// options reads a list of options in any of the forms that people write: with commas
// or slashes, or else blanks between them, in brackets or not.
func options(text string) (list []string) {
	text = strings.Trim(strings.TrimSpace(text), "()[].")
	between := func(r rune) bool { return r == ',' || r == '/' }
	if !strings.ContainsFunc(text, between) {
		between = func(r rune) bool { return r == ' ' || r == '\t' }
	}
	for _, one := range strings.FieldsFunc(text, between) {
		if one = strings.TrimSpace(one); one != "" && len(list) < mostOptions && !slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, one) }) {
			list = append(list, one)
		}
	}
	return list
}

// mostOptions is how many options a vote may have.
const mostOptions = 50

func (m *Meeting) open(v *vote) {
	v.said, v.chosen = map[*Person]string{}, map[string]struct{}{}
	m.vote = v
}

func castVote(m *Meeting, e Event, text string) {
	v := m.vote
	if v == nil {
		if m.Dialect.Explain {
			m.tell(e.Who, "There is no vote now. A chair opens one: #startvote QUESTION? OPTION, OPTION; anybody proposes: #motion TEXT")
		}
		return
	}
	if v.lost {
		return
	}
	text = strings.TrimSpace(text)
	if v.motion && m.motionVote(e, text) {
		return
	}
	i := slices.IndexFunc(v.options, func(o string) bool { return strings.EqualFold(o, text) })
	switch {
	case i < 0 && m.Dialect.Explain:
		m.tell(e.Who, "That is no option of this vote. The options are: "+clip(strings.Join(v.options, ", "), 300)+".")
		return
	case i < 0:
		m.reply(e.Who.Nick + ": " + text + " is not a valid option. Valid options are " + strings.Join(v.options, ", ") + ".")
		return
	}
	m.count(e, v.options[i])
}

func (m *Meeting) count(e Event, option string) {
	one := m.people.see(e.Who)
	if m.proven(e.Who) == nil {
		m.tell(e.Who, "Your answer is not counted: somebody has proven that this name is theirs. If you are it, log in to the network and answer again.")
		return
	}
	if m.voters != nil && !slices.Contains(m.voters, one) {
		m.tell(e.Who, "Your word is noted in the log, but only those whom #voters names are counted.")
		return
	}
	m.vote.said[one] = option
	m.vote.chosen[option] = struct{}{}
}

// tally is who chose what, options in the order of the dialect.
func (v *vote) tally(full bool) (lines []string, results string) {
	list := slices.Clone(v.options)
	if !full {
		list = list[:0]
		for option := range v.chosen {
			list = append(list, option)
		}
		slices.Sort(list)
	}
	for _, option := range list {
		var nicks []string
		for one, said := range v.said {
			if said == option {
				nicks = append(nicks, one.Nick)
			}
		}
		slices.Sort(nicks)
		results += fmt.Sprintf(", %s: %d", option, len(nicks))
		if len(nicks) > 0 {
			lines = append(lines, fmt.Sprintf("%s (%d): %s", option, len(nicks), strings.Join(nicks, ", ")))
		}
	}
	return lines, results
}

func showVote(m *Meeting, e Event, _ string) {
	if m.vote == nil {
		castVote(m, e, "")
		return
	}
	lines, _ := m.vote.tally(m.Dialect.FullVotes)
	m.replyLines(lines)
}

// replyLines says lines, each cut to what a line of IRC holds.
func (m *Meeting) replyLines(lines []string) {
	const most = 400
	for _, line := range lines {
		for _, piece := range wrapWords(line, most) {
			m.reply(m.Dialect.VoteLine + piece)
		}
	}
}

func endVote(m *Meeting, e Event, _ string) {
	v := m.vote
	switch {
	case v == nil && m.Dialect.Explain:
		castVote(m, e, "")
	case v == nil:
	case !m.isChair(e.Who):
		m.notChair(e, "endvote")
	default:
		m.settle(e)
	}
}

// settle ends the vote that is under way and puts down what came out.
func (m *Meeting) settle(e Event) {
	v := m.vote
	m.vote = nil
	if v.motion {
		m.settleMotion(e, v)
		return
	}
	lines, results := v.tally(m.Dialect.FullVotes)
	head := `Voted on "` + v.question + `?" Results are`
	m.replyOf(head)
	m.replyLines(lines)
	m.add(e, VoteItem, head+results)
}

// closeVote settles a vote that nobody ended before the meeting did; the peers lose it.
func (m *Meeting) closeVote(at time.Time) {
	if m.vote != nil && m.Dialect.FullVotes {
		e := m.vote.by
		e.At, e.ID, e.Link = at, "", ""
		m.settle(e)
	}
}

func setVoters(m *Meeting, e Event, text string) {
	m.voters = nil
	if list := fields(text); len(list) > 0 && !strings.EqualFold(list[0], "all") {
		m.voters = append([]*Person{}, m.call(e, list)...) // nobody is not everybody
		m.replyOf("Voters are now: " + strings.Join(list, " "))
		return
	}
	m.reply("Everybody may vote now.")
}

func setQuorum(m *Meeting, e Event, text string) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 || n > 10_000 {
		m.tell(e.Who, "#quorum wants a number: how many votes a motion needs to be decided at all.")
		return
	}
	m.quorum = n
	m.reply(fmt.Sprintf("A motion needs %d votes now.", n))
}
