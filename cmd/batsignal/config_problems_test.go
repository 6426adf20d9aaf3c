package main

import (
	"path/filepath"
	"strings"
	"testing"

	"batsignal/oncall/fault"
)

// Each text is one slip (or several), and the lines that the operator reads.
var slipsOfOperators = []struct{ name, text, want string }{
	{"a misspelt key", "web:\n  lisen: x", "web.lisen: unknown key; did you mean web.listen? (FILE:2)"},
	{"a misspelt section", "web: {}\nguards: {}", "guards: unknown key; did you mean guard? (FILE:2)"},
	{"a key in the wrong place", "listen: x", "listen: unknown key; did you mean web.listen? (FILE:1)"},
	{"a key of an entry", "irc:\n- id: a\n  server: h:1\n  home: '#h'\n  nikc: b", "irc[0].nikc: unknown key; did you mean irc[0].nick? (FILE:5)"},
	{"a key inside an entry", "irc: [{sasl: {pasword_file: x}}]", "irc[0].sasl.pasword_file: unknown key; did you mean irc[0].sasl.password_file? (FILE:1)"},
	{"a key with capitals", "Web: {}", "Web: unknown key; did you mean web? (FILE:1)"},
	{"a key that only holds a file's content", "mail: {password: x}", "mail.password: unknown key; batsignal config example lists every key. (FILE:1)"},
	{"nothing like a key", "colour: red", "colour: unknown key; batsignal config example lists every key. (FILE:1)"},
	{"a key by an anchor", "mail: &m {hots: x}\nwebhook:\n  <<: *m", "mail.hots: unknown key; did you mean mail.host? (FILE:1)\nwebhook.hots: unknown key; batsignal config example lists every key. (FILE:1)"},

	{"a number for words", "irc: [{id: 007}]", "irc[0].id: must be text; put it in quotes (FILE:1)"},
	{"words for a number", "guard: {per_person: many}", "guard.per_person: must be a whole number (FILE:1)"},
	{"a half number", "guard: {per_person: 1.5}", "guard.per_person: must be a whole number (FILE:1)"},
	{"a time without unit", "guard: {window: 90}", "guard.window: must be a time with its unit, such as 90s, 5m or 24h (FILE:1)"},
	{"a word for true", "irc: [{tls: sometimes}]", "irc[0].tls: must be true or false (FILE:1)"},
	{"a value for a section", "web: 8373", "web: must be a section with keys of its own (FILE:1)"},
	{"a section for a list", "irc: {id: libera}", "irc: must be a list: begin each entry with a hyphen (FILE:1)"},
	{"a section for a value", "web: {listen: {port: 1}}", "web.listen: must be text; put it in quotes (FILE:1)"},
	{"no network", "webhook: {allow_networks: [inside]}", "webhook.allow_networks[0]: must be a network such as 10.20.0.0/16 or fd00:1::/32 (FILE:1)"},

	{"a port only", "web: {listen: ':http'}", "web.listen: must be a host and a port, such as 127.0.0.1:8373 (FILE:1)\nweb.public_url: must be an address such as https://batsignal.example.org"},
	{"links to everywhere", "web: {listen: '0.0.0.0:80'}", "web.public_url: set it: nobody can open a link to 0.0.0.0:80"},
	{"a public address without a scheme", "web: {public_url: bat.example.org}", "web.public_url: must be an address such as https://batsignal.example.org (FILE:1)"},
	{"a provider in the clear", "web: {oidc: [{id: acme, issuer: 'http://accounts.example.org', client_id: bat}]}", "web.oidc[0].issuer: would let anybody on the way sign in as anybody; use https (FILE:1)"},
	{"a provider without anything", "web: {oidc: [{}]}", "web.oidc[0].id: must be one word of small letters, digits and hyphens, such as acme (FILE:1)\nweb.oidc[0].issuer: must be an address such as https://accounts.example.org (FILE:1)\nweb.oidc[0].client_id: must be what the provider calls us (FILE:1)"},
	{"one name for two providers", "web: {oidc: [{id: a, issuer: 'https://a.example', client_id: x}, {id: a, issuer: 'https://b.example', client_id: x}]}", "web.oidc[1].id: a is the id of another provider; choose another word (FILE:1)"},
	{"a section for the providers", "web: {oidc: {id: a}}", "web.oidc: must be a list: begin each entry with a hyphen (FILE:1)"},
	{"a log level", "log: {level: loud}", "log.level: must be one of: debug, info, warn, error (FILE:1)"},
	{"a taken alias", "commands: {aliases: [{alias: batsignal, means: help}]}", "commands.aliases[0].alias: batsignal is taken; choose another word (FILE:1)"},
	{"an address of a database", "database: {url: 'postgres://bot:canary@h:x/'}", "database.url: is not an address of a Postgres; write postgres://ROLE@HOST/DATABASE (FILE:1)"},
	{"an owner without a bot", "database: {owner_url: 'postgres://o@h/d'}", "database.owner_url: is given without database.url; set that too, or neither for a private Postgres (FILE:1)"},
	{"no Postgres there", "database: {pg_bindir: /nowhere}", "database.pg_bindir: there is no program postgres in /nowhere; leave it empty to use the newest installed version (FILE:1)"},

	{"an open connection", "irc: [{id: a, server: 'irc.example.org:6667', tls: false, home: '#a'}]", "irc[0].tls: false is for servers on this machine only; remove it, and name the TLS port of irc.example.org (FILE:1)"},
	{"a taken name", "irc: [{id: mail, server: 'h:1', home: '#a'}]", "irc[0].id: mail means something else here; choose another name (FILE:1)"},
	{"a section pasted twice", "web:\n  listen: h:1\nlog: {}\nweb: {}", "web: is in line 1 too; join them (FILE:4)"},
	{"one name for two", "irc: [{id: a, server: 'h:1', home: '#a'}, {id: a, server: 'h:2', home: '#a'}]", "irc[1].id: a is there already; choose another name (FILE:1)"},
	{"a room that YAML took for a comment", "irc:\n- id: a\n  server: h:1\n  home: #a", "irc[0].home: must be a room, such as '#security' (in quotes: # begins a comment) (FILE:4)"},
	{"one room for all incidents", "irc: [{id: a, server: 'h:1', home: '#a', incident_room: '#war'}]", "irc[0].incident_room: must be a room with {id} in it, such as '#inc-{id}-{slug}', so that no two incidents share one (FILE:1)"},
	{"an unknown placeholder", "irc: [{id: a, server: 'h:1', home: '#a', incident_room: '#{id}{date}'}]", "irc[0].incident_room: {date} means nothing; use {id} and {slug} (FILE:1)"},
	{"a password without an account", "irc: [{id: a, server: 'h:1', home: '#a', sasl: {mechanism: plain}}]", "irc[0].sasl.account: must be the services account to log in to (FILE:1)\nirc[0].sasl.password_file: must name a file with the password (FILE:1)"},
	{"a login without a certificate", "irc: [{id: a, server: 'h:1', home: '#a', sasl: {mechanism: external}}]", "irc[0].cert_file: must name our certificate: sasl external logs in with it (FILE:1)"},
	{"silence", "irc: [{id: a, server: 'h:1', home: '#a', burst: 0, lines_per_second: 0}]", "irc[0].burst: must be at least 1 (FILE:1)\nirc[0].lines_per_second: must be more than 0, such as 1 (FILE:1)"},

	{"mail in the clear", "mail: {host: mx.example.org, tls: none, from: a@example.org}", "mail.tls: none would send pages in the clear to mx.example.org; use starttls or tls (FILE:1)"},
	{"mail from nobody", "mail: {host: mx.example.org}", "mail.from: must be a mail address, such as Batsignal <batsignal@example.org>"},
	{"a login without a password", "mail: {host: h, from: a@b.c, username: bat}", "mail.password_file: must name a file with the password of bat"},

	{"no roles", "roles: []", "roles: must name at least one role; leave the key out for the five of the default (FILE:1)"},
	{"two leaders", "roles: [{name: a, leads: true}, {name: b, leads: true}]", "roles[1].leads: a leads already; only one role may (FILE:1)"},
	{"the same role twice", "roles: [{name: a}, {name: a}]", "roles[1].name: a is there already; choose another name (FILE:1)"},
	{"a role with a space", "roles: [{name: package fixing}]", "roles[0].name: must be one word of small letters, digits and hyphens, such as coordination (FILE:1)"},
	{"no patience", "roles: [{name: a, patience: 0s}]", "roles[0].patience: must be between 1s and 24h (FILE:1)"},
	{"no alerts at all", "alerts: {rate: 0, burst: 10}", "alerts.rate: must be between 1 and 1000000 (FILE:1)\nalerts.burst: must be between 1000, which one request may hold, and 10000000 (FILE:1)"},
	{"a hasty page", "alerts: {fold: 0s, patience: 1s}", "alerts.fold: must be between 1s and 1h (FILE:1)\nalerts.patience: must be between 10s and 1h (FILE:1)"},
	{"nobody may", "guard: {may_fire: []}", "guard.may_fire: nobody could do it; write @roster, @known, role:NAME or handles (FILE:1)"},
	{"an empty name", "guard: {may_fire: [null]}", `guard.may_fire: "" is neither @roster, @known, role:NAME nor a handle (FILE:1)`},
	{"a role that is not there", "roles: [{name: a}]\nguard: {may_confirm: ['role:b']}", `guard.may_confirm: there is no role "b"; the roles are a (FILE:2)`},
	{"too many seconds", "guard: {confirmations: 2}", "guard.confirmations: must be 1, or 0 to ring without a second person (FILE:1)"},
	{"an admin without network", "admins: [maria]", `admins: "maria" must be a network and an account, such as libera/maria (FILE:1)`},
	{"an admin from nowhere", "admins: [oftc/maria]", `admins: "oftc/maria" is on a network that is not configured; the networks are console (FILE:1)`},
	{"a way to join", "roster: {join: closed}", "roster.join: must be one of: approved, open (FILE:1)"},
	{"a file that is not there", "mail: {ca_file: /nowhere.pem}", "mail.ca_file: there is no file /nowhere.pem; create it or correct the name (FILE:1)"},
}

