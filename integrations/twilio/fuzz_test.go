package twilio

import (
	"context"
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func readBack(t *rapid.T, address string) turn {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return readTurn(u.Query())
}

// fuzzEar hears everything, and repeats it: the worst that can be said back.
type fuzzEar struct{ fails, done bool }

func (e fuzzEar) Reply(_ context.Context, r paging.Reply) (paging.Response, error) {
	if e.fails {
		return paging.Response{}, errors.New("away")
	}
	return paging.Response{Say: r.Text, Done: e.done}, nil
}

func (e fuzzEar) Receipt(_ context.Context, r paging.Receipt) error {
	if len(r.Event) > 200 || len(r.Ref) > 200 || r.Seq < 1 || r.News == "" {
		return errors.New("a receipt that cannot be stored")
	}
	return nil
}

// FuzzForm gives the hook whatever a signed request may hold: it never panics, and what it
// answers is TwiML, or nothing.
func FuzzForm(f *testing.F) {
	for _, seed := range [...][2]string{
		{"/twilio/sms", "MessageSid=SM0123456789abcdef0123456789abcdef&From=%2B4915112345678&Body=K7QXM"},
		{"/twilio/sms", "MessageSid=SM0123456789abcdef0123456789abcdef&From=&Body=%00%ff%3C%2FResponse%3E"},
		{"/twilio/keys/page-57?k=174583&n=1", "CallSid=CA0123456789abcdef0123456789abcdef&Digits=17"},
		{"/twilio/keys/page-57?k=17&n=5&d=17&a=6", "CallSid=CA0123456789abcdef0123456789abcdef"},
		{"/twilio/keys/page-57?k=%FF%FE&n=-1&d=%23%2a&a=x", "CallSid=CA0123456789abcdef0123456789abcdef&Digits=%23"},
		{"/twilio/called/proof-9", "CallSid=CA0123456789abcdef0123456789abcdef&CallStatus=failed&SipResponseCode=404&Timestamp=Mon"},
		{"/twilio/texted/page-57", "MessageSid=SM0123456789abcdef0123456789abcdef&MessageStatus=undelivered&ErrorCode=30006"},
		{"/twilio/joined/page-57", "DialCallStatus=busy"},
		{"/twilio/call", ""},
	} {
		f.Add(seed[0], seed[1], false, false)
	}
	f.Fuzz(func(t *testing.T, path, body string, fails, done bool) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(path, "/") {
			t.Skip("no server gives a handler such an address")
		}
		h, err := NewHook(Hook{
			Ear: fuzzEar{fails, done}, Tokens: []secret.Text{secret.New("token")}, From: "+14155550100", InboundURL: "https://in.example.org",
			Open: func(context.Context, int64, string) (secret.Text, error) { return secret.Text{}, errors.New("gone") },
			Now:  time.Now, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(body)
		if err != nil {
			form = nil
		}
		r := &http.Request{Method: http.MethodPost, URL: u, Header: http.Header{}, Body: http.NoBody}
		r.PostForm, r.Form = form, form
		r.Header.Set(SignatureHeader, Sign(secret.New("token"), h.addresses(u)[0], form))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusForbidden {
			t.Fatal("its own signature is refused")
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") {
			readAll(t, w.Body.String())
		}
	})
}

// readAll reads a document to its end.
func readAll(t *testing.T, doc string) {
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := dec.Token()
		if token == nil {
			return
		}
		if err != nil {
			t.Fatalf("%v: %s", err, doc)
		}
	}
}

// FuzzTwiml writes whatever people wrote: what is read back is what was said, as far as
// XML can hold it.
func FuzzTwiml(f *testing.F) {
	for _, seed := range []string{"smoke", "</Say><Hangup/>", "<![CDATA[", "&amp;", "\x00\x1b\ufffe", "пожар 🦇"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var doc struct {
			XMLName xml.Name `xml:"Response"`
			Say     []string
			Hangup  []string
		}
		if err := xml.Unmarshal([]byte(document(say{Text: spoken(text, 500)})), &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Say) != 1 || doc.Say[0] != spoken(text, 500) || len(doc.Hangup) != 0 {
			t.Fatalf("%q is said as %q", spoken(text, 500), doc.Say)
		}
	})
}
