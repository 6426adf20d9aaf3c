package cmd

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"testing"
)

// mayReveal is every file that may look at a secret, and what for. A new line
// here is a decision: say why the value cannot stay wrapped.
var mayReveal = map[string]string{
	"cmd/batsignal/share.go":                  "hands a token to the bot's own API",
	"integrations/argv/handover.go":           "puts a secret into a file in memory that only one program can open",
	"integrations/consul/consul.go":           "hands the token to Consul",
	"integrations/consul/prove.go":            "gives the throw-away server the token that works in what is restored",
	"integrations/consul/server.go":           "configures the throw-away server",
	"integrations/pgbackup/dsn.go":            "hands the password to PostgreSQL, by connection or by file descriptor",
	"integrations/pgbackup/restore.go":        "connects to the database that is restored into",
	"integrations/restic/run.go":              "hands the keys of a bucket to restic, by file descriptor",
	"integrations/seal/age_open.go":           "reads a file of identities",
	"integrations/vault/vaultapi/vaultapi.go": "hands a token or a share to Vault",
	"integrations/vault/stamp.go":             "makes the code of a session of shares",
	"oncall/share/seal.go":                    "encrypts a share to the run that waits for it",
	"oncall/share/share.go":                   "reads a share, compares it, and hashes it",
	"bot/command/retro_cmds.go":               "tells somebody their own link to edit by, in private",
	"web/switchboard/mine.go":                 "writes the token of a link into the form that uses it",
	"web/switchboard/own.go":                  "shows somebody an address of their own, once, by a code that went there",
	"web/switchboard/reveal.go":               "shows an address once to whom the custodians allowed it",
	"web/switchboard/rows.go":                 "hashes the token of a link to find it",
	"web/switchboard/seal.go":                 "writes the token of a link into the form that uses it",
	"web/switchboard/seed.go":                 "shows somebody the seed of their own authenticator, once, and writes the token into the form before it",
	"web/switchboard/sessions.go":             "writes a cookie, and hashes it to find a visit",
	"cmd/batsignal/confirmer.go":              "shows an operator the seed of an authenticator, or the link to it, once",
	"cmd/batsignal/confirmer_page.go":         "keeps a seed for the page that shows it once, and hashes the token of its link",
	"cmd/batsignal/custody_asker.go":          "hands a passphrase to the library that opens a share",
	"cmd/batsignal/custody_init.go":           "writes a custodian's handout, encrypted or to be printed",
	"cmd/batsignal/custody_recover.go":        "prints an address that custodians opened offline, after a warning",
	"cmd/batsignal/custody_share.go":          "puts the texts of identity files together, for age",
	"oncall/custody/share.go":                 "checks a share, and makes the key that signs of it",
	"oncall/switchboard/dial/finish.go":       "looks whether what is written down holds the address",
	"oncall/switchboard/dial/forward.go":      "takes the address out of what somebody wrote",
	"oncall/switchboard/dial/index.go":        "hashes an address with the key of the index",
	"oncall/switchboard/dial/own.go":          "sends a code of its own, and compares what comes back",
	"oncall/escrow/keys.go":                   "makes a key of its seed",
	"oncall/escrow/seal.go":                   "seals an address: the one seam that does; joins the halves of a key",
	"oncall/escrow/wrap.go":                   "seals half of a key",
	"oncall/escrow/shamir/shamir.go":          "splits a key, and joins it",
	"oncall/ledger/signing.go":                "reads the key that signs heads",
	"oncall/switchboard/totp/totp.go":         "makes codes of a seed, and writes it for its owner and the file",
	"oncall/switchboard/confirmers_file.go":   "stores seeds of authenticators in the switchboard's own file",
	"integrations/switchboard/wire.go":        "writes addresses, links and halves for the wire between bot and switchboard, both pinned",
	"bot/command/contact_seal_cmds.go":        "tells somebody their own link to the switchboard, in private",
	"oncall/contact/check.go":                 "judges and cleans an address that is about to be sealed",
	"oncall/contact/link.go":                  "hashes a token to compare it, and makes it a link, which is wrapped again at once",
	"web/person_sealed.go":                    "shows somebody their own link to the switchboard, once",
	"oncall/custody/agefile.go":               "encrypts a share to its custodian, and opens it",
	"oncall/custody/sheet.go":                 "reads the sheet of a share",
	"cmd/batsignal/escrow_keys.go":            "stores this host's own keys in its own directory",
	"cmd/batsignal/switchboard.go":            "connects to the database to listen",
	"cmd/batsignal/stage_demo.go":             "invents custodians and authenticators for a first look, and tells their codes",
	"bot/command/login_cmds.go":               "tells somebody their own link to sign in by, in private",
	"bot/command/alert_cmds.go":               "tells an admin a new key for alerts, once, in private",
	"incidents/alert/key.go":                  "hashes a routing key to compare it, and judges whether it can be one",
	"web/alert_keys.go":                       "shows an admin a new key for alerts, once",
	"web/api_alerts.go":                       "tells an admin's program a new key for alerts, once",
	"integrations/inbox/imap.go":              "hands the password to the server",
	"integrations/mail/identity.go":           "hashes the key that makes names of letters",
	"integrations/mail/words.go":              "writes the single-use link into the mail",
	"integrations/ntfy/call.go":               "hands the token to the server",
	"integrations/ntfy/message.go":            "writes the single-use link into the push",
	"integrations/ntfy/ntfy.go":               "judges whether the token fits into a header",
	"integrations/ntfy/topic.go":              "reads the topic of whom the push is for",
	"integrations/twilio/client.go":           "hands the auth token to Twilio",
	"integrations/twilio/hook_voice.go":       "joins a caller to a number, which only Twilio is told",
	"integrations/twilio/signature.go":        "checks what Twilio has signed",
	"integrations/twilio/sms.go":              "reads the number of whom the text is for",
	"integrations/twilio/voice.go":            "reads the number of whom the call is for",
	"bot/irc/config.go":                       "is the login short enough for one line of the protocol",
	"bot/irc/register.go":                     "hands the password to the server",
	"bot/slack/call.go":                       "hands the tokens to the library, which sends them to Slack",
	"bot/slack/hooks.go":                      "checks what Slack has signed",
	"cmd/batsignal/config_check_slack.go":     "judges what must not be printed: which kind of token it is",
	"cmd/batsignal/config_check.go":           "judges what must not be printed: the database's address, the length of a secret",
	"cmd/batsignal/database.go":               "connects to the database",
	"cmd/batsignal/migrate.go":                "connects to the database as its owner",
	"cmd/batsignal/serve.go":                  "connects to the database to listen",
	"cmd/batsignal/wire_paging.go":            "makes a single-use token a link, which is wrapped again at once",
	"integrations/forge/call.go":              "hands the token to GitLab",
	"integrations/forge/gitlab.go":            "judges whether the token fits into a header",
	"incidents/retrospective/token.go":        "hashes a link to edit by to compare it",
	"integrations/mail/mail.go":               "reads the address of whom the mail is for",
	"integrations/mail/plain.go":              "reads the address of whom the mail is for",
	"integrations/mail/session.go":            "hands the password to the server",
	"integrations/pagerduty/keys.go":          "seals our keys there, so that nobody makes them up",
	"integrations/pagerduty/letter.go":        "writes the single-use link into the event",
	"integrations/pagerduty/rest.go":          "hands the token to the library, which sends it to PagerDuty; may it stand in a header",
	"integrations/pagerduty/route.go":         "reads the key of the service that the event is for",
	"integrations/pagerduty/webhook.go":       "checks what PagerDuty has signed, the length of secrets, and splits their file",
	"integrations/heartbeat/heartbeat.go":     "asks the address of the heartbeat",
	"oncall/contact/state.go":                 "finds whose address said STOP",
	"oncall/contact/canary.go":                "stores an address of the operator's",
	"integrations/s3/call.go":                 "signs requests to the bucket with it",
	"integrations/webhook/page.go":            "writes the single-use link into the request",
	"integrations/webhook/signature.go":       "signs the request",
	"integrations/webhook/webhook.go":         "reads the address of whom the request is for",
	"oncall/access/access.go":                 "hashes a token to compare it",
	"oncall/access/form.go":                   "makes the token of a form of the cookie's",
	"oncall/access/link.go":                   "makes a token a link, which is wrapped again at once",
	"oncall/contact/contact.go":               "stores an address: the one seam that does",
	"oncall/paging/token.go":                  "hashes a single-use link to compare it",
	"web/sign.go":                             "reads where somebody wanted to go out of a cookie",
	"web/sign_account_do.go":                  "shows somebody a token of their own, once",
	"web/sign_oidc.go":                        "hands the secret of the client to the identity provider",
	"web/visitor_session.go":                  "writes a cookie",
}

func TestSecretsAreRevealedWhereListedOnly(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test || forTests(f.folder) || path.Base(f.folder) == "secret" {
			continue
		}
		for _, at := range reveals(t, f.path) {
			seen[f.path] = true
			if mayReveal[f.path] == "" {
				t.Errorf("%s reveals a secret and is not listed in cmd/reveal_test.go; can the value stay wrapped?", at)
			}
		}
	}
	for file, why := range mayReveal {
		if !seen[file] {
			t.Errorf("%s (%s) reveals nothing any more; remove it from the list", file, why)
		}
	}
}

// reveals returns where a file calls, or passes on, a method called Reveal or RevealBytes.
func reveals(t *testing.T, name string) []string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.Join("..", name), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Reveal" || s.Sel.Name == "RevealBytes") {
			found = append(found, fmt.Sprintf("%s:%d", name, set.Position(s.Pos()).Line))
		}
		return true
	})
	return found
}
