package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/secret"
)

// codeOf is the newest code to an address of somebody's.
func (w *world) codeOf(c contact.Contact) string {
	w.t.Helper()
	var code string
	if err := w.DB.QueryRow(ctx, `select code from contact_proof where contact_id = $1 order by id desc limit 1`, c.ID).Scan(&code); err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *world) contacts(handle string) []contact.Contact {
	w.t.Helper()
	list, err := contact.Of(ctx, w.DB, w.person(handle).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// From giving an address to removing it, on one's own page.
func TestOwnWaysOnThePage(t *testing.T) {
	w := newPeopleWorld(t)
	v := w.enters("tunde")
	const page = "/people/tunde"
	to := func(path string, form url.Values, did, says string) {
		t.Helper()
		a := v.fill(page, page+path, form)
		if a.Code != 303 || a.Header().Get("Location") != page+"?did="+did+"#contacts" {
			t.Fatalf("%s is %d to %s\n%s", path, a.Code, a.Header().Get("Location"), a.main())
		}
		a = v.read(page + "?did=" + did)
		a.says(t, 200, says)
		readAloud(t, a.body)
	}
	v.read(page).says(t, 200, "Nothing is known. With one way besides chat")

	a := v.fill(page, page+"/contacts", url.Values{"kind": {"mail"}, "address": {"no-address-canary"}})
	a.says(t, 400, `aria-describedby="contact-address-problem"`, `id="contact-address-problem">That is not a mail address.`, `value="mail" selected`)
	a.lacks(t, "no-address-canary")
	readAloud(t, a.body)

	to("/contacts", url.Values{"kind": {"mail"}, "address": {"tunde-canary@hidden.example"}}, "contact-sent", "A code is on its way there.")
	to("/contacts", url.Values{"kind": {"sms"}, "address": {"+234 801 234 5678"}}, "contact-stored", "No code could be sent there now")
	mail := w.contacts("tunde")[0]
	a = v.read(page)
	a.says(t, 200, "mail address <span class=\"small\">not proven", "SMS number <span class=\"small\">not proven")
	a.lacks(t, "hidden.example", "801")

	a = v.fill(page, page+"/contacts/prove", url.Values{"code": {"ABCDE"}})
	a.says(t, 404, `id="contact-code-problem">That is no code of yours`, `value="ABCDE"`)
	readAloud(t, a.body)
	to("/contacts/prove", url.Values{"code": {strings.ToLower(w.codeOf(mail))}}, "contact-proven", "That works. Pages go there.")
	v.read(page).says(t, 200, "mail address <span class=\"small\">proven, you answered there")

	one := fmt.Sprintf("/contacts/%d/", mail.ID)
	a = v.fill(page, page+one+"delay", url.Values{"delay": {"soon"}})
	a.says(t, 400, fmt.Sprintf(`id="contact-delay-%d-problem">Write a time like`, mail.ID), `value="soon"`)
	readAloud(t, a.body)
	to(one+"delay", url.Values{"delay": {"90s"}}, "contact-delay", `value="90s"`)
	to(one+"delay", url.Values{"delay": {""}}, "contact-delay", "That is noted.")
	to(one+"pause", nil, "contact-paused", "paused")
	v.fill(page, page+one+"code", nil).says(t, 409, "This way is paused")
	to(one+"resume", nil, "contact-resumed", "proven")
	to(one+"code", nil, "contact-sent", "A code is on its way there.")
	to(one+"remove", nil, "contact-removed", "The address is deleted.")
	v.fill(page, page+one+"pause", nil).says(t, 404, "This contact was removed.")

	// Nobody else, admin or not, touches them, nor reaches them under their own name.
	sms := w.contacts("tunde")[0]
	for _, who := range []string{"maria", "kevin"} {
		v := w.enters(who)
		a := v.read(page)
		a.says(t, 200)
		a.lacks(t, `id="contacts"`)
		for _, path := range []string{"/contacts", "/contacts/prove", fmt.Sprintf("/contacts/%d/remove", sms.ID), fmt.Sprintf("/contacts/%d/pause", sms.ID)} {
			v.fill("/people/"+who, page+path, nil).says(t, 403)
		}
		v.fill("/people/"+who, fmt.Sprintf("/people/%s/contacts/%d/remove", who, sms.ID), nil).says(t, 404)
	}
	if list := w.contacts("tunde"); len(list) != 1 || list[0].SuspendedAt != nil {
		t.Errorf("%+v", list)
	}
	a = w.enters("maria").read("/audit")
	a.says(t, 200, "added a contact: sms")
	a.lacks(t, "801", "hidden.example")
}

func TestReadinessAndRoutesArePages(t *testing.T) {
	w := newPeopleWorld(t)
	w.get("/routes").says(t, 200, "console", "not used yet", "costs nothing", "Severity 1 rings in quiet hours only whoever agreed to that.")
	tunde := w.person("tunde")
	for _, kind := range []string{"mail", "webhook"} {
		c, err := contact.AddProven(ctx, w.DB, w.Now(), tunde.ID, kind, secret.New(map[string]string{"mail": "tunde@hidden.example", "webhook": "https://hidden.example/hook"}[kind]))
		if err != nil {
			t.Fatal(err)
		}
		tx, err := w.DB.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := contact.Answered(ctx, tx, w.Now().Add(-time.Hour), c.ID); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := oncall.MarkHeard(ctx, w.DB, w.Now(), w.person("li").ID); err != nil {
		t.Fatal(err)
	}
	if a := w.get("/readiness"); a.Code != 303 {
		t.Errorf("a stranger reads who is not ready: %d", a.Code)
	}
	a := w.enters("kevin").read("/readiness")
	a.says(t, 200, "1 of 9 people can be reached", "</bdi></a> has only 1 way that is known to work; they type !contact add", "chat never tested")
	a.lacks(t, "hidden.example")
	readAloud(t, a.body)
	a = w.get("/routes")
	readAloud(t, a.body)
}
