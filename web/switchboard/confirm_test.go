package switchboard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/web/switchboard"
)

func TestNobodyConfirmsWhatTheyHaveNotRead(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	a := b.get("/confirm")
	a.says(t, 200, "You see first what it is about")
	if strings.Contains(a.body, `name="digits"`) {
		t.Error("digits are asked for without a request")
	}
	b.get("/confirm?code=k7qx").says(t, 200, "remote code execution in openssl", `name="digits"`, "at most 6 people", "One other person confirms")
	b.get("/confirm?code=ZZZZ").says(t, http.StatusNotFound, "There is no request of that code")
	b.post("/confirm", "code", "ZZZZ", "handle", "ada", "digits", "492817").says(t, http.StatusNotFound)
	b.post("/confirm", "code", "K7QX", "handle", "", "digits", "49281").says(t, http.StatusBadRequest, "Type your handle", "A code is the 6 digits", "remote code execution")
	if len(w.confirmed) != 0 {
		t.Fatal(w.confirmed)
	}
	w.refuse = fault.New(fault.Forbidden, "That code is wrong.")
	a = b.post("/confirm", "code", "K7QX", "handle", "ada", "digits", "111222")
	a.says(t, http.StatusForbidden, "That code is wrong.", `value="ada"`)
	if strings.Contains(a.body, "111222") {
		t.Error("digits are shown again")
	}
	b.post("/confirm", "code", "K7QX", "handle", "ada", "digits", "492 817").says(t, 200, "Confirmed", "INC-7", "15:05:00</time> UTC", "dana")
	w.grant.Waits = true
	b.post("/confirm", "code", "K7QX", "handle", "ada", "digits", "492817").says(t, 200, "Your code counts", "A second person must confirm")
	w.grant.Waits, w.grant.Refused = false, "You asked for it yourself. Somebody else confirms it."
	b.post("/confirm", "code", "K7QX", "handle", "ada", "digits", "492817").says(t, http.StatusForbidden, "You asked for it yourself")
	w.challenge.Heard = false
	b.get("/confirm?code=K7QX").says(t, 200, "two people confirm, each with their own code")
}

func TestCustodiansAllowThatAnAddressIsSeen(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/reveal").says(t, 200, "Ask for one")
	b.post("/reveal", "handle", "dana", "digits", "1", "whose", "", "kind", "fax", "incident", "INC-x", "why", "").
		says(t, http.StatusBadRequest, "Type their handle", "Type the number of the incident", "Say why", "Choose one of these", "A code is the 6 digits")
	w.refuse = fault.New(fault.Forbidden, "ada did not agree to that.")
	b.post("/reveal", "handle", "dana", "digits", "123456", "whose", "ada", "kind", "voice", "incident", "inc-7", "why", "the key").
		says(t, http.StatusForbidden, "did not agree", `value="the key"`)
	b.post("/reveal", "handle", "dana", "digits", "123456", "whose", "ada", "kind", "voice", "incident", "inc-7", "why", "the key").
		says(t, 200, "Request RV4KQ2", "Text to sign", "0 of 3 approved")
	b.post("/reveal/show", "code", "RV4KQ2", "handle", "dana", "digits", "492817").says(t, http.StatusForbidden, "once enough custodians approved")
	b.post("/reveal/approve", "code", "RV4KQ2", "signature", "nonsense").says(t, http.StatusBadRequest, "That is no signature", "0 of 3")
	for _, name := range []string{"Grace", "Hedy", "Hedy"} {
		b.post("/reveal/approve", "code", "RV4KQ2", "signature", " bsig1.approve.1."+name+"\r\n").says(t, 200, "That signature counts")
	}
	b.get("/reveal?code=rv4kq2").says(t, 200, "2 of 3 approved", "1 more of 5 custodians has to sign")
	b.post("/reveal/approve", "code", "RV4KQ2", "signature", "bsig1.approve.1.Radia").says(t, 200, "3 of 3 approved", "See it, once")
	b.post("/reveal/show", "code", "RV4KQ2", "handle", "mallory", "digits", "492817").says(t, http.StatusForbidden, "Only dana can see it")
	b.post("/reveal/show", "code", "RV4KQ2", "handle", "dana", "digits", "49").says(t, http.StatusBadRequest)
	b.post("/reveal/show", "code", "NONE", "handle", "dana", "digits", "492817").says(t, http.StatusNotFound)
	w.wait(time.Minute)
	b.post("/reveal/show", "code", "RV4KQ2", "handle", "dana", "digits", "492817").says(t, 200, canary, "never again", "Its owner is told")
	a := b.post("/reveal/show", "code", "RV4KQ2", "handle", "dana", "digits", "492817")
	a.says(t, http.StatusConflict, "This address was shown already", "It is not shown again", "somebody else did")
	if strings.Contains(a.body, canary) {
		t.Error("it was shown twice")
	}
}

func TestASeedIsShownOnce(t *testing.T) {
	w := newWorld(t)
	w.seeds["SEEDTOKEN"] = switchboard.Seed{Handle: "ada", Typed: secret.New("JBSW Y3DP EHPK"), URI: secret.New("otpauth://totp/Batsignal:ada?secret=JBSWY3DPEHPK&issuer=Batsignal")}
	b := w.browser()
	for range 3 {
		a := b.get("/confirmer/SEEDTOKEN")
		a.says(t, 200, "Show it, once")
		if strings.Contains(a.body, "JBSW") {
			t.Fatal("looking shows it")
		}
	}
	b.post("/confirmer", "token", "SEEDTOKEN").says(t, 200, "JBSW Y3DP EHPK", `href="otpauth://totp/Batsignal:ada?secret=JBSWY3DPEHPK&issuer=Batsignal"`)
	b.post("/confirmer", "token", "SEEDTOKEN").says(t, http.StatusForbidden)
	b.get("/confirmer/SEEDTOKEN").says(t, http.StatusForbidden)
}

func TestPagesOfNothing(t *testing.T) {
	if _, err := switchboard.New(switchboard.Options{}); err == nil {
		t.Error("pages of nothing")
	}
}
