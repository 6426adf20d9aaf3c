package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"batsignal/oncall/secret"
)

// FormToken is what every form of a browser carries: it can be made by whoever knows
// the cookie only, and the cookie cannot be told from it. Another site can make a browser
// send our cookie, but not read it.
func FormToken(cookie secret.Text) string {
	if cookie.Empty() {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(cookie.Reveal()))
	mac.Write([]byte("batsignal form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// FormTokenFits tells whether a form was made for the browser that has this cookie.
func FormTokenFits(cookie secret.Text, token string) bool {
	return !cookie.Empty() && hmac.Equal([]byte(FormToken(cookie)), []byte(token))
}
