package webhook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/webhook"
	"batsignal/oncall/secret"
)

// Made with openssl, so that a receiver in any language can check itself:
//
//	printf '1795402800.{"type":"batsignal.page.v1"}' | openssl dgst -sha256 -hmac 'correct horse battery staple'
const (
	exampleSecret = "correct horse battery staple"
	exampleBody   = `{"type":"batsignal.page.v1"}`
	exampleMAC    = "852f9c91897878dafbdfdbd17f080a6ca85c725b0134541b64e6719fa36d0f6a"
)

func TestVerifyAcceptsWhatFitsAndNothingElse(t *testing.T) {
	at := time.Unix(1795402800, 0)
	good := "t=1795402800,v1=" + exampleMAC
	wrong := strings.Repeat("00", 32)
	for name, story := range map[string]struct {
		header, body, secret string
		now                  time.Time
		want                 error
	}{
		"as it was sent":               {now: at},
		"just young enough":            {now: at.Add(webhook.Tolerance)},
		"a clock that is behind":       {now: at.Add(-webhook.Tolerance)},
		"a second secret":              {header: "t=1795402800,v1=" + wrong + ",v1=" + exampleMAC, now: at},
		"spaces and unknown fields":    {header: "t=1795402800, v9=x, v1=" + exampleMAC, now: at},
		"too old":                      {now: at.Add(webhook.Tolerance + time.Second), want: webhook.ErrStale},
		"from the future":              {now: at.Add(-webhook.Tolerance - time.Second), want: webhook.ErrStale},
		"another body":                 {body: exampleBody + " ", now: at, want: webhook.ErrSignature},
		"another secret":               {secret: "x", now: at, want: webhook.ErrSignature},
		"another time, same signature": {header: "t=1795402801,v1=" + exampleMAC, now: at, want: webhook.ErrSignature},
		"a wrong signature":            {header: "t=1795402800,v1=" + wrong, now: at, want: webhook.ErrSignature},
		"nothing":                      {header: " ", now: at, want: webhook.ErrMalformed},
		"no time":                      {header: "v1=" + exampleMAC, now: at, want: webhook.ErrMalformed},
		"two times":                    {header: "t=1," + good, now: at, want: webhook.ErrMalformed},
		"no signature":                 {header: "t=1795402800", now: at, want: webhook.ErrMalformed},
		"half a signature":             {header: good[:len(good)-2], now: at, want: webhook.ErrMalformed},
		"a time with a plus":           {header: strings.Replace(good, "t=", "t=+", 1), now: at, want: webhook.ErrMalformed},
		"a time with a nought":         {header: strings.Replace(good, "t=", "t=0", 1), now: at, want: webhook.ErrMalformed},
		"a time beyond counting":       {header: "t=99999999999999999999,v1=" + exampleMAC, now: at, want: webhook.ErrMalformed},
		"a header without end":         {header: good + strings.Repeat(",x=y", 1000), now: at, want: webhook.ErrMalformed},
		"the end of the world":         {header: "t=9223372036854775807,v1=" + exampleMAC, now: at, want: webhook.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			header, body, shared := story.header, story.body, story.secret
			if header == "" {
				header = good
			}
			if body == "" {
				body = exampleBody
			}
			if shared == "" {
				shared = exampleSecret
			}
			if err := webhook.Verify(secret.New(shared), header, []byte(body), story.now); !errors.Is(err, story.want) {
				t.Errorf("got %v, want %v", err, story.want)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("t=1795402800,v1="+exampleMAC, []byte(exampleBody))
	f.Add("t=-1,v1=00", []byte{})
	f.Add(",,=,t=,v1", []byte("x"))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		err := webhook.Verify(secret.New(exampleSecret), header, body, time.Unix(1795402800, 0))
		if err == nil && !strings.Contains(strings.ToLower(header), exampleMAC) {
			t.Fatalf("%q was accepted for %q", header, body)
		}
	})
}
