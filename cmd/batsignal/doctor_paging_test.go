package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"batsignal/integrations/inbox/dovecottest"
	"batsignal/integrations/ntfy/ntfyfake"
	"batsignal/integrations/pagerduty/pagerdutyfake"
	"batsignal/integrations/twilio"
	"batsignal/integrations/twilio/twiliofake"
	"batsignal/oncall/contact"
)

// phoneHouse is a world with every way to ring people.
type phoneHouse struct {
	*world
	twilio    *twiliofake.Fake
	ntfy      *ntfyfake.Server
	pagerduty *pagerdutyfake.Fake
	imap      *dovecottest.Server
	inbound   string // the address that it listens at
	secrets   []string
}

func newPhoneHouse(t *testing.T) *phoneHouse {
	t.Helper()
	const token = "ntfy-token-xq7"
	h := &phoneHouse{
		twilio: twiliofake.New(t, twiliofake.Options{}), ntfy: ntfyfake.Start(t, ntfyfake.Options{Token: token}),
		pagerduty: pagerdutyfake.Run(t, pagerdutyfake.Options{}), imap: dovecottest.Start(t), inbound: freeAddress(t),
	}
	public := "http://" + h.inbound
	h.twilio.Number(public+twilio.PathSMS, public+twilio.PathCall)
	pulse := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(pulse.Close)
	key := h.pagerduty.AddService("canary").RoutingKey
	canaries := map[string]string{
		"mail": "canary-xq7@example.org", "webhook": "", "sms": "+14155550177", "voice": "+14155550178", "ntfy": "canary-xq7", "pagerduty": key,
	}
	var list strings.Builder
	for _, kind := range contact.Kinds() {
		fmt.Fprintf(&list, "    - {route: %s, address_file: canary-%[1]s}\n", kind)
	}
	h.world = newWorld(t, plan{
		accounts: []string{"jan", "maria", "li"}, roles: killRoles,
		more: fmt.Sprintf(`
inbound: {listen: %[1]q, public_url: %[2]q}
twilio: {account_sid: %[3]s, auth_token_file: twilio-token, from: %[4]q, base_url: %[5]q}
ntfy: {url: %[6]q, token_file: ntfy-token, allow_networks: [127.0.0.0/8]}
pagerduty: {enabled: true, events_url: %[7]q, api_url: %[7]q, token_file: pagerduty-token, webhook_secret_file: pagerduty-secret}
inbox: {address: ack@example.org, secret_file: inbox-secret, host: %[8]q, port: %[9]d, tls: tls, ca_file: imap-ca.pem, username: %[10]q, password_file: imap-password}
watch:
  heartbeat_url_file: heartbeat
  canaries:
%[11]s`, h.inbound, public, h.twilio.AccountSID(), h.twilio.From(), h.twilio.URL(), h.ntfy.URL, h.pagerduty.URL,
			h.imap.Host, h.imap.TLS, h.imap.Username, list.String()),
	})
	canaries["webhook"] = h.sink.URL().Reveal() + "/canary-xq7"
	for kind, address := range canaries {
		h.keeps("canary-"+kind, address)
	}
	h.keeps("twilio-token", h.twilio.Token())
	h.keeps("ntfy-token", token)
	h.keeps("pagerduty-token", h.pagerduty.Token)
	h.keeps("pagerduty-secret", "pagerduty-secret-xq7")
	h.keeps("inbox-secret", "inbox-secret-xq7-xq7")
	h.keeps("imap-password", h.imap.Password)
	h.keeps("heartbeat", pulse.URL+"/ping-xq7")
	writeFile(t, h.dir, "imap-ca.pem", authorityOfBox(t, h.imap), 0o600)
	return h
}

// keeps writes a file whose words must never be printed.
func (h *phoneHouse) keeps(name, secret string) {
	h.t.Helper()
	writeFile(h.t, h.dir, name, secret+"\n", 0o600)
	h.secrets = append(h.secrets, secret)
}

func (h *phoneHouse) says(text string) {
	h.t.Helper()
	for _, secret := range h.secrets {
		if strings.Contains(text, secret) {
			h.t.Errorf("%s was printed in:\n%s", secret, text)
		}
	}
}

