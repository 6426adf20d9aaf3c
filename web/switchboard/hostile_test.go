package switchboard_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/web/switchboard"
)

// TestAttack25HostileText has people's text in every place where the pages show any: it has
// no effect as markup, as a header, or on the direction of what stands beside it.
func TestAttack25HostileText(t *testing.T) {
	for name, text := range map[string]string{
		"markup":   `"><script>alert(1)</script><img src=//evil.example onerror=x>`,
		"template": `{{.Visit.CSRF}}</textarea><form action=//evil.example>`,
		"bidi":     "abc\u202e\u2066evil\u200b\u00ad",
		"lines":    "a\r\nSet-Cookie: x=y\r\n\r\n<h1>b</h1>",
		"controls": "a\x00\x1b[31m\x07b",
		"bytes":    "a\xff\xfe\xc3b",
		"huge":     strings.Repeat("x", 15<<10),
		"command":  "!batsignal sev1 and @everyone",
		"link":     "javascript:alert(1)",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.has()
			w.asks()
			for id := range w.contacts[ada.ID] {
				c := &w.contacts[ada.ID][id]
				c.Standing, c.Record, c.Policy = text, text, text
			}
			w.openings[0].Role, w.openings[0].Result, w.openings[0].Leaf = text, text, ledger.Leaf{By: []string{text}}
			w.challenge.Line, w.grant.Declared, w.grant.Confirmed = text, text, text
			v := w.reveal
			v.Text, v.Asker, v.Whose, v.Why, v.Approved = text, text, text, text, []string{text}
			w.seeds["S"] = switchboard.Seed{Handle: text, Typed: secret.New("JBSW"), URI: secret.New("otpauth://totp/x")}
			w.statement = text
			b := w.enters()
			csrf := b.csrf()
			var answers []answer
			for _, path := range []string{"/", "/mine", "/mine/31/code", "/mine/31/delete", "/seal", "/sealed", "/confirm?code=K7QX", "/reveal?code=RV4KQ2", "/confirmer/S", "/ledger/check"} {
				answers = append(answers, b.get(path))
			}
			token := w.linkFor(contact.LinkEnrol)
			for path, fields := range map[string][]string{
				"/seal":           {"token", token, "kind", text, "address", text, "per", text, "from", text, "until", text, "zone", text},
				"/sealed":         {"csrf", csrf, "code", text},
				"/mine":           {"token", text},
				"/mine/31/show":   {"csrf", csrf, "code", text},
				"/mine/export":    {"csrf", csrf, "contact", text, "code", text},
				"/confirm":        {"code", "K7QX", "handle", text, "digits", text},
				"/reveal":         {"handle", text, "digits", text, "whose", text, "kind", text, "incident", text, "why", text},
				"/reveal/approve": {"code", "RV4KQ2", "signature", text},
				"/reveal/show":    {"code", "RV4KQ2", "handle", text, "digits", "123456"},
				"/confirmer":      {"token", text},
				"/ledger/check":   {"text", text},
			} {
				a := b.post(path, fields...)
				if a.Code == http.StatusInternalServerError {
					t.Errorf("%s broke: %s", path, w.log.String())
				}
				if len(a.raw) > 200<<10 {
					t.Errorf("%s answers %d bytes", path, len(a.raw))
				}
				answers = append(answers, a)
			}
			answers = append(answers, b.post("/confirm", "code", "K7QX", "handle", "ada", "digits", "492817"))
			for n, a := range answers {
				checkHeaders(t, "answer", a)
				if a.Header().Get("Set-Cookie") != "" && strings.Contains(a.Header().Get("Set-Cookie"), "x=y") {
					t.Error("a cookie was set")
				}
				for _, bad := range []string{"<img src=//", "<form action=//evil", "<h1>b", "\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\x07", `href="javascript`} {
					if strings.Contains(a.raw, bad) {
						t.Errorf("answer %d has %q:\n%s", n, bad, a.raw)
					}
				}
				if got := strings.Count(a.raw, "<form"); got > 6 {
					t.Errorf("answer %d has %d forms", n, got)
				}
			}
		})
	}
}

func TestTooLongFormsAreRefused(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.post("/seal", "token", w.linkFor(contact.LinkEnrol), "address", strings.Repeat("1", 20<<10)).says(t, http.StatusBadRequest, "more than a form may hold")
	b.post("/ledger/check", "text", strings.Repeat("1", 2<<20)).says(t, http.StatusBadRequest, "more than a form may hold")
	b.post("/confirm", "code", strings.Repeat("K", 17<<10)).says(t, http.StatusBadRequest)
}

