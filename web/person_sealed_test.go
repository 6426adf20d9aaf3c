package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall/access"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/escrowtest"
	"batsignal/web"
)

// sealing is a switchboard that is not there, with the keys of its keyring.
type sealing struct{ escrowtest.Ring }

func newSealing(t testing.TB) *sealing {
	t.Helper()
	return &sealing{escrowtest.New(t, 1)}
}

// joined has a world seal addresses.
func (s *sealing) joined(o *web.Options) {
	joined(o)
	o.PublicURL = "https://bat.example"
	o.Incidents.Seals = &contact.Halves{Keys: []escrow.PrivateKey{s.Bot}}
}

func (s *sealing) inForce(w *world) {
	s.InForce(w.t, w.DB, night)
}

func (s *sealing) seal(t testing.TB, owner int64, kind, value string) escrow.Sealed {
	t.Helper()
	return s.SealBy(t, escrow.Policy{Lanes: escrow.DefaultPolicy().Lanes, PerQuarter: 2, Quiet: "22:00-07:00 Africa/Lagos"}, owner, kind, value)
}

func TestPeopleSealTheirAddresses(t *testing.T) {
	s := newSealing(t)
	w := newScheduleWorld(t, s.joined)
	s.inForce(w)
	tunde := w.person("tunde")
	v := w.enters("tunde")
	const page = "/people/tunde"

	a := v.read(page)
	a.says(t, 200, "Seal an address", fmt.Sprintf("batsignal contact seal --owner %d --kind voice --keyring https://bat.example/keyring", tunde.ID))
	a.lacks(t, `<option value="voice"`, `<option value="sms"`, "a number with its country") // nothing else takes a number
	readAloud(t, a.body)
	v.fill(page, page+"/contacts", url.Values{"kind": {"voice"}, "address": {"+2348055501234"}}).says(t, 403, "it is sealed first")

	// The link leads there from a page, once there is a click: browsers refuse forms that end elsewhere.
	a = v.fill(page, page+"/contacts/seal", nil)
	a.says(t, 200, fmt.Sprintf(`href="https://switchboard.example/enrol/TOKEN-%d"`, tunde.ID), "Go to the switchboard")
	if got := a.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: %s", got)
	}
	v.fill(page, page+"/contacts/mine", nil).says(t, 200, fmt.Sprintf(`href="https://switchboard.example/mine/TOKEN-%d"`, tunde.ID))

	text := s.seal(t, tunde.ID, "voice", "+2348055501234").Text()
	a = v.fill(page, page+"/contacts/sealed", url.Values{"sealed": {text[:len(text)/2]}})
	a.says(t, 400, `aria-describedby="contact-sealed-problem"`, "The end is missing")
	readAloud(t, a.body)
	v.fill(page, page+"/contacts/sealed", url.Values{"sealed": {s.seal(t, w.person("li").ID, "voice", "+861055501234").Text()}}).says(t, 403, "This was sealed for person")
	v.fill(page, page+"/contacts/sealed", url.Values{"sealed": {newSealing(t).seal(t, tunde.ID, "voice", "+2348055501234").Text()}}).says(t, 409, "sealed with other keys than ours")

	a = v.fill(page, page+"/contacts/sealed", url.Values{"sealed": {strings.ReplaceAll(text, "\n", "\r\n")}})
	if a.Code != 303 || a.Header().Get("Location") != page+"?did=contact-sealed-stored#contacts" {
		t.Fatalf("%d to %s\n%s", a.Code, a.Header().Get("Location"), a.main())
	}
	v.fill(page, page+"/contacts/sealed", url.Values{"sealed": {text}}).says(t, 409, "stored already")
	a = v.read(page + "?did=contact-sealed-stored")
	a.says(t, 200, "The sealed address is stored.", `phone number <span class="state">sealed</span> <span class="small">not proven`,
		"rung only in an emergency that two people confirmed, at most twice a quarter, never 22:00-07:00 Africa/Lagos; never opened")
	a.lacks(t, "55501234")
	readAloud(t, a.body)

	// Others learn that there is a way, and nothing of it.
	a = w.enters("maria").read(page)
	a.lacks(t, "sealed", "at most twice a quarter")
	w.enters("maria").fill("/people/maria", page+"/contacts/seal", nil).says(t, 403)
	w.enters("maria").fill("/people/maria", page+"/contacts/sealed", url.Values{"sealed": {text}}).says(t, 403)

	one := w.contacts("tunde")[0]
	v.fill(page, fmt.Sprintf("%s/contacts/%d/remove", page, one.ID), nil)
	v.fill(page, page+"/contacts/sealed", url.Values{"sealed": {text}}).says(t, 409, "stays deleted")
}

// Without a switchboard nothing is said of it, and numbers are taken as before.
func TestNothingIsSealedWithoutASwitchboard(t *testing.T) {
	w := newPeopleWorld(t)
	v := w.enters("tunde")
	const page = "/people/tunde"
	a := v.read(page)
	a.says(t, 200, `<option value="voice"`, "a number with its country")
	a.lacks(t, "Seal an address")
	v.fill(page, page+"/contacts/sealed", nil).says(t, 404)
	v.fill(page, page+"/contacts/seal", nil).says(t, 404)
}

func TestProgramsStoreSealedAddresses(t *testing.T) {
	s := newSealing(t)
	w := newScheduleWorld(t, s.joined)
	s.inForce(w)
	tunde := w.person("tunde")
	p := w.program(t, "tunde", access.Read, access.RosterWrite)

	text := s.seal(t, tunde.ID, "sms", "+2348055501234").Text()
	for _, c := range []struct {
		status int
		path   string
		text   string
	}{
		{403, "/people/li/contacts/sealed", text},
		{400, "/people/tunde/contacts/sealed", "nothing"},
		{201, "/people/tunde/contacts/sealed", text},
		{409, "/people/tunde/contacts/sealed", text},
	} {
		r := p.call("POST", c.path, map[string]any{"sealed": c.text})
		if r.Code != c.status {
			t.Fatalf("%s: %d %s", c.path, r.Code, r.body)
		}
		if c.status == 201 && (r.json["sent"] != false || !strings.Contains(fmt.Sprint(r.json["say"]), "Your sealed SMS number is stored")) {
			t.Error(r.body)
		}
	}
	r := p.get("/people/tunde/contacts")
	r.says(t, 200, `"kind":"sms"`, `"standing":"not proven"`, `"openings":0`, `at most twice a quarter`)
	r.lacks(t, "55501234")
	if a := p.get("/people/li/contacts"); a.Code != 403 {
		t.Errorf("%d: %s", a.Code, a.body)
	}
	if a := w.program(t, "maria").get("/people/tunde/contacts"); a.Code != 403 { // an admin
		t.Errorf("%d: %s", a.Code, a.body)
	}
}
