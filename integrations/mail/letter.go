package mail

import (
	"bytes"
	netmail "net/mail"

	gomail "github.com/wneessen/go-mail"

	"batsignal/oncall/paging"
)

// How much of a caller's words is shown, in characters. A subject longer than
// that is cut by the telephones that show it.
const (
	longestSubject = 120
	longestWhy     = 1000
	longestItem    = 200
	longestName    = 80
)

// AboveLine begins every letter that may be answered by mail: what stands below it in an
// answer is our own letter, in whatever way and language a mail program quotes it. The
// letters name the code, so nothing below this line may count as an answer.
const AboveLine = "Write your answer above this line."

// written is a letter before it has headers.
type written struct {
	subject    string
	text, html string
}

// letter writes the whole message, headers and both bodies, ready for DATA. It
// is written before the connection is opened, so that a fault in it cannot leave
// half a letter with the server.
func (r *Route) letter(m paging.Message, to string) ([]byte, error) {
	w, err := r.write(m)
	if err != nil {
		return nil, err
	}
	g := r.envelope(to, w.subject, r.headers(m))
	if r.replyTo != "" {
		if err := g.ReplyTo(r.replyTo); err != nil {
			return nil, err
		}
	}
	g.SetBodyString(gomail.TypeTextPlain, w.text)
	g.AddAlternativeString(gomail.TypeTextHTML, w.html)
	return bytesOf(g)
}

// write chooses what sort of letter it is.
func (r *Route) write(m paging.Message) (written, error) {
	if m.Kind != paging.KindPage {
		return r.codeWords(m).write()
	}
	return r.words(m).write()
}

// envelope begins a letter.
func (r *Route) envelope(to, subject string, headers map[string]string) *gomail.Msg {
	g := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	g.FromMailAddress(&r.from)
	g.ToMailAddress(&netmail.Address{Address: to})
	g.Subject(subject)
	g.SetDateWithValue(r.now())
	for name, value := range headers {
		g.SetGenHeader(gomail.Header(name), value)
	}
	return g
}

func bytesOf(g *gomail.Msg) ([]byte, error) {
	var out bytes.Buffer
	if _, err := g.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// headers are those beside sender, recipient, subject and date.
func (r *Route) headers(m paging.Message) map[string]string {
	h := map[string]string{
		"Message-ID": r.identity(m.Key),
		// Holiday notes and list software must not answer (RFC 3834, Exchange).
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
	}
	if m.Kind == paging.KindPage {
		h["In-Reply-To"] = r.thread(m)
		h["References"] = h["In-Reply-To"]
		// X-MSMail-Priority is left out: without Outlook's other headers it reads as forged.
		h["Importance"] = "high"
		h["X-Priority"] = "1 (Highest)"
	}
	return h
}
