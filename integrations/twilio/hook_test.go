package twilio_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const callSID = "CA0123456789abcdef0123456789abcdef"

// The examples of Twilio's documentation and of its libraries' tests.
func TestSignatureIsTwilios(t *testing.T) {
	const address = "https://mycompany.com/myapp.php?foo=1&bar=2"
	for want, form := range map[string]url.Values{
		"0/KCTR6DLpKmkAf8muzZqo1nDgQ=": {
			"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+12349013030"}, "Digits": {"1234"}, "From": {"+12349013030"}, "To": {"+18005551212"},
		},
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=": {
			"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"},
		},
		"IK+Dwps556ElfBT0I3Rgjkr1wJU=": {"Sid": {"CA123"}, "SidAccount": {"AC123"}, "Digits": {"5678", "1234", "1234"}},
	} {
		equal(t, "signature", twilio.Sign(secret.New("12345"), address, form), want)
	}
}

// behind is a hook that something forwards requests to.
func behind(t testing.TB, public string, e paging.Ear) *twilio.Hook {
	t.Helper()
	h, err := twilio.NewHook(twilio.Hook{
		Ear: e, Open: (&world{}).open, Tokens: []secret.Text{secret.New("new"), secret.New("old")},
		AccountSID: "AC" + strings.Repeat("0", 32), From: "+14155550100", InboundURL: public,
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func post(h http.Handler, path string, form url.Values, signature string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(twilio.SignatureHeader, signature)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func keyed() url.Values {
	return url.Values{"AccountSid": {"AC" + strings.Repeat("0", 32)}, "CallSid": {callSID}, "Digits": {"17"}, "To": {maria}}
}

func TestOnlyWhatTwilioSignedIsHeard(t *testing.T) {
	const path = "/twilio/keys/page-57?k=174583&n=1"
	sign := func(token, address string) string { return twilio.Sign(secret.New(token), address, keyed()) }
	for name, c := range map[string]struct {
		public, signature string
		heard             bool
	}{
		"as it was asked for":           {"https://in.example.org", sign("new", "https://in.example.org"+path), true},
		"with the token before":         {"https://in.example.org", sign("old", "https://in.example.org"+path), true},
		"with a slash too many":         {"https://in.example.org/", sign("new", "https://in.example.org"+path), true},
		"with the port":                 {"https://in.example.org", sign("new", "https://in.example.org:443"+path), true},
		"without the port":              {"https://in.example.org:443", sign("new", "https://in.example.org"+path), true},
		"with a port of its own":        {"https://in.example.org:8443", sign("new", "https://in.example.org:8443"+path), true},
		"with the fragment":             {"https://in.example.org", sign("new", "https://in.example.org"+path+"#rc=3&rp=5xx,ct,rt"), true},
		"below a folder":                {"https://example.org/bat", sign("new", "https://example.org/bat"+path), true},
		"with another token":            {"https://in.example.org", sign("guess", "https://in.example.org"+path), false},
		"for another place":             {"https://in.example.org", sign("new", "https://other.example.org"+path), false},
		"for another page":              {"https://in.example.org", sign("new", "https://in.example.org/twilio/keys/page-58?k=174583&n=1"), false},
		"for another turn":              {"https://in.example.org", sign("new", "https://in.example.org/twilio/keys/page-57?k=174583&n=2"), false},
		"not at all":                    {"https://in.example.org", "", false},
		"by somebody with no token":     {"https://in.example.org", sign("", "https://in.example.org"+path), false},
		"by plain http, but it is tls":  {"https://in.example.org", sign("new", "http://in.example.org"+path), false},
		"by the right words in capital": {"https://in.example.org", strings.ToUpper(sign("new", "https://in.example.org"+path)), false},
	} {
		t.Run(name, func(t *testing.T) {
			e := &ear{events: map[string]bool{}}
			got := post(behind(t, c.public, e), path, keyed(), c.signature)
			equal(t, "heard", e.said() == "17", c.heard)
			equal(t, "refused", got.Code == http.StatusForbidden, !c.heard)
		})
	}
}

func TestWhatTheHookRefuses(t *testing.T) {
	e := &ear{events: map[string]bool{}}
	h := behind(t, "https://in.example.org", e)
	signed := func(path string, form url.Values) *httptest.ResponseRecorder {
		return post(h, path, form, twilio.Sign(secret.New("new"), "https://in.example.org"+path, form))
	}
	with := func(name, value string) url.Values {
		form := keyed()
		form.Set(name, value)
		return form
	}
	for name, c := range map[string]struct {
		got  *httptest.ResponseRecorder
		want int
	}{
		"another account":   {signed("/twilio/keys/page-57", with("AccountSid", "AC"+strings.Repeat("1", 32))), 403},
		"no key of ours":    {signed("/twilio/keys/page-0", keyed()), 404},
		"no key at all":     {signed("/twilio/called/x", keyed()), 404},
		"no call":           {signed("/twilio/keys/page-57", with("CallSid", "CA1")), 400},
		"no message":        {signed("/twilio/sms", keyed()), 400},
		"an unknown place":  {signed("/twilio/other", keyed()), 404},
		"a state of no use": {signed("/twilio/called/page-57", with("CallStatus", "dreaming")), 204},
		"a form too long":   {signed("/twilio/sms", with("Body", strings.Repeat("x", 70<<10))), 413},
		"no form":           {post(h, "/twilio/sms", url.Values{}, ""), 403},
	} {
		if c.got.Code != c.want {
			t.Errorf("%s: %d, want %d", name, c.got.Code, c.want)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/twilio/sms", nil))
	equal(t, "a look", w.Code, http.StatusMethodNotAllowed)
	broken := httptest.NewRequest(http.MethodPost, "/twilio/sms", strings.NewReader("%zz=1"))
	broken.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, broken)
	equal(t, "a broken form", w.Code, http.StatusBadRequest)
	equal(t, "heard", e.heard, 0)
}

func TestAnAnswerIsNotKeptByAnybodyBetween(t *testing.T) {
	e := &ear{events: map[string]bool{}}
	const path = "/twilio/keys/page-57"
	got := post(behind(t, "https://in.example.org", e), path, keyed(), twilio.Sign(secret.New("new"), "https://in.example.org"+path, keyed()))
	body, _ := io.ReadAll(got.Body)
	contains(t, string(body), "<Say>You have INC-7, maria.", "<Hangup>")
	equal(t, "cache", got.Header().Get("Cache-Control"), "no-store")
	contains(t, got.Header().Get("Content-Type"), "text/xml")
}

func TestAHookNeedsWhatItNeeds(t *testing.T) {
	good := twilio.Hook{
		Ear: &ear{}, Open: (&world{}).open, Tokens: []secret.Text{secret.New("new")}, From: "+14155550100",
		InboundURL: "https://in.example.org", Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	for name, change := range map[string]func(*twilio.Hook){
		"no ear":     func(h *twilio.Hook) { h.Ear = nil },
		"no token":   func(h *twilio.Hook) { h.Tokens = []secret.Text{{}} },
		"no number":  func(h *twilio.Hook) { h.From = "" },
		"no address": func(h *twilio.Hook) { h.InboundURL = "in.example.org" },
	} {
		h := good
		change(&h)
		if _, err := twilio.NewHook(h); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// What is told of a call that was picked up by somebody else's phone is for that page.
func TestNewsNameTheirMessage(t *testing.T) {
	w := newWorld(t)
	w.fake.Phone(maria).Calls(twiliofake.Voicemail())
	w.later(time.Hour)
	h := w.send(w.acc.Voice(), page())
	w.ear.mu.Lock()
	defer w.ear.mu.Unlock()
	seq := 0
	for _, r := range w.ear.receipts {
		if r.Key != "page-57" || r.Ref != h.Ref || r.Route != "voice" || r.Seq <= seq || !r.At.Equal(noon.Add(time.Hour)) || r.Detail == "" {
			t.Errorf("%+v after %d", r, seq)
		}
		seq = r.Seq
		w.withoutNumbers(r)
	}
}