// TestTheAddressIsInTwoAnswersOnly walks through every page, with a number that stands in
// forms, in fakes and in records: it is shown to its owner, who typed the code, and to whom
// the custodians allowed it. It is in no other answer, in no header, web address or log.
func TestTheAddressIsInTwoAnswersOnly(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	found := map[string]int{}
	look := func(what string, a answer) answer {
		t.Helper()
		digits := strings.TrimPrefix(canary, "+")
		for _, place := range []string{a.body, a.raw} {
			if strings.Contains(place, digits) {
				found[what]++
			}
		}
		for name, values := range a.Header() {
			if strings.Contains(strings.Join(values, " "), digits) {
				t.Errorf("%s: header %s has the number", what, name)
			}
		}
		return a
	}
	token := w.linkFor(contact.LinkEnrol)
	look("form", b.get("/enrol/"+token))
	look("wrong", b.post("/seal", "token", token, "kind", "ntfy", "address", canary, "per", "0"))
	look("seal", b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "6"))
	look("again", b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "6"))
	look("sealed", b.get("/sealed"))
	look("prove", b.post("/sealed", "csrf", b.csrf(), "code", "K7QXM"))
	w.has()
	b = w.enters()
	for _, path := range []string{"/", "/mine", "/mine/31/code", "/mine/31/delete", "/mine/statement", "/seal", "/confirm", "/confirm?code=K7QX", "/reveal", "/ledger/check", "/nothing"} {
		look(path, b.get(path))
	}
	look("code", b.post("/mine/31/code", "csrf", b.csrf()))
	look("code", b.get("/mine/31/code"))
	look("wrong code", b.post("/mine/31/show", "csrf", b.csrf(), "code", "WRONG"))
	look("OWNER", b.post("/mine/31/show", "csrf", b.csrf(), "code", "H3KPW"))
	look("second time", b.post("/mine/31/show", "csrf", b.csrf(), "code", "H3KPW"))
	b.post("/mine/31/code", "csrf", b.csrf())
	look("OWNER", b.post("/mine/export", "csrf", b.csrf(), "contact", "31", "code", "H3KPW"))
	look("confirm", b.post("/confirm", "code", "K7QX", "handle", "ada", "digits", "492817"))
	w.asks()
	look("asked", b.get("/reveal?code=RV4KQ2"))
	for _, name := range []string{"Grace", "Hedy", "Radia"} {
		look("approve", b.post("/reveal/approve", "code", "RV4KQ2", "signature", "bsig1.approve.1."+name))
	}
	look("not them", b.post("/reveal/show", "code", "RV4KQ2", "handle", "ada", "digits", "492817"))
	look("CUSTODIANS", b.post("/reveal/show", "code", "RV4KQ2", "handle", "dana", "digits", "492817"))
	look("second time", b.post("/reveal/show", "code", "RV4KQ2", "handle", "dana", "digits", "492817"))
	look("asked", b.get("/reveal?code=RV4KQ2"))
	look("delete", b.post("/mine/31/delete", "csrf", b.csrf()))
	look("mine", b.get("/mine"))
	if found["OWNER"] != 4 || found["CUSTODIANS"] != 2 || len(found) != 2 {
		t.Errorf("the number was found in: %v", found)
	}
	if strings.Contains(w.log.String(), strings.TrimPrefix(canary, "+")) {
		t.Errorf("the log has the number:\n%s", w.log.String())
	}
}

// A panic, and an error of our own, are logged without what was typed, and without a token.
func TestWhatWasTypedIsNotLogged(t *testing.T) {
	for _, panics := range []bool{true, false} {
		w := newWorld(t, func(o *switchboard.Options) {
			o.Clean = func(kind string, address secret.Text) (secret.Text, error) {
				if panics {
					panic("cannot read " + address.Reveal())
				}
				return address, nil
			}
		})
		if !panics {
			w.refuse = errBroken
		}
		b := w.browser()
		token := w.linkFor(contact.LinkEnrol)
		a := b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "6")
		a.says(t, http.StatusInternalServerError, "Something broke on our side")
		checkHeaders(t, "broken", a)
		log := w.log.String()
		if !strings.Contains(log, "route=/seal") {
			t.Errorf("nothing is in the log: %s", log)
		}
		for _, secret := range []string{canary, strings.TrimPrefix(canary, "+"), token} {
			if strings.Contains(log, secret) || strings.Contains(a.raw, secret) {
				t.Errorf("%q is in the log or in the answer:\n%s", secret, log)
			}
		}
	}
}

type broken struct{}

func (broken) Error() string { return "the database is away" }

var errBroken error = broken{}

// Visits do not fill the memory: the oldest one ends.
func TestVisitsAreLimited(t *testing.T) {
	w := newWorld(t)
	w.has()
	first := w.enters()
	for n := range 1000 {
		if n%10 == 0 {
			w.wait(time.Second)
		}
		b := w.browser()
		b.from = fmt.Sprintf("198.51.%d.%d:1", n/250, n%250)
		b.post("/mine", "token", w.linkFor(contact.LinkMine)).says(t, http.StatusSeeOther)
	}
	first.get("/mine").says(t, http.StatusForbidden)
	w.enters().get("/mine").says(t, 200)
}
