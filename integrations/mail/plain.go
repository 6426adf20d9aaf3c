package mail

import (
	"context"
	"fmt"
	netmail "net/mail"
	"regexp"
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
	letter, err := r.plain(address.Address, subject, strings.TrimRight(body, "\n")+"\n\nReplies to this mail are not read.", map[string]string{
		"Message-ID":     r.at(digest("letter", r.from.Address, key)),
		"Auto-Submitted": "auto-generated",
	})
	if err != nil {
		// A library's own words may quote the address, so they stop here.
		return fmt.Errorf("%w: the letter could not be written", paging.ErrPermanent)
	}
	_, err = r.hand(ctx, letter, address.Address)
	return err
}

// Answer tells whoever answered a page by mail what came of it. id is the Message-ID of
// their letter. It is marked as an answer of a machine, to which machines give none.
// Errors are like those of [Route.Send].
func (r *Route) Answer(ctx context.Context, to secret.Text, id, subject, say string) error {
	address, err := netmail.ParseAddress(to.Reveal())
	if err != nil {
		return fmt.Errorf("%w: whoever wrote left no mail address", paging.ErrPermanent)
	}
	headers := map[string]string{
		"Message-ID":     r.at(digest("answer", r.from.Address, id, say)),
		"Auto-Submitted": "auto-replied",
	}
	if identity.MatchString(id) {
		headers["In-Reply-To"], headers["References"] = id, id
	}
	letter, err := r.plain(address.Address, subject, say, headers)
	if err != nil {
		return fmt.Errorf("%w: the letter could not be written", paging.ErrPermanent)
	}
	_, err = r.hand(ctx, letter, address.Address)
	return err
}

// identity is a Message-ID that may be written into a header as it is.
var identity = regexp.MustCompile(`^<[!-;=?-~]{1,200}>$`)

// plain writes a letter of text. What people wrote may be in it, so every line of it is
// made visible.
func (r *Route) plain(to, subject, body string, headers map[string]string) ([]byte, error) {
	headers["X-Auto-Response-Suppress"] = "All"
	g := r.envelope(to, unencoded(visible(subject, longestSubject)), headers)
	var text strings.Builder
	lines := strings.Split(strings.TrimRight(body, "\n"), "\n")
	for i, line := range lines {
		if i >= mostBodyLines && i < len(lines)-2 { // the last words say what becomes of replies
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		text.WriteString(indent + visible(line, longestBodyLine) + "\n")
	}
	g.SetBodyString(gomail.TypeTextPlain, text.String())
	return bytesOf(g)
}
