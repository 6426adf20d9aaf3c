package mailtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
)

// Mail is one letter as a server accepted it.
type Mail struct {
	At   time.Time // when DATA began; for exim, when the file was written
	From string    // of the envelope
	To   []string  // of the envelope
	Raw  []byte    // headers and body as they came, dots already undone
	TLS  bool
	User string // who was logged in; "" for exim
}

// Header returns a header, decoded, or "" if the letter has none of that name.
func (m Mail) Header(name string) string {
	parsed, err := netmail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return ""
	}
	raw := parsed.Header.Get(name)
	text, err := new(mime.WordDecoder).DecodeHeader(raw)
	if err != nil {
		return raw
	}
	return text
}

// Part returns the decoded text of the first part of a media type, such as
// "text/plain" or "text/html". A letter without parts is one part.
func (m Mail) Part(mediaType string) (string, error) {
	parsed, err := netmail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return "", err
	}
	return findPart(mediaType, parsed.Header.Get, parsed.Body)
}

func findPart(wanted string, header func(string) string, body io.Reader) (string, error) {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		return "", err
	}
	if kind == wanted {
		return decoded(header("Content-Transfer-Encoding"), body)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return "", fmt.Errorf("the letter has no %s part", wanted)
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		// NextRawPart leaves quoted-printable alone, so that it is undone in one place.
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return "", fmt.Errorf("the letter has no %s part", wanted)
		}
		if err != nil {
			return "", err
		}
		if text, err := findPart(wanted, part.Header.Get, part); err == nil {
			return text, nil
		}
	}
}

func decoded(encoding string, body io.Reader) (string, error) {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	return strings.ReplaceAll(string(text), "\r\n", "\n"), err
}

func addressed(mails []Mail, address string) []Mail {
	var found []Mail
	for _, m := range mails {
		if slices.Contains(m.To, address) {
			found = append(found, m)
		}
	}
	return found
}
