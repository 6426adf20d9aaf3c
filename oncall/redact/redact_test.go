package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"batsignal/oncall/redact"
)

// None of these opens anything: they were drawn for this file.
const (
	share    = "qTf3Jm0Zr9vKxW2yLb7NcH5sPdE8uGaR1oYiX6kM4wBj"
	shareHex = "a31f9c04e7b2d85560ffab1279c3e84d0b96f1a27de53c48b01977e6fa20d3c85e"
	uuid     = "8f246b77-f3e1-ff88-5b48-8ec93abf3e05"
)

// planted is one of each, with what it is.
var planted = []struct{ what, text, secret string }{
	{redact.Share, "%", share},
	{redact.Share, "Unseal Key 3: %", share},
	{redact.Share, `{"keys_base64":["%"]}`, share},
	{redact.Share, "here is mine, %. Take it", share},
	{redact.Share, "unseal %", shareHex},
	{redact.Share, "(%)", strings.ToUpper(shareHex)},
	{redact.VaultToken, "export VAULT_TOKEN=%", "hvs.CAESIJ3zq0Wk7cUuV2oZ4rT9yBxNfLpQ"},
	{redact.VaultToken, "log in with % please", "hvb.AAAAAQJ3zq0Wk7cUuV2oZ4rT9yBxNfLpQ_x-9"},
	{redact.VaultToken, "root is %", "s.Jq4T8vB2mXz6KcR1wYhNd0Lp"},
	{redact.VaultToken, "root is %.", "s.Jq4T8vB2mXz6KcR1wYhNd0Lp"},
	{redact.VaultToken, "root is %, or so", "s.Jq4T8vB2mXz6KcR1wYhNd0Lp.q8Zs1"},
	{redact.AgeKey, "# created\n%", "AGE-SECRET-KEY-1QZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQZRY9X8GF2TVDW0S3JN5"},
	{redact.AgeKey, "%", "AGE-SECRET-KEY-PQ-1QZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQZRY9X8GF2TVDW0S3JN5"},
	{redact.AWSKey, "id %", "AKIAQ3EGTLNZ7WXY2B4C"},
	{redact.AWSKey, "id=%;", "ASIAQ3EGTLNZ7WXY2B4C"},
	{redact.PrivateKey, "%", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nBG5vbmUAAAAEbm9uZQ\n-----END OPENSSH PRIVATE KEY-----"},
	{redact.PrivateKey, "x %", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGVx\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----"},
	{redact.PrivateKey, "x %", "-----BEGIN PRIVATE KEY-----\r\nMIIEvQIBADANBgkq\r\nand it was cut he"},
	{redact.PrivateKey, `{"key":"%"}`, `-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----`},
	{redact.Password, "password=%", "hunter2"},
	{redact.Password, `PGPASSWORD='%' psql`, "hunter two"},
	{redact.Password, "db_password = %", "hunter2"},
	{redact.Password, "passphrase := %", "correct-horse"},
	{redact.Password, "password: %", "hunter2hunter2"},
	{redact.Token, "?token=%&x=1", "abcdef"},
	{redact.Secret, "client_secret=%", "abcdef"},
	{redact.Secret, "aws_secret_access_key = %", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
	{redact.Secret, "api-key=%", "abcdef"},
	{redact.Secret, "secret_id=%", uuid},
	{redact.Token, "X-Vault-Token: %", "abcdefgh1"},
	{redact.Token, "the consul token is %", uuid},
	{redact.Token, "CONSUL_HTTP_TOKEN=%", uuid},
	{redact.Secret, "SecretID:         %", uuid},
	{redact.Header, "Authorization: %", "Bearer abcdefgh"},
	{redact.Header, `-H "Authorization: %" https://x.example`, "Basic cm9vdDpodW50ZXIy"},
	{redact.Header, "Authorization: %", "Token token=y4NbAkKc66ryYTWUXYEu"},
	{redact.Header, "bearer %", "abcdefgh12345678"},
	{redact.Header, "it wants Basic %", "cm9vdDpodW50ZXIy"},
	{redact.Password, "postgres://%@db.example/x", "bot:hunter2"},
	{redact.Password, "https://%@db.example/", ":hunter2"},
	{redact.Token, "git clone https://%@git.example/x", "abcdefghij0123456789"},
	{redact.GitHub, "%", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"},
	{redact.GitHub, "%", "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv"},
	{redact.GitLab, "%", "glpat-abcdefghij0123456789"},
	{redact.Slack, "%", "xoxb-2345678901-2345678901234-abcdefghijklmnop"},
	{redact.Slack, "%", "xapp-1-A0123456789-2345678901234-abcdef"},
	{redact.Slack, "https://hooks.slack.com/services/%", "T01234567/B01234567/abcdefghijklmnopqrstuvwx"},
	{redact.PagerDuty, "routing_key %", "0123456789abcdef0123456789abcdef"},
	{redact.PagerDuty, "the PagerDuty key is %", "u+abcdefghij12345678"},
	{redact.Signed, "%", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib3QifQ.c2lnbmF0dXJlIGl0c2VsZg"},
	{redact.Token, "%", "npm_abcdefghijklmnopqrstuvwxyz0123456789"},
}

func TestSecretsAreFoundAndTakenOut(t *testing.T) {
	for _, p := range planted {
		line := strings.Replace(p.text, "%", p.secret, 1)
		if what, found := redact.Find(line); !found || what != p.what {
			t.Errorf("%q: found %v, %q, want %q", line, found, what, p.what)
		}
		got := redact.Text("before " + line + "\nafter")
		if strings.Contains(got, p.secret) || !strings.Contains(got, "[taken out: "+p.what+"]") || !strings.HasPrefix(got, "before ") {
			t.Errorf("%q became %q, want %q", line, got, p.what)
		}
		if again := redact.Text(got); again != got {
			t.Errorf("%q became %q", got, again)
		}
	}
}

func TestWhatStaysAround(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"postgres://bot:hunter2@db.example/x?a": "postgres://[taken out: a password]@db.example/x?a",
		"a password=b c":                        "a password=[taken out: a password] c",
		`{"password":"a b","user":"x"}`:         `{"password":"[taken out: a password]","user":"x"}`,
		`{"password": "a", "token": "b"}`:       `{"password": "[taken out: a password]", "token": "[taken out: a token]"}`,
		`{"log":"{\"password\":\"hunter2\",\"x\":1}"}`: `{"log":"{\"password\":\"[taken out: a password]\",\"x\":1}"}`,
		`password="no end, it is cut`:                  `password="[taken out: a password] end, it is cut`,
		"password=with,comma;and more":                 "password=[taken out: a password] more",
		"x?token=abc&y=1":                              "x?token=[taken out: a token]&y=1",
		`token: "abc"`:                                 `token: "[taken out: a token]"`,
		"user: x\n  password: hunter2\r\ndb: y":        "user: x\n  password: [taken out: a password]\r\ndb: y",
		"secret: a\nsecret: b\n":                       "secret: [taken out: a secret]\nsecret: [taken out: a secret]\n",
		"--token abcdef123 --x y":                      "--token [taken out: a token] --x y",
		"password=[taken out: a password]":             "password=[taken out: a password]",
		"password=[taken out: x]hunter2":               "password=[taken out: a password]",
		"\xff password=x \xff":                         "\xff password=[taken out: a password] \xff",
		"K\u212a\u017f password=x":                     "K\u212a\u017f password=[taken out: a password]",
		share + " " + share + "," + share:              "[taken out: an unseal share] [taken out: an unseal share],[taken out: an unseal share]",
		"password=hvs.CAESIJ3zq0Wk7cUuV2oZ4r":          "password=[taken out: a Vault token]",
	} {
		if got := redact.Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// What people say every day is no secret.
func TestWhatIsNone(t *testing.T) {
	for _, line := range []string{
		"commit 9fceb02d0ae598e95dc970b74767f19372d61af8 broke it",
		"sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",         // SHA-256 of nothing: one byte less
		"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",   // a key's fingerprint
		"wg peer xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", // a public key
		"see https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgVE2upms/edit",
		"https://drive.google.com/open?id=1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgVE2upms",
		"the file " + share + ".tar.gz is there",
		"the folder backup-" + share,
		"backup_" + share + "_old",
		"integrations/job/clockwork/schedule/services",           // 44 letters
		"did OurOwnTestThatAWrongSliceIsNamedAndIsRefused pass?", // 44 letters
		"/srv/Backups/2026/November/Consul/Nightly/In",
		strings.Repeat("A", 44), strings.Repeat("0", 66), strings.Repeat("a", 66),
		"0x" + strings.Repeat("ab01", 16),
		uuid, "the volume " + uuid + " is full", "request " + uuid + " got a 500",
		"token accessor " + uuid,
		"password: see the vault", "the password: it is in the safe", "token: invalid", "secret: none of them",
		"password=$PASSWORD", "token=<your token>", "password=***", "token=${TOKEN}", "password=$pass", "PASSWORD=xxx",
		"vault operator init -key-shares=5 -key-threshold=3", "-secret-shares=5 -secret-threshold=3", "max_tokens=5", "token_ttl=3600", "secret_name=db",
		"Authorization: Bearer <token>", "Authorization: Bearer $TOKEN", "the bearer certificates were renewed", "Basic authentication is off", "basic understanding",
		"https://git@github.com/x/y", "ssh://git@host.example:22/x", "http://host.example:8080/@maria", "https://user:password@host.example", "postgres://bot@/db?host=/run",
		"irc://irc.libera.chat:6697/#ops", "mail maria@example.org: done",
		"hvs. is how they begin", "hvs.XXXXXXXXXXXXXXXXXXXXXXXX", "AKIA is a prefix", "AGE-SECRET-KEY-1 is a prefix",
		"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "age1pq1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
		"s.getElementsByClassName()", "this.handlersForAllTheEvents1", "r.ReadAllOfTheFilesInFolder(x)", "b.reportallthethingsthatare",
		"-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PGP SIGNED MESSAGE-----", "the PRIVATE KEY is gone",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl maria",
		"the service key was rotated in november", "pagerduty was acknowledged-and-resolved at 12:30", "routing key rotation is on friday",
		"xox is a game", "!unseal status", "!backup run consul-nightly",
	} {
		if what, found := redact.Find(line); found {
			t.Errorf("%q is said to hold %s", line, what)
		}
	}
}

func BenchmarkText(b *testing.B) {
	line := "2026-11-30T12:00:00Z INFO restored 1200 of 3100 files into /srv/scratch/run-12, key users/maria, at 51 MB/s: ok\n"
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		redact.Text(line)
	}
}

// Of random shares each is taken out of a text, and nearly each is found in talk; hashes,
// which are as random and a byte shorter, are neither.
func TestSharesAndHashesAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	draw := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return b
	}
	missed := 0
	for range 5_000 {
		drawn := draw(33)
		for _, share := range []string{base64.StdEncoding.EncodeToString(drawn), hex.EncodeToString(drawn)} {
			if got := redact.Text("Unseal Key 1: " + share); got != "Unseal Key 1: [taken out: an unseal share]" {
				t.Errorf("%q", got)
			}
			for _, line := range []string{share, "!unseal share " + share} {
				if what, _ := redact.Find(line); what != redact.Share {
					t.Errorf("%q holds %q", line, what)
				}
			}
			if what, _ := redact.Find("mine is " + share); what != redact.Share {
				missed++
			}
		}
		hash := draw(32)
		for _, other := range []string{base64.StdEncoding.EncodeToString(hash), base64.RawStdEncoding.EncodeToString(hash), hex.EncodeToString(hash), hex.EncodeToString(hash[:20]), base64.StdEncoding.EncodeToString(draw(48))} {
			if got := redact.Text("built " + other); got != "built "+other {
				t.Errorf("%q", got)
			}
		}
	}
	if missed > 8 { // one in 2,000, and some luck
		t.Errorf("%d of 10,000 were not found in talk", missed)
	}
}
