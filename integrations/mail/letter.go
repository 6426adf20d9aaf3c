package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"batsignal/oncall/paging"
)

// How much of a caller's words is shown, in characters. A subject longer than
// that is cut by the telephones that show it.
const (
	longestSubject = 120
	longestWhy     = 1000
	longestName    = 80
)

// letter writes the whole message, headers and both bodies, ready for DATA. It
// is written before the connection is opened, so that a fault in it cannot leave
// half a letter with the server.
func (r *Route) letter(m paging.Message, to string) ([]byte, error) {
	w := r.words(m)
	g := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	g.FromMailAddress(&r.from)
	g.ToMailAddress(&netmail.Address{Address: to})
	g.Subject(w.Subject)
	g.SetDateWithValue(r.now())
	for name, value := range r.headers(m) {
		g.SetGenHeader(gomail.Header(name), value)
	}
	text, err := w.text()
	if err != nil {
		return nil, err
	}
	page, err := w.html()
	if err != nil {
		return nil, err
	}
	g.SetBodyString(gomail.TypeTextPlain, text)
	g.AddAlternativeString(gomail.TypeTextHTML, page)

	var out bytes.Buffer
	if _, err := g.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// headers are those beside sender, recipient, subject and date.
func (r *Route) headers(m paging.Message) map[string]string {
	_, domain, _ := strings.Cut(r.from.Address, "@")
	thread := fmt.Sprintf("<%s@%s>", digest("page", r.from.Address, fmt.Sprint(m.Page), m.Ref), domain)
	return map[string]string{
		// The same for every try of one delivery: whoever gets two shows one.
		"Message-ID": fmt.Sprintf("<%s@%s>", digest("delivery", r.from.Address, m.Key), domain),
		// No letter carries this identity; it only makes the letters of one page siblings.
		"In-Reply-To": thread,
		"References":  thread,
		// Holiday notes and list software must not answer (RFC 3834, Exchange).
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		// X-MSMail-Priority is left out: without Outlook's other headers it reads as forged.
		"Importance": "high",
		"X-Priority": "1 (Highest)",
	}
}

func digest(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h[:12])
}

// words are the parts of a letter after everything foreign in them was made visible.
type words struct {
	Subject string
	Heading string // "INC-7, severity 1"
	Why     string
	Asked   string // who is asked: "release engineering", or the person
	Repeat  bool
	Link    string // "" if there is none that a mail program could open
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
	for _, room := range m.Rooms {
		w.Rooms = append(w.Rooms, visible(room, longestName))
	}
	need := "You are needed"
	if w.Asked != "" {
		need = upperFirst(w.Asked) + " needed"
	}
	var notes []string
	if m.Severity > 0 {
		notes = append(notes, fmt.Sprintf("severity %d", m.Severity))
	}
	if m.Repeat {
		notes = append(notes, "possible repeat")
	}
	w.Subject = fmt.Sprintf("[%s] %s: %s", ref, need, visible(m.Why, longestSubject))
	if len(notes) > 0 {
		w.Subject += " (" + strings.Join(notes, ", ") + ")"
	}
	// "=?" begins an encoded word: left alone, a receiver would decode one that a
	// stranger wrote, and get back the very characters that visible took out.
	w.Subject = strings.ReplaceAll(w.Subject, "=?", "= ?")
	return w
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

func upperFirst(s string) string {
	c, width := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(c)) + s[width:]
}
