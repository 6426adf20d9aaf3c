package switchboard_test

import (
	"net/http"
	"strings"
	"testing"

	"batsignal/oncall/contact"
)

func TestOnesOwnPage(t *testing.T) {
	w := newWorld(t)
	w.has()
	b := w.browser()
	token := w.linkFor(contact.LinkMine)
	for range 3 { // programs that preview links look too
		b.get("/mine/"+token).says(t, 200, "Open your page")
	}
	b.post("/mine", "token", token).says(t, http.StatusSeeOther)
	b.post("/mine", "token", token).says(t, http.StatusForbidden)
	b.get("/mine").says(t, 200, "Phone call", "proven", "Rung only in an emergency that two people confirmed, at most 6 times a quarter, never 23:00-06:30 Europe/Berlin",
		"shown to one person only if enough custodians allow it", "INC-7", "entries 805 and 806", "lane B", "dana and carol", "13:05 your time", "lane F")

	b.get("/mine/31/code").says(t, 200, "Send a code there")
	b.post("/mine/31/show", "csrf", b.csrf(), "code", "").says(t, http.StatusBadRequest)
	b.post("/mine/31/code", "csrf", b.csrf()).says(t, http.StatusSeeOther)
	b.get("/mine/31/code").says(t, 200, "Your phone rings in a moment", "Show it here, once")
	b.get("/mine/31/code").says(t, 200, "Show it here, once") // after a reload as well
	b.post("/mine/31/show", "csrf", b.csrf(), "code", " h3k pw ").says(t, 200, canary, "shown this once")
	b.post("/mine/31/show", "csrf", b.csrf(), "code", "H3KPW").says(t, http.StatusBadRequest)

	b.post("/mine/31/code", "csrf", b.csrf())
	a := b.post("/mine/export", "csrf", b.csrf(), "contact", "31", "code", "H3KPW")
	a.says(t, 200, "address: "+canary, "address: not in this file", "0b9e6f0a-6f7e-4b7e-9a0e-2f1f6a1f0c11", `"lanes":["B","D"]`, "entries 805 and 806", "the statement")
	if a.Header().Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(a.Header().Get("Content-Disposition"), "attachment") {
		t.Error(a.Header())
	}
	checkHeaders(t, "export", a)
	b.get("/mine/statement").says(t, 200, "the statement")

	b.get("/mine/32/delete").says(t, 200, "Delete your mail address?")
	b.post("/mine/32/delete", "csrf", b.csrf()).says(t, http.StatusSeeOther)
	b.get("/mine").says(t, 200, "Your mail address is deleted")
	if len(w.deleted) != 1 || w.deleted[0] != 32 {
		t.Error(w.deleted)
	}
}

// What is somebody else's is not there, whatever is typed.
func TestNobodyReachesSomebodyElsesContacts(t *testing.T) {
	w := newWorld(t)
	w.has()
	b := w.enters()
	csrf := b.csrf()
	b.get("/mine/41/code").says(t, http.StatusNotFound)
	for _, path := range []string{"/mine/41/code", "/mine/41/show", "/mine/41/delete"} {
		b.post(path, "csrf", csrf, "code", "H3KPW").says(t, http.StatusNotFound)
	}
	b.post("/mine/export", "csrf", csrf, "contact", "41", "code", "H3KPW").says(t, http.StatusNotFound)
	nobody := w.browser()
	for _, path := range []string{"/mine", "/mine/statement", "/mine/31/code", "/mine/31/delete", "/sealed", "/seal"} {
		nobody.get(path).says(t, http.StatusForbidden)
	}
	for _, path := range []string{"/mine/31/code", "/mine/31/show", "/mine/31/delete", "/mine/export", "/mine/leave", "/sealed", "/seal", "/mine"} {
		nobody.post(path, "csrf", csrf).says(t, http.StatusForbidden)
	}
	nobody.post("/mine", "token", w.linkFor(contact.LinkEnrol)).says(t, http.StatusForbidden) // of another purpose
	if len(w.deleted)+len(w.codes) > 0 {
		t.Error("something was done")
	}
}