func TestEachSlipIsNamedWithAWayForward(t *testing.T) {
	alone(t)
	for _, c := range slipsOfOperators {
		t.Run(c.name, func(t *testing.T) {
			file := writeFile(t, t.TempDir(), "batsignal.yaml", c.text, 0o600)
			_, err := loadConfig(file, nil)
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("got: %v", err)
			}
			got := strings.ReplaceAll(fault.Say(err), file, "FILE")
			head, rest, many := strings.Cut(got, "\n")
			if many {
				got = strings.ReplaceAll(rest, "\n  ", "\n")[2:]
			} else {
				got = strings.TrimPrefix(head, "Configuration: ")
			}
			if got != c.want {
				t.Errorf("got:  %s\nwant: %s", got, c.want)
			}
		})
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	alone(t)
	_, err := loadText(t, "log: {level: loud, format: xml}\nroster: {join: closed}\n")
	say := fault.Say(err)
	for _, want := range []string{"The configuration has 3 problems:", "\n  log.level: ", "\n  log.format: ", "\n  roster.join: "} {
		if !strings.Contains(say, want) {
			t.Errorf("%q is missing in:\n%s", want, say)
		}
	}
}

func TestAFileThatIsNotAListOfKeys(t *testing.T) {
	alone(t)
	for _, text := range []string{"- a\n- b\n", "just words\n", "web: {listen: [\n", "web: {}\nweb: {}\n", "\x00"} {
		if _, err := loadText(t, text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: got %v", text, err)
		}
	}
	for _, text := range []string{"", "# nothing\n", "---\n", "web:\nirc:\nroles:\nlog: {level: }\n"} {
		if _, err := loadText(t, text); err != nil {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestAnUnknownVariableIsRefused(t *testing.T) {
	alone(t)
	t.Setenv("BATSIGNAL_WEB_LISEN", "127.0.0.1:1")
	t.Setenv("BATSIGNAL_IRC", "libera")
	_, err := loadConfig("", nil)
	want := `The configuration has 2 problems:
  BATSIGNAL_IRC: no setting has this environment variable; unset it.
  BATSIGNAL_WEB_LISEN: no setting has this environment variable; did you mean BATSIGNAL_WEB_LISTEN?`
	if got := fault.Say(err); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestVariablesThatAClusterMakesAreNotOurs(t *testing.T) {
	alone(t)
	for _, name := range []string{"BATSIGNAL_PORT", "BATSIGNAL_SERVICE_HOST", "BATSIGNAL_SERVICE_PORT_HTTP", "BATSIGNAL_PORT_8373_TCP_ADDR", envConfig} {
		t.Setenv(name, "tcp://10.0.0.1:8373")
	}
	if _, err := loadConfig("", nil); err != nil {
		t.Error(err)
	}
}

func FuzzConfigFile(f *testing.F) {
	for _, c := range slipsOfOperators {
		f.Add(c.text)
	}
	f.Add("database: {url: 'postgres://bot:hunter2canary@h/d'}")
	f.Fuzz(func(t *testing.T, text string) {
		file := writeFile(t, t.TempDir(), filepath.Base("batsignal.yaml"), text, 0o600)
		l, err := loadConfig(file, nil)
		if err != nil && strings.TrimSpace(fault.Say(err)) == "" {
			t.Errorf("an error without a word: %v", err)
		}
		if err == nil {
			var out strings.Builder
			if err := writeConfig(&out, l); err != nil {
				t.Fatal(err)
			}
		}
	})
}
