package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// A Message-ID carries the key of the delivery, so that a bounce or an answer tells what
// it belongs to, and a seal over it: keys are counted, and without a seal anybody could
// write a bounce for the page after the next one, which would silence an address. A seal
// is known to whoever had the letter, so it proves nothing of who writes: only a code
// answers a page.

// identity is the Message-ID of the letter with this key, the same for every try: whoever
// gets two shows one. Without a secret it says nothing, and bounces cannot be matched.
func (r *Route) identity(key string) string {
	if r.secret.Empty() {
		return r.at(digest("delivery", r.from.Address, key))
	}
	return r.at(key + "." + seal(r.secret, key))
}

// thread is an identity that no letter carries: it makes the letters about one incident
// siblings, whoever they are for.
func (r *Route) thread(m paging.Message) string {
	if m.Ref == "" {
		return r.at(digest("page", r.from.Address, fmt.Sprint(m.Page)))
	}
	return r.at(digest("incident", r.from.Address, m.Ref))
}

func (r *Route) at(local string) string {
	_, domain, _ := strings.Cut(r.from.Address, "@")
	return "<" + local + "@" + domain + ">"
}

// KeyOf reads the key of a delivery out of a Message-ID that a [Route] with this secret
// made, with or without the brackets. Others, and those whose seal does not fit, are not
// ok. It proves that the letter was seen, not who saw it.
func KeyOf(of secret.Text, id string) (key string, ok bool) {
	local, _, found := strings.Cut(strings.Trim(strings.TrimSpace(id), "<>"), "@")
	key, sealed, dot := strings.Cut(local, ".")
	if !found || !dot || of.Empty() || len(local) > longestLocal {
		return "", false
	}
	if delivery, proof, known := paging.ParseKey(key); !known || delivery == 0 && proof == 0 {
		return "", false
	}
	if !hmac.Equal([]byte(sealed), []byte(seal(of, key))) {
		return "", false
	}
	return key, true
}

// longestLocal is the longest part of an address before the @, by RFC 5321.
const longestLocal = 64

// seal is what only this installation can make of a key.
func seal(of secret.Text, key string) string {
	h := hmac.New(sha256.New, []byte(of.Reveal()))
	h.Write([]byte("batsignal message-id\x00" + key))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func digest(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h[:12])
}
