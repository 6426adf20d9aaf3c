package inbox

import (
	"bufio"
	"bytes"
	"io"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	"batsignal/integrations/mail"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// bounce is what a mail server tells of a letter that it had taken (RFC 3464).
type bounce struct {
	key    string      // of our letter; "" if it is not ours, or not surely
	news   paging.News // "" says nothing new
	detail string      // in our words: the server's hold the address
	bad    string      // why the address itself cannot work
}

// readBounce reads the news out of a letter, if it brings any; else it is nil. Other
// reports, such as that somebody opened a letter, are bounces without news.
func readBounce(p part, sealing secret.Text) *bounce {
	kind, params := p.kind()
	if kind != "multipart/report" {
		return nil
	}
	b := &bounce{}
	if !strings.EqualFold(params["report-type"], "delivery-status") {
		return b
	}
	p.each(func(inner part) bool {
		switch kind, _ := inner.kind(); kind {
		case "message/delivery-status", "message/global-delivery-status":
			b.read(inner.text())
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			b.key = keyWithin(inner.text(), sealing)
		}
		return false
	})
	return b
}

// keyWithin reads the identity of the letter that a bounce is about.
func keyWithin(text string, sealing secret.Text) string {
	// Only headers may have come, without the empty line that ends them.
	m, err := netmail.ReadMessage(strings.NewReader(text + "\r\n\r\n"))
	if err != nil {
		return ""
	}
	key, _ := mail.KeyOf(sealing, m.Header.Get("Message-ID"))
	return key
}

// read reads the fields of all recipients. We write to one at a time, so any news is of
// ours; the worst of it counts.
func (b *bounce) read(text string) {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader([]byte(text + "\r\n\r\n"))))
	for range mostParts {
		h, err := r.ReadMIMEHeader()
		if len(h) > 0 {
			b.recipient(h)
		}
		if err != nil && (err == io.EOF || len(h) == 0) {
			return
		}
	}
}

func (b *bounce) recipient(h textproto.MIMEHeader) {
	status := enhanced.FindString(h.Get("Status"))
	switch strings.ToLower(strings.TrimSpace(h.Get("Action"))) {
	case "failed":
		b.news, b.detail = paging.NewsFailed, "a mail server could not deliver it"
		code, words := diagnosis(h.Get("Diagnostic-Code"))
		if vague := status == "" || strings.HasSuffix(status, ".0.0"); !vague {
			code, words = 0, status
		} else if said := enhanced.FindString(words); said != "" {
			status = said
		}
		if status != "" {
			b.detail += " (" + status + ")"
		}
		if mail.SaysNoMailbox(code, words) {
			b.bad = mail.NoMailbox
		}
	case "delayed":
		if b.news == "" {
			b.news, b.detail = paging.NewsAccepted, "a mail server has it and cannot deliver it yet"
		}
	case "delivered":
		if b.news != paging.NewsFailed {
			b.news, b.detail = paging.NewsDelivered, "it lies in the mailbox"
		}
	}
}

// enhanced is an enhanced status (RFC 3463) at the beginning.
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// diagnosis is what the last server said: "smtp; 550 5.1.1 no such user".
func diagnosis(field string) (code int, words string) {
	kind, said, _ := strings.Cut(field, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "smtp") {
		return 0, ""
	}
	said = strings.TrimSpace(said)
	digits, words, _ := strings.Cut(strings.Replace(said, "-", " ", 1), " ")
	if code, _ = strconv.Atoi(digits); code < 200 || code > 599 {
		return 0, ""
	}
	return code, strings.TrimSpace(words)
}
