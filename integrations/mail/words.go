package mail

import (
	"fmt"
	"net/url"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// words are the parts of a page after everything foreign in them was made visible.
type words struct {
	Subject string
	Above   string // [AboveLine], if answers are read
	Heading string // "INC-7, severity 1"
	Why     string
	Items   []string // the alerts that are folded into the page
	Asked   string   // who is asked: "release engineering", or the person
	Repeat  bool
	Link    string // "" if there is none that a mail program could open
	Code    string // to be written back by mail; "" if answers are not read
	Coming  string // opens the mail program with an answer that says yes; "" likewise
	Page    string // "P12"
	Prefix  string
	Rooms   []string
}

func (r *Route) words(m paging.Message) words {
	page := fmt.Sprintf("P%d", m.Page)
	ref := visible(m.Ref, longestName)
	if ref == "" {
		ref = page
	}
	w := words{
		Heading: ref, Why: visible(m.Why, longestWhy), Repeat: m.Repeat, Link: openable(m.AckLink.Reveal()),
		Asked: visible(m.Role, longestName), Page: page, Prefix: r.prefix,
	}
	if m.Severity > 0 {
		w.Heading += fmt.Sprintf(", severity %d", m.Severity)
	}
	if w.Why == "" {
		w.Why = "no reason was given"
	}
	for _, item := range m.Items {
		w.Items = append(w.Items, visible(item, longestItem))
	}
	for _, room := range m.Rooms {
		w.Rooms = append(w.Rooms, visible(room, longestName))
	}
	if r.answerable(m) {
		w.Above, w.Code, w.Coming = AboveLine, m.Code, r.answerTo("Re: ["+ref+"]", m.Code)
	}
	w.Subject = subject(ref, w, m)
	return w
}

// subject never names the code: holiday notes without any mark of theirs repeat subjects.
func subject(ref string, w words, m paging.Message) string {
	need := "You are needed"
	if w.Asked != "" {
		need = oncall.UpperFirst(w.Asked) + " needed"
	}
	var notes []string
	if m.Severity > 0 {
		notes = append(notes, fmt.Sprintf("severity %d", m.Severity))
	}
	if n := len(m.Items); n > 1 {
		notes = append(notes, fmt.Sprintf("%d alerts", n))
	}
	if m.Repeat {
		notes = append(notes, "possible repeat")
	}
	s := fmt.Sprintf("[%s] %s: %s", ref, need, visible(m.Why, longestSubject))
	if len(notes) > 0 {
		s += " (" + strings.Join(notes, ", ") + ")"
	}
	return unencoded(s)
}

// unencoded breaks up "=?", which begins an encoded word: left alone, a receiver would
// decode one that a stranger wrote, and get back the very characters that visible took
// out.
func unencoded(subject string) string { return strings.ReplaceAll(subject, "=?", "= ?") }

// answerable tells whether an answer by mail reaches us.
func (r *Route) answerable(m paging.Message) bool { return r.replyTo != "" && m.Code != "" }

// answerTo is an address that opens the mail program with an answer already written: the
// code stands in its body, and nobody's in a subject.
func (r *Route) answerTo(subject, code string) string {
	q := url.Values{"subject": {subject}, "body": {code}}
	// A mail program takes a plus for what it is.
	return (&url.URL{Scheme: "mailto", Opaque: url.PathEscape(r.replyTo), RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}).String()
}

// openable returns link if it is a plain web address, else nothing.
func openable(link string) string {
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	if visible(link, len(link)) != link || strings.Contains(link, " ") {
		return ""
	}
	return link
}
