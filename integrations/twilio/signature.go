package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // it is what Twilio signs with; forging an HMAC needs more than collisions
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"batsignal/oncall/secret"
)

// SignatureHeader is the header in which Twilio signs what it sends.
const SignatureHeader = "X-Twilio-Signature"

// Sign is Twilio's signature of a request: over the whole address that it asked for, and
// the fields of the form in the order of their names
// (https://www.twilio.com/docs/usage/security).
func Sign(token secret.Text, address string, form url.Values) string {
	var text strings.Builder
	text.WriteString(address)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			text.WriteString(name)
			text.WriteString(value)
		}
	}
	mac := hmac.New(sha1.New, []byte(token.Reveal()))
	mac.Write([]byte(text.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signed tells whether Twilio sent a request. There is no time in what is signed: that
// something old is sent again is seen by its event, which counts once.
func (h *Hook) signed(r *http.Request) bool {
	given := r.Header.Get(SignatureHeader)
	ok := false
	for _, address := range h.addresses(r.URL) {
		for _, token := range h.Tokens {
			if hmac.Equal([]byte(given), []byte(Sign(token, address, r.PostForm))) {
				ok = true
			}
		}
	}
	return ok
}

// addresses are those that Twilio may have signed for a request: what it was given, which
// is the address outside whatever forwards requests to us. It is known to write the port
// of the scheme, or to leave it out; and it is not written down whether the fragment of
// an address that was given with one is signed.
func (h *Hook) addresses(asked *url.URL) []string {
	path := asked.EscapedPath()
	if asked.RawQuery != "" {
		path += "?" + asked.RawQuery
	}
	bases := []string{h.base}
	if u, err := url.Parse(h.base); err == nil {
		port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
		switch u.Port() {
		case "":
			host := u.Host
			u.Host += ":" + port
			bases = append(bases, u.String())
			u.Host = host
		case port:
			u.Host = strings.TrimSuffix(u.Host, ":"+port)
			bases = append(bases, u.String())
		}
	}
	var list []string
	for _, base := range bases {
		list = append(list, base+path, base+path+retryCallback)
	}
	return list
}
