package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"batsignal/oncall/secret"
)

// Tolerance is how far the signing time may be from the receiver's clock, either
// way. A recorded request cannot be replayed later than that.
const Tolerance = 5 * time.Minute

// longestHeader bounds what Verify reads of a header that anybody can send.
const longestHeader = 1024

// What [Verify] finds wrong.
var (
	ErrMalformed = errors.New("the signature header cannot be read")
	ErrSignature = errors.New("the signature does not fit the body")
	ErrStale     = errors.New("the signature is too old, or from the future")
)

// Verify tells a receiver whether a request came from who holds the secret.
//
// header is the value of Batsignal-Signature, such as
//
//	t=1795402800,v1=852f9c91897878dafbdfdbd17f080a6ca85c725b0134541b64e6719fa36d0f6a
//
// (for the secret "correct horse battery staple" and the body
// {"type":"batsignal.page.v1"}). There, t is the time of signing in seconds since
// 1970, and v1 the lower-case hexadecimal HMAC-SHA-256, under the secret, of t, a
// full stop, and the body as it came over the wire, before any decoding. There
// may be several v1, one of which must fit (so that a secret can be changed), and
// unknown fields, which are ignored. The error is nil or one of [ErrMalformed],
// [ErrSignature], [ErrStale].
//
// A valid request may still come twice, since pages are sent at least once: drop
// what has a [Page.Key] that you have seen.
func Verify(shared secret.Text, header string, body []byte, now time.Time) error {
	at, signatures, err := parseSignature(header)
	if err != nil {
		return err
	}
	want := mac(shared, at, body)
	fits := false
	for _, s := range signatures {
		fits = hmac.Equal(s, want) || fits
	}
	if !fits {
		return ErrSignature
	}
	// Sub saturates, so a time at the end of the world is only very stale.
	if age := now.Sub(time.Unix(at, 0)); age > Tolerance || age < -Tolerance {
		return ErrStale
	}
	return nil
}

func sign(shared secret.Text, now time.Time, body []byte) string {
	at := now.Unix()
	return fmt.Sprintf("t=%d,v1=%x", at, mac(shared, at, body))
}

func mac(shared secret.Text, at int64, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(shared.Reveal()))
	fmt.Fprintf(h, "%d.", at)
	h.Write(body)
	return h.Sum(nil)
}

// parseSignature reads a header strictly: one t, at least one well-formed v1.
func parseSignature(header string) (at int64, signatures [][]byte, err error) {
	if len(header) > longestHeader {
		return 0, nil, ErrMalformed
	}
	seen := false
	for field := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if !ok {
			return 0, nil, ErrMalformed
		}
		switch name {
		case "t":
			at, err = strconv.ParseInt(value, 10, 64)
			if err != nil || seen || strconv.FormatInt(at, 10) != value {
				return 0, nil, ErrMalformed
			}
			seen = true
		case "v1":
			s, err := hex.DecodeString(value)
			if err != nil || len(s) != sha256.Size {
				return 0, nil, ErrMalformed
			}
			signatures = append(signatures, s)
		}
	}
	if !seen || len(signatures) == 0 {
		return 0, nil, ErrMalformed
	}
	return at, signatures, nil
}