// Every way to ring people is there, and all is well: nothing is left to be done. Then one
// thing after the other goes wrong while the bot runs.
func TestDoctorLooksAtEveryWay(t *testing.T) {
	t.Parallel()
	h := newPhoneHouse(t)
	h.join()
	h.start()
	h.enrol(trio)
	h.awaitBot(home)
	one[int](h.world, `with a as (insert into contact (person_id, kind, proven_at, tested_at, created_at) select id, 'mail', now(), now(), now() from person returning 1),
		b as (update person set heard_at = now() returning 1) select count(*)::int from a`)
	one[int](h.world, `with a as (insert into route_health (route, proven_at) select unnest($1::text[]), now()
		on conflict (route) do update set proven_at = excluded.proven_at, failures = 0, down_until = null returning 1) select count(*)::int from a`, contact.Kinds())
	h.finds("heartbeat", true, "")

	well := h.must("doctor")
	t.Logf("all is well:\n%s", well)
	h.says(well)
	wantLines(t, well, "ok       mail", "ok       webhook", "ok       sms", "ok       voice", "ok       pagerduty", "ok       ntfy", "ok       inbox", "ok       canaries",
		"ok       web", "ok       inbound", "ok       inbound.public_url")
	for _, part := range []string{"ok       leader: one process, since ", "ok       heartbeat\n", "ok       people\n"} {
		if !strings.Contains(well, part) {
			t.Errorf("no %q in:\n%s", part, well)
		}
	}
	if strings.Contains(well, "note") {
		t.Errorf("nothing is to be noted:\n%s", well)
	}

	h.finds("route sms", false, "Twilio refuses our login")
	h.finds("heartbeat", false, "whoever takes the heartbeat answered 404")
	one[int](h.world, `with a as (update route_health set failures = 3, down_until = now() + interval '1 hour', detail = 'it answers nothing' where route = 'ntfy' returning 1) select count(*)::int from a`)
	one[int](h.world, `with a as (update route_health set proven_at = now() - interval '3 days', expected_at = now() - interval '4 days' where route = 'voice' returning 1) select count(*)::int from a`)
	one[int](h.world, `with a as (update contact set proven_at = null where kind = 'mail' and person_id = (select id from person where handle = 'li') returning 1) select count(*)::int from a`)
	r := h.cli("doctor")
	h.says(r.stdout + r.stderr)
	if r.status != exitFailed {
		t.Errorf("want exit status %d: %s", exitFailed, r)
	}
	for _, part := range []string{
		"broken   route sms, as the running bot finds: Twilio refuses our login, since 20",
		"broken   heartbeat, as the running bot finds: whoever takes the heartbeat answered 404, since 20",
		"broken   pages by ntfy: fails, and is tried again in ", "it answers nothing",
		"note     pages by voice: unproven: nothing is known to have arrived for 3 days, so it is tried last. In chat: !route test",
		"note     people: 2 of 3 can be reached by two ways that are known to work. In chat: !ready says who cannot, and what they type",
	} {
		if !strings.Contains(r.stdout, part) {
			t.Errorf("no %q in:\n%s", part, r.stdout)
		}
	}
}

// finds makes the running bot have found something of itself.
func (h *phoneHouse) finds(check string, ok bool, detail string) {
	h.t.Helper()
	// In an hour: what the bot itself finds meanwhile is older, and must not take its place.
	one[int](h.world, `with a as (insert into self_check (name, at, ok, since, detail) values ($1, now() + interval '1 hour', $2, now(), $3)
		on conflict (name) do update set at = excluded.at, ok = excluded.ok, since = excluded.since, detail = excluded.detail returning 1) select count(*)::int from a`, check, ok, detail)
}

func TestDoctorSaysWhatIsWrongWithAWay(t *testing.T) {
	t.Parallel()
	h := newPhoneHouse(t)
	h.keeps("wrong", "wrong-secret-xq7")
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for _, c := range []struct {
		name    string
		replace []string
		want    []string
	}{
		{
			"wrong-tokens",
			[]string{
				"auth_token_file: twilio-token", "auth_token_file: wrong", "token_file: ntfy-token", "token_file: wrong",
				"token_file: pagerduty-token", "token_file: wrong", "password_file: imap-password", "password_file: wrong",
			},
			[]string{
				"ok       mail\n", "broken   sms: ", "See twilio: account_sid and the file with the auth token", "broken   voice: ",
				"broken   pagerduty: ", "See pagerduty.token_file", "broken   ntfy: ", "broken   inbox: Answers by mail cannot be read: ",
				"note     inbound: nothing answers at " + h.inbound + " yet; that is right if no bot runs now\n",
				"note     leader: nobody", "note     heartbeat: none is sent while no bot runs\n",
				"note     pages: nothing is known to have arrived yet by mail, webhook, sms, voice, pagerduty and ntfy. In chat: !route test\n",
			},
		},
		{
			"half-of-it",
			[]string{
				"    - {route: sms, address_file: canary-sms}\n", "", "    - {route: ntfy, address_file: canary-ntfy}\n", "",
				"heartbeat_url_file: heartbeat", "heartbeat_url_file: ''", ", webhook_secret_file: pagerduty-secret", "",
				"inbound: {listen: \"" + h.inbound, "inbound: {listen: \"" + strings.TrimPrefix(other.URL, "http://"),
			},
			[]string{
				"ok       sms\n", "ok       pagerduty\n", "ok       ntfy\n",
				"note     pagerduty: an acknowledgement there is not heard here. See pagerduty.webhook_secret_file.\n", "ok       inbox\n",
				"note     canaries: no synthetic page goes out each day by sms and ntfy, ",
				"broken   inbound: another program answers at ", "Choose another inbound.listen, or stop that program.",
				"note     heartbeat: not configured, ",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := h.sick(t, h.variant(c.name, c.replace...), c.want...)
			h.says(r.stdout + r.stderr)
		})
	}
}
