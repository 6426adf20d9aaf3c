package write

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// subjectLength is how much of a title a subject holds, in letters.
const subjectLength = 120

// writeOurMail writes a letter with the short edition of the minutes: what was decided,
// who has to do what, what was talked about. Whom it is from and to is for whoever
// sends it.
func writeOurMail(w io.Writer, d Doc) error {
	o, p := outlineOf(d), newPen(w)
	subject := []rune("Minutes of " + o.title)
	if len(subject) > subjectLength {
		subject = append(subject[:subjectLength-1], '…')
	}
	p.put("MIME-Version: 1.0\r\nDate: ", d.End().UTC().Format(time.RFC1123Z),
		"\r\nSubject: ", mime.QEncoding.Encode("utf-8", string(subject)+", "+d.Started.UTC().Format("2 January 2006")),
		"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n")
	var body strings.Builder
	inner := newPen(&body)
	inner.mailBody(o, d)
	if err := inner.done(); err != nil {
		return err
	}
	quoted := quotedprintable.NewWriter(p.out)
	if _, err := io.WriteString(quoted, body.String()); err != nil {
		return err
	}
	if err := quoted.Close(); err != nil {
		return err
	}
	return p.done()
}

func (p *pen) mailBody(o *outline, d Doc) {
	p.para(o.title, "", "")
	p.textFacts(o)
	p.textDecisions(o)
	if len(o.shares) == 0 {
		p.section("Action items")
		p.none(0)
	}
	p.textShares(o)
	p.textTopics(o)
	p.put("\nThe full minutes: ", d.farBase(), ".html\nWhat was said: ", d.farBase(), ".log.html\n")
}
