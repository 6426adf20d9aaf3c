package mail

import (
	"bytes"
	"context"
	"fmt"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// longestBody is how much of a plain letter is sent, in characters of one line and in
// lines.
const (
	longestBodyLine = 500
	mostBodyLines   = 200
)

// Mail hands a letter that rings nobody to the mail server: a few lines of text, as
// reminders are. key is the same for every try, so that whoever gets two shows one.
// Errors are like those of [Route.Send].
func (r *Route) Mail(ctx context.Context, to secret.Text, key, subject, body string) error {
	address, err := netmail.ParseAddress(to.Reveal())
	if err != nil {
		return fmt.Errorf("%w: what is stored for this person is not a mail address", paging.ErrPermanent)
	}
	letter, err := r.plain(address.Address, key, subject, body)
	if err != nil {
		// A library's own words may quote the address, so they stop here.
		return fmt.Errorf("%w: the letter could not be written", paging.ErrPermanent)
	}
	_, err = r.hand(ctx, letter, address.Address)
	return err
}

// plain writes a letter of text. What people wrote may be in it, so every line of it is
// made visible.
func (r *Route) plain(to, key, subject, body string) ([]byte, error) {
	g := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	g.FromMailAddress(&r.from)
	g.ToMailAddress(&netmail.Address{Address: to})
	g.Subject(strings.ReplaceAll(visible(subject, longestSubject), "=?", "= ?"))
	g.SetDateWithValue(r.now())
	_, domain, _ := strings.Cut(r.from.Address, "@")
	for name, value := range map[gomail.Header]string{
		"Message-ID":               fmt.Sprintf("<%s@%s>", digest("letter", r.from.Address, key), domain),
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
	} {
		g.SetGenHeader(name, value)
	}
	var text strings.Builder
	for i, line := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
		if i == mostBodyLines {
			break
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		text.WriteString(indent + visible(line, longestBodyLine) + "\n")
	}
	text.WriteString("\nReplies to this mail are not read.\n")
	g.SetBodyString(gomail.TypeTextPlain, text.String())
	var out bytes.Buffer
	if _, err := g.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
