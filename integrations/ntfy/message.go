package ntfy

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// message is what is published, by ntfy's documented JSON.
type message struct {
	Topic    string   `json:"topic"`
	Sequence string   `json:"sequence_id,omitempty"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Priority int      `json:"priority"`
	Click    string   `json:"click,omitempty"`
	Actions  []action `json:"actions,omitempty"`
}

// action is a button.
type action struct {
	Action string `json:"action"` // "view" or "http"
	Label  string `json:"label"`
	URL    string `json:"url"`
	Method string `json:"method,omitempty"`
	Body   string `json:"body,omitempty"`
	Clear  bool   `json:"clear,omitempty"` // takes the message away when it worked
}

// The priorities of ntfy. Only the highest goes through "do not disturb", if its owner
// allowed that.
const (
	quiet   = 2
	normal  = 3
	high    = 4
	highest = 5
)

// ntfy makes a file of a message that has more than 4,096 bytes, and a telephone shows no
// button beside that. Apple and Google take about as much for all of it.
const (
	longestText  = 2400
	longestTitle = 200
	longestWhy   = 1000
	longestItem  = 120
	longestName  = 80
)

// sequenceOf is what ntfy calls all messages of one delivery.
func sequenceOf(key string) string { return "batsignal-" + key }

// write writes a page, or a code, for a topic.
func (r *Route) write(m paging.Message, topic string) message {
	out := message{Topic: topic, Sequence: sequenceOf(m.Key)}
	if m.Kind != paging.KindPage {
		out.Title, out.Message, out.Priority = r.code(m)
		return out
	}
	out.Title, out.Message, out.Priority = title(m), r.text(m), priority(m.Severity)
	if link := openable(m.AckLink.Reveal()); link != "" {
		out.Click = link
		out.Actions = []action{
			// The body is our key, so that it is found again on servers without sequence
			// ids. Our page does not read it, and a header would make browsers ask first.
			{Action: "http", Label: "Acknowledge", URL: link, Method: "POST", Body: m.Key, Clear: true},
			{Action: "view", Label: "Open", URL: link},
		}
	}
	return out
}

func title(m paging.Message) string {
	ref := line(m.Ref, longestName)
	if ref == "" {
		ref = fmt.Sprintf("P%d", m.Page)
	}
	need := "You are needed"
	if role := line(m.Role, longestName); role != "" {
		need = oncall.UpperFirst(role) + " needed"
	}
	if m.Severity > 0 {
		need += fmt.Sprintf(" (severity %d)", m.Severity)
	}
	return line("["+ref+"] "+need, longestTitle)
}

func (r *Route) text(m paging.Message) string {
	why := line(m.Why, longestWhy)
	if why == "" {
		why = "no reason was given"
	}
	var end strings.Builder
	if m.Repeat {
		end.WriteString("\nThis is a possible repeat: one answer is enough.")
	}
	if len(m.Rooms) > 0 {
		rooms := make([]string, 0, len(m.Rooms))
		for _, room := range m.Rooms {
			rooms = append(rooms, line(room, longestName))
		}
		end.WriteString("\nCome to: " + line(strings.Join(rooms, ", "), 3*longestName))
	}
	fmt.Fprintf(&end, "\nIn chat: %sack P%d, or %sdecline P%d.", r.prefix, m.Page, r.prefix, m.Page)
	return why + items(m.Items, longestText-len(why)-end.Len()) + end.String()
}

// items names as many of the folded alerts as there is room for, in bytes, and says how
// many more there are.
func items(list []string, room int) string {
	const rest = len("\n- and 1000000 more")
	var out strings.Builder
	for i, item := range list {
		next := "\n- " + line(item, longestItem)
		if out.Len()+len(next)+rest > room {
			fmt.Fprintf(&out, "\n- and %d more", len(list)-i)
			break
		}
		out.WriteString(next)
	}
	return out.String()
}

// priority is by severity. A page without one is a call by name.
func priority(severity int) int {
	switch {
	case severity == 1:
		return highest
	case severity <= 2:
		return high
	}
	return normal
}

// code writes what is no page.
func (r *Route) code(m paging.Message) (title, text string, priority int) {
	say := fmt.Sprintf("To show that you read it, write in chat: %scontact prove %s", r.prefix, m.Code)
	switch m.Kind {
	case paging.KindTest:
		return "A test of your pages", "Nobody needs you now. " + say, normal
	case paging.KindCanary:
		return "The daily test", "This shows that pages by push arrive. Nothing is to be done.", quiet
	}
	who := "Somebody"
	if name := line(m.Person, longestName); name != "" {
		who = name
	}
	return "Is this topic yours?", who + " gave this topic for pages. " + say + "\nIf you know nothing of this, do nothing.", normal
}

// ended writes that a page is over, in the place of the page.
func ended(e paging.Ended, topic, before string) message {
	if before == "" {
		before = "This page is over"
	}
	text := "Nobody needs to come for this page any more."
	by := line(e.By, longestName)
	switch {
	case e.How == paging.PageDeclined && by != "":
		text = by + " declined. The next person is asked."
	case e.How == paging.PageDeclined:
		text = "This page was declined. The next person is asked."
	case by != "":
		text = by + " has answered this page. Nothing more is to be done."
	}
	return message{Topic: topic, Sequence: sequenceOf(e.Key), Title: line(before, longestTitle), Message: text, Priority: quiet}
}

// line makes text of a stranger safe to stand in one line: breaks and odd spaces become
// one space, and what cannot be seen is shown as a question mark. It has no more than most
// characters.
func line(text string, most int) string {
	var out strings.Builder
	for i, word := range strings.Fields(strings.ToValidUTF8(text, "\ufffd")) {
		if i > 0 {
			out.WriteByte(' ')
		}
		for _, c := range word {
			if !unicode.IsGraphic(c) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c) {
				c = '?'
			}
			out.WriteRune(c)
		}
	}
	s := out.String()
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:most-1]), " ") + "…"
}

// openable returns link if it is a plain web address, else nothing.
func openable(link string) string {
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || line(link, len(link)) != link || strings.Contains(link, " ") {
		return ""
	}
	return link
}
