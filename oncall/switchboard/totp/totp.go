// Package totp owns the six digits that a person reads from their authenticator
// (RFC 6238 with SHA-1, 30 seconds and six digits, which is what every such program can).
//
// It keeps nothing: who has which seed, and which digits were used already, its caller
// knows.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- RFC 6238: an HMAC needs no resistance to collisions, and most authenticators know no other
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"batsignal/oncall/secret"
)

// Digits is how many digits a code has, Period how long one is shown.
const (
	Digits = 6
	Period = 30 * time.Second
)

const (
	seedSize = 20 // bytes: RFC 4226 wants what the hash gives
	modulus  = 1_000_000
	drift    = 1 // steps: clocks of telephones are a little off, and people type slowly
)

// ErrWrong is of digits that are not this person's, not now. ErrUsed is of ones that were
// right, and were used before.
var (
	ErrWrong = errors.New("the code is wrong")
	ErrUsed  = errors.New("the code was used before")
)

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSeed makes a seed of 160 random bits.
func NewSeed() secret.Bytes {
	b := make([]byte, seedSize)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return secret.NewBytes(b)
}

// Text is a seed as a file holds it, in base32.
func Text(seed secret.Bytes) secret.Text {
	return secret.New(letters.EncodeToString(seed.RevealBytes()))
}

// Parse reads what [Text] or [Typed] wrote. The error does not hold the text.
func Parse(text secret.Text) (secret.Bytes, error) {
	b, err := letters.DecodeString(strings.ToUpper(strings.ReplaceAll(text.Reveal(), " ", "")))
	if err != nil || len(b) != seedSize {
		return secret.Bytes{}, fmt.Errorf("a seed is %d bytes in base32", seedSize)
	}
	return secret.NewBytes(b), nil
}

// Typed is a seed for somebody who types it into their authenticator: base32 in groups of
// four letters.
func Typed(seed secret.Bytes) secret.Text {
	var groups []string
	for s := Text(seed).Reveal(); s != ""; {
		n := min(4, len(s))
		groups, s = append(groups, s[:n]), s[n:]
	}
	return secret.New(strings.Join(groups, " "))
}

// URI is a seed for an authenticator that reads links or pictures of them.
func URI(seed secret.Bytes, issuer, account string) secret.Text {
	q := url.Values{
		"secret": {Text(seed).Reveal()}, "issuer": {issuer},
		"algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"},
	}
	// Authenticators show a plus sign as one: a space must be %20.
	query := strings.ReplaceAll(q.Encode(), "+", "%20")
	return secret.New("otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" + query)
}

// Step is the number of the stretch of 30 seconds that a time is in.
func Step(now time.Time) int64 { return now.Unix() / int64(Period/time.Second) }

// Code is what an authenticator with that seed shows, for who tries the house on their own
// machine.
func Code(seed secret.Bytes, now time.Time) secret.Text { return secret.New(digits(seed, Step(now))) }

// Verify tells of which step the digits are: of now, or of the one before or after. Steps
// up to lastUsed are used up; 0 is none. The error is [ErrWrong] or [ErrUsed].
func Verify(seed secret.Bytes, code string, now time.Time, lastUsed int64) (step int64, err error) {
	at := Step(now)
	found := int64(-1)
	if seed.Len() == seedSize {
		// All of them are compared, however early one fits.
		for s := max(at-drift, 0); s <= at+drift; s++ {
			if subtle.ConstantTimeCompare([]byte(digits(seed, s)), []byte(code)) == 1 {
				found = max(found, s)
			}
		}
	}
	switch {
	case found < 0:
		return 0, ErrWrong
	case found <= lastUsed:
		return found, ErrUsed
	}
	return found, nil
}

// digits are those of one step.
func digits(seed secret.Bytes, step int64) string {
	mac := hmac.New(sha1.New, seed.RevealBytes())
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) &^ (1 << 31)
	return fmt.Sprintf("%0*d", Digits, n%modulus)
}
