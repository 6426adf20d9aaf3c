package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/webauthn"
)

// device is a telephone with passkeys.
type device struct {
	*visitor
	at   virtualwebauthn.RelyingParty
	keys virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func (v *visitor) device(o virtualwebauthn.AuthenticatorOptions) *device {
	o.UserHandle = strconv.AppendInt(nil, v.person("li").ID, 10)
	d := &device{
		visitor: v, at: virtualwebauthn.RelyingParty{Name: "Batsignal", ID: "bat.example", Origin: publicURL},
		keys: virtualwebauthn.NewAuthenticatorWithOptions(o), key: newKey(),
	}
	d.keys.AddCredential(d.key)
	return d
}

// newKey makes a key of the common kind. The library writes one in a hundred a byte too
// short, which is refused, rightly.
func newKey() virtualwebauthn.Credential {
	const whole = 77 // bytes of a public key
	for {
		if key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(key.Key.AttestationData()) == whole {
			return key
		}
	}
}

// ask is what passkey.js does.
func (v *visitor) ask(path, csrf, body string) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Csrf-Token", csrf)
	return v.send(r)
}

// register adds the passkey of the device, and returns what the server says to it.
func (d *device) register() answer {
	d.t.Helper()
	csrf := d.csrf("/account")
	begun := d.ask("/account/passkeys/begin", csrf, "{}")
	begun.says(d.t.(*testing.T), http.StatusOK, `"residentKey":"required"`, `"userVerification":"required"`)
	options, err := virtualwebauthn.ParseAttestationOptions(begun.body)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.ask("/account/passkeys/finish?name=telephone", csrf, virtualwebauthn.CreateAttestationResponse(d.at, d.keys, d.key, *options))
}

// signIn uses the passkey in another browser of the same device.
func (d *device) signIn(v *visitor) answer {
	d.t.Helper()
	csrf := v.csrf("/sign-in?next=/signal")
	begun := v.ask("/sign-in/passkey/begin", csrf, "{}")
	options, err := virtualwebauthn.ParseAssertionOptions(begun.body)
	if err != nil {
		d.t.Fatal(err, begun.body)
	}
	return v.ask("/sign-in/passkey/finish", csrf, virtualwebauthn.CreateAssertionResponse(d.at, d.keys, d.key, *options))
}

func TestAPasskeySignsIn(t *testing.T) {
	w := newSignWorld(t)
	d := w.enters("li").device(virtualwebauthn.AuthenticatorOptions{BackupEligible: true, BackupState: true})
	d.register().says(t, http.StatusOK, `{"go":"/account?did=passkey#passkeys"}`)
	d.read("/account?did=passkey").says(t, http.StatusOK, "The passkey is added.", "<bdi>telephone</bdi>", "never used")
	if c := w.credential(); !c.Flags.BackupEligible || !c.Flags.BackupState || !c.Flags.UserVerified {
		t.Errorf("the flags are %+v", c.Flags)
	}
	for range 2 {
		v := w.visitor()
		d.key.Counter++
		d.signIn(v).says(t, http.StatusOK, `{"go":"/signal"}`)
		v.read("/account").says(t, http.StatusOK, "You are <bdi>li</bdi>", "by a passkey", "last used just now")
	}
	if c := w.credential(); !c.Flags.BackupEligible || c.Authenticator.SignCount != d.key.Counter {
		t.Errorf("kept: %+v", c)
	}
}

// credential is what is kept of the only passkey.
func (w *world) credential() (c webauthn.Credential) {
	w.t.Helper()
	keys, err := w.access.Passkeys(ctx, w.person("li").ID)
	if err != nil || len(keys) != 1 {
		w.t.Fatalf("%d passkeys, %v", len(keys), err)
	}
	if err := json.Unmarshal(keys[0].Credential, &c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestPasskeysThatSignNobodyIn(t *testing.T) {
	for name, c := range map[string]struct {
		options virtualwebauthn.AuthenticatorOptions
		spoil   func(*device)
	}{
		"of another site":              {spoil: func(d *device) { d.at.Origin = "https://evil.example" }},
		"without the owner":            {spoil: func(d *device) { d.keys.Options.UserNotVerified = true }},
		"of another person":            {spoil: func(d *device) { d.keys.Options.UserHandle = strconv.AppendInt(nil, d.person("maria").ID, 10) }},
		"of nobody":                    {spoil: func(d *device) { d.keys.Options.UserHandle = []byte("x") }},
		"that is a copy":               {spoil: func(d *device) { d.key.Counter = 1 }},
		"that became another":          {spoil: func(d *device) { d.key = newKey() }},
		"that can be copied since now": {spoil: func(d *device) { d.keys.Options.BackupEligible = true }},
		"that was removed": {spoil: func(d *device) {
			d.post("/account/passkeys/1/remove", nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newSignWorld(t)
			d := w.enters("li").device(c.options)
			d.key.Counter = 5
			d.register().says(t, http.StatusOK)
			c.spoil(d)
			v := w.visitor()
			d.signIn(v).says(t, http.StatusForbidden, `{"say":"`)
			if v.signedIn() {
				t.Error("signed in")
			}
		})
	}
}

func TestAPasskeyNeedsOurForm(t *testing.T) {
	w := newSignWorld(t)
	v := w.visitor()
	v.ask("/sign-in/passkey/begin", "", "{}").says(t, http.StatusForbidden)
	li := w.enters("li")
	li.ask("/account/passkeys/begin", "wrong", "{}").says(t, http.StatusForbidden)
	// What one began, another does not end.
	d := li.device(virtualwebauthn.AuthenticatorOptions{})
	options, err := virtualwebauthn.ParseAttestationOptions(d.ask("/account/passkeys/begin", d.csrf("/account"), "{}").body)
	if err != nil {
		t.Fatal(err)
	}
	made := virtualwebauthn.CreateAttestationResponse(d.at, d.keys, d.key, *options)
	kevin := w.enters("kevin")
	kevin.cookies["__Host-batsignal-attempt"] = d.cookies["__Host-batsignal-attempt"]
	kevin.ask("/account/passkeys/finish?name=x", kevin.csrf("/account"), made).says(t, http.StatusForbidden)
	d.ask("/account/passkeys/finish?name=x", d.csrf("/account"), made).says(t, http.StatusNotFound)
	if n := w.count("passkey"); n != 0 {
		t.Errorf("%d passkeys", n)
	}
}
