package inbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	netmail "net/mail"
	"strings"

	"batsignal/integrations/mail"
	"batsignal/oncall/secret"
)

// letter is what is understood of one mail.
type letter struct {
	id      string      // its Message-ID with brackets; if it has none, a digest of all of it
	own     string      // the key that our letter was sent under, if it is one of ours
	key     string      // the key of the letter that it answers, if that was ours
	from    secret.Text // who it says it is from: where an answer goes, and nothing else
	subject string      // without "Re:"
	machine bool        // nobody wrote it: a holiday note, a list, an automat
	says    string      // "ack K7QXM" or "no K7QXM"; "" if it names no code
	bounce  *bounce     // news of a letter that was sent
}

// parse understands a letter, as far as one can. Whatever is wrong with it, it is a
// letter, and at worst one that says nothing.
func parse(raw []byte, sealing secret.Text) letter {
	raw = withoutFrom(raw)
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{id: digest(raw), machine: true}
	}
	l := letter{id: idOf(m.Header, raw), subject: baseSubject(decoded(m.Header.Get("Subject"))), machine: byMachine(m.Header)}
	l.own, _ = mail.KeyOf(sealing, m.Header.Get("Message-ID"))
	l.key = answersTo(m.Header, sealing)
	if a, err := netmail.ParseAddress(m.Header.Get("From")); err == nil {
		l.from = secret.New(a.Address)
	}
	body := part{header: m.Header.Get, body: m.Body}
	if l.own != "" {
		return l // what it says is our own words
	}
	if l.bounce = readBounce(body, sealing); l.bounce != nil || l.machine {
		return l
	}
	l.says = says(ownLines(textOf(body)))
	if l.says == "" {
		l.says = saysSubject(l.subject)
	}
	return l
}

// withoutFrom drops the line "From somebody Mon Nov 23 ..." that mail servers put before
// a letter that they pipe.
func withoutFrom(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		_, rest, _ := bytes.Cut(raw, []byte("\n"))
		return rest
	}
	return raw
}

func idOf(h netmail.Header, raw []byte) string {
	id := strings.TrimSpace(h.Get("Message-ID"))
	if id == "" || len(id) > 1000 {
		return digest(raw)
	}
	return id
}

func digest(raw []byte) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:])
}

// answersTo finds the newest letter of ours among those that a letter answers.
func answersTo(h netmail.Header, sealing secret.Text) string {
	for _, name := range []string{"In-Reply-To", "References"} {
		ids := strings.Fields(h.Get(name))
		for i := len(ids) - 1; i >= 0; i-- {
			if key, ok := mail.KeyOf(sealing, ids[i]); ok {
				return key
			}
		}
	}
	return ""
}

// decoded undoes encoded words; what cannot be undone stays as it is.
func decoded(header string) string {
	d := mime.WordDecoder{CharsetReader: func(_ string, in io.Reader) (io.Reader, error) { return in, nil }} // codes are ASCII
	if text, err := d.DecodeHeader(header); err == nil {
		return text
	}
	return header
}

// baseSubject drops what mail programs put before the subject of what they answer.
func baseSubject(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	for range 20 {
		before, rest, ok := strings.Cut(s, ":")
		if !ok || len(before) > 4 || strings.Trim(strings.ToUpper(before), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			break
		}
		s = strings.TrimSpace(rest)
	}
	return s
}
