package switchboard_test

import (
	"net/http"
	"strings"
	"testing"

	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

func TestSomebodySealsAnAddress(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	token := w.linkFor(contact.LinkEnrol)
	b.get("/enrol/"+token).says(t, 200, "Seal an address of", "ada")
	// Looking uses nothing up.
	b.get("/enrol/"+token).says(t, 200, "Seal it, and send a code there", `value="Europe/Berlin"`)

	a := b.post("/seal", "token", token, "kind", "voice", "address", "12 345", "per", "0", "from", "23:00", "zone", "Europe/Berlin", "reveal", "yes")
	a.says(t, http.StatusBadRequest, "That is a short number", "Write a number between 1 and 100", "Give both, from and until", `value="23:00"`, "checked")
	if strings.Contains(a.body, "12 345") || strings.Contains(a.body, "12345") {
		t.Error("the address that was typed is shown again")
	}
	b.post("/seal", "token", token, "kind", "fax", "address", canary, "per", "6").says(t, http.StatusBadRequest, "Choose one of these")
	b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "6", "from", "23:00", "until", "06:30", "zone", "Mars/Base").
		says(t, http.StatusBadRequest, "Write a time zone like Europe/Berlin")
	b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "6", "from", "23:00", "until", "23:00", "zone", "Europe/Berlin").
		says(t, http.StatusBadRequest, "must end at another time")
	w.refuse = fault.New(fault.Limited, "20 addresses were given within a day. Try again tomorrow.")
	b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "6").says(t, http.StatusTooManyRequests, "Try again tomorrow", "Nothing was stored")
	if len(w.enrolled) != 0 {
		t.Fatal("something was enrolled")
	}

	a = b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "4", "from", "23:00", "until", "06:30", "zone", "Europe/Berlin", "reveal", "yes")
	a.says(t, http.StatusSeeOther)
	if a.Header().Get("Location") != "/sealed" {
		t.Error(a.Header())
	}
	s := w.enrolled[0]
	if s.Record.Owner != ada.ID || s.Record.Kind != "voice" || s.Record.Policy != `{"v":1,"lanes":["B","D"],"per_quarter":4,"quiet":"23:00-06:30 Europe/Berlin"}` {
		t.Errorf("sealed: %+v", s.Record)
	}
	bot, _ := s.Wrap(escrow.SlotBot)
	board, _ := s.Wrap(escrow.SlotSwitchboard)
	x1, err := escrow.Unwrap(w.bot, s.Record, bot)
	if err != nil {
		t.Fatal(err)
	}
	x2, err := escrow.Unwrap(w.switchboard, s.Record, board)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := escrow.Open(s.Record, x1, x2); err != nil || got.Reveal() != canary {
		t.Errorf("it opens as %q, %v", got.Reveal(), err)
	}

	b.get("/sealed").says(t, 200, "Your phone number is sealed and stored.", "!contact prove")
	b.get("/mine").says(t, http.StatusForbidden) // that link was for sealing alone
	b.post("/seal", "token", token, "kind", "voice", "address", canary, "per", "6").says(t, http.StatusForbidden)
	b.post("/sealed", "csrf", b.csrf(), "code", "WRONG").says(t, http.StatusNotFound, "No code of yours is")
	b.post("/sealed", "csrf", b.csrf(), "code", "K7QXM").says(t, 200, "is proven")
	if len(w.proofs) != 1 {
		t.Error("nothing was proven")
	}
}

func TestCodesAreNotGuessedInAVisit(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.post("/seal", "token", w.linkFor(contact.LinkEnrol), "kind", "voice", "address", canary, "per", "6").says(t, http.StatusSeeOther)
	csrf := b.csrf()
	for range 4 {
		b.post("/sealed", "csrf", csrf, "code", "WRONG").says(t, http.StatusNotFound)
	}
	b.post("/sealed", "csrf", csrf, "code", "WRONG").says(t, http.StatusTooManyRequests, "5 wrong codes")
	b.post("/sealed", "csrf", csrf, "code", "K7QXM").says(t, http.StatusForbidden)

	w.has()
	b = w.enters()
	csrf = b.csrf()
	b.post("/mine/31/code", "csrf", csrf)
	for range 4 {
		b.post("/mine/31/show", "csrf", csrf, "code", "WRONG").says(t, http.StatusBadRequest, "not the code that went there")
	}
	b.post("/mine/export", "csrf", csrf, "contact", "31", "code", "WRONG").says(t, http.StatusTooManyRequests)
	b.post("/mine/31/show", "csrf", csrf, "code", "H3KPW").says(t, http.StatusForbidden)
}

// By the link to one's own page one other address can be sealed, as the bot takes that
// link once.
func TestOnesOwnPageLeadsToSealing(t *testing.T) {
	w := newWorld(t)
	b := w.enters()
	b.get("/mine").says(t, 200, "You have none", "Seal an address")
	b.get("/seal").says(t, 200)
	csrf := b.csrf()
	b.post("/seal", "kind", "mail", "address", "ada@example.org", "per", "6").says(t, http.StatusForbidden, "was not made for you")
	b.post("/seal", "csrf", csrf, "kind", "mail", "address", "ada@example.org", "per", "6").says(t, http.StatusSeeOther)
	b.get("/sealed").says(t, 200, "Your mail address is sealed", `href="/mine"`)
	b.get("/seal").says(t, http.StatusForbidden, "!contact seal")
	b.get("/mine").says(t, 200, "ask for another link")
	b.post("/seal", "csrf", csrf, "kind", "mail", "address", "ada@example.org", "per", "6").says(t, http.StatusForbidden)
	if len(w.enrolled) != 1 {
		t.Error(len(w.enrolled))
	}
}
